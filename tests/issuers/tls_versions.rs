//! Which TLS versions an endpoint takes: AWS looks at thumbprints where it takes nothing below TLS 1.3.

use crate::support::daemon::Exposition;
use crate::support::lab::chains::good;
use crate::support::lab::{LabIssuer, Spec, TlsVersions};
use crate::support::told::verdict;
use crate::support::watch::{PATIENT, Watch};

const HOST: &str = "host.oidc.test";

#[tokio::test(flavor = "multi_thread")]
async fn a_poll_is_one_handshake_and_the_first_asks_for_tls_1_2_too() {
    let mut issuers = Vec::new();
    for (versions, accepted, handshakes) in
        [(TlsVersions::Both, 1.0, 2), (TlsVersions::Only12, 1.0, 1), (TlsVersions::Only13, 0.0, 1)]
    {
        let spec = Spec { versions, ..Spec::new(HOST, good(HOST)) };
        issuers.push((LabIssuer::start(spec).await, accepted, handshakes));
    }
    let watch = Watch::new(&PATIENT);
    let watch = issuers.iter().fold(watch, |watch, (issuer, ..)| watch.issuer(issuer, &issuer.thumbprints()));
    let daemon = watch.start();
    daemon.wait_ready();
    let metrics = daemon.metrics();
    let asked = |metrics: &Exposition, issuer: &LabIssuer| {
        let endpoint = issuer.endpoint();
        let value = |name| metrics.value(name, &[("endpoint", &endpoint)]);
        (value("oidc_endpoint_tls12_accepted"), value("oidc_endpoint_tls12_checked_timestamp_seconds"))
    };
    for (issuer, accepted, handshakes) in &issuers {
        assert_eq!(metrics.value("oidc_issuer_up", &[("issuer", issuer.url())]), Some(1.0));
        assert_eq!(verdict(&metrics, issuer), "match");
        assert_eq!(asked(&metrics, issuer).0, Some(*accepted));
        assert_eq!(issuer.handshakes(), *handshakes);
    }
    let later = daemon.wait_metrics("another poll of each", |metrics| {
        metrics.all("oidc_issuer_polls_total", &[]).all(|polls| polls.value > 1.0)
    });
    for (issuer, _, handshakes) in &issuers {
        assert_eq!(asked(&later, issuer), asked(&metrics, issuer), "once in poll.tls12_interval");
        assert_eq!(issuer.handshakes(), *handshakes + 1, "one handshake a poll");
    }
}
