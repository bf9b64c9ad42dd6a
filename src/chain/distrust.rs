//! Why a chain does not verify: a closed set, since it becomes a label, mapped from every error of webpki.

use std::fmt;

use serde::Serialize;
use strum::{EnumIter, IntoStaticStr};

use super::status::ChainStatus;

/// Why a chain does not verify, mapped from every error of webpki, in plain words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, EnumIter, IntoStaticStr, Serialize)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case", const_into_str)]
pub enum Distrust {
    /// No path to an anchor.
    UnknownIssuer,
    /// A certificate on the path is past its date.
    Expired,
    /// A certificate on the path is before its date.
    NotYetValid,
    /// The path is in date, its trust anchor is not. Path validators do not look at that; openssl does.
    AnchorExpired,
    /// The path is in date, its trust anchor is not yet.
    AnchorNotYetValid,
    /// The leaf was not served first. TLS clients take the first certificate for the leaf.
    LeafNotFirst,
    /// The host is none of the leaf's names.
    NameMismatch,
    /// A CA certificate is used as a leaf.
    CaAsLeaf,
    /// A certificate that is no CA has issued another.
    LeafAsCa,
    /// More CAs below one than it allows (RFC 5280, section 4.2.1.9).
    PathLength,
    /// A name that a CA above may not issue for (RFC 5280, section 4.2.1.10).
    NameConstraint,
    /// The extended key usage does not hold TLS server authentication.
    KeyUsage,
    /// A signature does not verify.
    BadSignature,
    /// Signed in a way, or with a key, that is not checked: SHA-1, RSA below 2048 bits, an unknown curve...
    UnsupportedAlgorithm,
    /// A certificate cannot be read.
    Malformed,
    /// `not_before` is after `not_after`.
    ImpossibleDates,
    /// A critical extension that nobody here knows.
    UnsupportedExtension,
    /// Not X.509 version 3.
    UnsupportedVersion,
    /// Too many certificates, signatures or constraints to follow.
    TooComplex,
    /// Revoked, or distrusted by name.
    Revoked,
    /// A revocation list cannot be used. None is asked for, so this cannot come up.
    RevocationList,
    /// An error that this version of the validator did not have when this was written.
    Unrecognised,
}

impl Distrust {
    /// The state of the chain that this reason makes true.
    #[must_use]
    pub const fn status(self) -> ChainStatus {
        match self {
            Self::UnknownIssuer => ChainStatus::Incomplete,
            Self::Expired | Self::AnchorExpired => ChainStatus::Expired,
            Self::NotYetValid | Self::AnchorNotYetValid => ChainStatus::NotYetValid,
            Self::LeafNotFirst => ChainStatus::Misordered,
            Self::NameMismatch => ChainStatus::NameMismatch,
            Self::UnsupportedAlgorithm | Self::TooComplex | Self::Unrecognised => ChainStatus::Unproven,
            _ => ChainStatus::Invalid,
        }
    }
}

#[allow(deprecated)] // the old names of three errors are still variants
impl From<&webpki::Error> for Distrust {
    fn from(error: &webpki::Error) -> Self {
        use webpki::Error as E;
        match error {
            E::UnknownIssuer => Self::UnknownIssuer,
            E::CertExpired { .. } => Self::Expired,
            E::CertNotValidYet { .. } => Self::NotYetValid,
            E::CertNotValidForName(_) => Self::NameMismatch,
            E::CaUsedAsEndEntity => Self::CaAsLeaf,
            E::EndEntityUsedAsCa => Self::LeafAsCa,
            E::PathLenConstraintViolated => Self::PathLength,
            E::NameConstraintViolation | E::InvalidNetworkMaskConstraint | E::MalformedNameConstraint => {
                Self::NameConstraint
            }
            E::RequiredEkuNotFound | E::RequiredEkuNotFoundContext(_) | E::EmptyEkuExtension => {
                Self::KeyUsage
            }
            // The algorithm beside the signature is not the one that was signed (RFC 5280, section 4.1.1.2).
            E::InvalidSignatureForPublicKey | E::SignatureAlgorithmMismatch => Self::BadSignature,
            E::UnsupportedSignatureAlgorithm
            | E::UnsupportedSignatureAlgorithmContext(_)
            | E::UnsupportedSignatureAlgorithmForPublicKey
            | E::UnsupportedSignatureAlgorithmForPublicKeyContext(_) => Self::UnsupportedAlgorithm,
            E::BadDer
            | E::BadDerTime
            | E::TrailingData(_)
            | E::ExtensionValueInvalid
            | E::MalformedExtensions
            | E::MalformedDnsIdentifier
            | E::UnsupportedNameType
            | E::InvalidSerialNumber => Self::Malformed,
            E::InvalidCertValidity => Self::ImpossibleDates,
            E::UnsupportedCriticalExtension => Self::UnsupportedExtension,
            E::UnsupportedCertVersion => Self::UnsupportedVersion,
            E::MaximumNameConstraintComparisonsExceeded
            | E::MaximumPathBuildCallsExceeded
            | E::MaximumPathDepthExceeded
            | E::MaximumSignatureChecksExceeded => Self::TooComplex,
            E::CertRevoked | E::CertDistrusted => Self::Revoked,
            E::CrlExpired { .. }
            | E::InvalidCrlNumber
            | E::InvalidCrlSignatureForPublicKey
            | E::IssuerNotCrlSigner
            | E::UnknownRevocationStatus
            | E::UnsupportedCrlIssuingDistributionPoint
            | E::UnsupportedCrlVersion
            | E::UnsupportedDeltaCrl
            | E::UnsupportedIndirectCrl
            | E::UnsupportedRevocationReason
            | E::UnsupportedRevocationReasonsPartitioning
            | E::UnsupportedCrlSignatureAlgorithm
            | E::UnsupportedCrlSignatureAlgorithmContext(_)
            | E::UnsupportedCrlSignatureAlgorithmForPublicKey
            | E::UnsupportedCrlSignatureAlgorithmForPublicKeyContext(_) => Self::RevocationList,
            _ => Self::Unrecognised,
        }
    }
}

/// The reason in words, for people.
impl fmt::Display for Distrust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::UnknownIssuer => "no path to a trust anchor",
            Self::Expired => "a certificate on the path has expired",
            Self::NotYetValid => "a certificate on the path is not yet valid",
            Self::AnchorExpired => "the trust anchor has expired",
            Self::AnchorNotYetValid => "the trust anchor is not yet valid",
            Self::LeafNotFirst => "the leaf was not served first",
            Self::NameMismatch => "the leaf is not valid for this host",
            Self::CaAsLeaf => "the first certificate is a CA, not a leaf",
            Self::LeafAsCa => "a certificate was issued by one that is not a CA",
            Self::PathLength => "the path is longer than a CA allows",
            Self::NameConstraint => "a CA's name constraints forbid these names",
            Self::KeyUsage => "the extended key usage does not allow a TLS server",
            Self::BadSignature => "a signature does not verify",
            Self::UnsupportedAlgorithm => {
                "a signature cannot be checked: its algorithm or key is not supported"
            }
            Self::Malformed => "a certificate cannot be read",
            Self::ImpossibleDates => "a certificate's end date is before its start date",
            Self::UnsupportedExtension => "a certificate has an unknown critical extension",
            Self::UnsupportedVersion => "a certificate is not X.509 version 3",
            Self::TooComplex => "the chain is too complex to be checked",
            Self::Revoked => "a certificate is revoked or distrusted",
            Self::RevocationList => "a revocation list cannot be used",
            Self::Unrecognised => "an error unknown to this version of the exporter",
        })
    }
}
