//! What a general TLS probe loses when a chain is expired, and what is kept here.

use crate::support::daemon::Exposition;
use crate::support::lab::LabIssuer;
use crate::support::server::{Program, query};
use crate::support::stage::Stage;

const EXPIRY: &str = "probe_ssl_earliest_cert_expiry";

fn blackbox(stage: &Stage) -> Program {
    Program::start("prometheus-blackbox-exporter", |directory, address| {
        let config = directory.join("blackbox.yml");
        let roots = stage.lab.write_ca(directory).display().to_string();
        let tls = format!("fail_if_not_ssl: true, tls_config: {{ca_file: {roots:?}}}");
        let modules = format!("modules:\n  https: {{prober: http, timeout: 30s, http: {{{tls}}}}}\n");
        std::fs::write(&config, modules).unwrap();
        vec![format!("--config.file={}", config.display()), format!("--web.listen-address={address}")]
    })
}

/// Its metrics for the discovery document, verified, with the host's name in SNI.
fn probe(blackbox: &Program, issuer: &LabIssuer) -> Exposition {
    let path = issuer.url().split_once(&issuer.endpoint()).unwrap().1;
    let target = format!("https://{}{path}/.well-known/openid-configuration", issuer.sockets()[0]);
    let query = query(&[("module", "https"), ("target", &target), ("hostname", issuer.host())]);
    blackbox.get(&format!("/probe?{query}")).text().parse().unwrap()
}

#[test]
fn it_loses_the_expiry_of_an_expired_chain_and_we_keep_it() {
    let stage = Stage::set();
    let daemon = stage.daemon();
    let blackbox = blackbox(&stage);
    let ours = daemon.metrics();
    let our_days =
        |issuer: &LabIssuer| ours.value("oidc_root_ca_days_to_expiry", &[("issuer", issuer.url())]);

    let good = stage.issuer("amazon");
    let theirs = probe(&blackbox, good);
    assert_eq!(theirs.value("probe_success", &[]), Some(1.0), "{theirs:?}");
    assert!(theirs.value(EXPIRY, &[]).is_some());
    assert!(our_days(good).is_some_and(|days| days > 0.0));

    let expired = stage.issuer("expired");
    let theirs = probe(&blackbox, expired);
    assert_eq!(theirs.value("probe_success", &[]), Some(0.0));
    let tls: Vec<_> = theirs.samples.iter().filter(|sample| sample.name.starts_with("probe_ssl_")).collect();
    assert!(tls.is_empty(), "{tls:?}");
    let days = our_days(expired).unwrap();
    assert!((-3.1..-2.9).contains(&days), "{days}");
    assert!(
        ours.all("oidc_certificate_not_after_timestamp_seconds", &[("endpoint", &expired.endpoint())])
            .count()
            > 1
    );
}
