//! One endpoint in one round: every address of its host is connected to, or the one face that a proxy shows, and what each
//! serves is recorded.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures_util::{StreamExt as _, stream};
use rustls::pki_types::ServerName;
use tokio::time::timeout;

use super::error::PollError;
use super::http::Connection;
use super::phase::{Phase, Timings};
use super::poller::Poller;
use super::tls12::{Negotiated, takes_tls12};
use super::via::Via;
use crate::chain::ServedChain;
use crate::clock::Timestamp;
use crate::endpoint::Endpoint;

/// Addresses of one endpoint that are connected to at the same time.
const CONCURRENT_ADDRESSES: usize = 16;

/// What one endpoint showed in one round.
pub struct Capture {
    /// The endpoint.
    pub endpoint: Endpoint,
    /// When it was looked at.
    pub at: Timestamp,
    /// One entry for each address, in the resolver's order, or one for what the proxy showed; or why there is no address.
    pub addresses: Result<Vec<AddressCapture>, PollError>,
    /// Of the first address that connected.
    pub timings: Timings,
    /// Whether the endpoint takes TLS 1.2; `None` when it was not asked, or did not say.
    pub takes_tls12: Option<bool>,
    /// Connections still open, for whoever wants to fetch a document.
    open: Mutex<Vec<Connection>>,
}

/// What one address showed, or a proxy in its place.
pub struct AddressCapture {
    /// Which.
    pub via: Via,
    /// The served chain; it can be there although the handshake failed later.
    pub chain: Option<ServedChain>,
    /// Why no connection came of it.
    pub failure: Option<PollError>,
}

/// How far one address got.
struct Attempt {
    capture: AddressCapture,
    connection: Option<Connection>,
    negotiated: Option<Negotiated>,
    connect: Duration,
    tls: Duration,
}

impl Capture {
    /// Resolves, connects and shakes hands, within the poller's limits. `ask_tls12` makes one more
    /// handshake where the others ended in TLS 1.3.
    pub async fn take(poller: &Poller, endpoint: &Endpoint, ask_tls12: bool) -> Self {
        let at = poller.clock.now();
        let limit = poller.limits.connect;
        let mut timings = Timings::default();
        let resolved = if poller.leaves_address_to_proxy(endpoint) {
            Ok(vec![Via::Proxy])
        } else {
            let started = Instant::now();
            let resolved = poller.resolver.resolve(endpoint, limit).await;
            timings.set(Phase::Resolve, started.elapsed());
            resolved.map(|addresses| addresses.into_iter().map(Via::from).collect())
        };
        let (mut open, mut tls12) = (Vec::new(), None);
        let addresses = match (resolved, endpoint.server_name()) {
            (Err(error), _) => Err(error),
            (Ok(_), None) => Err(PollError::ServerName(endpoint.host().to_owned())),
            (Ok(addresses), Some(name)) => {
                let attempts = stream::iter(addresses)
                    .map(|via| attempt(poller, endpoint, via, name.clone()))
                    .buffered(CONCURRENT_ADDRESSES);
                let attempts = attempts.collect::<Vec<_>>().await;
                if ask_tls12 {
                    let negotiated: Vec<_> =
                        attempts.iter().filter_map(|attempt| attempt.negotiated).collect();
                    tls12 = takes_tls12(poller, endpoint, name, &negotiated).await;
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
            addresses,
            timings,
            takes_tls12: tls12,
            open: Mutex::new(open),
        }
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

async fn attempt(poller: &Poller, endpoint: &Endpoint, via: Via, name: ServerName<'static>) -> Attempt {
    let mut attempt = Attempt {
        capture: AddressCapture { via, chain: None, failure: None },
        connection: None,
        negotiated: None,
        connect: Duration::ZERO,
        tls: Duration::ZERO,
    };
    if let Err(failure) = attempt.run(poller, endpoint, name).await {
        attempt.capture.failure = Some(failure);
    }
    attempt
}

impl Attempt {
    async fn run(
        &mut self,
        poller: &Poller,
        endpoint: &Endpoint,
        name: ServerName<'static>,
    ) -> Result<(), PollError> {
        let via = self.capture.via;
        let limit = poller.limits.connect;
        let started = Instant::now();
        let stream = poller.dial(endpoint, via).await?;
        self.connect = started.elapsed();

        let started = Instant::now();
        let handshake = timeout(limit, poller.tls.handshake(stream, name, rustls::ALL_VERSIONS))
            .await
            .map_err(|_| PollError::Timeout(Phase::Tls))?;
        self.tls = started.elapsed();
        self.capture.chain = handshake.served.and_then(ServedChain::new);
        let stream = handshake.stream.map_err(|error| PollError::Tls { via, error: error.to_string() })?;
        let version = stream.get_ref().1.protocol_version();
        self.negotiated = version.map(|version| Negotiated { via, version });
        self.connection = Some(Connection::new(stream).await?);
        Ok(())
    }
}
