//! Issuers whose JWKS is on another host: both endpoints count.

use crate::support::daemon::Exposition;
use crate::support::lab::chains::good;
use crate::support::lab::{Behaviour, LabIssuer, Spec, Wire};
use crate::support::told::verdict;
use crate::support::watch::{BRISK, Watch};

#[tokio::test(flavor = "multi_thread")]
async fn both_endpoints_count() {
    let [both, discovery, jwks, none] = [issuer().await, issuer().await, issuer().await, issuer().await];
    let daemon = Watch::new(&BRISK)
        .issuer(&both, &both.thumbprints())
        .issuer(&discovery, &discovery.thumbprints()[..1])
        .issuer(&jwks, &jwks.thumbprints()[1..])
        .issuer(&none, &["0".repeat(40)])
        .start();
    for (issuer, status) in
        [(&both, "match"), (&discovery, "partial"), (&jwks, "partial"), (&none, "mismatch")]
    {
        let metrics = daemon.wait_metrics(status, |metrics| verdict(metrics, issuer) == status);
        let labels = [("issuer", issuer.url())];
        assert_eq!(metrics.value("oidc_issuer_up", &labels), Some(1.0));
        let [at, keys] = [issuer.endpoint(), issuer.jwks_host().unwrap().endpoint()];
        for (usage, endpoint) in [("discovery", at), ("jwks", keys)] {
            let labels = [("issuer", issuer.url()), ("use", usage)];
            assert_eq!(metrics.labels("oidc_issuer_endpoint_info", &labels, "endpoint"), [endpoint]);
        }
        assert_eq!(metrics.all("oidc_issuer_thumbprint_info", &labels).count(), 2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_jwks_host_that_is_dead_from_the_start_leaves_the_verdict_unknown() {
    let mut spec = spec();
    spec.jwks_host.as_mut().unwrap().alive = false;
    let issuer = LabIssuer::start(spec).await;
    let daemon = Watch::new(&BRISK).issuer(&issuer, &issuer.thumbprints()).start();
    let labels = [("issuer", issuer.url())];
    let polls = |metrics: &Exposition| metrics.value("oidc_issuer_polls_total", &labels);
    let metrics = daemon.wait_metrics("two polls", |metrics| polls(metrics) >= Some(2.0));
    assert_eq!(verdict(&metrics, &issuer), "unknown");
    assert_eq!(metrics.value("oidc_provider_thumbprint_match", &labels), None);
    assert_eq!(metrics.value("oidc_issuer_up", &labels), Some(0.0));
    let connect = [("issuer", issuer.url()), ("reason", "connect")];
    assert_eq!(metrics.value("oidc_issuer_poll_failures_total", &connect), polls(&metrics));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_jwks_host_that_falls_silent_leaves_the_last_verdict() {
    let issuer = issuer().await;
    let daemon = Watch::new(&BRISK).issuer(&issuer, &issuer.thumbprints()).start();
    let labels = [("issuer", issuer.url())];
    let up = |metrics: &Exposition| metrics.value("oidc_issuer_up", &labels);
    let before = daemon
        .wait_metrics("match", |metrics| verdict(metrics, &issuer) == "match" && up(metrics) == Some(1.0));
    issuer.jwks_host().unwrap().behave(Behaviour::Wire(Wire::Reset));
    let after = daemon.wait_metrics("down", |metrics| up(metrics) == Some(0.0));
    assert_eq!(verdict(&after, &issuer), "match");
    let thumbprints =
        |metrics: &Exposition| metrics.labels("oidc_issuer_thumbprint_info", &labels, "thumbprint");
    assert_eq!(thumbprints(&after), thumbprints(&before));
    let keys = issuer.jwks_host().unwrap().endpoint();
    assert_eq!(after.value("oidc_endpoint_addresses_failed", &[("endpoint", &keys)]), Some(1.0));
}

fn spec() -> Spec {
    let mut spec = Spec::new("host.oidc.test", good("host.oidc.test"));
    spec.jwks_host = Some(Box::new(Spec::new("keys.oidc.test", good("keys.oidc.test"))));
    spec
}

async fn issuer() -> LabIssuer {
    LabIssuer::start(spec()).await
}
