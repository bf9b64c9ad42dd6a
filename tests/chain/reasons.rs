//! Every reason for distrust is met by a chain, or it is written here why it cannot be.

use std::collections::BTreeSet;

use oidc_thumbprint_exporter::chain::{ChainStatus, Distrust};
use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, ExtendedKeyUsagePurpose, GeneralSubtree, IsCa,
    NameConstraints,
};
use rustls::pki_types::UnixTime;
use strum::IntoEnumIterator as _;

use super::maker::*;
use super::order::with_sha1_signature;

/// Reasons that no chain can have here.
const UNREACHABLE: [(Distrust, &str); 3] = [
    (Distrust::Revoked, "webpki is given neither revocation lists nor keys to distrust"),
    (Distrust::RevocationList, "webpki is given no revocation lists"),
    (Distrust::Unrecognised, "every error of this webpki has a reason, as the test below shows"),
];

/// A chain, the root that is trusted, and the reason that must come out.
pub type Case = (Distrust, Vec<Made>, Made);

pub fn cases() -> Vec<Case> {
    let root = root("Root", 0);
    let middle = intermediate("Intermediate", 1, &root);
    let good = leaf(2, &middle);
    let leaf_with = |edit: &dyn Fn(&mut CertificateParams)| {
        make(HOST, key(Kind::P256, 2), Some(&middle), |params| {
            for_host(params);
            edit(params);
        })
    };
    let under = |ca: Made| {
        let leaf = leaf(2, &ca);
        vec![leaf, ca]
    };
    let ca_with = |edit: &dyn Fn(&mut CertificateParams)| {
        make("Other CA", key(Kind::P256, 3), Some(&root), |params| {
            ca(params);
            edit(params);
        })
    };
    let root_with = |edit: fn(&mut CertificateParams)| make("Root", key(Kind::P256, 0), None, both(ca, edit));
    let plain = || vec![good.clone(), middle.clone()];

    let short = ca_with(&|params| params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0)));
    let below_short = intermediate("Too Low", 4, &short);
    let mut deep = vec![middle.clone()];
    for level in 0..7 {
        let next = intermediate(&format!("Level {level}"), 5 + level, &deep[0]);
        deep.insert(0, next);
    }
    deep.insert(0, leaf(2, &deep[0]));
    let rsa_root = make("RSA Root", key(Kind::Rsa, 0), None, ca);
    let sha1 = with_sha1_signature(&make(HOST, key(Kind::P256, 2), Some(&rsa_root), for_host));
    // The version is the first element of what is signed (RFC 5280, section 4.1); without it, it is version 1.
    let version_1 = resigned(&leaf(2, &root), root.key, |signed| {
        let fields = elements(signed);
        fields[1..7].iter().flat_map(|(tag, contents)| element(*tag, contents)).collect()
    });
    let unreadable = Made { der: good.der[..40].to_vec().into(), ..good.clone() };

    vec![
        (Distrust::UnknownIssuer, vec![good.clone()], root.clone()),
        (Distrust::Expired, vec![leaf_with(&expired), middle.clone()], root.clone()),
        (Distrust::Expired, under(ca_with(&expired)), root.clone()),
        (Distrust::NotYetValid, vec![leaf_with(&future), middle.clone()], root.clone()),
        (Distrust::AnchorExpired, plain(), root_with(expired)),
        (Distrust::AnchorNotYetValid, plain(), root_with(future)),
        (Distrust::LeafNotFirst, vec![middle.clone(), good.clone()], root.clone()),
        (
            Distrust::NameMismatch,
            vec![make(HOST, key(Kind::P256, 2), Some(&middle), |_| ()), middle.clone()],
            root.clone(),
        ),
        (Distrust::CaAsLeaf, vec![leaf_with(&ca), middle.clone()], root.clone()),
        (Distrust::LeafAsCa, under(ca_with(&|params| params.is_ca = IsCa::ExplicitNoCa)), root.clone()),
        (Distrust::LeafAsCa, under(ca_with(&|params| params.is_ca = IsCa::NoCa)), root.clone()),
        (Distrust::PathLength, vec![leaf(2, &below_short), below_short, short], root.clone()),
        (
            Distrust::NameConstraint,
            under(ca_with(&|params| {
                params.name_constraints = Some(NameConstraints {
                    permitted_subtrees: vec![GeneralSubtree::DnsName("example.com".to_owned())],
                    excluded_subtrees: Vec::new(),
                });
            })),
            root.clone(),
        ),
        (
            Distrust::KeyUsage,
            vec![
                leaf_with(&|params| params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth]),
                middle.clone(),
            ],
            root.clone(),
        ),
        // Signed by a namesake of the root, with another key.
        (Distrust::BadSignature, vec![leaf(2, &self::root("Root", 30))], root.clone()),
        (Distrust::UnsupportedAlgorithm, vec![sha1], rsa_root),
        (Distrust::Malformed, vec![unreadable, middle.clone()], root.clone()),
        (
            Distrust::ImpossibleDates,
            vec![leaf_with(&|params| params.not_before = at(400 * DAY)), middle.clone()],
            root.clone(),
        ),
        (
            Distrust::UnsupportedExtension,
            vec![
                leaf_with(&|params| {
                    let mut unknown =
                        CustomExtension::from_oid_content(&[1, 3, 6, 1, 4, 1, 99999, 1], vec![5, 0]);
                    unknown.set_criticality(true);
                    params.custom_extensions.push(unknown);
                }),
                middle.clone(),
            ],
            root.clone(),
        ),
        (Distrust::UnsupportedVersion, vec![version_1], root.clone()),
        (Distrust::TooComplex, deep, root),
    ]
}

