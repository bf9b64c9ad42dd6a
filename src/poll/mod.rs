//! The network: from an issuer's URL to its documents and to the chain that each address serves.

mod address;
mod capture;
mod document;
mod error;
mod http;
mod tls;

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use hyper::body::Bytes;
use tokio::sync::OnceCell;
use url::Url;

pub use address::{AddressPolicy, Resolver};
pub use capture::{AddressCapture, Capture};
pub use document::{jwks_uri, usable_keys};
pub use error::{DiscoveryError, JwksError, Phase, PollError, Reason};
pub use http::{Connection, MAX_DOCUMENT_BYTES};
pub use tls::Tls;

use crate::clock::{Clock, Timestamp};
use crate::issuer::{Endpoint, Issuer, parse_https};

/// Everything that a poll needs from outside.
#[derive(Clone)]
pub struct Poller {
    /// The time.
    pub clock: Clock,
    /// Names to addresses.
    pub resolver: Resolver,
    /// Addresses that may be connected to.
    pub addresses: AddressPolicy,
    /// The handshake.
    pub tls: Tls,
    /// Longest waits.
    pub limits: Limits,
}

/// Longest waits of a poll.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Each of: resolving, connecting, the TLS handshake.
    pub connect: Duration,
    /// Each of: the discovery document, the JWKS.
    pub request: Duration,
    /// The whole poll of one issuer.
    pub poll: Duration,
}

/// How long each phase of a poll took, where it was reached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Timings([Option<Duration>; Phase::ALL.len()]);

impl Timings {
    /// Notes how long `phase` took.
    pub fn set(&mut self, phase: Phase, duration: Duration) {
        self.0[phase as usize] = Some(duration);
    }

    /// The phases that were reached, in order.
    pub fn reached(&self) -> impl Iterator<Item = (Phase, Duration)> + '_ {
        Phase::ALL.into_iter().filter_map(|phase| self.0[phase as usize].map(|duration| (phase, duration)))
    }
}

/// The captures of one round: many issuers share an endpoint, and each endpoint is looked at once.
#[derive(Default)]
pub struct Round {
    captures: Mutex<HashMap<Endpoint, Arc<OnceCell<Arc<Capture>>>>>,
    /// Endpoints of which it is known well enough whether they take TLS 1.2.
    tls12_known: HashSet<Endpoint>,
}

impl Round {
    /// A round that asks all endpoints but these whether they take TLS 1.2.
    #[must_use]
    pub fn new(tls12_known: HashSet<Endpoint>) -> Self {
        Self { captures: Mutex::default(), tls12_known }
    }

    /// The capture of `endpoint`, taken by whoever asks first.
    pub async fn capture(&self, poller: &Poller, endpoint: &Endpoint) -> Arc<Capture> {
        let cell = {
            let mut captures = self.captures.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(captures.entry(endpoint.clone()).or_default())
        };
        let ask = !self.tls12_known.contains(endpoint);
        let capture = cell.get_or_init(|| async { Arc::new(Capture::take(poller, endpoint, ask).await) });
        Arc::clone(capture.await)
    }
}

/// What one poll of one issuer found.
pub struct IssuerPoll {
    /// Start of the poll.
    pub at: Timestamp,
    /// Discovery document, chain and JWKS were all got; or the first thing that failed.
    pub outcome: Result<(), PollError>,
    /// The endpoint of `jwks_uri`, once the discovery document has named it.
    pub jwks_endpoint: Option<Endpoint>,
    /// How long each phase took.
    pub timings: Timings,
    /// The endpoints that were looked at: discovery, then JWKS where it is another.
    pub captures: Vec<Arc<Capture>>,
}

impl Poller {
    /// Polls one issuer: discovery document, JWKS, and the chains of the one or two endpoints that serve them.
    /// `known` is the JWKS endpoint of an earlier poll, looked at even when the discovery document fails now.
    pub async fn poll(&self, round: &Round, issuer: &Issuer, known: Option<&Endpoint>) -> IssuerPoll {
        let mut poll = IssuerPoll {
            at: self.clock.now(),
            outcome: Ok(()),
            jwks_endpoint: None,
            timings: Timings::default(),
            captures: Vec::new(),
        };
        let limit = self.limits.poll;
        let outcome = tokio::time::timeout(limit, self.run(round, issuer, known, &mut poll)).await;
        poll.outcome = outcome.unwrap_or(Err(PollError::Overrun));
        poll
    }

    async fn run(
        &self,
        round: &Round,
        issuer: &Issuer,
        known: Option<&Endpoint>,
        poll: &mut IssuerPoll,
    ) -> Result<(), PollError> {
        let discovery = parse_https(&issuer.discovery_url()).map_err(DiscoveryError::from)?;
        let endpoint = Endpoint::of(&discovery).map_err(DiscoveryError::from)?;
        let capture = round.capture(self, &endpoint).await;
        poll.timings = capture.timings;
        poll.captures.push(Arc::clone(&capture));

        let jwks = match self.fetch(&capture, &discovery, Phase::Discovery, poll).await {
            Ok(document) => jwks_uri(&document, issuer).map_err(PollError::from),
            Err(error) => Err(error),
        };
        let jwks_endpoint = match &jwks {
            Ok(jwks) => Some(Endpoint::of(jwks).map_err(DiscoveryError::from)?),
            Err(_) => known.cloned(),
        };
        let jwks_capture = match jwks_endpoint.clone().filter(|other| *other != endpoint) {
            Some(other) => {
                let capture = round.capture(self, &other).await;
                poll.captures.push(Arc::clone(&capture));
                capture
            }
            None => capture,
        };
        let jwks = jwks?;
        poll.jwks_endpoint = jwks_endpoint;
        usable_keys(&self.fetch(&jwks_capture, &jwks, Phase::Jwks, poll).await?)?;
        Ok(())
    }

    /// One document. A server may have closed a connection that has waited, so that is tried once more.
    async fn fetch(
        &self,
        capture: &Capture,
        url: &Url,
        phase: Phase,
        poll: &mut IssuerPoll,
    ) -> Result<Bytes, PollError> {
        let limit = self.limits.request;
        let mut connection = capture.connection(self).await?;
        let mut started = Instant::now();
        let mut document = connection.get(url, phase, limit).await;
        if matches!(document, Err(PollError::Http { .. })) {
            connection = capture.connect_again(self).await?;
            started = Instant::now();
            document = connection.get(url, phase, limit).await;
        }
        if document.is_ok() {
            poll.timings.set(phase, started.elapsed());
            capture.give_back(connection);
        }
        document
    }
}
