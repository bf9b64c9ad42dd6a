//! Reads a server's first flight up to its certificates (RFC 5246, sections 6.2, 7.3 and 7.4.2; the same in RFC 2246).
//! Pure: it is told the bytes as they come, and keeps no more of them than the limits say.

use rustls::AlertDescription;
use rustls::pki_types::CertificateDer;

use super::choice::Choice;
use super::error::ClearError;
use super::wire::{Header, Record, certificates, is_tls, record, server_hello};
use crate::poll::alert::Alert;
use crate::poll::other_protocol::OtherProtocol;

// Types of records, of handshake messages, and of alerts (RFC 5246, sections 6.2.1, 7.4 and 7.2).
const ALERT: u8 = 21;
const HANDSHAKE: u8 = 22;
const HELLO_REQUEST: u8 = 0;
const SERVER_HELLO: u8 = 2;
const CERTIFICATE: u8 = 11;
const WARNING: u8 = 1;

/// Longest handshake message: what OpenSSL takes of certificates (`SSL_MAX_CERT_LIST_DEFAULT`).
const MAX_MESSAGE: usize = 100 * 1024;
/// Longest flight, everything counted.
const MAX_FLIGHT: usize = 256 * 1024;
/// Messages before the certificates: the server's hello, and requests for another hello, which do not count.
const MAX_MESSAGES: usize = 16;
/// Warnings before the certificates, such as that the name is not known.
const MAX_WARNINGS: usize = 16;

