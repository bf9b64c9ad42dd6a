//! Checks signatures, of certificates and of handshakes, with every algorithm at hand: those that a path is validated with,
//! and some that are too weak to be trusted. "Cannot be checked" is kept apart from "checked and wrong".

use std::ops::RangeInclusive;

use aws_lc_rs::signature::{self, ParsedPublicKey, UnparsedPublicKey, VerificationAlgorithm};
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::{AlgorithmIdentifier, InvalidSignature, SignatureVerificationAlgorithm, alg_id};
use x509_parser::der_parser::asn1_rs::{Any, FromDer as _};
use x509_parser::x509::SubjectPublicKeyInfo;

use super::public_key::rsa_bits;

/// Bits of RSA keys that the algorithms of path validation take.
const USUAL_RSA_BITS: RangeInclusive<usize> = 2048..=8192;
const WEAK_RSA_BITS: RangeInclusive<usize> = 1024..=8192;

/// `sha1WithRSAEncryption` (RFC 3279, section 2.2.1).
pub(crate) const RSA_PKCS1_SHA1: AlgorithmIdentifier =
    AlgorithmIdentifier::from_slice(b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x05\x05\x00");
/// `ecdsa-with-SHA1` (RFC 3279, section 2.2.3).
pub(crate) const ECDSA_SHA1: AlgorithmIdentifier =
    AlgorithmIdentifier::from_slice(b"\x06\x07\x2a\x86\x48\xce\x3d\x04\x01");
/// `id-RSASSA-PSS` as the algorithm of a key, without parameters (RFC 4055, section 3.1).
const RSA_PSS_KEY: AlgorithmIdentifier =
    AlgorithmIdentifier::from_slice(b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a");

/// What came of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Check {
    /// Made with this key.
    Good,
    /// Made with another key, or damaged.
    Bad,
    /// The kind of key is known, its size or form is not taken.
    KeyOutOfRange,
    /// Nothing here knows this kind of key, such as Ed448 or a brainpool curve.
    UnknownKey,
    /// The kind of key is known, but not with this algorithm, such as MD5.
    UnknownPair,
}

/// A key that signatures are checked with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Key<'a> {
    /// Its algorithm identifier, without tag and length.
    pub algorithm: &'a [u8],
    pub bits: &'a [u8],
    /// Bits of an RSA key's modulus.
    pub rsa_bits: Option<usize>,
}

/// An algorithm that rustls does not have.
#[derive(Debug)]
struct Additional {
    key: AlgorithmIdentifier,
    signature: AlgorithmIdentifier,
    /// Of RSA keys.
    sizes: RangeInclusive<usize>,
    verify: &'static dyn VerificationAlgorithm,
}

static ADDITIONAL: [Additional; 8] = [
    weak(alg_id::RSA_ENCRYPTION, RSA_PKCS1_SHA1, &signature::RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY),
    weak(
        alg_id::RSA_ENCRYPTION,
        alg_id::RSA_PKCS1_SHA256,
        &signature::RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY,
    ),
    weak(
        alg_id::RSA_ENCRYPTION,
        alg_id::RSA_PKCS1_SHA512,
        &signature::RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY,
    ),
    weak(alg_id::ECDSA_P256, ECDSA_SHA1, &signature::ECDSA_P256_SHA1_ASN1),
    weak(alg_id::ECDSA_P521, ECDSA_SHA1, &signature::ECDSA_P521_SHA1_ASN1),
    for_pss_keys(alg_id::RSA_PSS_SHA256, &signature::RSA_PSS_2048_8192_SHA256),
    for_pss_keys(alg_id::RSA_PSS_SHA384, &signature::RSA_PSS_2048_8192_SHA384),
    for_pss_keys(alg_id::RSA_PSS_SHA512, &signature::RSA_PSS_2048_8192_SHA512),
];

/// What reads a kind of key, whatever is checked with it then.
static READERS: [(AlgorithmIdentifier, &dyn VerificationAlgorithm); 6] = [
    (alg_id::RSA_ENCRYPTION, &signature::RSA_PKCS1_2048_8192_SHA256),
    (RSA_PSS_KEY, &signature::RSA_PKCS1_2048_8192_SHA256),
    (alg_id::ECDSA_P256, &signature::ECDSA_P256_SHA256_ASN1),
    (alg_id::ECDSA_P384, &signature::ECDSA_P384_SHA384_ASN1),
    (alg_id::ECDSA_P521, &signature::ECDSA_P521_SHA512_ASN1),
    (alg_id::ED25519, &signature::ED25519),
];

