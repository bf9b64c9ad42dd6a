//! The states of chains as a table: the certificate cases of badssl.com made again, and more.

use crate::support::daemon::{Exposition, TempDir};
use crate::support::lab::pem::pem;
use crate::support::lab::{LabIssuer, Spec, chains};
use crate::support::watch::{PATIENT, Watch};

const HOST: &str = "host.oidc.test";

/// What holds where the chain's root is in a file of the configuration, then where it is in the system's trust store.
const STATES: [(&str, &str, &str); 29] = [
    ("good", "private", "trusted"),
    ("with_root", "private", "trusted"),
    ("three_deep", "private", "trusted"),
    ("p384", "private", "trusted"),
    ("ed25519", "private", "trusted"),
    ("amazon_like", "private", "trusted"),
    ("private_ca", "private", "trusted"),
    ("no_common_name", "private", "trusted"),
    ("no_subject", "private", "trusted"),
    ("thousand_names", "private", "trusted"),
    ("ten_thousand_names", "private", "trusted"),
    ("beyond_64_kib", "", ""),
    ("near_64_kib", "misordered private root_off_path", "misordered root_off_path trusted"),
    ("expired_leaf", "expired private", "expired"),
    ("not_yet_valid_leaf", "not_yet_valid private", "not_yet_valid"),
    ("expired_intermediate", "expired private", "expired"),
    ("expired_root", "expired private", "expired"),
    ("wrong_host", "name_mismatch private", "name_mismatch"),
    ("self_signed", "private", "private"),
    ("untrusted_root", "private", "private"),
    ("incomplete", "incomplete misordered root_off_path", "incomplete misordered root_off_path"),
    ("intermediates_swapped", "misordered private", "misordered trusted"),
    ("reversed", "misordered private", "misordered"),
    ("leaf_not_first", "misordered private", "misordered"),
    ("duplicated", "misordered private", "misordered trusted"),
    ("unrelated_at_end", "misordered private root_off_path", "misordered root_off_path trusted"),
    (
        "trailing_garbage",
        "incomplete invalid misordered root_off_path",
        "incomplete invalid misordered root_off_path",
    ),
    (
        "last_is_no_certificate",
        "incomplete invalid misordered root_off_path",
        "incomplete invalid misordered root_off_path",
    ),
    ("first_is_no_certificate", "invalid unproven", "invalid unproven"),
];

#[tokio::test(flavor = "multi_thread")]
async fn every_state_by_where_its_root_is_trusted() {
    let directory = TempDir::new();
    let roots = directory.path().join("roots.pem");
    let mut issuers = Vec::new();
    let mut anchors = Vec::new();
    for chain in chains::all(HOST) {
        anchors.extend(chain.anchor.clone());
        issuers.push((chain.state, LabIssuer::start(Spec::new(HOST, chain)).await));
    }
    std::fs::write(&roots, pem(&anchors)).unwrap();

    let watch = || issuers.iter().fold(Watch::new(&PATIENT), |watch, (_, issuer)| watch.issuer(issuer, &[]));
    let added = watch().trust(&roots).env("OIDC_EXPORTER__TRUST__SYSTEM", "false").start();
    let system = watch().env("SSL_CERT_FILE", &roots).start();
    let found = [added, system].map(|daemon| {
        daemon.wait_ready();
        daemon.metrics()
    });
    let found: Vec<_> = issuers
        .iter()
        .map(|(state, issuer)| (*state, found.each_ref().map(|m| statuses(m, issuer))))
        .collect();
    let wanted = STATES.map(|(state, added, system)| (state, [added.to_owned(), system.to_owned()]));
    assert_eq!(found, wanted);
}

fn statuses(metrics: &Exposition, issuer: &LabIssuer) -> String {
    metrics.state("oidc_chain_status", &[("endpoint", &issuer.endpoint())]).join(" ")
}
