//! The captures of one round: many issuers share an endpoint, and each endpoint is looked at once.

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OnceCell;

use super::capture::Capture;
use super::poller::Poller;
use super::turns::Turns;
use crate::endpoint::Endpoint;

/// One round; by default the only one, which looks at everything.
#[derive(Default)]
pub struct Round {
    captures: Mutex<HashMap<Endpoint, Arc<OnceCell<Arc<Capture>>>>>,
    /// Endpoints of which it is known well enough whether they take TLS 1.2.
    tls12_known: HashSet<Endpoint>,
    /// Whose turn it is; without it, the round looks at every address.
    turns: Option<HashMap<Endpoint, Arc<Turns>>>,
}

impl Round {
    /// One of many rounds: it asks all endpoints but these whether they take TLS 1.2, and looks at those addresses whose
    /// turn it is.
    #[must_use]
    pub fn new(tls12_known: HashSet<Endpoint>, turns: HashMap<Endpoint, Arc<Turns>>) -> Self {
        Self { captures: Mutex::default(), tls12_known, turns: Some(turns) }
    }

    /// What has been captured by now.
    pub(super) fn captured(&self) -> Vec<Arc<Capture>> {
        let captures = self.captures.lock().unwrap_or_else(PoisonError::into_inner);
        captures.values().filter_map(|capture| capture.get().cloned()).collect()
    }

    /// The capture of `endpoint`, taken by whoever asks first.
    pub async fn capture(&self, poller: &Poller, endpoint: &Endpoint) -> Arc<Capture> {
        let cell = {
            let mut captures = self.captures.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(captures.entry(endpoint.clone()).or_default())
        };
        let ask = !self.tls12_known.contains(endpoint);
        let choose = |all: &[IpAddr]| match &self.turns {
            None => all.to_vec(),
            Some(turns) => {
                turns.get(endpoint).map_or_else(|| Turns::default().next(all), |turns| turns.next(all))
            }
        };
        let capture =
            cell.get_or_init(|| async { Arc::new(Capture::take_of(poller, endpoint, ask, choose).await) });
        Arc::clone(capture.await)
    }
}
