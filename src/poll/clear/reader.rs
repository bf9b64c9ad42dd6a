//! Reads a server's first flight up to its certificates (RFC 5246, sections 6.2, 7.3 and 7.4.2; the same in RFC 2246).
//! Pure: it is told the bytes as they come, and keeps no more of them than the limits say.

use rustls::AlertDescription;
use rustls::pki_types::CertificateDer;

use super::Choice;
use crate::poll::alert::Alert;
use crate::poll::other_protocol::OtherProtocol;

/// Longest fragment of a record (RFC 5246, section 6.2.3).
const MAX_FRAGMENT: usize = (1 << 14) + 2048;
/// Longest handshake message: what OpenSSL takes of certificates (`SSL_MAX_CERT_LIST_DEFAULT`).
const MAX_MESSAGE: usize = 100 * 1024;
/// Longest flight, everything counted.
const MAX_FLIGHT: usize = 256 * 1024;
/// Messages before the certificates: the server's hello, and requests for another hello, which do not count.
const MAX_MESSAGES: usize = 16;
/// Warnings before the certificates, such as that the name is not known.
const MAX_WARNINGS: usize = 16;
const MAX_CERTIFICATES: usize = 500;

/// What a server has sent in the clear.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flight {
    /// Version and cipher suite that it chose.
    pub choice: Choice,
    /// In served order; never empty.
    pub certificates: Vec<CertificateDer<'static>>,
}

/// Why there are no certificates.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClearError {
    #[error("{0}")]
    Alert(Alert),
    /// These bytes are no records of TLS.
    #[error("the server speaks {0} on this port")]
    OtherProtocol(OtherProtocol),
    /// The connection ended first.
    #[error("the server closed the connection during the handshake")]
    Closed,
    /// More than is read.
    #[error("the server's handshake is longer than this program reads")]
    TooLong,
    /// Not as the standards have it.
    #[error("the server's handshake cannot be read: {0}")]
    Malformed(&'static str),
}

/// Puts records and messages together, however they are cut.
#[derive(Debug, Default)]
pub struct FlightReader {
    /// Bytes of records that are not whole yet.
    records: Vec<u8>,
    /// Bytes of handshake messages that are not whole yet.
    messages: Vec<u8>,
    choice: Option<Choice>,
    bytes: usize,
    message_count: usize,
    warnings: usize,
}

impl FlightReader {
    /// Takes in what came; the flight, once the certificates are whole.
    ///
    /// # Errors
    /// An alert, no TLS, more than is read, or not as the standards have it.
    pub fn take_in(&mut self, bytes: &[u8]) -> Result<Option<Flight>, ClearError> {
        self.bytes = self.bytes.saturating_add(bytes.len());
        if self.bytes > MAX_FLIGHT {
            return Err(ClearError::TooLong);
        }
        self.records.extend_from_slice(bytes);
        let records = std::mem::take(&mut self.records);
        let mut rest = &records[..];
        loop {
            self.check_start(rest)?;
            let Some(Record { kind, fragment, after }) = record(rest)? else { break };
            rest = after;
            if let Some(flight) = self.take_record(kind, fragment)? {
                return Ok(Some(flight));
            }
        }
        self.records = rest.to_vec();
        Ok(None)
    }

    /// Why there is no flight, when nothing more comes.
    #[must_use]
    pub fn end(&self) -> ClearError {
        match (self.bytes, self.records.is_empty()) {
            (1.., false) if !is_tls(&self.records) => {
                ClearError::OtherProtocol(OtherProtocol::of(&self.records))
            }
            _ => ClearError::Closed,
        }
    }

    /// A record begins with its type and version 3.x (RFC 5246, section 6.2.1).
    fn check_start(&self, bytes: &[u8]) -> Result<(), ClearError> {
        // With a few bytes more, another protocol can be told.
        if is_tls(bytes) || (self.is_first() && bytes.len() < 8) {
            return Ok(());
        }
        if self.is_first() {
            return Err(ClearError::OtherProtocol(OtherProtocol::of(bytes)));
        }
        Err(ClearError::Malformed("a record has no known type and version"))
    }

    fn is_first(&self) -> bool {
        self.choice.is_none() && self.warnings == 0 && self.messages.is_empty()
    }

