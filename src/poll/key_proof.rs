//! Does the server hold the key of the leaf that it shows? By the signature of its handshake, where that can be checked.

use rustls::pki_types::{AlgorithmIdentifier, CertificateDer, alg_id};
use rustls::{DigitallySignedStruct, SignatureScheme};
use x509_parser::prelude::{FromDer as _, X509Certificate};

use crate::chain::{Check, ECDSA_SHA1, Key, RSA_PKCS1_SHA1, Unproven};

/// What the signature of a handshake shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum KeyProof {
    Proved,
    /// It cannot be checked.
    NotChecked(Unproven),
    /// It was checked, and is not of this key.
    Wrong,
}

/// The version of TLS that the signature is made for, since TLS 1.3 takes less and binds more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Signed {
    Tls12,
    Tls13,
}

/// A signature scheme, and what it stands for (RFC 8446, section 4.2.3).
struct Scheme {
    name: SignatureScheme,
    algorithm: AlgorithmIdentifier,
    family: Family,
    /// The only kind of key that it is for in TLS 1.3, where it names one.
    key_in_tls13: Option<AlgorithmIdentifier>,
    in_tls13: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Family {
    Rsa,
    EllipticCurve,
    Other,
}

const fn rsa(name: SignatureScheme, algorithm: AlgorithmIdentifier, in_tls13: bool) -> Scheme {
    Scheme { name, algorithm, family: Family::Rsa, key_in_tls13: None, in_tls13 }
}

const fn curve(name: SignatureScheme, algorithm: AlgorithmIdentifier, key: AlgorithmIdentifier) -> Scheme {
    Scheme { name, algorithm, family: Family::EllipticCurve, key_in_tls13: Some(key), in_tls13: true }
}

const fn other(name: SignatureScheme, algorithm: AlgorithmIdentifier) -> Scheme {
    Scheme { name, algorithm, family: Family::Other, key_in_tls13: None, in_tls13: true }
}

static SCHEMES: [Scheme; 18] = [
    curve(SignatureScheme::ECDSA_NISTP256_SHA256, alg_id::ECDSA_SHA256, alg_id::ECDSA_P256),
    curve(SignatureScheme::ECDSA_NISTP384_SHA384, alg_id::ECDSA_SHA384, alg_id::ECDSA_P384),
    curve(SignatureScheme::ECDSA_NISTP521_SHA512, alg_id::ECDSA_SHA512, alg_id::ECDSA_P521),
    other(SignatureScheme::ED25519, alg_id::ED25519),
    other(SignatureScheme::ML_DSA_44, alg_id::ML_DSA_44),
    other(SignatureScheme::ML_DSA_65, alg_id::ML_DSA_65),
    other(SignatureScheme::ML_DSA_87, alg_id::ML_DSA_87),
    rsa(SignatureScheme::RSA_PSS_SHA256, alg_id::RSA_PSS_SHA256, true),
    rsa(SignatureScheme::RSA_PSS_SHA384, alg_id::RSA_PSS_SHA384, true),
    rsa(SignatureScheme::RSA_PSS_SHA512, alg_id::RSA_PSS_SHA512, true),
    rsa(RSA_PSS_PSS_SHA256, alg_id::RSA_PSS_SHA256, true),
    rsa(RSA_PSS_PSS_SHA384, alg_id::RSA_PSS_SHA384, true),
    rsa(RSA_PSS_PSS_SHA512, alg_id::RSA_PSS_SHA512, true),
    rsa(SignatureScheme::RSA_PKCS1_SHA256, alg_id::RSA_PKCS1_SHA256, false),
    rsa(SignatureScheme::RSA_PKCS1_SHA384, alg_id::RSA_PKCS1_SHA384, false),
    rsa(SignatureScheme::RSA_PKCS1_SHA512, alg_id::RSA_PKCS1_SHA512, false),
    rsa(SignatureScheme::RSA_PKCS1_SHA1, RSA_PKCS1_SHA1, false),
    Scheme {
        name: SignatureScheme::ECDSA_SHA1_Legacy,
        algorithm: ECDSA_SHA1,
        family: Family::EllipticCurve,
        key_in_tls13: None,
        in_tls13: false,
    },
];

/// Those of keys that are for PSS alone; rustls has no names for them.
pub(super) const RSA_PSS_PSS_SHA256: SignatureScheme = SignatureScheme::Unknown(0x0809);
pub(super) const RSA_PSS_PSS_SHA384: SignatureScheme = SignatureScheme::Unknown(0x080a);
pub(super) const RSA_PSS_PSS_SHA512: SignatureScheme = SignatureScheme::Unknown(0x080b);

/// Checks the signature of a handshake with the key of `leaf`.
pub(super) fn check(
    version: Signed,
    message: &[u8],
    leaf: &CertificateDer<'_>,
    signed: &DigitallySignedStruct,
) -> KeyProof {
    let unreadable = KeyProof::NotChecked(Unproven::UnreadableLeaf);
    let Ok((_, certificate)) = X509Certificate::from_der(leaf) else { return unreadable };
    let Some(key) = Key::of(certificate.public_key()) else { return unreadable };
    let unchecked = KeyProof::NotChecked(Unproven::UncheckedKey);
    let Some(scheme) = SCHEMES.iter().find(|known| known.name == signed.scheme) else {
        // A key of a known kind has no need of an unknown scheme.
        return if key.is_known() { KeyProof::Wrong } else { unchecked };
    };
    if version == Signed::Tls13 {
        let is_bound_to_another = scheme.key_in_tls13.is_some_and(|bound| bound.as_ref() != key.algorithm);
        if !scheme.in_tls13 || (is_bound_to_another && key.is_known()) {
            return KeyProof::Wrong;
        }
    }
    match key.check(scheme.algorithm.as_ref(), message, signed.signature()) {
        Check::Good => KeyProof::Proved,
        Check::KeyOutOfRange | Check::UnknownKey => unchecked,
        // Such as SHA-1 with P-384; but a scheme of another family is no signature of this key's.
        Check::UnknownPair if scheme.family == Family::EllipticCurve && key.is_elliptic_curve() => unchecked,
        Check::Bad | Check::UnknownPair => KeyProof::Wrong,
    }
}
