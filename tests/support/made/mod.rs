//! Makes certificates to order: any name, key, issuer, date and fault.

pub mod distrusted;
pub mod random_chains;

use std::sync::LazyLock;

use oidc_thumbprint_exporter::chain::{Certificate, ServedChain, TrustStore};
use oidc_thumbprint_exporter::clock::Timestamp;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, IsCa, Issuer, KeyPair, RsaKeySize,
    SanType, SignatureAlgorithm, SigningKey as _,
};
use rustls::pki_types::{CertificateDer, ServerName};
use time::OffsetDateTime;

/// 2026-11-24T00:00:00Z, when all tests take place.
pub const NOW: Timestamp = Timestamp::from_seconds(1_795_478_400);
pub const DAY: i64 = 86_400;
/// The name that leaves have unless they are told otherwise.
pub const HOST: &str = "oidc.example.org";

/// What kind of key a certificate has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    P256,
    P384,
    Ed25519,
    Rsa,
}

pub const KINDS: [Kind; 4] = [Kind::P256, Kind::P384, Kind::Ed25519, Kind::Rsa];

/// Keys are made once and shared, since RSA keys are slow to make.
pub fn key(kind: Kind, index: usize) -> &'static KeyPair {
    fn pool(algorithm: &'static SignatureAlgorithm, size: usize) -> Vec<KeyPair> {
        let make = |_| match algorithm {
            rsa if rsa == &rcgen::PKCS_RSA_SHA256 => KeyPair::generate_rsa_for(rsa, RsaKeySize::_2048),
            other => KeyPair::generate_for(other),
        };
        (0..size).map(make).collect::<Result<_, _>>().unwrap()
    }
    static P256: LazyLock<Vec<KeyPair>> = LazyLock::new(|| pool(&rcgen::PKCS_ECDSA_P256_SHA256, 64));
    static P384: LazyLock<Vec<KeyPair>> = LazyLock::new(|| pool(&rcgen::PKCS_ECDSA_P384_SHA384, 12));
    static ED25519: LazyLock<Vec<KeyPair>> = LazyLock::new(|| pool(&rcgen::PKCS_ED25519, 12));
    static RSA: LazyLock<Vec<KeyPair>> = LazyLock::new(|| pool(&rcgen::PKCS_RSA_SHA256, 6));
    let keys = match kind {
        Kind::P256 => &P256,
        Kind::P384 => &P384,
        Kind::Ed25519 => &ED25519,
        Kind::Rsa => &RSA,
    };
    &keys[index % keys.len()]
}

/// A made certificate with what it takes to issue others.
#[derive(Clone)]
pub struct Made {
    pub der: CertificateDer<'static>,
    pub params: CertificateParams,
    pub key: &'static KeyPair,
}

/// The one way certificates come about: subject, key and issuer (itself when `None`), valid from a year before
/// [`NOW`] to a year after it, then whatever `edit` changes.
pub fn make(
    subject: &str,
    key: &'static KeyPair,
    issuer: Option<&Made>,
    edit: impl FnOnce(&mut CertificateParams),
) -> Made {
    let mut params = CertificateParams::default();
    params.distinguished_name = name(subject);
    params.not_before = at(-365 * DAY);
    params.not_after = at(365 * DAY);
    params.use_authority_key_identifier_extension = true;
    edit(&mut params);
    let made = match issuer {
        None => params.self_signed(key),
        Some(issuer) => params.signed_by(key, &Issuer::from_params(&issuer.params, issuer.key)),
    };
    Made { der: made.unwrap().der().clone(), params, key }
}

pub fn name(common_name: &str) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    if !common_name.is_empty() {
        name.push(DnType::OrganizationName, "Example");
        name.push(DnType::CommonName, common_name);
    }
    name
}

/// So many seconds after [`NOW`].
pub fn at(seconds: i64) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(NOW.seconds() + seconds).unwrap()
}

pub fn ca(params: &mut CertificateParams) {
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
}

pub fn for_host(params: &mut CertificateParams) {
    params.subject_alt_names = names(&[HOST]);
}

/// Subject alternative names.
pub fn names(names: &[&str]) -> Vec<SanType> {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    CertificateParams::new(names).unwrap().subject_alt_names
}

/// One edit and then another.
pub fn both(
    first: impl FnOnce(&mut CertificateParams),
    second: impl FnOnce(&mut CertificateParams),
) -> impl FnOnce(&mut CertificateParams) {
    |params| {
        first(params);
        second(params);
    }
}

pub fn future(params: &mut CertificateParams) {
    params.not_before = at(DAY);
}

pub fn expired(params: &mut CertificateParams) {
    params.not_after = at(-DAY);
}

