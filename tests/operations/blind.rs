//! What is told while IAM cannot be read: not that there is nothing.

use super::ONE_ROUND;
use crate::support::lab::{FakeIam, Fault, LabIssuer};
use crate::support::watch::Watch;

const ACCOUNT: &str = "123456789012";
const KNOWN: &str = "oidc_account_providers_known";

#[tokio::test(flavor = "multi_thread")]
async fn targets_are_not_told_before_iam_was_read() {
    let issuer = LabIssuer::good("host.oidc.test").await;
    let iam = FakeIam::start(ACCOUNT).await;
    iam.put(issuer.url(), &issuer.thumbprints());
    iam.fail(Fault::AccessDenied);
    let watch = Watch::new(&ONE_ROUND).resolve(&issuer).iam(&iam);
    let state = watch.directory().join("state.json");
    let watch = watch.env("OIDC_EXPORTER__STATE__FILE", &state);
    let daemon = watch.start();
    daemon.wait_ready();
    let targets = daemon.get("/sd");
    assert_eq!(targets.status, 503);
    assert!(targets.text().contains("IAM has not been read yet"), "{}", targets.text());
    assert_eq!(daemon.metrics().value(KNOWN, &[]), Some(0.0));
    let ready = daemon.get("/-/ready");
    let told = "IAM cannot be read (access_denied): its providers are not known";
    assert!(ready.text().starts_with("ready\n") && ready.text().contains(told), "{}", ready.text());

    iam.heal();
    daemon.wait_metrics("IAM to be read", |metrics| metrics.value(KNOWN, &[]) == Some(1.0));
    let targets = daemon.get("/sd");
    assert!(targets.status == 200 && targets.text().contains(issuer.url()), "{}", targets.text());
    let read = targets.header("last-modified").unwrap().to_owned();
    assert!(daemon.terminate().success());

    // What was read before outlives a restart, with its age.
    iam.fail(Fault::AccessDenied);
    let daemon = watch.start();
    let targets = daemon.get("/sd");
    assert!(targets.status == 200 && targets.text().contains(issuer.url()), "{}", targets.text());
    let ends = |text: &str| text.ends_with(" GMT");
    assert!(ends(&read) && ends(targets.header("last-modified").unwrap()), "{read}");
    assert_eq!(daemon.metrics().value(KNOWN, &[]), Some(1.0));
    daemon.wait_ready();
    assert!(daemon.get("/-/ready").text().contains("what is known of its providers is of 20"));
}

#[test]
fn what_is_configured_is_known_at_once() {
    let daemon = Watch::new(&ONE_ROUND).url("https://127.0.0.7:1").start();
    let targets = daemon.get("/sd");
    assert!(targets.status == 200 && targets.text().contains("https://127.0.0.7:1"), "{}", targets.text());
}
