//! `/probe?target=`: one poll now, for Prometheus' multi-target pattern. It changes nothing of the agent's state.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use hyper::header::{HeaderMap, RETRY_AFTER};
use hyper::{Response, StatusCode};
use tokio::sync::Semaphore;

use super::query::parameter;
use crate::agent::{Setup, State, Watch, one_round};
use crate::config::Probe;
use crate::endpoint::UrlError;
use crate::host_pattern::HostPattern;
use crate::issuer::Issuer;
use crate::metrics;
use crate::poll::Poller;
use crate::refusal::Refusal;
use crate::snapshot::{Published, Snapshot};
use crate::targets::FileTargets;

/// Probes at the same time.
const MAX_PROBES: usize = 16;
/// Prometheus tells how long it waits, in seconds.
const SCRAPE_TIMEOUT: &str = "X-Prometheus-Scrape-Timeout-Seconds";
/// Of that, what is left for the way back.
const MARGIN: Duration = Duration::from_millis(500);

/// Why a probe gives no metrics.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ProbeError {
    #[error("the parameter `target` (an issuer URL) is missing")]
    NoTarget,
    #[error("target: {0}")]
    Target(#[from] UrlError),
    /// Neither watched nor allowed.
    #[error("this issuer is not watched, and probe.allow does not name its host")]
    Forbidden,
    /// As many as are allowed are under way.
    #[error("{MAX_PROBES} probes are already running, which is the limit")]
    Busy,
    /// A defect of this program.
    #[error("cannot encode the metrics")]
    Encoding(#[from] prometheus::Error),
}

/// Answers probes.
pub(crate) struct Prober {
    means: ArcSwap<ProbeMeans>,
    published: Published,
    places: Semaphore,
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
    /// One that polls as the agent does. `published` tells which issuers are watched, and what providers expect of them.
    #[must_use]
    pub(crate) fn new(means: ProbeMeans, published: Published) -> Self {
        let means = ArcSwap::from_pointee(means);
        Self { means, published, places: Semaphore::new(MAX_PROBES) }
    }

    /// Puts other settings in force; probes that are under way end by those they began with.
    pub(crate) fn reload(&self, means: ProbeMeans) {
        self.means.store(Arc::new(means));
    }

    /// Polls the issuer that `query` names; its metrics in the text format 0.0.4.
    ///
    /// # Errors
    /// [`ProbeError`]. An issuer that cannot be polled is none: its metrics say so.
    pub(crate) async fn probe(
        &self,
        query: Option<&str>,
        timeout: Option<Duration>,
    ) -> Result<String, ProbeError> {
        let target = parameter(query, "target").ok_or(ProbeError::NoTarget)?;
        let issuer = Issuer::to_watch(&target)?;
        let means = self.means.load_full();
        if !self.is_watched(&issuer) && !means.allow(&issuer) {
            return Err(ProbeError::Forbidden);
        }
        let _place = self.places.try_acquire().map_err(|_| ProbeError::Busy)?;
        let mut snapshot = means.probe(&issuer, timeout).await;
        self.judge(&issuer, &mut snapshot);
        Ok(metrics::text_of(&snapshot, means.poller.clock.now())?)
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

    /// A round with this issuer alone, in a state of its own.
    async fn probe(&self, issuer: &Issuer, timeout: Option<Duration>) -> Snapshot {
        let mut poller = self.poller.clone();
        poller.limits.poll = timeout.unwrap_or(Duration::MAX).min(poller.limits.poll);
        let watch = Watch { file: FileTargets::watching(issuer.clone()), ..self.watch.clone() };
        let state = State::new(watch, poller.clock.now());
        one_round(state, &poller, None, 1, |_, _| {}).await
    }
}

/// How long Prometheus waits, less a margin; `None` when it does not say so.
#[must_use]
pub(super) fn scrape_timeout(headers: &HeaderMap) -> Option<Duration> {
    let seconds: f64 = headers.get(SCRAPE_TIMEOUT)?.to_str().ok()?.trim().parse().ok()?;
    let whole = Duration::try_from_secs_f64(seconds).ok().filter(|timeout| !timeout.is_zero())?;
    Some(whole.saturating_sub(MARGIN).max(whole / 2))
}

impl ProbeError {
    /// The answer in HTTP.
    #[must_use]
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::NoTarget | Self::Target(_) => StatusCode::BAD_REQUEST,
            Self::Forbidden => StatusCode::FORBIDDEN,
            Self::Busy => StatusCode::SERVICE_UNAVAILABLE,
            Self::Encoding(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// Tells when to ask again, where that helps.
    pub(crate) fn add_headers<B>(&self, answer: &mut Response<B>) {
        if matches!(self, Self::Busy) {
            answer.headers_mut().insert(RETRY_AFTER, hyper::header::HeaderValue::from_static("5"));
            answer.extensions_mut().insert(Refusal::Busy);
        }
    }
}

#[cfg(test)]
mod tests {
    use hyper::header::HeaderValue;

    use super::*;

    #[test]
    fn the_scrape_timeout_less_a_margin() {
        for (header, millis) in [
            ("10", Some(9_500)),
            ("10.25", Some(9_750)),
            ("1", Some(500)),
            ("0.2", Some(100)),
            ("0", None),
            ("-1", None),
            ("NaN", None),
            ("inf", None),
            ("1e300", None),
            ("soon", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(SCRAPE_TIMEOUT, HeaderValue::from_static(header));
            assert_eq!(scrape_timeout(&headers), millis.map(Duration::from_millis), "{header}");
        }
        assert_eq!(scrape_timeout(&HeaderMap::new()), None);
    }
}
