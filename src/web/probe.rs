//! `/probe?target=`: one poll now, for Prometheus' multi-target pattern. It changes nothing of the agent's state.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use hyper::header::{HeaderMap, HeaderValue, RETRY_AFTER};
use hyper::{Response, StatusCode};
use tokio::time::Instant;

use super::client::Client;
use super::probe_places::{NoPlace, ProbePlaces};
use super::query::parameter;
use super::shared_polls::{Joined, Leading, SharedPolls};
use super::timeout;
use crate::agent::{Setup, State, Watch};
use crate::config::Probe;
use crate::endpoint::UrlError;
use crate::host_pattern::HostPattern;
use crate::issuer::Issuer;
use crate::metrics;
use crate::poll::{IssuerPoll, Poller, Reason, Round};
use crate::refusal::Refusal;
use crate::snapshot::{Published, Snapshot};
use crate::targets::FileTargets;

/// Why a probe gives no metrics.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ProbeError {
    #[error("the parameter `target` (an issuer URL) is missing")]
    NoTarget,
    #[error("target: {0}")]
    Target(#[from] UrlError),
    #[error("the parameter `timeout` is not a time such as 10s, or a number of seconds")]
    Timeout,
    /// Neither watched nor allowed.
    #[error("this issuer is not watched, and probe.allow does not name its host")]
    Forbidden,
    #[error("{0}")]
    Busy(#[from] NoPlace),
    /// A defect of this program.
    #[error("cannot encode the metrics")]
    Encoding(#[from] prometheus::Error),
}

/// Answers probes.
pub(crate) struct Prober {
    means: ArcSwap<ProbeMeans>,
    published: Published,
    places: ProbePlaces,
    polls: SharedPolls,
}

/// How probes are done.
pub(crate) struct ProbeMeans {
    /// Hosts whose issuers may be probed without being watched.
    allow: Vec<HostPattern>,
    /// As the agent watches; what it watches is left out.
    watch: Watch,
    poller: Poller,
}

impl Prober {
    /// One that polls as the agent does, `max_probes` issuers at the same time. `published` tells which issuers are watched,
    /// and what providers expect of them.
    #[must_use]
    pub(crate) fn new(means: ProbeMeans, published: Published, max_probes: usize) -> Self {
        let (means, places) = (ArcSwap::from_pointee(means), ProbePlaces::new(max_probes));
        Self { means, published, places, polls: SharedPolls::default() }
    }

    /// Puts other settings in force; probes that are under way end by those they began with.
    pub(crate) fn reload(&self, means: ProbeMeans) {
        self.means.store(Arc::new(means));
    }

    /// Polls the issuer that `query` names; its metrics in the text format 0.0.4.
    ///
    /// # Errors
    /// [`ProbeError`]. An issuer that cannot be polled is none: its metrics say so.
    pub(super) async fn probe(
        &self,
        client: &Client,
        query: Option<&str>,
        headers: &HeaderMap,
    ) -> Result<String, ProbeError> {
        let target = parameter(query, "target").ok_or(ProbeError::NoTarget)?;
        let issuer = Issuer::to_watch(&target)?;
        let asked = parameter(query, "timeout").filter(|text| !text.is_empty());
        let asked = asked.map(|text| timeout::parse(&text).ok_or(ProbeError::Timeout)).transpose()?;
        let means = self.means.load_full();
        if !self.is_watched(&issuer) && !means.allow(&issuer) {
            return Err(ProbeError::Forbidden);
        }
        let limits = [asked, timeout::scrape_timeout(headers)].into_iter().flatten();
        let limit = limits.fold(means.poller.limits.poll, Duration::min);
        let mut snapshot = self.polled(client, &means, &issuer, limit).await?;
        self.judge(&issuer, &mut snapshot);
        Ok(metrics::text_of(&snapshot, means.poller.clock.now())?)
    }

    /// What a poll within `limit` finds: one that is under way already and has as long, or one of its own.
    async fn polled(
        &self,
        client: &Client,
        means: &ProbeMeans,
        issuer: &Issuer,
        limit: Duration,
    ) -> Result<Snapshot, NoPlace> {
        let end = Instant::now() + limit;
        loop {
            match self.polls.join(issuer, limit)? {
                Joined::Other(poll) => {
                    // None when whoever began it has gone.
                    match client.place.queue(poll.wait(end)).await {
                        Ok(Some(snapshot)) => return Ok(snapshot),
                        Ok(None) => {}
                        Err(round) => return Ok(means.given_up(issuer, &round)),
                    }
                }
                Joined::Leader(leading) => return self.lead(client, means, issuer, end, leading).await,
            }
        }
    }

    /// A poll of its own, for all who join it.
    async fn lead(
        &self,
        client: &Client,
        means: &ProbeMeans,
        issuer: &Issuer,
        end: Instant,
        leading: Leading<'_>,
    ) -> Result<Snapshot, NoPlace> {
        let hangs =
            self.published.load().issuers.get(issuer).is_some_and(|state| {
                state.error.as_ref().is_some_and(|error| error.reason() == Reason::Timeout)
            });
        let place = client.place.queue(self.places.take(client, issuer, hangs, end)).await?;
        let left = end.saturating_duration_since(Instant::now());
        let mut poller = means.poller.clone();
        poller.limits.poll = left.min(poller.limits.poll);
        let mut state = means.state(issuer);
        let poll = poller.poll(leading.round(), issuer, None).await;
        place.note(poll.outcome.as_ref().is_err_and(|error| error.reason() == Reason::Timeout));
        state.take_poll(issuer, poll, 1);
        let snapshot = state.snapshot();
        leading.end(&snapshot);
        Ok(snapshot)
    }

    fn is_watched(&self, issuer: &Issuer) -> bool {
        self.published.load().issuers.contains_key(issuer)
    }

    /// What is expected is known already; it is compared with what was seen just now.
    fn judge(&self, issuer: &Issuer, snapshot: &mut Snapshot) {
        let published = self.published.load();
        let expected = published.providers.iter().filter(|judged| judged.provider.issuer == *issuer);
        let providers = expected.map(|judged| snapshot.judge(&judged.provider)).collect();
        snapshot.audiences = published.audiences.clone();
        snapshot.providers = providers;
    }
}

impl ProbeMeans {
    /// As the agent does it with this setup.
    #[must_use]
    pub(crate) fn new(probe: &Probe, setup: &Setup) -> Self {
        let watch = Watch { file: FileTargets::default(), reads_iam: false, ..setup.watch.clone() };
        Self { allow: probe.allow.clone(), watch, poller: setup.poller.clone() }
    }

    fn allow(&self, issuer: &Issuer) -> bool {
        self.allow.iter().any(|pattern| pattern.matches(issuer.endpoint().host()))
    }

    /// A state of its own, with this issuer alone.
    fn state(&self, issuer: &Issuer) -> State {
        let watch = Watch { file: FileTargets::watching(issuer.clone()), ..self.watch.clone() };
        State::new(watch, self.poller.clock.now())
    }

    /// For who cannot wait for the end of the poll: the chains that it has got by now, and that it timed out.
    fn given_up(&self, issuer: &Issuer, round: &Round) -> Snapshot {
        let mut state = self.state(issuer);
        state.take_poll(issuer, IssuerPoll::given_up(round, self.poller.clock.now()), 1);
        state.snapshot()
    }
}

impl ProbeError {
    /// The answer in HTTP.
    #[must_use]
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::NoTarget | Self::Target(_) | Self::Timeout => StatusCode::BAD_REQUEST,
            Self::Forbidden => StatusCode::FORBIDDEN,
            Self::Busy(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Encoding(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// Tells when to ask again, where that helps.
    pub(crate) fn add_headers<B>(&self, answer: &mut Response<B>) {
        if matches!(self, Self::Busy(_)) {
            answer.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("5"));
            answer.extensions_mut().insert(Refusal::Busy);
        }
    }
}
