//! That the exported chain is the one that OpenSSL sees: each certificate, each position, and what AWS's procedure
//! makes of the last.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::support::daemon::Exposition;
use crate::support::lab::chains;
use crate::support::lab::{Lab, LabIssuer, Spec};
use crate::support::openssl::{Described, describe, digests, s_client};
use crate::support::watch::{PATIENT, Watch};

const HOST: &str = "host.oidc.test";

/// States in which OpenSSL gives up before it shows the chain.
const NOT_FOR_OPENSSL: [&str; 4] =
    ["beyond_64_kib", "trailing_garbage", "last_is_no_certificate", "first_is_no_certificate"];

/// Positions from 0 and what OpenSSL says of the certificate there.
type Chains = BTreeSet<(usize, Described)>;

#[tokio::test(flavor = "multi_thread")]
async fn every_chain_is_exported_as_openssl_sees_it() {
    let mut issuers = Vec::new();
    let mut watch = Watch::new(&PATIENT);
    for chain in chains::all(HOST) {
        let issuer = LabIssuer::start(Spec::new(HOST, chain.clone())).await;
        watch = watch.issuer(&issuer, &[]);
        issuers.push((issuer, chain));
    }
    let daemon = watch.start();
    daemon.wait_ready();
    let metrics = daemon.metrics();
    let mut described = Memory::default();
    for (issuer, chain) in &issuers {
        if NOT_FOR_OPENSSL.contains(&chain.state) {
            continue;
        }
        let seen = seen(issuer, &mut described).await;
        assert_eq!(seen.len(), chain.served.len(), "{}", chain.state);
        assert_eq!(exported(&metrics, &issuer.endpoint()), seen, "{}", chain.state);
        assert_last(&metrics, issuer, &seen);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_tool_can_read_has_its_thumbprints_all_the_same() {
    let make = [chains::trailing_garbage, chains::last_is_no_certificate, chains::first_is_no_certificate];
    for chain in make.map(|make| make(HOST)) {
        let state = chain.state;
        let issuer = LabIssuer::start(Spec::new(HOST, chain.clone())).await;
        let daemon = Watch::new(&PATIENT).issuer(&issuer, &[chain.thumbprint()]).start();
        daemon.wait_ready();
        let metrics = daemon.metrics();
        let endpoint = issuer.endpoint();
        for (position, der) in chain.served.iter().enumerate() {
            let [sha1, sha256] = digests(der);
            let position = position.to_string();
            let labels =
                [("endpoint", &*endpoint), ("position", &position), ("sha1", &sha1), ("sha256", &sha256)];
            assert_eq!(metrics.value("oidc_certificate_info", &labels), Some(1.0), "{state} {position}");
        }
        let [last, _] = digests(chain.served.last().unwrap());
        let issuer = [("issuer", issuer.url())];
        assert_eq!(metrics.labels("oidc_issuer_thumbprint_info", &issuer, "thumbprint"), [last], "{state}");
        assert_eq!(metrics.state("oidc_provider_thumbprint_status", &issuer), ["match"], "{state}");
        // A date that cannot be read is absent, not made up.
        let readable_last = state == "first_is_no_certificate";
        assert_eq!(metrics.value("oidc_root_ca_days_to_expiry", &issuer).is_some(), readable_last, "{state}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_fleet_is_exported_as_openssl_sees_it() {
    let lab = Lab::start().await;
    let mut watch = Watch::new(&PATIENT).iam(&lab.iam);
    for issuer in &lab.issuers {
        watch = watch.resolve(issuer);
    }
    let daemon = watch.start();
    let metrics = daemon.wait_metrics("all eight to be polled", |metrics| {
        let polls: Vec<_> = metrics.all("oidc_issuer_polls_total", &[]).collect();
        polls.len() == lab.issuers.len() && polls.iter().all(|polls| polls.value > 0.0)
    });
    let mut described = Memory::default();
    for issuer in &lab.issuers {
        let up = !matches!(&*issuer.name, "dead" | "endless");
        let labels = [("issuer", issuer.url())];
        assert_eq!(
            metrics.value("oidc_issuer_up", &labels),
            Some(f64::from(u8::from(up))),
            "{}",
            issuer.name
        );
        if issuer.name == "dead" {
            assert_eq!(metrics.all("oidc_issuer_thumbprint_info", &labels).count(), 0);
            continue;
        }
        for host in issuer.hosts() {
            let seen = seen(host, &mut described).await;
            assert_eq!(exported(&metrics, &host.endpoint()), seen, "{}", host.name);
        }
        let mut thumbprints = issuer.thumbprints();
        thumbprints.sort();
        assert_eq!(metrics.labels("oidc_issuer_thumbprint_info", &labels, "thumbprint"), thumbprints);
    }
    for (name, status, matches) in [
        ("amazon", "match", Some(1.0)),
        ("expired", "match", Some(1.0)),
        ("private", "match", Some(1.0)),
        ("twins", "partial", Some(0.0)),
        ("elsewhere", "match", Some(1.0)),
        ("wrong", "mismatch", Some(0.0)),
        ("dead", "unknown", None),
        ("endless", "match", Some(1.0)),
    ] {
        let labels = [("issuer", lab.issuer(name).url())];
        assert_eq!(metrics.state("oidc_provider_thumbprint_status", &labels), [status], "{name}");
        assert_eq!(metrics.value("oidc_provider_thumbprint_match", &labels), matches, "{name}");
    }
}

/// One run of `openssl x509` a certificate is enough.
type Memory = BTreeMap<Vec<u8>, Described>;

/// What OpenSSL sees at all addresses of one host.
async fn seen(host: &LabIssuer, described: &mut Memory) -> Chains {
    let mut seen = Chains::new();
    for socket in host.sockets() {
        let served = s_client(socket, host.host(), "-tls1_3", None).await.served;
        for (position, der) in served.into_iter().enumerate() {
            let of_der = described.entry(der.to_vec()).or_insert_with(|| describe(&der));
            seen.insert((position, of_der.clone()));
        }
    }
    seen
}

/// What the metrics say about one endpoint.
fn exported(metrics: &Exposition, endpoint: &str) -> Chains {
    let endpoint = [("endpoint", endpoint)];
    let rows = metrics.all("oidc_certificate_info", &endpoint).map(|info| {
        let label = |name: &str| info.labels[name].clone();
        let same = ["endpoint", "position", "role", "sha1"].map(|name| (name, &*info.labels[name]));
        let seconds = |name: &str| {
            let value = metrics.value(name, &same).unwrap();
            assert!(value.fract() == 0.0, "{name} {value}");
            #[allow(clippy::cast_possible_truncation)]
            let seconds = value as i64;
            seconds
        };
        let described = Described {
            subject: label("subject"),
            issued_by: label("issued_by"),
            serial: label("serial"),
            sha1: label("sha1"),
            sha256: label("sha256"),
            not_before: seconds("oidc_certificate_not_before_timestamp_seconds"),
            not_after: seconds("oidc_certificate_not_after_timestamp_seconds"),
        };
        (label("position").parse().unwrap(), described)
    });
    rows.collect()
}

/// The last certificate of a single chain is what AWS calls the root CA.
#[allow(clippy::cast_precision_loss)]
fn assert_last(metrics: &Exposition, issuer: &LabIssuer, seen: &Chains) {
    let (_, last) = seen.last().unwrap();
    let labels = [("issuer", issuer.url())];
    assert_eq!(
        metrics.labels("oidc_issuer_thumbprint_info", &labels, "thumbprint"),
        std::slice::from_ref(&last.sha1)
    );
    let not_after = metrics.value("oidc_root_ca_not_after_timestamp_seconds", &labels);
    assert_eq!(not_after, Some(last.not_after as f64), "{}", issuer.name);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs_f64();
    let days = (last.not_after as f64 - now) / 86_400.0;
    let exported = metrics.value("oidc_root_ca_days_to_expiry", &labels).unwrap();
    assert!((exported - days).abs() < 0.01, "{}: {exported} days, {days} by OpenSSL", issuer.name);
    let role = if seen.len() == 1 { "leaf" } else { "root" };
    let position = (seen.len() - 1).to_string();
    let endpoint = issuer.endpoint();
    let last = [("endpoint", &*endpoint), ("position", &position), ("role", role), ("sha1", &last.sha1)];
    assert_eq!(metrics.all("oidc_certificate_info", &last).count(), 1, "{}", issuer.name);
}
