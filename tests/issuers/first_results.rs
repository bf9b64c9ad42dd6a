//! Before the first observation nothing is claimed: no verdict, no match, no change. Also after a restart.

use std::time::Duration;

use crate::support::daemon::{Daemon, Exposition};
use crate::support::lab::chains::good;
use crate::support::lab::{Behaviour, LabIssuer, Wire};
use crate::support::told::verdict;
use crate::support::watch::{BRISK, Watch};

/// A wait that no test sees the end of.
const FOR_EVER: [&str; 4] =
    ["interval = \"2h\"", "timeout = \"1h\"", "connect_timeout = \"1h\"", "request_timeout = \"1h\""];

#[tokio::test(flavor = "multi_thread")]
async fn a_daemon_is_not_ready_before_each_issuer_has_its_first_result() {
    let [quick, silent] =
        [LabIssuer::good("quick.oidc.test").await, LabIssuer::good("silent.oidc.test").await];
    silent.behave(Behaviour::Wire(Wire::Silence));
    let daemon = Watch::new(&FOR_EVER)
        .issuer(&quick, &quick.thumbprints())
        .issuer(&silent, &silent.thumbprints())
        .start();
    let metrics = daemon.wait_metrics("the quick one", |metrics| verdict(metrics, &quick) == "match");
    assert_eq!(daemon.get("/-/ready").status, 503);
    assert_eq!(daemon.get("/-/healthy").status, 200);
    assert_nothing_is_claimed(&metrics, &silent);
    assert_eq!(metrics.value("oidc_issuer_polls_total", &[("issuer", silent.url())]), Some(0.0));
    assert_eq!(metrics.value("oidc_issuer_last_poll_timestamp_seconds", &[("issuer", silent.url())]), None);
    assert_eq!(daemon.terminate().code(), Some(0), "a poll under way does not keep it");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_first_result_makes_it_ready_and_claims_nothing() {
    let issuer = LabIssuer::good("host.oidc.test").await;
    issuer.behave(Behaviour::Wire(Wire::Silence));
    let daemon = Watch::new(&BRISK).issuer(&issuer, &issuer.thumbprints()).start();
    daemon.wait_ready();
    assert_nothing_is_claimed(&daemon.metrics(), &issuer);
    issuer.behave(Behaviour::Good);
    assert_match_without_change(&daemon, &issuer);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_after_a_change_and_a_kill_invents_nothing() {
    let issuer = LabIssuer::good("host.oidc.test").await;
    let (old, new) = (issuer.thumbprints(), good("host.oidc.test"));
    let both = [old[0].clone(), new.thumbprint()];
    let watch = Watch::new(&BRISK).issuer(&issuer, &both);
    let mut first = watch.start();
    assert_match_without_change(&first, &issuer);
    issuer.serve(&new);
    first.wait_metrics("the change", |metrics| changed(metrics, &issuer).is_some());
    first.signal("KILL");
    assert!(!first.wait().success());

    issuer.behave(Behaviour::Wire(Wire::Silence));
    let second = watch.start();
    assert_nothing_is_claimed(&second.metrics(), &issuer);
    second.wait_ready();
    assert_nothing_is_claimed(&second.metrics(), &issuer);
    issuer.behave(Behaviour::Good);
    assert_match_without_change(&second, &issuer);
    let labels = [("issuer", issuer.url())];
    let seen = second.metrics().labels("oidc_issuer_thumbprint_info", &labels, "thumbprint");
    assert_eq!(seen, [new.thumbprint()]);
}

fn assert_nothing_is_claimed(metrics: &Exposition, issuer: &LabIssuer) {
    let labels = [("issuer", issuer.url())];
    assert_eq!(verdict(metrics, issuer), "unknown");
    assert_eq!(metrics.value("oidc_issuer_up", &labels), Some(0.0));
    for absent in [
        "oidc_provider_thumbprint_match",
        "oidc_provider_thumbprint_coverage_ratio",
        "oidc_provider_thumbprint_enforced",
        "oidc_issuer_thumbprint_info",
        "oidc_issuer_thumbprint_changed_timestamp_seconds",
        "oidc_issuer_last_success_timestamp_seconds",
        "oidc_root_ca_days_to_expiry",
        "oidc_root_ca_not_after_timestamp_seconds",
        "oidc_trust_anchor_not_after_timestamp_seconds",
    ] {
        assert_eq!(metrics.all(absent, &labels).count(), 0, "{absent}");
    }
    let endpoint = issuer.endpoint();
    let labels = [("endpoint", &*endpoint)];
    for absent in
        ["oidc_chain_status", "oidc_certificate_info", "oidc_certificate_not_after_timestamp_seconds"]
    {
        assert_eq!(metrics.all(absent, &labels).count(), 0, "{absent}");
    }
}

fn assert_match_without_change(daemon: &Daemon, issuer: &LabIssuer) {
    let labels = [("issuer", issuer.url())];
    let polls = |metrics: &Exposition| metrics.value("oidc_issuer_polls_total", &labels).unwrap();
    let first = daemon.wait_metrics("match", |metrics| verdict(metrics, issuer) == "match");
    let later = daemon.wait_metrics("another poll", |metrics| polls(metrics) > polls(&first));
    assert_eq!(changed(&later, issuer), None);
}

fn changed(metrics: &Exposition, issuer: &LabIssuer) -> Option<Duration> {
    let labels = [("issuer", issuer.url())];
    metrics.value("oidc_issuer_thumbprint_changed_timestamp_seconds", &labels).map(Duration::from_secs_f64)
}
