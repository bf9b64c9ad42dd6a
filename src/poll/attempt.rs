//! One face of a host: a connection, and a chain, from the offer that most servers take to the last resort. A server that takes the
//! first offer, as nearly all do, is met once.

use std::time::{Duration, Instant};

use rustls::ProtocolVersion;
use rustls::pki_types::ServerName;
use tokio::time::timeout;

use super::clear::{self, ClearError, ClearFailure, Flight};
use super::error::PollError;
use super::http::Connection;
use super::phase::Phase;
use super::poller::Poller;
use super::tls::{Handshake, Offer};
use super::tls_failure::TlsFailure;
use super::via::Via;
use crate::chain::{ServedChain, Unproven};
use crate::endpoint::Endpoint;

/// What one address showed, or a proxy in its place.
pub struct AddressCapture {
    /// Which.
    pub via: Via,
    /// The served chain; it can be there although the handshake failed later.
    pub chain: Option<ServedChain>,
    /// Why it is not known whether the server holds the key of that chain's leaf; `None` when it does.
    pub unproven: Option<Unproven>,
    /// Why no connection came of it.
    pub failure: Option<PollError>,
}

/// How far one address got.
pub(super) struct Attempt {
    pub capture: AddressCapture,
    pub connection: Option<Connection>,
    /// The version that the server chose.
    pub version: Option<ProtocolVersion>,
    pub connect: Duration,
    pub tls: Duration,
}

/// Connects to one face of `endpoint` and shakes hands, within the poller's limits.
pub(super) async fn attempt(
    poller: &Poller,
    endpoint: &Endpoint,
    via: Via,
    name: ServerName<'static>,
) -> Attempt {
    let mut attempt = Attempt {
        capture: AddressCapture { via, chain: None, unproven: None, failure: None },
        connection: None,
        version: None,
        connect: Duration::ZERO,
        tls: Duration::ZERO,
    };
    match attempt.run(poller, endpoint, name).await {
        Ok(connection) => attempt.connection = Some(connection),
        Err(failure) => attempt.capture.failure = Some(failure),
    }
    attempt
}

impl Attempt {
    /// With its connection, or without.
    pub(super) fn kept(self, is_kept: bool) -> Self {
        Self { connection: self.connection.filter(|_| is_kept), ..self }
    }

    async fn run(
        &mut self,
        poller: &Poller,
        endpoint: &Endpoint,
        name: ServerName<'static>,
    ) -> Result<Connection, PollError> {
        let limit = poller.limits.connect;
        let started = Instant::now();
        let stream = poller.dial(endpoint, self.capture.via).await?;
        self.connect = started.elapsed();

        let started = Instant::now();
        let handshake = poller.tls.handshake(stream, name.clone(), Offer::Usual, limit).await;
        self.tls = started.elapsed();
        match self.take(handshake).await {
            Err(PollError::Tls { via, failure }) if self.wants_more(&failure) => {
                // The other handshakes together get as much time as the first, the last resort as much again, and nothing that
                // they meet is worse news.
                let others = timeout(limit, self.offer_more(poller, endpoint, &name, &failure));
                if let Ok(Some(outcome)) = others.await {
                    return outcome;
                }
                let last = timeout(limit, self.ask_in_the_clear(poller, endpoint, &name, &failure));
                let failure = last.await.ok().flatten().unwrap_or(failure);
                Err(PollError::Tls { via, failure })
            }
            outcome => outcome,
        }
    }

    /// What rustls can offer otherwise. `None` when nothing further was learnt.
    async fn offer_more(
        &mut self,
        poller: &Poller,
        endpoint: &Endpoint,
        name: &ServerName<'static>,
        first: &TlsFailure,
    ) -> Option<Result<Connection, PollError>> {
        let via = self.capture.via;
        let offers: &[Offer] = match first {
            TlsFailure::OtherProtocol(_) => &[],
            _ => &[Offer::Widest, Offer::UpToTls12],
        };
        for offer in offers {
            let stream = poller.dial(endpoint, via).await.ok()?;
            let handshake = poller.tls.handshake(stream, name.clone(), *offer, poller.limits.connect).await;
            match self.take(handshake).await {
                Err(PollError::Tls { failure, .. }) if self.wants_more(&failure) => {}
                outcome => return Some(outcome),
            }
        }
        None
    }

    /// The last resort. `None` when nothing further was learnt.
    async fn ask_in_the_clear(
        &mut self,
        poller: &Poller,
        endpoint: &Endpoint,
        name: &ServerName<'static>,
        first: &TlsFailure,
    ) -> Option<TlsFailure> {
        let stream = poller.dial(endpoint, self.capture.via).await.ok()?;
        match clear::ask(stream, name).await {
            Ok(Flight { choice, certificates }) => {
                self.version = Some(choice.version());
                self.capture.chain = ServedChain::new(certificates);
                self.capture.unproven = Some(Unproven::HandshakeNotSpoken);
                Some(first.explained_by(choice))
            }
            Err(ClearFailure::Flight(
                error @ (ClearError::OtherProtocol(_) | ClearError::AlertAfterHello(..)),
            )) => Some(error.into()),
            Err(_) => None,
        }
    }

    /// Nothing was served, and another offer may change that.
    fn wants_more(&self, failure: &TlsFailure) -> bool {
        self.capture.chain.is_none() && failure.is_worth_another_offer()
    }

    async fn take(&mut self, handshake: Handshake) -> Result<Connection, PollError> {
        let via = self.capture.via;
        if let Some(served) = handshake.served {
            self.capture.chain = ServedChain::new(served.certificates);
            self.capture.unproven = served.unproven;
        }
        self.version = handshake.version;
        let stream = handshake.stream.map_err(|failure| match failure {
            TlsFailure::TimedOut => PollError::Timeout(Phase::Tls),
            failure => PollError::Tls { via, failure },
        })?;
        Connection::new(stream).await
    }
}
