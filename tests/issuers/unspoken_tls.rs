//! Servers of OpenSSL's whose TLS this program does not speak, or whose keys it cannot check: `openssl s_client` shows their
//! chains, and so do we, and say what could not be checked.

use oidc_thumbprint_exporter::chain::{ChainStatus, TrustStore, Unproven};
use oidc_thumbprint_exporter::observe::{distinct, sightings};

use crate::support::daemon::TempDir;
use crate::support::lab::ca::Der;
use crate::support::look::{look, look_once, said};
use crate::support::openssl_ca::{Credential, s_server};

const HOST: &str = "host.oidc.test";

const RSA: &[&str] = &["rsa:2048"];
const RSA_1024: &[&str] = &["rsa:1024"];
const RSA_PSS: &[&str] = &["rsa-pss", "-pkeyopt", "rsa_keygen_bits:2048"];
const RSA_PSS_1024: &[&str] = &["rsa-pss", "-pkeyopt", "rsa_keygen_bits:1024"];
const ED448: &[&str] = &["ed448"];
const P256: &[&str] = &["ec", "-pkeyopt", "ec_paramgen_curve:P-256"];
const P521: &[&str] = &["ec", "-pkeyopt", "ec_paramgen_curve:P-521"];
const SECP256K1: &[&str] = &["ec", "-pkeyopt", "ec_paramgen_curve:secp256k1"];
const BRAINPOOL: &[&str] = &["ec", "-pkeyopt", "ec_paramgen_curve:brainpoolP256r1"];

/// One server, and what must be told of it.
struct Case {
    key: &'static [&'static str],
    server: &'static str,
    unproven: Option<Unproven>,
    /// Words of the failure; `None` when a connection comes of it.
    failure: Option<&'static str>,
    tls12: Option<bool>,
}

const fn case(
    key: &'static [&'static str],
    server: &'static str,
    unproven: Option<Unproven>,
    failure: Option<&'static str>,
    tls12: Option<bool>,
) -> Case {
    Case { key, server, unproven, failure, tls12 }
}

const IN_THE_CLEAR: Option<Unproven> = Some(Unproven::HandshakeNotSpoken);
const UNCHECKED_KEY: Option<Unproven> = Some(Unproven::UncheckedKey);

const CASES: [Case; 24] = [
    case(RSA, "-tls1_2 -cipher AES256-GCM-SHA384", IN_THE_CLEAR, Some("wants RSA key exchange"), Some(true)),
    case(RSA, "-tls1_2 -cipher AES128-SHA", IN_THE_CLEAR, Some("wants RSA key exchange"), Some(true)),
    case(
        RSA,
        "-tls1_2 -cipher DHE-RSA-AES128-GCM-SHA256",
        IN_THE_CLEAR,
        Some("wants DHE key exchange"),
        Some(true),
    ),
    case(
        RSA,
        "-tls1_2 -cipher ECDHE-RSA-AES128-SHA256",
        IN_THE_CLEAR,
        Some("wants a cipher in CBC mode"),
        Some(true),
    ),
    case(
        P256,
        "-tls1_2 -cipher ECDHE-ECDSA-AES128-CCM",
        IN_THE_CLEAR,
        Some("wants a cipher in CCM mode"),
        Some(true),
    ),
    case(
        P256,
        "-tls1_2 -cipher ECDHE-ECDSA-ARIA128-GCM-SHA256",
        IN_THE_CLEAR,
        Some("wants ARIA"),
        Some(true),
    ),
    case(RSA, "-tls1_2 -groups X448", IN_THE_CLEAR, Some("wants"), Some(true)),
    case(RSA, "-tls1 -cipher ALL:@SECLEVEL=0", IN_THE_CLEAR, Some("wants TLS 1.0"), None),
    case(RSA, "-tls1_1 -cipher ALL:@SECLEVEL=0", IN_THE_CLEAR, Some("wants TLS 1.1"), None),
    // What the usual offer lacks, and rustls can do all the same.
    case(
        RSA,
        "-tls1_2 -cipher ECDHE-RSA-AES128-GCM-SHA256:@SECLEVEL=0 -sigalgs RSA+SHA1",
        None,
        None,
        Some(true),
    ),
    case(P256, "-tls1_2 -cipher ALL:@SECLEVEL=0 -sigalgs ECDSA+SHA1", None, None, Some(true)),
    case(RSA, "-tls1_3 -groups P-521", None, None, None),
    case(P521, "-tls1_2", None, None, Some(true)),
    // Keys that are checked with weak algorithms, or not at all.
    case(RSA_1024, "-tls1_2 -cipher ALL:@SECLEVEL=0 -sigalgs RSA+SHA256", None, None, Some(true)),
    case(
        RSA_1024,
        "-tls1_2 -cipher ALL:@SECLEVEL=0 -sigalgs RSA-PSS+SHA256",
        UNCHECKED_KEY,
        None,
        Some(true),
    ),
    case(RSA_1024, "-tls1_3 -cipher ALL:@SECLEVEL=0", UNCHECKED_KEY, None, None),
    case(RSA_PSS, "-tls1_3", None, None, None),
    case(RSA_PSS_1024, "-tls1_3 -cipher ALL:@SECLEVEL=0", UNCHECKED_KEY, None, None),
    case(RSA_PSS, "-tls1_2", IN_THE_CLEAR, Some("wants a curve or a signature"), Some(true)),
    case(ED448, "-tls1_3", UNCHECKED_KEY, None, None),
    case(ED448, "-tls1_2", IN_THE_CLEAR, Some("wants a curve or a signature"), Some(true)),
    case(SECP256K1, "-tls1_2", IN_THE_CLEAR, Some("wants a curve or a signature"), Some(true)),
    case(BRAINPOOL, "-tls1_2", IN_THE_CLEAR, Some("wants a curve or a signature"), Some(true)),
    // A failure after the certificates is none of the offer.
    case(RSA, "-tls1_2 -Verify 1", None, Some("after it had shown its certificates"), Some(true)),
];

