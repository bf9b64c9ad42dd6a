//! IAM accounts: whether they can be read.

use super::family::families;
use super::samples::Samples;
use crate::aws::AccountReason;
use crate::snapshot::{AccountState, Snapshot};

families! {
    Gauge UP(&AccountState) = "oidc_account_up", "Whether the last read of IAM was complete.";
    Gauge LAST_SUCCESS(&AccountState) = "oidc_account_last_success_timestamp_seconds",
        "When the last complete read of IAM started.";
    Gauge PROVIDERS_KNOWN(&AccountState) = "oidc_account_providers_known",
        "Whether it is known which OIDC providers the account has, from IAM or from the state file, however old.";
    Gauge UNUSABLE(&AccountState) = "oidc_account_providers_unusable",
        "OIDC providers that IAM lists and that cannot be watched, such as those whose URL is not one.";
    Counter FAILURES(&AccountState, AccountReason) = "oidc_account_poll_failures_total",
        "Failed or incomplete reads of IAM, by reason.";
}

pub(super) fn sample(samples: &mut Samples, account: &AccountState, snapshot: &Snapshot) {
    samples.flag(&UP, (account,), account.is_up());
    samples.time(&LAST_SUCCESS, (account,), account.last_success);
    samples.flag(&PROVIDERS_KNOWN, (account,), snapshot.knows_providers());
    if let Some(unusable) = &account.unusable {
        samples.count(&UNUSABLE, (account,), unusable.len() as u64);
    }
    for (reason, failures) in &account.failures {
        samples.count(&FAILURES, (account, reason), *failures);
    }
}
