//! Keeps the state in a file: read once at the start; written after a change, seldom, away from the loop, and at the end.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::{JoinError, JoinSet};
use tokio::time::Interval;

use super::schedule::every;
use crate::clock::{Clock, Timestamp};
use crate::memory::{Memory, Store, WriteError};
use crate::snapshot::Snapshot;

/// Where the state is kept, and how often it is written at most.
#[derive(Clone, Debug)]
pub struct Keeping {
    pub store: Store,
    /// From one write to the next.
    pub interval: Duration,
}

/// How often nothing is written.
const NOTHING_KEPT: Duration = Duration::from_hours(1);

/// The file, if there is one, and the write that is under way.
pub(super) struct Keeper {
    keeping: Option<Arc<Keeping>>,
    clock: Clock,
    has_news: bool,
    is_failing: bool,
    writes: JoinSet<(Timestamp, Result<(), WriteError>)>,
}

/// What came of a write.
pub(super) struct EndedWrite {
    pub at: Timestamp,
    pub is_written: bool,
}

impl Keeper {
    pub(super) fn new(keeping: Option<Keeping>, clock: Clock) -> Self {
        let keeping = keeping.map(Arc::new);
        Self { keeping, clock, has_news: false, is_failing: false, writes: JoinSet::new() }
    }

    /// When a write is due, if there is something to write.
    pub(super) fn interval(&self) -> Interval {
        every(self.keeping.as_ref().map_or(NOTHING_KEPT, |keeping| keeping.interval))
    }

    /// What an earlier process kept. A file that is of no use is left aside, with one warning.
    pub(super) async fn read(&self) -> Option<Memory> {
        let (keeping, now) = (self.keeping.clone()?, self.clock.now());
        let file = keeping.store.path().display().to_string();
        let read = tokio::task::spawn_blocking(move || {
            let store = &keeping.store;
            store.read(now).map_err(|refusal| (refusal, store.set_aside().ok()))
        });
        match read.await {
            Ok(Ok(memory)) => memory,
            Ok(Err((reason, moved_to))) => {
                let moved_to = moved_to.map(|path| path.display().to_string());
                tracing::warn!(file, %reason, moved_to, "the state file is not used; starting without it");
                None
            }
            Err(error) => {
                note_defect(&error);
                None
            }
        }
    }

    /// Something is not as it was written.
    pub(super) fn note_news(&mut self) {
        self.has_news = true;
    }

    /// There is something to write, and nothing is being written.
    pub(super) fn is_due(&self) -> bool {
        self.has_news && self.writes.is_empty() && self.keeping.is_some()
    }

    /// Begins to write what is known.
    pub(super) fn begin(&mut self, snapshot: Arc<Snapshot>) {
        let Some(keeping) = self.keeping.clone() else { return };
        self.has_news = false;
        let at = self.clock.now();
        self.writes.spawn_blocking(move || (at, keeping.store.write(&Memory::of(&snapshot, at))));
    }

    /// The write that ends; `None` at once when none is under way.
    pub(super) async fn next(&mut self) -> Option<EndedWrite> {
        let (at, outcome) = match self.writes.join_next().await? {
            Ok((at, outcome)) => (at, outcome.map_err(|error| error.to_string())),
            Err(error) => {
                note_defect(&error);
                (self.clock.now(), Err(error.to_string()))
            }
        };
        let file = self.keeping.as_ref().map(|keeping| keeping.store.path().display().to_string());
        match &outcome {
            Ok(()) if self.is_failing => tracing::info!(file, "the state file is written again"),
            Err(error) if !self.is_failing => {
                tracing::warn!(
                    file,
                    error,
                    "cannot write the state file; a restart would forget what is new"
                );
            }
            Ok(()) | Err(_) => {}
        }
        self.is_failing = outcome.is_err();
        // It is tried again.
        self.has_news |= outcome.is_err();
        Some(EndedWrite { at, is_written: outcome.is_ok() })
    }

    /// Writes what is not written yet.
    pub(super) async fn shutdown(&mut self, snapshot: Arc<Snapshot>) {
        while self.next().await.is_some() {}
        if self.is_due() {
            self.begin(snapshot);
            self.next().await;
        }
    }
}

fn note_defect(error: &JoinError) {
    tracing::error!(%error, "reading or writing the state panicked; please report this bug");
}