/// What a server has sent in the clear.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flight {
    /// Version and cipher suite that it chose.
    pub choice: Choice,
    /// In served order; never empty.
    pub certificates: Vec<CertificateDer<'static>>,
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
            _ => Err(match self.choice {
                None => ClearError::Alert(alert),
                Some(choice) => ClearError::AlertAfterHello(choice, alert),
            }),
        }
    }

    fn take_messages(&mut self) -> Result<Option<Flight>, ClearError> {
        while let Some(Header { kind, length }) = Header::of(&self.messages) {
            if length > MAX_MESSAGE {
                return Err(ClearError::TooLong);
            }
            if self.messages.len() < Header::LENGTH + length {
                return Ok(None);
            }
            let rest = self.messages.split_off(Header::LENGTH + length);
            let message = std::mem::replace(&mut self.messages, rest);
            let body = message.get(Header::LENGTH..).unwrap_or_default();
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

#[cfg(test)]
mod tests {
    use super::*;

    fn record(kind: u8, fragment: &[u8]) -> Vec<u8> {
        let length = u16::try_from(fragment.len()).unwrap().to_be_bytes();
        [&[kind, 3, 3][..], &length, fragment].concat()
    }

    fn message(kind: u8, body: &[u8]) -> Vec<u8> {
        let length = u32::try_from(body.len()).unwrap().to_be_bytes();
        [&[kind], &length[1..], body].concat()
    }

    fn hello() -> Vec<u8> {
        message(SERVER_HELLO, &[&[3, 1][..], &[7; 32], &[2, 8, 8], &[0, 0x35], &[0]].concat())
    }

    fn served(ders: &[&[u8]]) -> Vec<u8> {
        let sized = |bytes: &[u8]| [&u32::try_from(bytes.len()).unwrap().to_be_bytes()[1..], bytes].concat();
        message(CERTIFICATE, &sized(&ders.iter().flat_map(|der| sized(der)).collect::<Vec<u8>>()))
    }

    fn read(bytes: &[u8], piece: usize) -> Result<Option<Flight>, ClearError> {
        let mut reader = FlightReader::default();
        for piece in bytes.chunks(piece) {
            if let Some(flight) = reader.take_in(piece)? {
                return Ok(Some(flight));
            }
        }
        Err(reader.end())
    }

    #[test]
    fn records_and_messages_are_cut_in_every_way() {
        let (first, second) = ([1; 700], [2; 3]);
        let messages = [hello(), message(HELLO_REQUEST, &[]), served(&[&first, &second])].concat();
        let warning = record(ALERT, &[1, 112]);
        let choice = Choice { version: 0x0301, suite: 0x35 };
        let certificates = vec![first.to_vec().into(), second.to_vec().into()];
        for fragment in [1, 2, 3, 5, 44, 45, 100, 1000] {
            let records = messages.chunks(fragment).flat_map(|fragment| record(HANDSHAKE, fragment));
            let bytes: Vec<u8> =
                warning.iter().copied().chain(records).chain(record(HANDSHAKE, &[14, 0, 0, 0])).collect();
            for piece in [1, 4, 6, 999, bytes.len()] {
                let flight = Flight { choice, certificates: certificates.clone() };
                assert_eq!(read(&bytes, piece), Ok(Some(flight)), "{fragment} {piece}");
            }
        }
    }

    #[test]
    fn what_is_no_flight_has_a_reason() {
        let alert = |level, code| record(ALERT, &[level, code]);
        let whole = record(HANDSHAKE, &[hello(), served(&[&[5; 9]])].concat());
        let malformed = |bytes: &[u8]| matches!(read(bytes, 7), Err(ClearError::Malformed(_)));
        for (what, bytes, error) in [
            ("nothing", vec![], ClearError::Closed),
            ("half of it", whole[..whole.len() - 1].to_vec(), ClearError::Closed),
            ("a refusal", alert(2, 70), ClearError::Alert(Alert(AlertDescription::ProtocolVersion))),
            (
                "a refusal after the hello",
                [record(HANDSHAKE, &hello()), alert(2, 70)].concat(),
                ClearError::AlertAfterHello(
                    Choice { version: 0x0301, suite: 0x0035 },
                    Alert(AlertDescription::ProtocolVersion),
                ),
            ),
            ("a polite end", alert(1, 0), ClearError::Closed),
            ("warnings without end", alert(1, 112).repeat(17), ClearError::TooLong),
            ("hello requests without end", record(HANDSHAKE, &[0; 4]).repeat(17), ClearError::TooLong),
            ("a message that claims 16 MiB", record(HANDSHAKE, &[11, 255, 255, 255]), ClearError::TooLong),
            (
                "a message that never ends",
                record(HANDSHAKE, &[2, 1, 144, 0]).repeat(60_000),
                ClearError::TooLong,
            ),
            (
                "HTTP",
                b"HTTP/1.1 400 Bad Request\r\n".to_vec(),
                ClearError::OtherProtocol(OtherProtocol::Http),
            ),
            ("a short greeting", b"+OK".to_vec(), ClearError::OtherProtocol(OtherProtocol::Pop3)),
        ] {
            for piece in [7, 16_384] {
                assert_eq!(read(&bytes, piece), Err(error.clone()), "{what}");
            }
        }
        for (what, bytes) in [
            ("certificates before the hello", record(HANDSHAKE, &served(&[&[5; 9]]))),
            ("two hellos", record(HANDSHAKE, &[hello(), hello()].concat())),
            ("no certificate", record(HANDSHAKE, &[hello(), served(&[])].concat())),
            ("a hello cut short", record(HANDSHAKE, &message(SERVER_HELLO, &[3, 3, 9]))),
            (
                "a list longer than it is",
                record(HANDSHAKE, &[hello(), message(CERTIFICATE, &[0, 0, 9, 0, 0, 9])].concat()),
            ),
            (
                "a certificate longer than its list",
                record(HANDSHAKE, &[hello(), message(CERTIFICATE, &[0, 0, 3, 0, 0, 9])].concat()),
            ),
            ("an empty record", record(HANDSHAKE, &[])),
            ("a record too long", vec![HANDSHAKE, 3, 3, 0xff, 0xff]),
            ("application data", record(23, &[1])),
            ("an alert of three bytes", record(ALERT, &[2, 40, 40])),
            (
                "another protocol after the hello",
                [record(HANDSHAKE, &hello()), b"HTTP/1.1".to_vec()].concat(),
            ),
        ] {
            assert!(malformed(&bytes), "{what}: {:?}", read(&bytes, 7));
        }
    }
}
