//! A reading of IAM that fails has one reason, removes nothing, and ends with its cause.

use super::{ACCOUNT, account_is_up, reasons};
use crate::support::daemon::Exposition;
use crate::support::lab::{FakeIam, Fault, LabIssuer};
use crate::support::told::verdict;
use crate::support::watch::{BRISK, PATIENT, Watch};

/// The reason of each fault.
const REASONS: [(Fault, &str); 10] = [
    (Fault::AccessDenied, "access_denied"),
    (Fault::Throttled, "throttled"),
    (Fault::InvalidIdentityToken, "invalid_identity_token"),
    (Fault::ExpiredToken, "expired_token"),
    (Fault::NoSuchEntity, "service"),
    (Fault::ServerError, "service"),
    (Fault::NotXml, "response"),
    (Fault::Huge, "response"),
    (Fault::Hang, "timeout"),
    (Fault::CloseConnection, "connect"),
];

#[tokio::test(flavor = "multi_thread")]
async fn each_fault_has_one_reason_and_leaves_what_was_known() {
    let issuer = LabIssuer::good("host.oidc.test").await;
    // Each fault at a fake and a daemon of its own, so that none waits for another's retries.
    let mut cases = Vec::new();
    for (fault, reason) in REASONS {
        let iam = FakeIam::start(ACCOUNT).await;
        let arn = iam.put(issuer.url(), &issuer.thumbprints());
        let watch = Watch::new(&PATIENT).resolve(&issuer).iam(&iam).env("OIDC_EXPORTER__AWS__TIMEOUT", "6s");
        cases.push((fault, reason, arn, watch.start(), iam));
    }
    let mut known = Vec::new();
    for (fault, _, _, daemon, iam) in &cases {
        known.push(
            daemon.wait_metrics("match", |metrics| {
                account_is_up(metrics) && verdict(metrics, &issuer) == "match"
            }),
        );
        iam.fail(*fault);
    }
    for ((fault, reason, arn, daemon, iam), known) in cases.iter().zip(&known) {
        let failed = daemon.wait_metrics("a failed reading", |metrics| !account_is_up(metrics));
        assert_eq!(reasons(&failed), [*reason], "{fault:?}: {}", daemon.log());
        assert_eq!(verdict(&failed, &issuer), "match", "{fault:?}");
        assert_eq!(of_provider(&failed, arn), of_provider(known, arn), "{fault:?}");
        // Good readings may have come between what is known and the first that failed, but none since.
        let again = daemon.wait_metrics("another", |metrics| failures(metrics) > failures(&failed));
        assert_eq!(of_provider(&again, arn), of_provider(known, arn), "{fault:?}");
        assert!(last_success(&again).is_some() && last_success(&again) == last_success(&failed), "{fault:?}");
        daemon.wait_log(&format!("reason={reason}"));
        iam.heal();
    }
    for ((fault, reason, _, daemon, _), known) in cases.iter().zip(&known) {
        let healed = daemon.wait_metrics("a good reading", account_is_up);
        assert_eq!(reasons(&healed), [*reason], "{fault:?}: counters stay");
        assert!(last_success(&healed) > last_success(known), "{fault:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_provider_that_may_not_be_read_does_not_hide_the_others() {
    let iam = FakeIam::start(ACCOUNT).await;
    let mut issuers = Vec::new();
    for host in ["denied.oidc.test", "later.oidc.test", "fine.oidc.test"] {
        let issuer = LabIssuer::good(host).await;
        let arn = iam.put(issuer.url(), &issuer.thumbprints());
        issuers.push((issuer, arn));
    }
    let [(denied, denied_arn), (later, later_arn), (fine, _)] = &issuers[..] else { panic!("three") };
    iam.fail_get(denied_arn, Fault::AccessDenied);
    let watch = issuers.iter().fold(Watch::new(&BRISK).iam(&iam), |watch, (issuer, _)| watch.resolve(issuer));
    let daemon = watch.start();
    let is_up = |metrics: &Exposition, issuer: &LabIssuer| {
        metrics.value("oidc_issuer_up", &[("issuer", issuer.url())]) == Some(1.0)
    };
    let metrics = daemon
        .wait_metrics("all issuers", |metrics| issuers.iter().all(|(issuer, _)| is_up(metrics, issuer)));
    assert_eq!([denied, later, fine].map(|issuer| verdict(&metrics, issuer)), ["unknown", "match", "match"]);
    assert_eq!(metrics.value("oidc_provider_thumbprint_match", &[("provider_arn", denied_arn)]), None);
    assert_eq!(reasons(&metrics), ["access_denied"]);
    assert!(!account_is_up(&metrics));

    // What was read before stays.
    iam.fail_get(later_arn, Fault::AccessDenied);
    let count = iam.count("ListOpenIDConnectProviders");
    let metrics =
        daemon.wait_metrics("two more readings", |_| iam.count("ListOpenIDConnectProviders") >= count + 3);
    assert_eq!([denied, later, fine].map(|issuer| verdict(&metrics, issuer)), ["unknown", "match", "match"]);

    iam.heal();
    let metrics = daemon.wait_metrics("a good reading", account_is_up);
    assert_eq!([denied, later, fine].map(|issuer| verdict(&metrics, issuer)), ["match", "match", "match"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_iam_that_fails_from_the_start_claims_nothing_and_the_file_is_watched_all_the_same() {
    let issuer = LabIssuer::good("host.oidc.test").await;
    let iam = FakeIam::start(ACCOUNT).await;
    iam.fail(Fault::AccessDenied);
    iam.put("https://other.oidc.test", &["0".repeat(40)]);
    let daemon = Watch::new(&BRISK).issuer(&issuer, &issuer.thumbprints()).iam(&iam).start();
    daemon.wait_ready();
    let metrics = daemon.metrics();
    assert_eq!(verdict(&metrics, &issuer), "match");
    assert_eq!(metrics.labels("oidc_provider_info", &[], "provider_arn"), ["file"]);
    assert_eq!(metrics.labels("oidc_account_up", &[], "account_id"), ["unknown"]);
    assert_eq!(metrics.value("oidc_account_up", &[]), Some(0.0));
    assert_eq!(metrics.all("oidc_account_last_success_timestamp_seconds", &[]).count(), 0);
    assert_eq!(reasons(&metrics), ["access_denied"]);

    iam.heal();
    let healed = daemon.wait_metrics("a good reading", account_is_up);
    assert_eq!(healed.labels("oidc_account_up", &[], "account_id"), [ACCOUNT]);
    assert_eq!(reasons(&healed), ["access_denied"], "the counter goes on under the account's id");
}

/// Every sample about a provider, as text.
fn of_provider(metrics: &Exposition, arn: &str) -> Vec<String> {
    let has_arn =
        metrics.samples.iter().filter(|s| s.labels.get("provider_arn").is_some_and(|label| label == arn));
    has_arn.map(|sample| format!("{sample:?}")).collect()
}

/// How many readings have failed, whatever the reason.
fn failures(metrics: &Exposition) -> f64 {
    metrics.all("oidc_account_poll_failures_total", &[]).map(|sample| sample.value).sum()
}

fn last_success(metrics: &Exposition) -> Option<f64> {
    metrics.value("oidc_account_last_success_timestamp_seconds", &[("account_id", ACCOUNT)])
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_list_is_believed_when_it_has_come_three_times() {
    let issuer = LabIssuer::good("host.oidc.test").await;
    let iam = FakeIam::start(ACCOUNT).await;
    let arn = iam.put(issuer.url(), &["0".repeat(40)]);
    let daemon = Watch::new(&BRISK).resolve(&issuer).iam(&iam).start();
    daemon.wait_metrics("mismatch", |metrics| {
        account_is_up(metrics) && verdict(metrics, &issuer) == "mismatch"
    });
    assert!(iam.remove(&arn));
    let doubted = daemon.wait_metrics("doubt", |metrics| !account_is_up(metrics));
    assert_eq!(reasons(&doubted), ["emptied"]);
    assert_eq!(verdict(&doubted, &issuer), "mismatch", "what is wrong is not mended by it");
    daemon.wait_log(
        "lists no OIDC provider, where it listed 1 provider; believed when 3 readings in a row say so",
    );
    let believed = daemon.wait_metrics("belief", account_is_up);
    assert_eq!(
        believed.labels("oidc_provider_problem", &[("class", "failing")], "problem"),
        ["provider_missing"],
        "what is gone is missed"
    );
    assert!((failures(&believed) - 2.0).abs() < 0.1, "two were doubted");
}
