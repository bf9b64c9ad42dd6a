//! Kind and size of a public key, for people, and for those who ask whether its signatures can be checked.

use x509_parser::der_parser::asn1_rs::{FromDer as _, Oid};
use x509_parser::public_key::RSAPublicKey;
use x509_parser::x509::SubjectPublicKeyInfo;

use super::name;

/// `rsaEncryption` and `id-RSASSA-PSS` (RFC 4055, sections 1.2 and 3.1).
const RSA: &str = "1.2.840.113549.1.1.1";
const RSA_PSS: &str = "1.2.840.113549.1.1.10";
/// `id-ecPublicKey` (RFC 5480, section 2.1.1).
const EC: &str = "1.2.840.10045.2.1";

/// Keys that have their algorithm's name alone (RFC 8410, section 3; RFC 3279, section 2.3.2).
const KINDS: [(&str, &str); 3] =
    [("1.3.101.112", "Ed25519"), ("1.3.101.113", "Ed448"), ("1.2.840.10040.4.1", "DSA")];

/// Curves (RFC 5480, section 2.1.1.1; SEC 2, section 2.4.1; RFC 5639, section 4.1).
const CURVES: [(&str, &str); 9] = [
    ("1.2.840.10045.3.1.7", "P-256"),
    ("1.3.132.0.34", "P-384"),
    ("1.3.132.0.35", "P-521"),
    ("1.3.132.0.33", "P-224"),
    ("1.2.840.10045.3.1.1", "P-192"),
    ("1.3.132.0.10", "secp256k1"),
    ("1.3.36.3.3.2.8.1.1.7", "brainpoolP256r1"),
    ("1.3.36.3.3.2.8.1.1.11", "brainpoolP384r1"),
    ("1.3.36.3.3.2.8.1.1.13", "brainpoolP512r1"),
];

/// Bits of the modulus of an RSA key, whether or not it is for PSS alone.
pub(super) fn rsa_bits(spki: &SubjectPublicKeyInfo<'_>) -> Option<usize> {
    if ![RSA, RSA_PSS].contains(&name::dotted(&spki.algorithm.algorithm).as_str()) {
        return None;
    }
    let (_, key) = RSAPublicKey::from_der(&spki.subject_public_key.data).ok()?;
    let leading = key.modulus.iter().take_while(|byte| **byte == 0).count();
    let zeros = key.modulus.get(leading).map_or(0, |first| first.leading_zeros() as usize);
    Some(8 * (key.modulus.len() - leading) - zeros)
}

/// `RSA 2048`, `EC P-256`, `Ed25519`, ...; its number where it has no name here.
pub(super) fn text(spki: &SubjectPublicKeyInfo<'_>) -> String {
    let algorithm = name::dotted(&spki.algorithm.algorithm);
    match (algorithm.as_str(), rsa_bits(spki)) {
        (RSA, Some(bits)) => format!("RSA {bits}"),
        (RSA_PSS, Some(bits)) => format!("RSA-PSS {bits}"),
        (EC, _) => {
            let curve = spki.algorithm.parameters.as_ref().and_then(|any| Oid::try_from(any.clone()).ok());
            curve.map_or("EC with a curve of its own".to_owned(), |curve| {
                format!("EC {}", named(&CURVES, name::dotted(&curve)))
            })
        }
        _ => named(&KINDS, algorithm),
    }
}

fn named(names: &[(&str, &str)], oid: String) -> String {
    names.iter().find(|(known, _)| *known == oid).map_or(oid, |(_, name)| (*name).to_owned())
}
