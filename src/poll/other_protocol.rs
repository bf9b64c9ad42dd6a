//! What answers on a port that was taken for TLS, by its first bytes.

use strum::{Display, EnumIter};

/// What a server speaks instead of TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, Display)]
pub enum OtherProtocol {
    #[strum(to_string = "HTTP without TLS")]
    Http,
    #[strum(to_string = "SSH")]
    Ssh,
    /// Both greet with the code 220 (RFC 5321, section 4.2; RFC 959, section 5.4).
    #[strum(to_string = "SMTP or FTP")]
    SmtpOrFtp,
    #[strum(to_string = "IMAP")]
    Imap,
    #[strum(to_string = "POP3")]
    Pop3,
    #[strum(to_string = "PostgreSQL's protocol")]
    PostgreSql,
    #[strum(to_string = "MySQL's protocol")]
    MySql,
    #[strum(to_string = "Redis' protocol")]
    Redis,
    #[strum(to_string = "something else than TLS")]
    Unknown,
}

impl OtherProtocol {
    /// By the first bytes that came.
    pub(super) fn of(bytes: &[u8]) -> Self {
        let greetings: [(&[u8], Self); 9] = [
            (b"HTTP/", Self::Http),
            (b"<", Self::Http),
            (b"SSH-", Self::Ssh),
            (b"220", Self::SmtpOrFtp),
            (b"* OK", Self::Imap),
            (b"+OK", Self::Pop3),
            (b"EFATAL", Self::PostgreSql),
            (b"-ERR", Self::Redis),
            (b"E\0\0\0", Self::PostgreSql),
        ];
        match bytes {
            // A greeting has a length, number 0, and its protocol's version 10.
            [_, _, 0, 0, 10, ..] => Self::MySql,
            _ => greetings
                .into_iter()
                .find(|(start, _)| bytes.starts_with(start))
                .map_or(Self::Unknown, |(_, protocol)| protocol),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn greetings() {
        for (greeting, protocol) in [
            (&b"HTTP/1.1 400 Bad Request\r\n"[..], OtherProtocol::Http),
            (b"<html>\r\n<head><title>400 The plain HTTP request", OtherProtocol::Http),
            (b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n", OtherProtocol::Ssh),
            (b"220 mail.example.org ESMTP Postfix\r\n", OtherProtocol::SmtpOrFtp),
            (b"* OK [CAPABILITY IMAP4rev1] ready\r\n", OtherProtocol::Imap),
            (b"+OK POP3 ready\r\n", OtherProtocol::Pop3),
            (b"E\0\0\0\x8bSFATAL\0VFATAL\0", OtherProtocol::PostgreSql),
            (b"\x4a\0\0\0\x0a8.0.36\0", OtherProtocol::MySql),
            (b"-ERR unknown command", OtherProtocol::Redis),
            (b"\0\xff\0", OtherProtocol::Unknown),
            (b"", OtherProtocol::Unknown),
        ] {
            assert_eq!(OtherProtocol::of(greeting), protocol, "{greeting:?}");
        }
    }
}
