//! Real certificates and chains, judged as they were and as they are now.

use oidc_thumbprint_exporter::chain::ChainStatus::{Expired, Misordered, RootOffPath, Trusted};
use oidc_thumbprint_exporter::chain::{
    AnchorCounts, AnchorSource, Certificate, Distrust, Fault, FileError, OrderFinding, PathMember, Role,
    ServedChain, TrustStore, has_issued, read_certificates,
};
use oidc_thumbprint_exporter::clock::Timestamp;

use crate::support::made::{NOW, host};
use crate::support::real::{PUBLISHED, certificate, real};

/// 2025-11-15T00:00:00Z, when aws.amazon.com served the chain.
const CAPTURED: Timestamp = Timestamp::from_seconds(1_763_164_800);

#[test]
fn published_thumbprints() {
    for (name, thumbprint, expired) in PUBLISHED {
        let Some(certificate) = certificate(name) else { return };
        assert_eq!(certificate.sha1.to_string(), thumbprint, "{name}");
        assert!(certificate.fields.is_ok(), "{name}");
        assert_eq!(certificate.is_expired(NOW), expired, "{name}");
        assert_eq!(name.starts_with("root-"), has_issued(&certificate, &certificate), "{name}: self-signed");
    }
}

#[test]
fn the_chain_of_amazon() {
    let Some(file) = real("chain-aws.amazon.com-as-served-2025-11") else { return };
    let chain = ServedChain::new(read_certificates(&file).unwrap()).unwrap();
    let store = TrustStore::empty().with_mozilla();
    assert_eq!(chain.root_ca().sha1.to_string(), "06b25927c42a721631c1efd9431e648fa62e1e39");

    let judged = store.judge(chain.certificates(), Some(&host("aws.amazon.com")), CAPTURED);
    assert_eq!((judged.verified, judged.statuses.clone()), (Ok(AnchorSource::Mozilla), [Trusted].into()));
    assert!(judged.is_public() && !judged.has_finding());
    // The served root is a cross-signed intermediate; clients stop at the self-signed root of the same name and key.
    assert_eq!(
        (judged.path.positions.as_slice(), judged.anchored_path.as_slice()),
        (&[0, 1, 2][..], &[0, 1][..])
    );
    let anchor = judged.anchor.as_ref().unwrap().certificate.clone();
    assert!(anchor.readable().unwrap().is_twin_of(chain.root_ca().readable().unwrap()));
    assert_ne!(anchor.sha1, chain.root_ca().sha1);
    assert_eq!(judged.next_expiry(chain.certificates()).unwrap().member, PathMember::Served(Role::Leaf));

    let now = store.judge(chain.certificates(), Some(&host("aws.amazon.com")), NOW);
    assert_eq!((now.verified, now.statuses), (Err(Distrust::Expired), [Expired].into()));
    assert_eq!(
        now.anchor.unwrap().certificate.sha1,
        anchor.sha1,
        "the anchor is known though nothing verifies"
    );

    // As it was served until 2024, with one more cross-signed certificate, which was the thumbprint then.
    let Some(starfield) = certificate(PUBLISHED[0].0) else { return };
    let mut longer = chain.certificates().to_vec();
    longer.push(starfield);
    let judged = store.judge(&longer, Some(&host("aws.amazon.com")), CAPTURED);
    assert_eq!((judged.path.positions, judged.path.findings), (vec![0, 1, 2, 3], vec![]));
    assert_eq!(judged.statuses, [Trusted].into());
    // In the wrong order, clients do not mind and AWS does.
    longer.swap(2, 3);
    let judged = store.judge(&longer, Some(&host("aws.amazon.com")), CAPTURED);
    assert_eq!(
        (judged.path.positions, judged.path.findings),
        (vec![0, 1, 3, 2], vec![OrderFinding::OutOfOrder])
    );
    assert_eq!(judged.statuses, [Trusted, Misordered].into());
}

#[test]
fn the_two_intermediates_of_github() {
    let names = [PUBLISHED[4].0, PUBLISHED[5].0];
    let (Some(first), Some(second)) = (certificate(names[0]), certificate(names[1])) else { return };
    let Some(root) = certificate("root-DigiCert_Global_Root_CA") else { return };
    assert!(first.readable().unwrap().is_twin_of(second.readable().unwrap()));
    assert_ne!(first.sha1, second.sha1, "same name, same key, other thumbprint");
    assert!(has_issued(&root, &first) && has_issued(&root, &second));
    assert!(!has_issued(&first, &second));
}

#[test]
fn the_certificate_of_another_issuer_is_off_the_path() {
    let Some(file) = real("chain-aws.amazon.com-as-served-2025-11") else { return };
    let Some(stranger) = certificate("digicert-tls-rsa-sha256-2020-ca1.v2020-09-24") else { return };
    let mut chain: Vec<Certificate> =
        read_certificates(&file).unwrap().into_iter().map(Certificate::new).collect();
    chain.push(stranger);
    let judged = TrustStore::empty().with_mozilla().judge(&chain, Some(&host("aws.amazon.com")), CAPTURED);
    assert_eq!(judged.path.findings, [OrderFinding::Unrelated(3), OrderFinding::LastOffPath]);
    assert_eq!(judged.statuses, [Trusted, Misordered, RootOffPath].into());
}

#[test]
fn the_broken_example_of_the_aws_article() {
    let Some(file) = real("seed-example.broken") else { return };
    let error = FileError::Damaged { number: 1, line: 25, fault: Fault::Length };
    assert_eq!(read_certificates(&file), Err(error));
}

#[test]
fn every_root_of_mozilla_serves_as_an_anchor() {
    let store = TrustStore::empty().with_mozilla();
    let roots = webpki_root_certs::TLS_SERVER_ROOT_CERTS;
    assert_eq!(store.counts(), AnchorCounts { mozilla: roots.len(), system: 0, added: 0 });
    for der in roots {
        let root = Certificate::new(der.clone());
        let fields = root.readable().unwrap_or_else(|| panic!("{root:?}"));
        assert!(fields.is_self_issued(), "{root:?}");
        // A root stands alone: no leaf, but its own anchor, found by name and signature.
        let anchor = store.judge(std::slice::from_ref(&root), None, CAPTURED).anchor.unwrap();
        assert_eq!((anchor.source, anchor.certificate.sha1), (AnchorSource::Mozilla, root.sha1));
    }
    // Given again as the system's, none of them counts twice.
    let system = roots.iter().map(|der| der.clone().into_owned());
    assert_eq!(
        store.with_system_roots(system).counts(),
        AnchorCounts { mozilla: roots.len(), system: 0, added: 0 }
    );
}
