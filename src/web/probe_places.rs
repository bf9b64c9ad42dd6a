//! Places for the polls of probes. One that waits for a black hole needs little but time, so there are many; and what hangs
//! takes no more than its share of them.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout_at};

use super::client::Client;
use super::queue::{Queue, Refused, Slot};
use crate::endpoint::Endpoint;
use crate::issuer::Issuer;

/// One endpoint has a share of all places: `1 / ENDPOINT_SHARE`.
const ENDPOINT_SHARE: usize = 4;
/// Those that timed out when they were polled last have this share together.
const HANGING_SHARE: usize = 2;
/// Issuers that are remembered to hang.
const MAX_HANGING: usize = 4096;

/// Why a probe is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NoPlace {
    #[error("no place for another probe became free in time (web.max_probes)")]
    Late,
    #[error("too many probes wait for a place (web.max_probes)")]
    Full,
    #[error("too many probes of this issuer are waiting for one that has not ended")]
    Crowd,
}

/// The places.
pub(super) struct ProbePlaces {
    all: Arc<Queue>,
    /// For those that hang.
    hanging: Arc<Semaphore>,
    /// Of each endpoint that is being polled; what hangs there has a share of its own.
    endpoints: Mutex<HashMap<(Endpoint, bool), Weak<Semaphore>>>,
    of_an_endpoint: usize,
    hung: Mutex<HashSet<Issuer>>,
}

/// The place of one poll.
pub(super) struct ProbePlace<'a> {
    places: &'a ProbePlaces,
    issuer: Issuer,
    _held: (OwnedSemaphorePermit, Option<OwnedSemaphorePermit>, Slot),
}

impl ProbePlaces {
    /// So many, and as many probes that wait.
    pub(super) fn new(limit: usize) -> Self {
        let share = |of: usize| limit.div_ceil(of);
        Self {
            all: Queue::new(limit, limit),
            hanging: Arc::new(Semaphore::new(share(HANGING_SHARE))),
            endpoints: Mutex::default(),
            of_an_endpoint: share(ENDPOINT_SHARE),
            hung: Mutex::default(),
        }
    }

    /// A place for a poll of `issuer`, which is known to hang or not.
    ///
    /// # Errors
    /// When there is none before `until`.
    pub(super) async fn take(
        &self,
        client: &Client,
        issuer: &Issuer,
        hangs: bool,
        until: Instant,
    ) -> Result<ProbePlace<'_>, NoPlace> {
        let hangs = hangs || self.hung().contains(issuer);
        let endpoint = waited(self.share_of(issuer.endpoint(), hangs), until).await?;
        let hanging = if hangs { Some(waited(Arc::clone(&self.hanging), until).await?) } else { None };
        let slot =
            self.all.wait(client.peer, client.rank(), until).await.map_err(|refused| match refused {
                Refused::Full => NoPlace::Full,
                Refused::Late => NoPlace::Late,
            })?;
        Ok(ProbePlace { places: self, issuer: issuer.clone(), _held: (endpoint, hanging, slot) })
    }

    fn share_of(&self, endpoint: &Endpoint, hangs: bool) -> Arc<Semaphore> {
        let mut endpoints = self.endpoints.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (endpoint.clone(), hangs);
        if let Some(share) = endpoints.get(&key).and_then(Weak::upgrade) {
            return share;
        }
        endpoints.retain(|_, share| share.strong_count() > 0);
        let share = Arc::new(Semaphore::new(self.of_an_endpoint));
        endpoints.insert(key, Arc::downgrade(&share));
        share
    }

    fn hung(&self) -> MutexGuard<'_, HashSet<Issuer>> {
        self.hung.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A permit of the semaphore, which lives as long as that.
async fn waited(share: Arc<Semaphore>, until: Instant) -> Result<OwnedSemaphorePermit, NoPlace> {
    match timeout_at(until, share.acquire_owned()).await {
        Ok(Ok(permit)) => Ok(permit),
        Ok(Err(_)) | Err(_) => Err(NoPlace::Late),
    }
}

impl ProbePlace<'_> {
    /// Remembers whether the issuer hangs.
    pub(super) fn note(&self, hangs: bool) {
        let mut hung = self.places.hung();
        if !hangs {
            hung.remove(&self.issuer);
        } else if hung.len() < MAX_HANGING {
            hung.insert(self.issuer.clone());
        }
    }
}