    fn take_record(&mut self, kind: u8, fragment: &[u8]) -> Result<Option<Flight>, ClearError> {
        match kind {
            ALERT => self.take_alert(fragment).map(|()| None),
            HANDSHAKE if fragment.is_empty() => {
                Err(ClearError::Malformed("an empty record of the handshake"))
            }
            HANDSHAKE => {
                self.messages.extend_from_slice(fragment);
                self.take_messages()
            }
            _ => Err(ClearError::Malformed("a record that does not belong before the certificates")),
        }
    }

    /// Warnings may come before the hello (RFC 6066, section 3, has one for unknown names).
    fn take_alert(&mut self, fragment: &[u8]) -> Result<(), ClearError> {
        let [level, description] = *fragment else {
            return Err(ClearError::Malformed("an alert of another length"));
        };
        let alert = Alert(AlertDescription::from(description));
        self.warnings += 1;
        match level {
            WARNING if alert.0 == AlertDescription::CloseNotify => Err(ClearError::Closed),
            WARNING if self.warnings <= MAX_WARNINGS => Ok(()),
            WARNING => Err(ClearError::TooLong),
            _ => Err(ClearError::Alert(alert)),
        }
    }

    fn take_messages(&mut self) -> Result<Option<Flight>, ClearError> {
        while let Some((kind, length)) = header(&self.messages) {
            if length > MAX_MESSAGE {
                return Err(ClearError::TooLong);
            }
            if self.messages.len() < HEADER + length {
                return Ok(None);
            }
            let rest = self.messages.split_off(HEADER + length);
            let message = std::mem::replace(&mut self.messages, rest);
            let body = message.get(HEADER..).unwrap_or_default();
            self.message_count += 1;
            if self.message_count > MAX_MESSAGES {
                return Err(ClearError::TooLong);
            }
            match (kind, self.choice) {
                (HELLO_REQUEST, _) => {}
                (SERVER_HELLO, None) => {
                    let choice = server_hello(body);
                    self.choice =
                        Some(choice.ok_or(ClearError::Malformed("the server's hello is cut short"))?);
                }
                (CERTIFICATE, Some(choice)) => {
                    let certificates = certificates(body)?;
                    return Ok(Some(Flight { choice, certificates }));
                }
                _ => {
                    return Err(ClearError::Malformed(
                        "a message that does not belong before the certificates",
                    ));
                }
            }
        }
        Ok(None)
    }
}

const ALERT: u8 = 21;
const HANDSHAKE: u8 = 22;
const WARNING: u8 = 1;
const HELLO_REQUEST: u8 = 0;
const SERVER_HELLO: u8 = 2;
const CERTIFICATE: u8 = 11;
/// Type and length before each message.
const HEADER: usize = 4;

/// As far as there are bytes: a type of record (20 to 23), and version 3.
fn is_tls(bytes: &[u8]) -> bool {
    bytes.first().is_none_or(|kind| (20..=23).contains(kind)) && bytes.get(1).is_none_or(|major| *major == 3)
}

/// A record that is whole, and what follows it.
struct Record<'a> {
    kind: u8,
    fragment: &'a [u8],
    after: &'a [u8],
}

/// The first record, once it is whole (RFC 5246, section 6.2.1).
fn record(bytes: &[u8]) -> Result<Option<Record<'_>>, ClearError> {
    let [kind, 3, _, high, low, rest @ ..] = bytes else { return Ok(None) };
    let length = usize::from(u16::from_be_bytes([*high, *low]));
    if length > MAX_FRAGMENT {
        return Err(ClearError::Malformed("a record longer than any may be"));
    }
    Ok(rest.split_at_checked(length).map(|(fragment, after)| Record { kind: *kind, fragment, after }))
}

fn header(messages: &[u8]) -> Option<(u8, usize)> {
    let [kind, length @ ..] = messages else { return None };
    split_u24(length).map(|(length, _)| (*kind, length))
}

/// Version, random, session id, cipher suite (RFC 5246, section 7.4.1.3).
fn server_hello(body: &[u8]) -> Option<Choice> {
    let (version, rest) = body.split_first_chunk::<2>()?;
    let (_random, rest) = rest.split_at_checked(32)?;
    let (session_id, rest) = rest.split_first()?;
    let (_, rest) = rest.split_at_checked(usize::from(*session_id))?;
    let (suite, _) = rest.split_first_chunk::<2>()?;
    Some(Choice { version: u16::from_be_bytes(*version), suite: u16::from_be_bytes(*suite) })
}

/// Each after its length, all after theirs (RFC 5246, section 7.4.2).
fn certificates(body: &[u8]) -> Result<Vec<CertificateDer<'static>>, ClearError> {
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
