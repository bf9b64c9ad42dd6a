//! The reading of IAM that is under way: one at a time for the account, on a thread of its own. The SDK reads the files of
//! credentials wherever it happens to be, and a home directory that hangs must not take the threads that poll.

use tokio::runtime::Handle;
use tokio::task::{JoinError, JoinSet};
use tokio_util::sync::CancellationToken;

use crate::aws::{Account, AccountPoll};
use crate::targets::IamTargets;

/// Readings that are under way.
#[derive(Default)]
pub(super) struct Readings {
    tasks: JoinSet<Option<AccountPoll>>,
    abandoned: CancellationToken,
}

impl Readings {
    /// Begins to read the account, unless that is under way. `known` is what it listed before.
    pub(super) fn start(&mut self, account: Account, known: &IamTargets) {
        if self.tasks.is_empty() {
            let (known, abandoned) = (known.by_arn().clone(), self.abandoned.clone());
            let runtime = Handle::current();
            self.tasks.spawn_blocking(move || {
                runtime.block_on(abandoned.run_until_cancelled(account.poll(&known)))
            });
        }
    }

    /// Gives up what is under way: it was begun with other credentials.
    pub(super) fn abandon(&mut self) {
        self.abandoned.cancel();
        *self = Self::default();
    }

    /// The next reading that ends, or breaks off; `None` at once when none is under way.
    pub(super) async fn next(&mut self) -> Option<Result<AccountPoll, JoinError>> {
        self.tasks.join_next().await?.transpose()
    }

    /// Ends what is under way.
    pub(super) async fn shutdown(&mut self) {
        self.abandoned.cancel();
        self.tasks.shutdown().await;
    }
}
