//! The reading of IAM that is under way: one at a time for the account.

use tokio::task::{JoinError, JoinSet};

use crate::aws::{Account, AccountPoll};
use crate::targets::IamTargets;

/// Readings that are under way.
#[derive(Default)]
pub(super) struct Readings(JoinSet<AccountPoll>);

impl Readings {
    /// Begins to read the account, unless that is under way. `known` is what it listed before.
    pub(super) fn start(&mut self, account: Account, known: &IamTargets) {
        if self.0.is_empty() {
            let known = known.by_arn().clone();
            self.0.spawn(async move { account.poll(&known).await });
        }
    }

    /// Gives up what is under way: it was begun with other credentials.
    pub(super) fn abandon(&mut self) {
        self.0 = JoinSet::new();
    }

    /// The next reading that ends, or breaks off; `None` at once when none is under way.
    pub(super) async fn next(&mut self) -> Option<Result<AccountPoll, JoinError>> {
        self.0.join_next().await
    }

    /// Ends what is under way.
    pub(super) async fn shutdown(&mut self) {
        self.0.shutdown().await;
    }
}