const fn weak(
    key: AlgorithmIdentifier,
    signature: AlgorithmIdentifier,
    verify: &'static dyn VerificationAlgorithm,
) -> Additional {
    Additional { key, signature, sizes: WEAK_RSA_BITS, verify }
}

const fn for_pss_keys(
    signature: AlgorithmIdentifier,
    verify: &'static dyn VerificationAlgorithm,
) -> Additional {
    Additional { key: RSA_PSS_KEY, signature, sizes: USUAL_RSA_BITS, verify }
}

impl SignatureVerificationAlgorithm for Additional {
    fn verify_signature(&self, key: &[u8], message: &[u8], signature: &[u8]) -> Result<(), InvalidSignature> {
        UnparsedPublicKey::new(self.verify, key).verify(message, signature).map_err(|_| InvalidSignature)
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        self.key
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        self.signature
    }
}

fn usual() -> &'static [&'static dyn SignatureVerificationAlgorithm] {
    default_provider().signature_verification_algorithms.all
}

impl<'a> Key<'a> {
    /// Of a certificate; `None` when it has no algorithm that can be read.
    pub(crate) fn of(spki: &'a SubjectPublicKeyInfo<'_>) -> Option<Self> {
        let contents = |tagged| Any::from_der(tagged).ok().map(|(_, any)| any.data);
        let algorithm = contents(contents(spki.raw)?)?;
        Some(Self { algorithm, bits: &spki.subject_public_key.data, rsa_bits: rsa_bits(spki) })
    }

    /// Did this key sign `message`, in the way that `algorithm` (contents of an identifier) names?
    pub(crate) fn check(&self, algorithm: &[u8], message: &[u8], signature: &[u8]) -> Check {
        let usual = usual().iter().map(|usual| (*usual, &USUAL_RSA_BITS));
        let additional =
            ADDITIONAL.iter().map(|more| (more as &dyn SignatureVerificationAlgorithm, &more.sizes));
        let mut check = Check::UnknownKey;
        for (candidate, sizes) in usual.chain(additional) {
            if candidate.public_key_alg_id().as_ref() != self.algorithm {
                continue;
            }
            if candidate.signature_alg_id().as_ref() != algorithm {
                check = if check == Check::UnknownKey { Check::UnknownPair } else { check };
            } else if self.is_sized(sizes) {
                return self.checked(candidate.verify_signature(self.bits, message, signature).is_ok());
            } else {
                check = Check::KeyOutOfRange;
            }
        }
        check
    }

    /// Path validation has an algorithm for this.
    pub(crate) fn is_usual_for(&self, algorithm: &[u8]) -> bool {
        self.is_sized(&USUAL_RSA_BITS)
            && usual().iter().any(|usual| {
                usual.public_key_alg_id().as_ref() == self.algorithm
                    && usual.signature_alg_id().as_ref() == algorithm
            })
    }

    /// There is an algorithm for keys of this kind.
    pub(crate) fn is_known(&self) -> bool {
        let known = usual().iter().map(|usual| usual.public_key_alg_id());
        known.chain(ADDITIONAL.iter().map(|more| more.key)).any(|known| known.as_ref() == self.algorithm)
    }

    /// `id-ecPublicKey` (RFC 5480, section 2.1.1), whatever the curve.
    pub(crate) fn is_elliptic_curve(&self) -> bool {
        self.algorithm.starts_with(b"\x06\x07\x2a\x86\x48\xce\x3d\x02\x01")
    }

    fn is_sized(&self, sizes: &RangeInclusive<usize>) -> bool {
        self.rsa_bits.is_none_or(|bits| sizes.contains(&bits))
    }

    fn checked(&self, good: bool) -> Check {
        match good {
            true => Check::Good,
            false if self.is_readable() => Check::Bad,
            false => Check::KeyOutOfRange,
        }
    }

    /// A key that the library cannot even read has checked nothing: RSA with an exponent beyond 33 bits, a point in the hybrid
    /// form, which webpki refuses (RFC 5480, section 2.2).
    fn is_readable(&self) -> bool {
        if self.is_elliptic_curve() && !matches!(self.bits.first(), Some(2..=4)) {
            return false;
        }
        let reader = READERS.iter().find(|(kind, _)| kind.as_ref() == self.algorithm);
        reader.is_none_or(|(_, reader)| ParsedPublicKey::new(*reader, self.bits).is_ok())
    }
}
