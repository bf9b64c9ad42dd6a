//! IAM accounts: whether they can be read.

use super::family::families;
use super::samples::Samples;
use crate::aws::AccountReason;
use crate::snapshot::AccountState;

families! {
    Gauge UP(&AccountState) = "oidc_account_up", "Whether the last reading of IAM got everything.";
    Gauge LAST_SUCCESS(&AccountState) = "oidc_account_last_success_timestamp_seconds",
        "Start of the last reading of IAM that got everything.";
    Counter FAILURES(&AccountState, AccountReason) = "oidc_account_poll_failures_total",
        "Readings of IAM that failed, by reason.";
}

pub(super) fn sample(samples: &mut Samples, account: &AccountState) {
    samples.flag(&UP, (account,), account.is_up());
    samples.time(&LAST_SUCCESS, (account,), account.last_success);
    for (reason, failures) in &account.failures {
        samples.count(&FAILURES, (account, reason), *failures);
    }
}
