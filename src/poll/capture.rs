//! One endpoint in one round: every address of its host is connected to, or the one face that a proxy shows, and what each
//! serves is recorded.

use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use futures_util::{FutureExt as _, StreamExt as _, stream};

use super::address::Resolved;
use super::attempt::{AddressCapture, attempt};
use super::error::PollError;
use super::http::Connection;
use super::phase::{Phase, Timings};
use super::poller::Poller;
use super::tls12::takes_tls12;
use super::via::Via;
use crate::clock::Timestamp;
use crate::endpoint::Endpoint;

/// Addresses of one endpoint that are connected to at the same time.
const CONCURRENT_ADDRESSES: usize = 32;
/// Connections that stay open for documents; the others would only take files from those that come after them.
const KEPT_CONNECTIONS: usize = 16;

/// What one endpoint showed in one round.
pub struct Capture {
    /// The endpoint.
    pub endpoint: Endpoint,
    /// When it was looked at.
    pub at: Timestamp,
    /// What the name resolved to; nothing where that is left to a proxy.
    pub resolved: Resolved,
    /// One entry for each address that was looked at, in the resolver's order, or one for what the proxy showed; or why
    /// there is no address.
    pub addresses: Result<Vec<AddressCapture>, PollError>,
    /// Of the first address that connected.
    pub timings: Timings,
    /// Whether the endpoint takes TLS 1.2; `None` when it was not asked, or did not say.
    pub takes_tls12: Option<bool>,
    /// Connections still open, for whoever wants to fetch a document.
    open: Mutex<Vec<Connection>>,
}

impl Capture {
    /// Resolves, connects to every address and shakes hands, within the poller's limits. `ask_tls12` makes one more
    /// handshake with each address that chose TLS 1.3.
    pub async fn take(poller: &Poller, endpoint: &Endpoint, ask_tls12: bool) -> Self {
        Self::take_of(poller, endpoint, ask_tls12, <[IpAddr]>::to_vec).await
    }

    /// The same, at those addresses that `choose` takes from all.
    pub(super) async fn take_of(
        poller: &Poller,
        endpoint: &Endpoint,
        ask_tls12: bool,
        choose: impl FnOnce(&[IpAddr]) -> Vec<IpAddr>,
    ) -> Self {
        let at = poller.clock.now();
        let mut timings = Timings::default();
        let (resolved, faces) = if poller.leaves_address_to_proxy(endpoint) {
            (Resolved::default(), Ok(vec![Via::Proxy]))
        } else {
            let started = Instant::now();
            let resolved = poller.resolver.resolve(endpoint, poller.limits.connect).await;
            timings.set(Phase::Resolve, started.elapsed());
            let faces = |all: &Resolved| choose(&all.addresses).into_iter().map(Via::from).collect();
            let faces: Result<Vec<Via>, _> = resolved.as_ref().map(faces).map_err(Clone::clone);
            (resolved.unwrap_or_default(), faces)
        };
        let (mut open, mut tls12) = (Vec::new(), None);
        let addresses = match (faces, endpoint.server_name()) {
            (Err(error), _) => Err(error),
            (Ok(_), None) => Err(PollError::ServerName(endpoint.host().to_owned())),
            (Ok(faces), Some(name)) => {
                let attempts = stream::iter(faces.into_iter().enumerate())
                    .map(|(index, via)| {
                        let attempt = attempt(poller, endpoint, via, name.clone());
                        attempt.map(move |attempt| attempt.kept(index < KEPT_CONNECTIONS))
                    })
                    .buffered(CONCURRENT_ADDRESSES);
                let attempts = attempts.collect::<Vec<_>>().await;
                if ask_tls12 {
                    tls12 = takes_tls12(poller, endpoint, &name, &attempts).await;
                }
                let mut seen = Vec::new();
                for attempt in attempts {
                    if let Some(connection) = attempt.connection {
                        if open.is_empty() {
                            timings.set(Phase::Connect, attempt.connect);
                            timings.set(Phase::Tls, attempt.tls);
                        }
                        open.push(connection);
                    }
                    seen.push(attempt.capture);
                }
                Ok(seen)
            }
        };
        // The first address is used first.
        open.reverse();
        Self {
            endpoint: endpoint.clone(),
            at,
            resolved,
            addresses,
            timings,
            takes_tls12: tls12,
            open: Mutex::new(open),
        }
    }

    /// How many addresses were not looked at, since there are too many.
    #[must_use]
    pub fn unseen(&self) -> usize {
        self.addresses.as_ref().map_or(0, |seen| self.resolved.count().saturating_sub(seen.len()))
    }

    /// A proxy chose the address, so that one face of the host was seen at most.
    #[must_use]
    pub fn is_behind_proxy(&self) -> bool {
        self.addresses.iter().flatten().any(|seen| seen.via == Via::Proxy)
    }

    /// A connection that is still open, or a new one to the first address that works.
    ///
    /// # Errors
    /// What kept the first address from working, when none does.
    pub async fn connection(&self, poller: &Poller) -> Result<Connection, PollError> {
        while let Some(connection) = self.open.lock().unwrap_or_else(PoisonError::into_inner).pop() {
            if connection.is_open() {
                return Ok(connection);
            }
        }
        self.connect_again(poller).await
    }

    /// Gives a connection back, for the next issuer on this endpoint.
    pub fn give_back(&self, connection: Connection) {
        if connection.is_open() {
            self.open.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
        }
    }

    /// A new connection to the first address that worked before.
    ///
    /// # Errors
    /// As [`Self::connection`].
    pub async fn connect_again(&self, poller: &Poller) -> Result<Connection, PollError> {
        let no_address = || PollError::NoAddress(self.endpoint.host().to_owned());
        let seen = self.addresses.as_ref().map_err(Clone::clone)?;
        let Some(worked) = seen.iter().find(|address| address.failure.is_none()) else {
            return Err(seen.iter().find_map(|address| address.failure.clone()).unwrap_or_else(no_address));
        };
        let name = self.endpoint.server_name().ok_or_else(no_address)?;
        let attempt = attempt(poller, &self.endpoint, worked.via, name).await;
        attempt.connection.ok_or_else(|| attempt.capture.failure.unwrap_or_else(no_address))
    }
}
