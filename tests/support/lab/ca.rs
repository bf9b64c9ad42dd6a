//! Made certificate authorities.
//!
//! An [`Authority`] is a name and a key, without a certificate: each certificate about it is made apart, by itself or
//! by another authority, as often as wanted. So a cross-signed twin is just a second certificate of one authority.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer,
    KeyPair, KeyUsagePurpose, SanType, SerialNumber, SignatureAlgorithm,
};
use rustls::pki_types::CertificateDer;
use sha1::{Digest, Sha1};
use time::{Duration, OffsetDateTime};

/// The DER of one certificate, or of what a server pretends to be one.
pub type Der = CertificateDer<'static>;

/// SHA-1 of the bytes in lower-case hex, as IAM lists it.
pub fn thumbprint(der: &[u8]) -> String {
    format!("{:x}", Sha1::digest(der))
}

/// The kinds of keys the lab makes; all are quick to generate.
#[derive(Clone, Copy, Debug)]
pub enum Algorithm {
    P256,
    P384,
    Ed25519,
}

impl Algorithm {
    /// A fresh key of this kind.
    pub fn key(self) -> Arc<KeyPair> {
        let signature: &'static SignatureAlgorithm = match self {
            Self::P256 => &rcgen::PKCS_ECDSA_P256_SHA256,
            Self::P384 => &rcgen::PKCS_ECDSA_P384_SHA384,
            Self::Ed25519 => &rcgen::PKCS_ED25519,
        };
        Arc::new(KeyPair::generate_for(signature).unwrap())
    }
}

/// Seconds.
pub const DAY: i64 = 86_400;

/// The dates of a certificate, in seconds from now; a negative number lies in the past.
#[derive(Clone, Copy, Debug)]
pub struct Validity {
    pub from: i64,
    pub until: i64,
}

impl Validity {
    /// Valid for another ten years.
    pub const ROOT: Self = Self { from: -3650 * DAY, until: 3650 * DAY };
    /// Valid for another five years.
    pub const INTERMEDIATE: Self = Self { from: -365 * DAY, until: 1825 * DAY };
    /// Valid for another 60 days.
    pub const LEAF: Self = Self { from: -30 * DAY, until: 60 * DAY };
    /// Ended three days ago.
    pub const EXPIRED: Self = Self { from: -400 * DAY, until: -3 * DAY };
    /// Begins in a week.
    pub const NOT_YET: Self = Self { from: 7 * DAY, until: 97 * DAY };
}

/// What a leaf says of itself.
#[derive(Clone, Debug)]
pub struct Leaf {
    /// The attributes of its subject; none makes an empty subject.
    pub subject: Vec<(DnType, String)>,
    /// Its DNS names.
    pub names: Vec<String>,
    pub validity: Validity,
    pub algorithm: Algorithm,
}

impl Leaf {
    /// A common leaf: CN and one DNS name, both the host.
    pub fn new(host: &str) -> Self {
        Self {
            subject: vec![(DnType::CommonName, host.to_owned())],
            names: vec![host.to_owned()],
            validity: Validity::LEAF,
            algorithm: Algorithm::P256,
        }
    }

    pub fn validity(self, validity: Validity) -> Self {
        Self { validity, ..self }
    }

    pub fn algorithm(self, algorithm: Algorithm) -> Self {
        Self { algorithm, ..self }
    }

    fn params(&self) -> CertificateParams {
        let mut params = params(name(&self.subject), self.validity);
        params.subject_alt_names =
            self.names.iter().map(|dns| SanType::DnsName(dns.as_str().try_into().unwrap())).collect();
        params.is_ca = IsCa::ExplicitNoCa;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params
    }
}

/// The name and the key of a certificate authority.
#[derive(Clone)]
pub struct Authority {
    common_name: String,
    organisation: String,
    key: Arc<KeyPair>,
    path_length: Option<u8>,
}

impl Authority {
    /// An authority with a fresh P-256 key whose paths may have any length.
    pub fn new(organisation: &str, common_name: &str) -> Self {
        Self {
            common_name: common_name.to_owned(),
            organisation: organisation.to_owned(),
            key: Algorithm::P256.key(),
            path_length: None,
        }
    }

    /// The same authority with a fresh key of another kind.
    pub fn algorithm(self, algorithm: Algorithm) -> Self {
        Self { key: algorithm.key(), ..self }
    }

    /// The same authority with a path length constraint (RFC 5280, 4.2.1.9) in its certificates.
    pub fn path_length(self, length: u8) -> Self {
        Self { path_length: Some(length), ..self }
    }

    /// Its private key, for a server that poses as the authority itself.
    pub fn key(&self) -> Arc<KeyPair> {
        self.key.clone()
    }

    /// A certificate of itself.
    pub fn self_signed(&self, validity: Validity) -> Der {
        self.params(validity).self_signed(&*self.key).unwrap().der().clone()
    }

    /// The same with its end to the second.
    pub fn self_signed_until(&self, end: OffsetDateTime) -> Der {
        let mut params = self.params(Validity::ROOT);
        params.not_after = end;
        params.self_signed(&*self.key).unwrap().der().clone()
    }

    /// A certificate of another authority: an intermediate, or a cross-signed twin of a root.
    pub fn certify(&self, other: &Self, validity: Validity) -> Der {
        self.sign(&other.params(validity), &other.key)
    }

    /// A leaf and its fresh key.
    pub fn leaf(&self, leaf: &Leaf) -> (Der, Arc<KeyPair>) {
        let key = leaf.algorithm.key();
        (self.sign(&leaf.params(), &key), key)
    }

    fn sign(&self, params: &CertificateParams, key: &KeyPair) -> Der {
        let own = self.params(Validity::ROOT);
        params.signed_by(key, &Issuer::from_params(&own, &*self.key)).unwrap().der().clone()
    }

    fn params(&self, validity: Validity) -> CertificateParams {
        let subject = [
            (DnType::CountryName, "US".to_owned()),
            (DnType::OrganizationName, self.organisation.clone()),
            (DnType::CommonName, self.common_name.clone()),
        ];
        let mut params = params(name(&subject), validity);
        params.is_ca =
            IsCa::Ca(self.path_length.map_or(BasicConstraints::Unconstrained, BasicConstraints::Constrained));
        params.key_usages =
            vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign, KeyUsagePurpose::DigitalSignature];
        params
    }
}

/// A leaf that vouches for itself, and its key.
pub fn self_signed_leaf(leaf: &Leaf) -> (Der, Arc<KeyPair>) {
    let key = leaf.algorithm.key();
    (leaf.params().self_signed(&*key).unwrap().der().clone(), key)
}

fn name(attributes: &[(DnType, String)]) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    for (kind, value) in attributes {
        name.push(kind.clone(), value.as_str());
    }
    name
}

fn params(subject: DistinguishedName, validity: Validity) -> CertificateParams {
    // rcgen derives a serial number from the key, so that twins would share it: count instead. The first bit is set,
    // as in half of all serial numbers, so that DER puts a zero byte before it.
    static SERIAL: AtomicU64 = AtomicU64::new(0xcc61_6200_0000_0001);
    let now = OffsetDateTime::now_utc();
    let mut params = CertificateParams::default();
    params.distinguished_name = subject;
    params.not_before = now + Duration::seconds(validity.from);
    params.not_after = now + Duration::seconds(validity.until);
    params.serial_number = Some(SerialNumber::from(SERIAL.fetch_add(1, Ordering::Relaxed)));
    params.use_authority_key_identifier_extension = true;
    params
}
