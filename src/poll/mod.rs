//! The network: in goes an issuer, out come its two documents and the chain that each address serves, or a closed reason
//! for what failed. Nothing here judges a chain, or knows why an issuer is watched.

mod address;
mod alert;
mod attempt;
mod bounds;
mod capture;
mod clear;
mod coding;
mod dial;
mod document;
mod error;
mod http;
mod http_error;
mod json;
mod key;
mod key_proof;
mod other_protocol;
mod phase;
mod poller;
mod private;
mod recorder;
mod round;
mod tls;
mod tls12;
mod tls_failure;
mod tunnel;
mod turns;
mod via;
mod wire;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use hyper::body::Bytes;
use url::Url;

pub(crate) use address::MAX_ADDRESSES;
pub use address::{AddressPolicy, Resolver};
pub(crate) use attempt::AddressCapture;
pub use capture::Capture;
pub use clear::{ClearError, Flight, FlightReader};
pub use coding::{Coding, decoded};
pub use document::{Documents, discovery, key_set};
pub use error::Reason;
pub(crate) use error::{DiscoveryError, PollError};
pub use phase::Phase;
pub(crate) use phase::Timings;
pub use poller::{Limits, Poller};
pub(crate) use private::are_all_private;
pub(crate) use round::Round;
pub use tls::Tls;
pub use tunnel::Tunnels;
pub(crate) use turns::{ADDRESSES_A_ROUND, Turns};
pub use via::Via;

use crate::clock::Timestamp;
use crate::endpoint::Endpoint;
use crate::issuer::Issuer;

/// What one poll of one issuer found.
pub struct IssuerPoll {
    /// Start of the poll.
    pub at: Timestamp,
    /// Discovery document, chain and JWKS were all got; or the first thing that failed.
    pub outcome: Result<(), PollError>,
    /// The endpoint of `jwks_uri`, once the discovery document has named it.
    pub jwks_endpoint: Option<Endpoint>,
    /// What the documents that were got tell.
    pub documents: Documents,
    /// How long each phase took.
    pub timings: Timings,
    /// The endpoints that were looked at: discovery, then JWKS where it is another.
    pub captures: Vec<Arc<Capture>>,
}

impl IssuerPoll {
    /// For who could not wait for the end of a poll: what `round` has captured by now, and that time ran out at `at`.
    #[must_use]
    pub(crate) fn given_up(round: &Round, at: Timestamp) -> Self {
        Self {
            at,
            outcome: Err(PollError::Overrun),
            jwks_endpoint: None,
            documents: Documents::default(),
            timings: Timings::default(),
            captures: round.captured(),
        }
    }
}

impl Poller {
    /// Polls one issuer: discovery document, JWKS, and the chains of the one or two endpoints that serve them.
    /// `known` is the JWKS endpoint of an earlier poll, looked at even when the discovery document fails now.
    pub async fn poll(&self, round: &Round, issuer: &Issuer, known: Option<&Endpoint>) -> IssuerPoll {
        let mut poll = IssuerPoll {
            at: self.clock.now(),
            outcome: Ok(()),
            jwks_endpoint: None,
            documents: Documents::default(),
            timings: Timings::default(),
            captures: Vec::new(),
        };
        let limit = self.limits.poll;
        let outcome = tokio::time::timeout(limit, self.run(round, issuer, known, &mut poll)).await;
        poll.outcome = outcome.unwrap_or(Err(PollError::Overrun));
        poll
    }

    /// Looks at one endpoint, at those addresses whose turn it is, and asks for nothing. `None` when the limit of a poll is
    /// reached.
    pub async fn look(&self, endpoint: &Endpoint, turns: &Turns) -> Option<Capture> {
        let choose = |all: &[IpAddr]| turns.next(all);
        tokio::time::timeout(self.limits.poll, Capture::take_of(self, endpoint, false, choose)).await.ok()
    }

    async fn run(
        &self,
        round: &Round,
        issuer: &Issuer,
        known: Option<&Endpoint>,
        poll: &mut IssuerPoll,
    ) -> Result<(), PollError> {
        let endpoint = issuer.endpoint();
        let capture = round.capture(self, endpoint).await;
        poll.timings = capture.timings;
        poll.captures.push(Arc::clone(&capture));

        let jwks = match self.fetch(&capture, issuer.discovery_url(), Phase::Discovery, poll).await {
            Ok(document) => discovery(&document, issuer).map_err(PollError::from),
            Err(error) => Err(error),
        };
        if let Err(PollError::Discovery(DiscoveryError::OtherIssuer(other))) = &jwks {
            poll.documents.issuer = Some(other.as_str().into());
        }
        let jwks = jwks.map(|document| {
            poll.documents.issuer = Some(document.issuer);
            poll.documents.has_response_types = Some(document.has_response_types);
            document.jwks_uri
        });
        let jwks_endpoint = match &jwks {
            Ok(jwks) => Some(Endpoint::of(jwks).map_err(DiscoveryError::from)?),
            Err(_) => known.cloned(),
        };
        let jwks_capture = match jwks_endpoint.clone().filter(|other| other != endpoint) {
            Some(other) => {
                let capture = round.capture(self, &other).await;
                poll.captures.push(Arc::clone(&capture));
                capture
            }
            None => capture,
        };
        let jwks = jwks?;
        poll.jwks_endpoint = jwks_endpoint;
        let keys = key_set(&self.fetch(&jwks_capture, &jwks, Phase::Jwks, poll).await?)?;
        poll.documents.disclosed_keys = Some(keys.disclosed);
        keys.usable()?;
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
        if matches!(&document, Err(PollError::Http { error, .. }) if error.is_of_the_connection()) {
            connection = capture.connect_again(self).await?;
            started = Instant::now();
            document = connection.get(url, phase, limit).await;
        }
        match &document {
            Ok(_) => {
                poll.timings.set(phase, started.elapsed());
                capture.give_back(connection);
            }
            Err(PollError::Timeout(_)) => poll.timings.give_up(phase, started.elapsed()),
            Err(_) => {}
        }
        document
    }
}
