//! What a run of DER is: a certificate, PKCS#7 with certificates in it, PKCS#12, or something else (X.690; RFC 5280,
//! section 4.1; RFC 5652, section 5.1; RFC 7292, section 4).

use x509_parser::der_parser::asn1_rs::{Any, Class, FromBer, FromDer, Tag};

const SIGNED_DATA: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02";
/// `data`, `signedData` and so on differ in the last byte.
const PKCS7: &[u8] = SIGNED_DATA.split_at(8).0;

/// In place of a length: two zero bytes end the element (X.690, 8.1.3.6). PKCS#7 and PKCS#12 may be written so.
const OPEN: u8 = 0x80;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Has the outline of one; it may be unreadable all the same.
    Certificate,
    SignedData,
    /// PKCS#7 of another kind: nothing in it is in the clear.
    Sealed,
    Pkcs12,
    Other,
}

/// A sequence too long for a length of one byte, as every certificate is. No text begins so.
pub(super) fn is_long(bytes: &[u8]) -> bool {
    matches!(bytes, [0x30, 0x80..=0xff, ..])
}

/// How long the element is that begins here, by its own account.
pub(super) fn length(bytes: &[u8]) -> Option<usize> {
    match bytes {
        [_, OPEN, ..] => Any::from_ber(bytes).ok().map(|(after, _)| bytes.len() - after.len()),
        _ => closed_length(bytes),
    }
}

/// The same, unless the element leaves it open.
pub(super) fn closed_length(bytes: &[u8]) -> Option<usize> {
    let [_, first, rest @ ..] = bytes else { return None };
    match *first {
        short @ 0..=0x7f => Some(2 + usize::from(short)),
        // Nothing longer than three bytes can tell fits into a file that is read.
        long @ 0x81..=0x83 => {
            let digits = rest.get(..usize::from(long & 3))?;
            let length = digits.iter().fold(0, |sum, digit| sum << 8 | usize::from(*digit));
            Some(2 + digits.len() + length)
        }
        _ => None,
    }
}

/// The elements one after the other, as far as they are DER.
fn elements(mut bytes: &[u8]) -> impl Iterator<Item = Any<'_>> {
    std::iter::from_fn(move || {
        let (rest, element) = Any::from_der(bytes).ok()?;
        bytes = rest;
        Some(element)
    })
}

/// The contents of each element, lengths left open among them.
fn contents(mut bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let (rest, element) = Any::from_ber(bytes).ok()?;
        bytes = rest;
        Some(element.data)
    })
}

fn is(element: Option<&Any<'_>>, tag: Tag) -> bool {
    element.is_some_and(|element| element.class() == Class::Universal && element.tag() == tag)
}

fn is_tagged(element: &Any<'_>, number: u32) -> bool {
    element.class() == Class::ContextSpecific && element.tag().0 == number
}

/// What one whole element is.
pub(super) fn kind(der: &[u8]) -> Kind {
    if let [0x30, OPEN, rest @ ..] = der {
        return open_kind(rest);
    }
    let Some(outer) = elements(der).next().filter(|outer| is(Some(outer), Tag::Sequence)) else {
        return Kind::Other;
    };
    let parts: Vec<Any<'_>> = elements(outer.data).take(4).collect();
    match parts.as_slice() {
        [signed, algorithm, signature]
            if is(Some(signed), Tag::Sequence)
                && is(Some(algorithm), Tag::Sequence)
                && is(Some(signature), Tag::BitString)
                && is_certificate_inside(signed.data) =>
        {
            Kind::Certificate
        }
        [oid, ..] if is(Some(oid), Tag::Oid) && oid.data == SIGNED_DATA => Kind::SignedData,
        [oid, ..] if is(Some(oid), Tag::Oid) && oid.data.starts_with(PKCS7) => Kind::Sealed,
        [version, content, ..] if is(Some(version), Tag::Integer) && is(Some(content), Tag::Sequence) => {
            let inside = elements(content.data).next();
            let is_pkcs12 = inside.is_some_and(|oid| is(Some(&oid), Tag::Oid) && oid.data.starts_with(PKCS7));
            if is_pkcs12 { Kind::Pkcs12 } else { Kind::Other }
        }
        _ => Kind::Other,
    }
}

/// Of contents whose end is open: no certificate, since that is DER (RFC 5280, section 4.1).
fn open_kind(contents: &[u8]) -> Kind {
    match contents.strip_prefix(b"\x06\x09") {
        Some(oid) if oid.starts_with(SIGNED_DATA) => Kind::SignedData,
        Some(oid) if oid.starts_with(PKCS7) => Kind::Sealed,
        _ if contents.starts_with(b"\x02\x01\x03\x30") => Kind::Pkcs12,
        _ => Kind::Other,
    }
}

/// Requests and revocation lists have the same outer form. A certificate begins with its version in a tag of its own, or,
/// of version 1, has three sequences after its number.
fn is_certificate_inside(signed: &[u8]) -> bool {
    let fields: Vec<Any<'_>> = elements(signed).take(4).collect();
    match fields.as_slice() {
        [version, ..] if is_tagged(version, 0) => true,
        [serial, algorithm, issuer, dates] => {
            let follows = [algorithm, issuer, dates].into_iter().all(|field| is(Some(field), Tag::Sequence));
            is(Some(serial), Tag::Integer) && follows
        }
        _ => false,
    }
}

/// The first bytes are those of a certificate of version 2 or 3, or of PKCS#7, whatever becomes of the rest.
pub(super) fn is_certificate_begun(bytes: &[u8]) -> bool {
    let contents = long_contents(bytes);
    long_contents(contents).starts_with(b"\xa0\x03\x02\x01")
        || contents.strip_prefix(b"\x06\x09").is_some_and(|oid| oid.starts_with(PKCS7))
}

/// What [`encoding`](super::encoding) makes of the beginning of a certificate that is cut within its first bytes.
pub(super) fn is_stub(text: &str) -> bool {
    text.starts_with("0\u{fffd}")
}

/// What follows the header of a sequence that is too long for a length of one byte.
fn long_contents(bytes: &[u8]) -> &[u8] {
    match bytes {
        [0x30, 0x81, _, rest @ ..] | [0x30, 0x82, _, _, rest @ ..] | [0x30, 0x83, _, _, _, rest @ ..] => rest,
        _ => &[],
    }
}

/// The certificates of PKCS#7 signed data (RFC 5652, section 5.1), in the order they stand in; `None` when some part of
/// the set cannot be told from the next. Attribute certificates and the like have tags of their own, and are left out.
pub(super) fn certificates(signed_data: &[u8]) -> Option<Vec<&[u8]>> {
    let content = contents(contents(signed_data).next()?).nth(1)?;
    let mut rest = contents(content).next()?;
    // The set is the first part with this tag, and need not be there.
    let set = loop {
        match Any::from_ber(rest) {
            Ok((_, part)) if is_tagged(&part, 0) => break part.data,
            Ok((after, _)) => rest = after,
            Err(_) => return Some(Vec::new()),
        }
    };
    let mut certificates = Vec::new();
    let mut rest = set;
    while !rest.is_empty() {
        let (after, element) = Any::from_ber(rest).ok()?;
        // Two zero bytes end a set whose length was left open.
        if is(Some(&element), Tag::Sequence) {
            certificates.push(&rest[..rest.len() - after.len()]);
        }
        rest = after;
    }
    Some(certificates)
}
