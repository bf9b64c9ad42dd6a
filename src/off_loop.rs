//! Blocking work, such as reading files from a mount that may hang: on a thread of its own, one piece at a time, and
//! waited for no longer than a limit. What hangs holds one thread, and nobody else.

use std::time::Duration;

use tokio::task::{JoinError, JoinHandle, spawn_blocking};

/// One kind of such work.
pub(crate) struct OffLoop<T> {
    limit: Duration,
    under_way: Option<JoinHandle<T>>,
}

/// Why there is no result.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OffLoopError {
    #[error("reading took longer than {} s: a disk or a mount hangs", .0.as_secs())]
    Late(Duration),
    /// A defect of this program.
    #[error("reading failed unexpectedly: {0}")]
    Panicked(#[from] JoinError),
}

impl<T: Send + 'static> OffLoop<T> {
    /// Nothing under way.
    pub(crate) fn within(limit: Duration) -> Self {
        Self { limit, under_way: None }
    }

    /// Does `work`, unless what was begun earlier still hangs.
    ///
    /// # Errors
    /// When it takes too long.
    pub(crate) async fn run(&mut self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, OffLoopError> {
        if self.under_way.as_ref().is_some_and(|former| !former.is_finished()) {
            return Err(OffLoopError::Late(self.limit));
        }
        let work = self.under_way.insert(spawn_blocking(work));
        let Ok(ended) = tokio::time::timeout(self.limit, work).await else {
            return Err(OffLoopError::Late(self.limit));
        };
        self.under_way = None;
        Ok(ended?)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;

    #[tokio::test]
    async fn what_hangs_is_not_begun_twice_and_can_come_back() {
        let mut work = OffLoop::within(Duration::from_millis(50));
        assert_eq!(work.run(|| 1).await.unwrap(), 1);
        let (end, until) = channel::<()>();
        let hanging = work.run(move || until.recv().map_or(2, |()| 3)).await;
        assert!(matches!(hanging, Err(OffLoopError::Late(_))));
        let meanwhile = work.run(|| unreachable!("it is not begun")).await;
        assert!(matches!(meanwhile, Err(OffLoopError::Late(_))));
        drop(end);
        while work.under_way.as_ref().is_some_and(|former| !former.is_finished()) {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        assert_eq!(work.run(|| 4).await.unwrap(), 4, "what is late is not taken for an answer");
        // Long, since to print a backtrace takes time.
        let panicked = OffLoop::<()>::within(Duration::from_mins(1)).run(|| panic!("on purpose")).await;
        assert!(matches!(panicked, Err(OffLoopError::Panicked(_))));
    }
}
