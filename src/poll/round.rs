//! The captures of one round: many issuers share an endpoint, and each endpoint is looked at once.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OnceCell;

use super::capture::Capture;
use super::poller::Poller;
use crate::endpoint::Endpoint;

/// One round.
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
