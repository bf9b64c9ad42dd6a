//! A single round, for those who ask once.

use std::sync::Arc;

use futures_util::{StreamExt as _, stream};

use super::state::State;
use crate::aws::Account;
use crate::issuer::Issuer;
use crate::poll::{Poller, Round};
use crate::snapshot::Snapshot;

/// Reads IAM, then polls every issuer once, `concurrency` at the same time. `progress` hears how many of how many polls
/// have ended.
pub(crate) async fn one_round(
    mut state: State,
    poller: &Poller,
    account: Option<&Account>,
    concurrency: usize,
    progress: impl Fn(usize, usize),
) -> Snapshot {
    if let Some(account) = account {
        state.take_account(account.poll(state.listed().by_arn()).await);
    }
    let round = Arc::new(Round::default());
    let issuers: Vec<Issuer> = state.issuers().cloned().collect();
    let total = issuers.len();
    let polls = stream::iter(issuers).map(|issuer| {
        let round = Arc::clone(&round);
        async move { (poller.poll(&round, &issuer, None).await, issuer) }
    });
    let mut polls = polls.buffer_unordered(concurrency);
    let mut done = 0;
    progress(done, total);
    while let Some((poll, issuer)) = polls.next().await {
        state.take_poll(&issuer, poll, 1);
        done += 1;
        progress(done, total);
    }
    state.snapshot()
}
