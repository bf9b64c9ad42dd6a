//! C2SP x509-limbo: our trust against the expected result of every case that is about us.
//!
//! `OIDC_X509_LIMBO` names the project's `limbo.json`; without it a sample beside the project is read.

use std::collections::BTreeMap;
use std::path::PathBuf;

use oidc_thumbprint_exporter::chain::{AnchorSource, ServedChain, TrustStore, read_certificates};
use oidc_thumbprint_exporter::clock::Timestamp;
use rustls::pki_types::{CertificateDer, ServerName};
use serde::Deserialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::limbo_divergences::{divergence, unmet};
use crate::support::made::NOW;

#[derive(Deserialize)]
struct Limbo {
    testcases: Vec<Case>,
}

/// The fields of a case that matter here (`limbo-schema.json` of the project).
#[derive(Deserialize)]
pub struct Case {
    pub id: String,
    #[serde(default)]
    pub features: Vec<String>,
    validation_kind: String,
    trusted_certs: Vec<String>,
    untrusted_intermediates: Vec<String>,
    peer_certificate: String,
    validation_time: Option<String>,
    #[serde(default)]
    extended_key_usage: Vec<String>,
    #[serde(default)]
    signature_algorithms: Vec<String>,
    #[serde(default)]
    key_usage: Vec<String>,
    expected_result: String,
    expected_peer_name: Option<PeerName>,
    max_chain_depth: Option<u32>,
    #[serde(default)]
    crls: Vec<String>,
}

#[derive(Deserialize)]
struct PeerName {
    value: String,
}

impl Case {
    pub fn is_expected_to_succeed(&self) -> bool {
        self.expected_result == "SUCCESS"
    }

    /// Why a case asks something that this program never asks of a chain.
    fn beside_the_point(&self) -> Option<&'static str> {
        if self.validation_kind != "SERVER" {
            Some("client certificates: a server's are judged here")
        } else if !self.crls.is_empty() {
            Some("revocation lists: none is fetched or looked at")
        } else if self.max_chain_depth.is_some() {
            Some("a limit on the depth: there is no such setting")
        } else if !self.signature_algorithms.is_empty() {
            Some("a choice of signature algorithms: there is no such setting")
        } else if self.key_usage.iter().any(|usage| usage != "digitalSignature") {
            Some("key usage demanded by the caller: there is no such setting")
        } else if self.extended_key_usage.iter().any(|usage| usage != "serverAuth") {
            Some("another extended key usage than a TLS server's")
        } else {
            None
        }
    }

    /// Trusted by the case's roots as added ones, for its name and time.
    fn is_trusted(&self) -> bool {
        let served = [&self.peer_certificate].into_iter().chain(&self.untrusted_intermediates);
        let chain = ServedChain::new(served.map(|pem| der(pem)).collect()).unwrap();
        let store = TrustStore::empty().with_added(self.trusted_certs.iter().map(|pem| der(pem)));
        let host = self.expected_peer_name.as_ref().map(|name| ServerName::try_from(name.value.as_str()));
        // A name that TLS cannot even ask for is no reason to trust.
        let Ok(host) = host.transpose() else { return false };
        let now = self.validation_time.as_ref().map_or(NOW, |text| {
            Timestamp::from_seconds(OffsetDateTime::parse(text, &Rfc3339).unwrap().unix_timestamp())
        });
        store.judge(chain.certificates(), host.as_ref(), now).verified == Ok(AnchorSource::Added)
    }
}

/// The DER of one PEM certificate, readable or not: some cases are about certificates that are not.
fn der(pem: &str) -> CertificateDer<'static> {
    use rustls::pki_types::pem::PemObject as _;
    let der = CertificateDer::from_pem_slice(pem.as_bytes()).unwrap();
    // What our own reader takes, it takes the same.
    if let Ok(ours) = read_certificates(pem.as_bytes()) {
        assert_eq!(ours, std::slice::from_ref(&der));
    }
    der
}

#[test]
fn agrees_with_x509_limbo() {
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/x509-limbo-sample.json");
    let path = std::env::var_os("OIDC_X509_LIMBO").map_or(beside, PathBuf::from);
    let Ok(text) = std::fs::read(&path) else {
        println!("SKIPPED: no x509-limbo at {}: set OIDC_X509_LIMBO", path.display());
        return;
    };
    let cases = serde_json::from_slice::<Limbo>(&text).unwrap().testcases;
    assert!(!cases.is_empty());

    let mut wrong = Vec::new();
    let mut beside_the_point = BTreeMap::<_, usize>::new();
    let (mut agree, mut diverge) = (0, 0);
    for case in &cases {
        if let Some(why) = case.beside_the_point() {
            *beside_the_point.entry(why).or_default() += 1;
            continue;
        }
        let is_as_expected = case.is_trusted() == case.is_expected_to_succeed();
        match (is_as_expected, divergence(case)) {
            (true, None) => agree += 1,
            (false, Some(_)) => diverge += 1,
            (true, Some(reason)) => wrong.push(format!("{}: agrees, though listed: {reason}", case.id)),
            (false, None) => {
                wrong
                    .push(format!("{}: expected {}, and no reason is listed", case.id, case.expected_result));
            }
        }
    }
    println!(
        "x509-limbo: {} cases, {agree} agree, {diverge} diverge for a listed reason; {} listed cases are not among them",
        cases.len(),
        unmet(&cases)
    );
    for (why, count) in beside_the_point {
        println!("x509-limbo: {count} not asked: {why}");
    }
    assert!(wrong.is_empty(), "{} cases:\n{}", wrong.len(), wrong.join("\n"));
}
