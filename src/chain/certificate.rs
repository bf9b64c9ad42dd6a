//! One certificate as served: its hashes always, its fields when it can be read.

use std::fmt;
use std::ops::Range;

use rustls::pki_types::CertificateDer;
use x509_parser::certificate::X509Certificate;
use x509_parser::der_parser::asn1_rs::{Any, FromDer};
use x509_parser::extensions::ParsedExtension;

use super::name;
use super::public_key;
use super::thumbprint::{Fingerprint, Thumbprint, hex};
use crate::clock::Timestamp;

/// Names kept per certificate; a certificate can hold thousands.
const MAX_NAMES: usize = 20;

/// One certificate of a served chain.
#[derive(Clone)]
pub struct Certificate {
    /// The bytes as served.
    pub der: CertificateDer<'static>,
    /// SHA-1 of `der`: what IAM compares.
    pub sha1: Thumbprint,
    /// SHA-256 of `der`.
    pub sha256: Fingerprint,
    /// What the bytes say, when they can be read.
    pub fields: Result<Fields, Unreadable>,
}

/// The fields of a certificate that matter here (RFC 5280, section 4.1).
#[derive(Clone, Debug)]
pub struct Fields {
    /// Subject as text, control characters escaped, at most 256 characters.
    pub subject: String,
    /// Issuer as text, like `subject`.
    pub issuer: String,
    /// The common name of the subject, or its whole text.
    pub common_name: String,
    /// Serial number, hex, as openssl shows it, at most 256 digits.
    pub serial: String,
    /// Valid from.
    pub not_before: Timestamp,
    /// Valid until, inclusive.
    pub not_after: Timestamp,
    /// Basic constraints say CA.
    pub is_ca: bool,
    /// The first 20 subject alternative names.
    pub names: Vec<String>,
    /// How many there are in all.
    pub names_total: usize,
    /// Public key, as [`public_key::text`] has it.
    pub key: String,
    self_issued: bool,
    pub(super) link: Link,
}

/// What is needed to tell whether one certificate issued another: mostly places in `der`, so that it costs no copies.
#[derive(Clone, Debug)]
pub(super) struct Link {
    /// Contents of the subject name, without tag and length.
    pub subject: Range<usize>,
    /// Contents of the issuer name, without tag and length.
    pub issuer: Range<usize>,
    /// The algorithm identifier of the public key, without tag and length.
    pub key_algorithm: Range<usize>,
    pub public_key: Range<usize>,
    /// The subject key identifier (RFC 5280, section 4.2.1.2).
    pub key_id: Option<Range<usize>>,
    /// The authority key identifier (RFC 5280, section 4.2.1.1).
    pub authority_key_id: Option<Range<usize>>,
    /// The part of `der` that is signed.
    pub signed: Range<usize>,
    pub signature_algorithm: Range<usize>,
    pub signature: Range<usize>,
    /// Bits of an RSA key's modulus.
    pub rsa_bits: Option<usize>,
    /// One fingerprint for subject and key together: who the certificate is about, whoever signed it.
    pub entity: Fingerprint,
}

/// Why a certificate cannot be read. Its thumbprints are known all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// Not the DER of an X.509 certificate.
    #[error("not a valid X.509 certificate")]
    Malformed,
    /// Fewer bytes than its first length field announces.
    #[error("the certificate is truncated")]
    Truncated,
    /// A whole certificate, and bytes after it.
    #[error("extra bytes after the certificate")]
    TrailingBytes,
    /// The same extension twice (RFC 5280, section 4.2), or one that cannot be read.
    #[error("its extensions are malformed")]
    Extensions,
}

impl Certificate {
    /// Hashes `der` and reads what it can of it.
    #[must_use]
    pub fn new(der: CertificateDer<'static>) -> Self {
        Self { sha1: Thumbprint::of(&der), sha256: Fingerprint::of(&der), fields: read(&der), der }
    }

    /// The fields, when they could be read.
    #[must_use]
    pub fn readable(&self) -> Option<&Fields> {
        self.fields.as_ref().ok()
    }

    /// The organization of its subject, when it names one.
    pub(super) fn organization(&self) -> Option<String> {
        let (_, certificate) = X509Certificate::from_der(&self.der).ok()?;
        name::attribute(certificate.subject().iter_organization().next()?)
    }

    /// The bytes of one part of it.
    pub(super) fn part(&self, range: &Range<usize>) -> &[u8] {
        self.der.get(range.clone()).unwrap_or_default()
    }

    /// Past its date at `now`. An unreadable certificate is not known to be.
    #[must_use]
    pub fn is_expired(&self, now: Timestamp) -> bool {
        self.readable().is_some_and(|fields| now.seconds() > fields.not_after.seconds())
    }

    /// Before its date at `now`.
    #[must_use]
    pub fn is_not_yet_valid(&self, now: Timestamp) -> bool {
        self.readable().is_some_and(|fields| now.seconds() < fields.not_before.seconds())
    }
}