#[tokio::test(flavor = "multi_thread")]
async fn every_chain_is_had_and_says_what_could_not_be_checked() {
    let directory = TempDir::new();
    let directory = directory.path();
    let ca = Credential::ca(directory, "ca", RSA);
    for (index, Case { key, server, unproven, failure, tls12 }) in CASES.iter().enumerate() {
        let what = format!("{key:?} {server}");
        let leaf = Credential::leaf(directory, &format!("leaf-{index}"), HOST, key, &ca, &[]);
        let running = s_server(&leaf, &ca, server);
        let (address, port) = (running.address().ip(), running.address().port());
        let capture = if server.contains("-tls1_3") {
            look_once(HOST, &[address], port).await
        } else {
            look(HOST, &[address], port).await
        };
        let why = said(&capture);
        let chains = distinct(&sightings(&trusting(&ca.der()), &capture));
        let [chain] = &chains[..] else { panic!("{what}: {why:?}") };
        let served: Vec<_> = chain.served.certificates().iter().map(|one| one.der.clone()).collect();
        assert_eq!(served, [leaf.der(), ca.der()], "{what}");
        assert_eq!(chain.judgement.unproven, *unproven, "{what}: {why:?}");
        let statuses = &chain.judgement.statuses;
        assert_eq!(statuses.contains(&ChainStatus::Unproven), unproven.is_some(), "{what}: {statuses:?}");
        assert!(
            statuses.iter().all(|status| matches!(status, ChainStatus::Private | ChainStatus::Unproven)),
            "{what}: {statuses:?}"
        );
        match failure {
            None => assert_eq!(why, None, "{what}"),
            Some(words) => {
                assert!(why.as_deref().is_some_and(|why| why.contains(words)), "{what}: {why:?}");
            }
        }
        assert_eq!(capture.takes_tls12, *tls12, "{what}: {why:?}");
    }
}

/// rustls reads 64 KiB, and `openssl s_client` 100 KiB. The failure is the length, and nothing that the server chose.
#[tokio::test(flavor = "multi_thread")]
async fn a_chain_that_is_too_long_for_a_handshake_is_had_all_the_same() {
    let directory = TempDir::new();
    let directory = directory.path();
    let ca = Credential::ca(directory, "ca", RSA);
    let leaf = Credential::leaf(directory, "leaf", HOST, RSA, &ca, &[]);
    let times = 80 * 1024 / ca.der().len();
    let many = Credential { certificate: directory.join("many.pem"), ..ca.clone() };
    std::fs::write(&many.certificate, std::fs::read(&ca.certificate).unwrap().repeat(times)).unwrap();
    let running = s_server(&leaf, &many, "-tls1_2");
    let capture = look(HOST, &[running.address().ip()], running.address().port()).await;
    let chains = distinct(&sightings(&trusting(&ca.der()), &capture));
    let [chain] = &chains[..] else { panic!("{:?}", said(&capture)) };
    assert_eq!(chain.served.certificates().len(), 1 + times);
    assert_eq!(chain.served.root_ca().der, ca.der());
    assert_eq!(chain.judgement.unproven, IN_THE_CLEAR);
    let why = said(&capture).unwrap();
    assert!(why.contains("longer than this program reads") && !why.contains("wants"), "{why}");
}

fn trusting(ca: &Der) -> TrustStore {
    TrustStore::empty().with_added([ca.clone()]).with_private_hosts([HOST.parse().unwrap()])
}
