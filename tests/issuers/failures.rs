//! Every way in which a poll fails has one reason, does not touch the others, and ends when its cause does.

use crate::support::daemon::Exposition;
use crate::support::lab::{Behaviour, LabIssuer, Spec, behaviour, chains};
use crate::support::watch::{PATIENT, Watch};

const HOST: &str = "host.oidc.test";

/// The reason of each bad behaviour.
const REASONS: [(&str, &str); 42] = [
    ("other_issuer", "discovery"),
    ("issuer_missing", "discovery"),
    ("discovery_not_json", "discovery"),
    ("discovery_empty", "discovery"),
    ("discovery_nested", "discovery"),
    ("jwks_uri_missing", "discovery"),
    ("jwks_uri_not_a_string", "discovery"),
    ("jwks_uri_http", "discovery"),
    ("jwks_uri_metadata", "blocked"),
    ("discovery_redirect", "redirect"),
    ("discovery_404", "http_status"),
    ("discovery_500", "http_status"),
    ("discovery_503", "http_status"),
    ("discovery_too_large", "too_large"),
    ("discovery_too_large_chunked", "too_large"),
    ("discovery_endless", "too_large"),
    ("discovery_one_byte_a_second", "timeout"),
    ("discovery_header_bomb", "too_large"),
    ("discovery_truncated", "http"),
    ("jwks_not_json", "jwks"),
    ("jwks_nested", "jwks"),
    ("jwks_redirect", "redirect"),
    ("jwks_404", "http_status"),
    ("jwks_503", "http_status"),
    ("jwks_too_large", "too_large"),
    ("jwks_too_large_chunked", "too_large"),
    ("jwks_endless", "too_large"),
    ("jwks_one_byte_a_second", "timeout"),
    ("jwks_header_bomb", "too_large"),
    ("jwks_truncated", "http"),
    ("jwks_keys_missing", "jwks"),
    ("jwks_no_keys", "jwks"),
    ("jwks_without_kid", "jwks"),
    ("jwks_symmetric_only", "jwks"),
    ("jwks_101_rsa_keys", "jwks"),
    ("silence", "timeout"),
    ("plain_http", "tls"),
    ("garbage", "tls"),
    ("tls_alert", "tls"),
    ("reset", "tls"),
    ("tls_one_byte_a_second", "timeout"),
    ("close_after_handshake", "http"),
];

#[tokio::test(flavor = "multi_thread")]
async fn each_bad_behaviour_has_one_reason_and_ends_with_its_cause() {
    let mut issuers = Vec::new();
    for (name, bad) in behaviour::all_bad() {
        let issuer = LabIssuer::good(HOST).await;
        issuer.behave(bad);
        issuers.push((name, issuer));
    }
    let good = LabIssuer::good(HOST).await;
    let watch = Watch::new(&PATIENT).issuer(&good, &[]);
    let daemon = issuers.iter().fold(watch, |watch, (_, issuer)| watch.issuer(issuer, &[])).start();

    daemon.wait_ready();
    let failed = daemon.metrics();
    let found: Vec<_> =
        issuers.iter().map(|(name, issuer)| (*name, reasons(&failed, issuer.url()).join(" "))).collect();
    assert_eq!(found, REASONS.map(|(name, reason)| (name, reason.to_owned())));
    assert!(issuers.iter().all(|(_, issuer)| !is_up(&failed, issuer.url())));
    assert!(is_up(&failed, good.url()));

    for (_, issuer) in &issuers {
        issuer.behave(Behaviour::Good);
    }
    let polls = |metrics: &Exposition| metrics.value("oidc_issuer_polls_total", &[("issuer", good.url())]);
    let healed = daemon.wait_metrics("all to be up again", |metrics| {
        assert!(is_up(metrics, good.url()));
        issuers.iter().all(|(_, issuer)| is_up(metrics, issuer.url())) && polls(metrics) > polls(&failed)
    });
    for (name, issuer) in &issuers {
        assert_eq!(reasons(&healed, issuer.url()), reasons(&failed, issuer.url()), "{name}: counters stay");
    }
    assert!(reasons(&healed, good.url()).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_connected_to_has_a_reason_too() {
    let mut spec = Spec::new("dead.oidc.test", chains::good("dead.oidc.test"));
    spec.alive = false;
    let dead = LabIssuer::start(spec).await;
    // No resolver takes a label of more than 63 octets (RFC 1035, section 2.3.4).
    let unknown = format!("https://{}.invalid", "a".repeat(64));
    let cases = [
        (dead.url(), "connect"),
        (&*unknown, "dns"),
        ("https://metadata.oidc.test", "blocked"),
        ("https://mapped.oidc.test", "blocked"),
        ("https://169.254.169.254", "blocked"),
        ("https://[fe80::1]", "blocked"),
    ];
    let watch = cases.iter().skip(1).fold(Watch::new(&PATIENT), |watch, (url, _)| watch.url(url));
    let daemon = watch
        .issuer(&dead, &[])
        .addresses("metadata.oidc.test", &["169.254.169.254"])
        .addresses("mapped.oidc.test", &["::ffff:169.254.169.254"])
        .start();
    daemon.wait_ready();
    let metrics = daemon.metrics();
    for (url, reason) in cases {
        assert_eq!(reasons(&metrics, url), [reason], "{url}");
        assert!(!is_up(&metrics, url), "{url}");
        assert_eq!(metrics.all("oidc_issuer_thumbprint_info", &[("issuer", url)]).count(), 0, "{url}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn loopback_is_refused_unless_it_is_allowed_and_nothing_is_sent_there() {
    let issuer = LabIssuer::good(HOST).await;
    let watch = Watch::new(&PATIENT).issuer(&issuer, &[]);
    let daemon = watch.env("OIDC_EXPORTER__POLL__ALLOW_LOOPBACK", "false").start();
    daemon.wait_ready();
    assert_eq!(reasons(&daemon.metrics(), issuer.url()), ["blocked"]);
    assert_eq!(issuer.connections(), 0);
}

fn is_up(metrics: &Exposition, issuer: &str) -> bool {
    metrics.value("oidc_issuer_up", &[("issuer", issuer)]) == Some(1.0)
}

/// The reasons for which polls have failed.
fn reasons(metrics: &Exposition, issuer: &str) -> Vec<String> {
    let labels = [("issuer", issuer)];
    let failures = metrics.all("oidc_issuer_poll_failures_total", &labels);
    failures.filter(|sample| sample.value > 0.0).map(|sample| sample.labels["reason"].clone()).collect()
}