impl Fields {
    /// Subject and issuer are the same name.
    #[must_use]
    pub fn is_self_issued(&self) -> bool {
        self.self_issued
    }

    /// Same subject and same key: for a path, these two certificates stand in for each other. Their thumbprints differ.
    #[must_use]
    pub fn is_twin_of(&self, other: &Self) -> bool {
        self.link.entity == other.link.entity
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.fields {
            Ok(fields) => write!(f, "{} {}", self.sha1, fields.subject),
            Err(error) => write!(f, "{} {error}", self.sha1),
        }
    }
}

fn read(der: &[u8]) -> Result<Fields, Unreadable> {
    let (rest, certificate) = X509Certificate::from_der(der)
        .map_err(|_| if is_cut_short(der) { Unreadable::Truncated } else { Unreadable::Malformed })?;
    if !rest.is_empty() {
        return Err(Unreadable::TrailingBytes);
    }
    certificate.tbs_certificate.extensions_map().map_err(|_| Unreadable::Extensions)?;
    let is_ca = certificate
        .basic_constraints()
        .map_err(|_| Unreadable::Extensions)?
        .is_some_and(|extension| extension.value.ca);
    let subject = name::distinguished(certificate.subject());
    let (names, names_total) = alternative_names(&certificate);
    Ok(Fields {
        common_name: common_name(&certificate).unwrap_or_else(|| subject.clone()),
        subject,
        issuer: name::distinguished(certificate.issuer()),
        serial: serial(certificate.raw_serial()),
        not_before: Timestamp::from_seconds(certificate.validity().not_before.timestamp()),
        not_after: Timestamp::from_seconds(certificate.validity().not_after.timestamp()),
        is_ca,
        names,
        names_total,
        key: public_key::text(certificate.public_key()),
        self_issued: certificate.subject().as_raw() == certificate.issuer().as_raw(),
        link: link(der, &certificate).ok_or(Unreadable::Malformed)?,
    })
}

/// DER puts a zero byte before a number whose first bit is set; it is no part of the number.
fn serial(der: &[u8]) -> String {
    let number = match der {
        [0, number @ ..] if !number.is_empty() => number,
        number => number,
    };
    name::text(&hex(number))
}

fn common_name(certificate: &X509Certificate<'_>) -> Option<String> {
    name::attribute(certificate.subject().iter_common_name().last()?)
}

fn alternative_names(certificate: &X509Certificate<'_>) -> (Vec<String>, usize) {
    let Ok(Some(extension)) = certificate.subject_alternative_name() else { return (Vec::new(), 0) };
    let all = &extension.value.general_names;
    (all.iter().take(MAX_NAMES).map(name::alternative).collect(), all.len())
}

/// A `SEQUENCE` that announces more bytes than there are.
fn is_cut_short(der: &[u8]) -> bool {
    let announced = match der {
        [0x30, 0x81, length, ..] => 3 + usize::from(*length),
        [0x30, 0x82, high, low, ..] => 4 + usize::from(u16::from_be_bytes([*high, *low])),
        [0x30, length @ ..=0x7f, ..] => 2 + usize::from(*length),
        _ => der.len(),
    };
    der.len() < announced
}

/// Takes the certificate apart as far as signatures need it: `SEQUENCE { signed, algorithm, signature }`.
fn link(der: &[u8], certificate: &X509Certificate<'_>) -> Option<Link> {
    let place = |part: &[u8]| {
        let start = (part.as_ptr() as usize).checked_sub(der.as_ptr() as usize)?;
        let range = start..start.checked_add(part.len())?;
        (der.get(range.clone()) == Some(part)).then_some(range)
    };
    let contents = |tagged| Any::from_der(tagged).ok().map(|(_, any)| any.data);
    let outer = contents(der)?;
    let (rest, _) = Any::from_der(outer).ok()?;
    let signed = outer.get(..outer.len() - rest.len())?;
    let (_, signature_algorithm) = Any::from_der(rest).ok()?;
    let (subject, issuer) = (certificate.subject().as_raw(), certificate.issuer().as_raw());
    let spki = certificate.public_key();
    let (mut key_id, mut authority_key_id) = (None, None);
    for extension in certificate.extensions() {
        match extension.parsed_extension() {
            ParsedExtension::SubjectKeyIdentifier(id) => key_id = place(id.0),
            ParsedExtension::AuthorityKeyIdentifier(id) => {
                authority_key_id = id.key_identifier.as_ref().and_then(|id| place(id.0));
            }
            _ => {}
        }
    }
    Some(Link {
        subject: place(contents(subject)?)?,
        issuer: place(contents(issuer)?)?,
        key_algorithm: place(contents(contents(spki.raw)?)?)?,
        public_key: place(&spki.subject_public_key.data)?,
        key_id,
        authority_key_id,
        signed: place(signed)?,
        signature_algorithm: place(signature_algorithm.data)?,
        signature: place(&certificate.signature_value.data)?,
        rsa_bits: public_key::rsa_bits(spki),
        entity: Fingerprint::of_list([subject, spki.raw].into_iter()),
    })
}
