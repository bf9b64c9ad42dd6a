//! Looks at endpoints between two rounds: where something new was served, they settle sooner than rounds would whether the old is
//! gone. No document is fetched.

use std::collections::HashMap;

use tokio::task::{Id, JoinError, JoinSet};

use super::state::State;
use crate::endpoint::Endpoint;
use crate::poll::{Capture, Poller};

/// Looks that are under way.
#[derive(Default)]
pub(super) struct Looks {
    endpoints: HashMap<Id, Endpoint>,
    tasks: JoinSet<Option<Capture>>,
}

/// A look that has come to its end; without a capture when it took too long, or broke off.
pub(super) struct EndedLook {
    pub endpoint: Endpoint,
    pub capture: Result<Option<Capture>, JoinError>,
}

impl Looks {
    /// Begins a look at each endpoint that is to have one, as far as `concurrency` allows.
    pub(super) fn begin(&mut self, state: &State, poller: &Poller, concurrency: usize) {
        for (endpoint, turns) in state.unsettled() {
            if self.tasks.len() >= concurrency {
                return;
            }
            if self.endpoints.values().any(|under_way| under_way == endpoint) {
                continue;
            }
            let (poller, of) = (poller.clone(), endpoint.clone());
            let task = self.tasks.spawn(async move { poller.look(&of, &turns).await });
            self.endpoints.insert(task.id(), endpoint.clone());
        }
    }

    /// The next look that ends; `None` at once when none is under way.
    pub(super) async fn next(&mut self) -> Option<EndedLook> {
        let (id, capture) = match self.tasks.join_next_with_id().await? {
            Ok((id, capture)) => (id, Ok(capture)),
            Err(error) => (error.id(), Err(error)),
        };
        let endpoint = self.endpoints.remove(&id)?;
        Some(EndedLook { endpoint, capture })
    }

    /// Gives up what is under way, as if it had never begun.
    pub(super) fn abandon(&mut self) {
        *self = Self::default();
    }

    /// Ends what is under way.
    pub(super) async fn shutdown(&mut self) {
        self.tasks.shutdown().await;
    }
}
