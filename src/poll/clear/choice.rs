//! What a server chose of what was offered, and what that says of it.

use std::fmt;

use rustls::ProtocolVersion;

use super::suites::{Cipher, Exchange, GROUPS};

/// Version and cipher suite of a server's hello.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Choice {
    /// As on the wire: 0x0301 is TLS 1.0.
    pub version: u16,
    /// As on the wire.
    pub suite: u16,
}

impl Choice {
    pub(in crate::poll) fn version(self) -> ProtocolVersion {
        ProtocolVersion::from(self.version)
    }

    pub(super) const fn version_name(self) -> &'static str {
        match self.version {
            0x0300 => "SSL 3.0",
            0x0301 => "TLS 1.0",
            0x0302 => "TLS 1.1",
            _ => "TLS 1.2",
        }
    }

    /// This program speaks both, so that the choice does not say what keeps it from the server.
    pub(in crate::poll) fn is_spoken(self) -> bool {
        self.version >= 0x0303 && matches!(self.known(), Some((Exchange::Ecdhe, Cipher::Usual, _)))
    }

    fn known(self) -> Option<(Exchange, Cipher, &'static str)> {
        GROUPS.iter().find_map(|group| {
            let suite = group.suites.iter().find(|(number, _)| *number == self.suite);
            suite.map(|(_, name)| (group.exchange, group.cipher, *name))
        })
    }
}

/// What the server wants, and that this program does not have it.
impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let version = self.version_name();
        let Some((exchange, cipher, name)) = self.known() else {
            return write!(
                f,
                "the server wants {version} with cipher suite {:#06x}, which this program does not speak",
                self.suite
            );
        };
        if self.version < 0x0303 {
            return write!(
                f,
                "the server wants {version} ({name}), and this program does not speak anything below TLS 1.2"
            );
        }
        match (exchange, cipher) {
            (Exchange::Ecdhe, Cipher::Usual) => write!(
                f,
                "the server wants a curve or a signature that this program does not speak in {version} ({name})"
            ),
            (Exchange::Ecdhe, cipher) => {
                write!(f, "the server wants {cipher} ({version}, {name}), which this program does not speak")
            }
            (exchange, _) => {
                write!(
                    f,
                    "the server wants {exchange} ({version}, {name}), which this program does not speak"
                )
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_server_wants_is_named() {
        for (version, suite, words) in [
            (
                0x0301,
                0xc014,
                "the server wants TLS 1.0 (TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA), and this program does not speak \
                              anything below TLS 1.2",
            ),
            (
                0x0303,
                0x009d,
                "the server wants RSA key exchange (TLS 1.2, TLS_RSA_WITH_AES_256_GCM_SHA384), which this program \
                              does not speak",
            ),
            (
                0x0303,
                0x009e,
                "the server wants DHE key exchange over a finite field (TLS 1.2, \
                              TLS_DHE_RSA_WITH_AES_128_GCM_SHA256), which this program does not speak",
            ),
            (
                0x0303,
                0xc027,
                "the server wants a cipher in CBC mode (TLS 1.2, TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256), which \
                              this program does not speak",
            ),
            (
                0x0303,
                0xc02b,
                "the server wants a curve or a signature that this program does not speak in TLS 1.2 \
                              (TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256)",
            ),
            (
                0x0303,
                0xfefe,
                "the server wants TLS 1.2 with cipher suite 0xfefe, which this program does not speak",
            ),
        ] {
            assert_eq!(Choice { version, suite }.to_string(), words);
        }
    }
}
