//! What the daemon makes of IAM: the fake on one side, the metrics on the other.

mod credentials;
mod iam_faults;
mod missing;
mod profiles;
mod spelling;
mod unusable;
mod verdicts;

use crate::support::daemon::Exposition;

/// The account of the fakes.
const ACCOUNT: &str = "123456789012";

fn account_is_up(metrics: &Exposition) -> bool {
    metrics.value("oidc_account_up", &[("account_id", ACCOUNT)]) == Some(1.0)
}

/// The reasons for which readings have failed.
fn reasons(metrics: &Exposition) -> Vec<String> {
    let failures = metrics.all("oidc_account_poll_failures_total", &[]);
    failures.filter(|sample| sample.value > 0.0).map(|sample| sample.labels["reason"].clone()).collect()
}