#[test]
fn every_reason_is_met() {
    let mut met = BTreeSet::new();
    for (reason, chain, root) in cases() {
        let chain = served(&chain.iter().collect::<Vec<_>>());
        let judged = trusting(&[&root]).judge(&chain, Some(&host(HOST)), NOW);
        assert_eq!(judged.verified, Err(reason), "{reason:?}");
        assert!(judged.has_finding(), "{reason:?}: {:?}", judged.statuses);
        assert!(!judged.statuses.contains(&ChainStatus::Trusted), "{reason:?}");
        assert!(judged.statuses.contains(&reason.status()), "{reason:?}: {:?}", judged.statuses);
        met.insert(reason);
    }
    let unreachable: BTreeSet<_> = UNREACHABLE.iter().map(|(reason, _)| *reason).collect();
    assert!(met.is_disjoint(&unreachable));
    assert_eq!(&met | &unreachable, Distrust::iter().collect());
}

#[test]
fn words_are_distinct_and_fit_for_labels() {
    let reasons: Vec<&str> = Distrust::iter().map(|reason| reason.into_str()).collect();
    let statuses: Vec<&str> = ChainStatus::iter().map(|status| status.into_str()).collect();
    for words in [&reasons[..], &statuses[..]] {
        assert_eq!(words.iter().collect::<BTreeSet<_>>().len(), words.len());
        assert!(words.iter().all(|word| word.bytes().all(|c| c.is_ascii_lowercase() || c == b'_')));
    }
    let shown: BTreeSet<String> = Distrust::iter().map(|reason| reason.to_string()).collect();
    assert_eq!(shown.len(), reasons.len());
}

/// webpki's enum can grow, so the compiler does not see a variant that is missing; this list is of version 0.103.17.
#[test]
#[allow(deprecated)] // the old names of some errors are still variants
fn every_error_of_webpki_has_a_reason() {
    use webpki::Error as E;
    use webpki::InvalidNameContext;
    let time = UnixTime::since_unix_epoch(std::time::Duration::ZERO);
    let name = InvalidNameContext { expected: host(HOST), presented: Vec::new() };
    let algorithm = webpki::UnsupportedSignatureAlgorithmContext {
        signature_algorithm_id: Vec::new(),
        supported_algorithms: Vec::new(),
    };
    let for_key = webpki::UnsupportedSignatureAlgorithmForPublicKeyContext {
        signature_algorithm_id: Vec::new(),
        public_key_algorithm_id: Vec::new(),
    };
    let usage =
        webpki::RequiredEkuNotFoundContext { required: webpki::KeyUsage::server_auth(), present: Vec::new() };
    let errors = [
        E::BadDer,
        E::BadDerTime,
        E::CaUsedAsEndEntity,
        E::CertDistrusted,
        E::CertExpired { time, not_after: time },
        E::CertNotValidForName(name),
        E::CertNotValidYet { time, not_before: time },
        E::CertRevoked,
        E::CrlExpired { time, next_update: time },
        E::EmptyEkuExtension,
        E::EndEntityUsedAsCa,
        E::ExtensionValueInvalid,
        E::InvalidCertValidity,
        E::InvalidCrlNumber,
        E::InvalidNetworkMaskConstraint,
        E::InvalidSerialNumber,
        E::InvalidCrlSignatureForPublicKey,
        E::InvalidSignatureForPublicKey,
        E::IssuerNotCrlSigner,
        E::MalformedDnsIdentifier,
        E::MalformedExtensions,
        E::MalformedNameConstraint,
        E::MaximumNameConstraintComparisonsExceeded,
        E::MaximumPathBuildCallsExceeded,
        E::MaximumPathDepthExceeded,
        E::MaximumSignatureChecksExceeded,
        E::NameConstraintViolation,
        E::PathLenConstraintViolated,
        E::RequiredEkuNotFound,
        E::RequiredEkuNotFoundContext(usage),
        E::SignatureAlgorithmMismatch,
        E::TrailingData(webpki::DerTypeId::Certificate),
        E::UnknownIssuer,
        E::UnknownRevocationStatus,
        E::UnsupportedCertVersion,
        E::UnsupportedCriticalExtension,
        E::UnsupportedCrlIssuingDistributionPoint,
        E::UnsupportedCrlVersion,
        E::UnsupportedDeltaCrl,
        E::UnsupportedIndirectCrl,
        E::UnsupportedNameType,
        E::UnsupportedRevocationReason,
        E::UnsupportedRevocationReasonsPartitioning,
        E::UnsupportedCrlSignatureAlgorithm,
        E::UnsupportedCrlSignatureAlgorithmContext(algorithm.clone()),
        E::UnsupportedSignatureAlgorithm,
        E::UnsupportedSignatureAlgorithmContext(algorithm),
        E::UnsupportedCrlSignatureAlgorithmForPublicKey,
        E::UnsupportedCrlSignatureAlgorithmForPublicKeyContext(for_key.clone()),
        E::UnsupportedSignatureAlgorithmForPublicKey,
        E::UnsupportedSignatureAlgorithmForPublicKeyContext(for_key),
    ];
    for error in &errors {
        assert_ne!(Distrust::from(error), Distrust::Unrecognised, "{error:?}");
    }
}