/// A root with the P-256 key number `index`; so are the next two.
pub fn root(subject: &str, index: usize) -> Made {
    make(subject, key(Kind::P256, index), None, ca)
}

pub fn intermediate(subject: &str, index: usize, issuer: &Made) -> Made {
    make(subject, key(Kind::P256, index), Some(issuer), ca)
}

pub fn leaf(index: usize, issuer: &Made) -> Made {
    make(HOST, key(Kind::P256, index), Some(issuer), for_host)
}

/// Leaf, intermediate and root, the plainest of chains.
pub fn three() -> [Made; 3] {
    let root = root("Root", 0);
    let intermediate = intermediate("Intermediate", 1, &root);
    [leaf(2, &intermediate), intermediate, root]
}

pub fn served(chain: &[&Made]) -> Vec<Certificate> {
    chain.iter().map(|made| Certificate::new(made.der.clone())).collect()
}

pub fn served_chain(chain: &[&Made]) -> ServedChain {
    ServedChain::new(chain.iter().map(|made| made.der.clone()).collect()).unwrap()
}

pub fn host(name: &str) -> ServerName<'static> {
    ServerName::try_from(name.to_owned()).unwrap()
}

/// A store that trusts these as added roots, and nothing else.
pub fn trusting(roots: &[&Made]) -> TrustStore {
    TrustStore::empty().with_added(roots.iter().map(|root| root.der.clone()))
}

/// One DER element: tag, length, contents.
pub fn element(tag: u8, contents: &[u8]) -> Vec<u8> {
    let length = u32::try_from(contents.len()).unwrap().to_be_bytes();
    let mut bytes = vec![tag];
    match contents.len() {
        0..0x80 => bytes.push(length[3]),
        0x80..0x100 => bytes.extend([0x81, length[3]]),
        _ => bytes.extend([0x82, length[2], length[3]]),
    }
    bytes.extend(contents);
    bytes
}

/// The same certificate after `edit` of its signed part (contents only), signed anew by `signer`.
pub fn resigned(made: &Made, signer: &KeyPair, edit: impl FnOnce(&[u8]) -> Vec<u8>) -> Made {
    let (_, certificate) = elements(&made.der).remove(0);
    let parts = elements(certificate);
    let to_sign = element(0x30, &edit(parts[0].1));
    let mut signature = vec![0];
    signature.extend(signer.sign(&to_sign).unwrap());
    let whole = [to_sign, element(0x30, parts[1].1), element(0x03, &signature)].concat();
    Made { der: element(0x30, &whole).into(), ..made.clone() }
}

/// The same certificate after `edit` of the fields of its signed part, each a whole element, signed anew by `signer`.
pub fn with_fields(made: &Made, signer: &KeyPair, edit: impl FnOnce(&mut Vec<Vec<u8>>)) -> Made {
    resigned(made, signer, |signed| {
        let mut fields = elements(signed).iter().map(|(tag, contents)| element(*tag, contents)).collect();
        edit(&mut fields);
        fields.concat()
    })
}

/// Takes DER apart: tag and contents of each element in a row.
pub fn elements(der: &[u8]) -> Vec<(u8, &[u8])> {
    let mut found = Vec::new();
    let mut left = der;
    while let [tag, length_byte, rest @ ..] = left {
        let (length, rest) = match length_byte {
            0x82 => (usize::from(rest[0]) << 8 | usize::from(rest[1]), &rest[2..]),
            0x81 => (usize::from(rest[0]), &rest[1..]),
            short => (usize::from(*short), rest),
        };
        let (contents, after) = rest.split_at(length);
        found.push((*tag, contents));
        left = after;
    }
    found
}

/// Replaces one byte string by another of the same length, everywhere.
pub fn replaced(der: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    let mut bytes = der.to_vec();
    let mut found = false;
    for start in 0..=bytes.len() - from.len() {
        if bytes[start..].starts_with(from) {
            bytes[start..start + to.len()].copy_from_slice(to);
            found = true;
        }
    }
    assert!(found, "nothing to replace");
    bytes
}

/// Changes the last byte of the signature.
pub fn damaged(der: &[u8]) -> Vec<u8> {
    let mut der = der.to_vec();
    *der.last_mut().unwrap() ^= 1;
    der
}

/// Claims to be signed with sha1WithRSAEncryption (RFC 3279, section 2.2.1) instead of sha256.
pub fn with_sha1_signature(made: &Made) -> Made {
    let (sha256, sha1) = (b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b", b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x05");
    Made { der: replaced(&made.der, sha256, sha1).into(), ..made.clone() }
}
