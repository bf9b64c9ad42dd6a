//! The bytes of TLS as far as they come in the clear (RFC 5246, sections 6.2 and 7.4). Pure functions.

use rustls::pki_types::CertificateDer;

use super::choice::Choice;
use super::error::ClearError;

/// Longest fragment of a record (RFC 5246, section 6.2.3).
const MAX_FRAGMENT: usize = (1 << 14) + 2048;
const MAX_CERTIFICATES: usize = 500;

/// As far as there are bytes: a type of record (20 to 23), and version 3.
pub(super) fn is_tls(bytes: &[u8]) -> bool {
    bytes.first().is_none_or(|kind| (20..=23).contains(kind)) && bytes.get(1).is_none_or(|major| *major == 3)
}

/// A record that is whole, and what follows it.
pub(super) struct Record<'a> {
    pub kind: u8,
    pub fragment: &'a [u8],
    pub after: &'a [u8],
}

/// The first record, once it is whole (RFC 5246, section 6.2.1).
pub(super) fn record(bytes: &[u8]) -> Result<Option<Record<'_>>, ClearError> {
    let [kind, 3, _, high, low, rest @ ..] = bytes else { return Ok(None) };
    let length = usize::from(u16::from_be_bytes([*high, *low]));
    if length > MAX_FRAGMENT {
        return Err(ClearError::Malformed("a record longer than any may be"));
    }
    Ok(rest.split_at_checked(length).map(|(fragment, after)| Record { kind: *kind, fragment, after }))
}

/// What stands before each handshake message (RFC 5246, section 7.4).
pub(super) struct Header {
    pub kind: u8,
    /// Of the message, without this.
    pub length: usize,
}

impl Header {
    /// Its own.
    pub(super) const LENGTH: usize = 4;

    /// The first, once it is whole.
    pub(super) fn of(messages: &[u8]) -> Option<Self> {
        let (kind, length) = messages.split_first()?;
        split_u24(length).map(|(length, _)| Self { kind: *kind, length })
    }
}

/// Version, random, session id, cipher suite (RFC 5246, section 7.4.1.3).
pub(super) fn server_hello(body: &[u8]) -> Option<Choice> {
    let (version, rest) = body.split_first_chunk::<2>()?;
    let (_random, rest) = rest.split_at_checked(32)?;
    let (session_id, rest) = rest.split_first()?;
    let (_, rest) = rest.split_at_checked(usize::from(*session_id))?;
    let (suite, _) = rest.split_first_chunk::<2>()?;
    Some(Choice { version: u16::from_be_bytes(*version), suite: u16::from_be_bytes(*suite) })
}

/// Each after its length, all after theirs (RFC 5246, section 7.4.2).
pub(super) fn certificates(body: &[u8]) -> Result<Vec<CertificateDer<'static>>, ClearError> {
    let wrong = ClearError::Malformed("the lengths of the certificates do not fit");
    let (length, mut list) = split_u24(body).ok_or(wrong.clone())?;
    if list.len() != length {
        return Err(wrong);
    }
    let mut found = Vec::new();
    while !list.is_empty() {
        let (length, rest) = split_u24(list).ok_or(wrong.clone())?;
        let (der, after) = rest.split_at_checked(length).ok_or(wrong.clone())?;
        if found.len() == MAX_CERTIFICATES {
            return Err(ClearError::TooLong);
        }
        found.push(CertificateDer::from(der.to_vec()));
        list = after;
    }
    if found.is_empty() { Err(ClearError::Malformed("no certificate is served")) } else { Ok(found) }
}

fn split_u24(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<3>()?;
    let [high, middle, low] = length.map(usize::from);
    Some((high << 16 | middle << 8 | low, rest))
}
