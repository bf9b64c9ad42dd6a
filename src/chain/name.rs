//! Names in certificates as text: distinguished names (RFC 5280, section 4.1.2.4; X.680) and alternative names
//! (section 4.2.1.6). Old and broken strings are shown as far as they go, each attribute for itself, so that one of them
//! spoils no other; what stands in a name's place is never the text of an error.

use std::fmt::Write as _;
use std::net::{Ipv4Addr, Ipv6Addr};

use x509_parser::der_parser::asn1_rs::{Any, Class, Oid, Tag};
use x509_parser::extensions::GeneralName;
use x509_parser::objects::{oid_registry, oid2abbrev};
use x509_parser::x509::{AttributeTypeAndValue, X509Name};

use super::thumbprint::hex;
use crate::printable::printable;

/// Characters kept of a name, which hostile servers choose.
const MAX_CHARS: usize = 256;
/// Bytes that are decoded of one value: more of them are never shown.
const MAX_BYTES: usize = 4 * (MAX_CHARS + 1);
const MAX_OID_BYTES: usize = 64;

/// Any text of a certificate, on one line and of bounded length.
pub(super) fn text(name: &str) -> String {
    printable(name, MAX_CHARS)
}

/// `C=ES, O=Example, CN=Root`, in the order of the certificate.
pub(super) fn distinguished(name: &X509Name<'_>) -> String {
    let mut shown = String::new();
    for set in name.iter_rdn() {
        for (index, attribute) in set.iter().enumerate() {
            if shown.len() > MAX_BYTES {
                return text(&shown);
            }
            let separator = if shown.is_empty() {
                ""
            } else if index == 0 {
                ", "
            } else {
                " + "
            };
            let _ =
                write!(shown, "{separator}{}={}", attribute_name(attribute.attr_type()), value(attribute));
        }
    }
    text(&shown)
}

/// The value of one attribute, when it is not empty.
pub(super) fn attribute(attribute: &AttributeTypeAndValue<'_>) -> Option<String> {
    let value = text(&value(attribute));
    (!value.is_empty()).then_some(value)
}

/// `CN`, or the dotted number of an attribute that has no short name.
fn attribute_name(oid: &Oid<'_>) -> String {
    oid2abbrev(oid, oid_registry()).map_or_else(|_| dotted(oid), str::to_owned)
}

/// `1.2.840.113549`; as hex when it is longer than any that is in use.
pub(super) fn dotted(oid: &Oid<'_>) -> String {
    if oid.as_bytes().len() > MAX_OID_BYTES { hex_of(oid.as_bytes()) } else { oid.to_id_string() }
}

fn value(attribute: &AttributeTypeAndValue<'_>) -> String {
    let value: &Any<'_> = attribute.attr_value();
    let bytes = &value.data[..value.data.len().min(MAX_BYTES)];
    let tag = if value.class() == Class::Universal { value.tag() } else { Tag::EndOfContent };
    match tag {
        // X.690 gives T61String a code of its own. CAs write Latin-1 into it, and openssl reads it so.
        Tag::T61String => latin1(bytes),
        Tag::Utf8String => String::from_utf8_lossy(bytes).into_owned(),
        Tag::NumericString
        | Tag::PrintableString
        | Tag::Ia5String
        | Tag::VisibleString
        | Tag::GeneralString
        | Tag::GraphicString
        | Tag::VideotexString
        | Tag::ObjectDescriptor => ascii(bytes),
        Tag::BmpString => utf16(bytes),
        Tag::UniversalString => utf32(bytes),
        _ => hex_of(bytes),
    }
}

/// ASCII by their type; UTF-8 or Latin-1 in truth, where there is more in them.
fn ascii(bytes: &[u8]) -> String {
    std::str::from_utf8(bytes).map_or_else(|_| latin1(bytes), str::to_owned)
}

fn latin1(bytes: &[u8]) -> String {
    bytes.iter().copied().map(char::from).collect()
}

fn utf16(bytes: &[u8]) -> String {
    let units = bytes.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]]));
    let decoded = char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER));
    decoded.chain((bytes.len() % 2 == 1).then_some(char::REPLACEMENT_CHARACTER)).collect()
}

fn utf32(bytes: &[u8]) -> String {
    let character = |four: &[u8]| {
        let number = <[u8; 4]>::try_from(four).ok().map(u32::from_be_bytes);
        number.and_then(char::from_u32).unwrap_or(char::REPLACEMENT_CHARACTER)
    };
    bytes.chunks(4).map(character).collect()
}

/// As RFC 4514, section 2.4, shows what is no string.
fn hex_of(bytes: &[u8]) -> String {
    format!("#{}", hex(&bytes[..bytes.len().min(MAX_CHARS)]))
}

/// A subject alternative name: a DNS name or an address as it is, others under the name of their kind.
pub(super) fn alternative(name: &GeneralName<'_>) -> String {
    text(&match name {
        GeneralName::DNSName(dns) => (*dns).to_owned(),
        GeneralName::IPAddress(bytes) => address(bytes),
        GeneralName::RFC822Name(mail) => format!("email:{mail}"),
        GeneralName::URI(uri) => format!("URI:{uri}"),
        GeneralName::DirectoryName(name) => format!("DirName:{}", distinguished(name)),
        GeneralName::RegisteredID(oid) => format!("RegisteredID:{}", dotted(oid)),
        GeneralName::OtherName(oid, _) => format!("otherName:{}", dotted(oid)),
        GeneralName::X400Address(other) => format!("X400Name:{}", hex_of(other.data)),
        GeneralName::EDIPartyName(other) => format!("EdiPartyName:{}", hex_of(other.data)),
        GeneralName::Invalid(tag, bytes) => invalid(*tag, bytes),
    })
}

/// A name that is not what its tag says. Strings are shown all the same, the rest as hex.
fn invalid(tag: Tag, bytes: &[u8]) -> String {
    let bytes = &bytes[..bytes.len().min(MAX_BYTES)];
    match tag.0 {
        1 => format!("email:{}", ascii(bytes)),
        2 => ascii(bytes),
        6 => format!("URI:{}", ascii(bytes)),
        _ => hex_of(bytes),
    }
}

fn address(bytes: &[u8]) -> String {
    match (<[u8; 4]>::try_from(bytes), <[u8; 16]>::try_from(bytes)) {
        (Ok(v4), _) => Ipv4Addr::from(v4).to_string(),
        (_, Ok(v6)) => Ipv6Addr::from(v6).to_string(),
        _ => hex_of(bytes),
    }
}
