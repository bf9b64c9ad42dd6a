//! Every reason for distrust is met by a chain, or it is written here why it cannot be.

use std::collections::BTreeSet;

use oidc_thumbprint_exporter::chain::{ChainStatus, Distrust};
use rustls::pki_types::UnixTime;
use strum::IntoEnumIterator as _;

use crate::support::made::distrusted::cases;
use crate::support::made::*;

/// Reasons that no chain can have here.
const UNREACHABLE: [(Distrust, &str); 3] = [
    (Distrust::Revoked, "webpki is given neither revocation lists nor keys to distrust"),
    (Distrust::RevocationList, "webpki is given no revocation lists"),
    (Distrust::Unrecognised, "every error of this webpki has a reason, as the test below shows"),
];

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
