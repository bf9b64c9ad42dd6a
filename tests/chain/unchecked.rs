//! Signatures between certificates that cannot be checked are not wrong ones: nothing is called invalid or misordered for
//! them. What can be checked, if only with a weak algorithm, is.

use std::path::Path;
use std::process::Command;

use oidc_thumbprint_exporter::chain::{Certificate, ChainStatus, Distrust};
use oidc_thumbprint_exporter::clock::Clock;

use crate::support::daemon::TempDir;
use crate::support::made::{HOST, damaged, host, nobody};
use crate::support::openssl_ca::Credential;
use crate::support::process::output;

const RSA: &[&str] = &["rsa:2048"];

/// Kinds of CAs, options that sign with them, and whether their signatures are checked with some algorithm.
const KINDS: [(&str, &[&str], &[&str], bool); 12] = [
    ("rsa 1024", &["rsa:1024"], &[], true),
    ("rsa 1024, SHA-1", &["rsa:1024"], &["-sha1"], true),
    ("rsa 1024, SHA-384", &["rsa:1024"], &["-sha384"], false),
    ("rsa 512", &["rsa:512"], &[], false),
    ("rsa, SHA-1", RSA, &["-sha1"], true),
    ("rsa, MD5", RSA, &["-md5"], false),
    ("rsa, SHA-224", RSA, &["-sha224"], false),
    ("rsa-pss", &["rsa-pss", "-pkeyopt", "rsa_keygen_bits:2048"], &["-sigopt", "rsa_pss_saltlen:32"], true),
    (
        "rsa-pss 1024",
        &["rsa-pss", "-pkeyopt", "rsa_keygen_bits:1024"],
        &["-sigopt", "rsa_pss_saltlen:32"],
        false,
    ),
    ("secp256k1", &["ec", "-pkeyopt", "ec_paramgen_curve:secp256k1"], &[], false),
    ("brainpool", &["ec", "-pkeyopt", "ec_paramgen_curve:brainpoolP384r1"], &[], false),
    ("ed448", &["ed448"], &[], false),
];

#[test]
fn a_ca_whose_signatures_are_beyond_validation_is_unproven_and_nothing_worse() {
    let directory = TempDir::new();
    for (index, (what, key, sign, is_checked)) in KINDS.iter().enumerate() {
        let ca = Credential::ca(directory.path(), &format!("ca-{index}"), key);
        let leaf = Credential::leaf(directory.path(), &format!("leaf-{index}"), HOST, RSA, &ca, sign);
        let (good, root) = (Certificate::new(leaf.der()), Certificate::new(ca.der()));
        let bad = Certificate::new(damaged(&leaf.der()).into());
        for trust in [nobody(), nobody().with_added([ca.der()])] {
            for served in [vec![good.clone(), root.clone()], vec![good.clone()]] {
                let judged = trust.judge(&served, Some(&host(HOST)), Clock::system().now());
                let is_anchored = served.len() == 2 || trust.counts().added == 1;
                let (reason, statuses) = if is_anchored {
                    (Distrust::UnsupportedAlgorithm, [ChainStatus::Private, ChainStatus::Unproven].into())
                } else {
                    (Distrust::UnknownIssuer, [ChainStatus::Incomplete].into())
                };
                assert_eq!(
                    (judged.verified, judged.statuses),
                    (Err(reason), statuses),
                    "{what} {}",
                    served.len()
                );
            }
        }
        let judged =
            nobody().with_added([ca.der()]).judge(&[bad, root], Some(&host(HOST)), Clock::system().now());
        let is_misordered = judged.statuses.contains(&ChainStatus::Misordered);
        assert_eq!(is_misordered, *is_checked, "{what}, damaged: {:?}", judged.statuses);
        let reason = if *is_checked { Distrust::BadSignature } else { Distrust::UnsupportedAlgorithm };
        assert_eq!(judged.verified, Err(reason), "{what}, damaged");
    }
}

/// The hybrid form of a point is the uncompressed one with another first byte, 6 or 7 (X9.62, section 4.3.6), and no library
/// but OpenSSL takes it.
#[test]
fn a_key_in_a_form_that_is_not_read_is_unproven() {
    let directory = TempDir::new();
    let [plain, hybrid] = ["plain.key", "hybrid.key"].map(|name| directory.path().join(name));
    let curve = ["-name", "prime256v1", "-genkey", "-noout"];
    output(Command::new("openssl").arg("ecparam").args(curve).args(["-out", path(&plain)]));
    let form = ["-conv_form", "hybrid", "-in", path(&plain), "-out", path(&hybrid)];
    output(Command::new("openssl").arg("ec").args(form));
    let certificate = directory.path().join("ca.pem");
    let made = ["-subj", "/CN=Hybrid", "-key", path(&hybrid), "-out", path(&certificate)];
    output(Command::new("openssl").args(["req", "-x509"]).args(made));
    let ca = Credential { certificate, key: hybrid };
    let leaf = Credential::leaf(directory.path(), "leaf", HOST, RSA, &ca, &[]);
    let served = [leaf.der(), ca.der()].map(Certificate::new);
    let judged = nobody().judge(&served, Some(&host(HOST)), Clock::system().now());
    assert_eq!(judged.statuses, [ChainStatus::Private, ChainStatus::Unproven].into());
}

/// What the keys are called: by curve and size, not by the number of bits alone.
#[test]
fn keys_are_named() {
    let directory = TempDir::new();
    let curve = |name| ["ec".to_owned(), "-pkeyopt".to_owned(), format!("ec_paramgen_curve:{name}")];
    let rsa = |kind: &str, bits| [kind.to_owned(), "-pkeyopt".to_owned(), format!("rsa_keygen_bits:{bits}")];
    for (key, name) in [
        (curve("secp256k1"), "EC secp256k1"),
        (curve("brainpoolP384r1"), "EC brainpoolP384r1"),
        (curve("P-224"), "EC P-224"),
        (curve("P-521"), "EC P-521"),
        (curve("sect283k1"), "EC 1.3.132.0.16"),
        (rsa("rsa", 2047), "RSA 2047"),
        (rsa("rsa-pss", 1024), "RSA-PSS 1024"),
    ] {
        let key: Vec<&str> = key.iter().map(String::as_str).collect();
        let made = Certificate::new(Credential::ca(directory.path(), "ca", &key).der());
        assert_eq!(made.readable().unwrap().key, name);
    }
}

#[test]
fn dsa_is_unproven_too() {
    let directory = TempDir::new();
    let parameters = directory.path().join("dsa.pem");
    let made = ["dsaparam", "-out", path(&parameters), "1024"];
    output(Command::new("openssl").args(made));
    let ca = Credential::ca(directory.path(), "ca", &[&format!("dsa:{}", path(&parameters))]);
    let leaf = Credential::leaf(directory.path(), "leaf", HOST, RSA, &ca, &[]);
    let served = [leaf.der(), ca.der()].map(Certificate::new);
    let judged = nobody().judge(&served, Some(&host(HOST)), Clock::system().now());
    assert_eq!(judged.statuses, [ChainStatus::Private, ChainStatus::Unproven].into());
}

fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}
