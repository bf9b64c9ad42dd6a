//! What a server says with an alert before its certificates (RFC 8446, section 6.2; RFC 5246, section 7.2.2), as a sentence.

use std::fmt;

use rustls::AlertDescription;

/// A fatal alert of a server, for people: what it means, then its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Alert(pub AlertDescription);

impl Alert {
    /// The server says that the two sides have nothing in common, so that the limit may be this program's.
    #[must_use]
    pub(super) const fn is_about_the_offer(self) -> bool {
        matches!(
            self.0,
            AlertDescription::HandshakeFailure
                | AlertDescription::ProtocolVersion
                | AlertDescription::InsufficientSecurity
        )
    }

    const fn meaning(self) -> &'static str {
        use AlertDescription as A;
        match self.0 {
            A::CloseNotify => "the server closed the connection",
            A::UnexpectedMessage => "the server did not expect the message that it got",
            A::BadRecordMac | A::DecryptionFailed | A::DecryptError => {
                "the server could not decrypt or verify what it got"
            }
            A::RecordOverflow => "the server got a record that is too long for it",
            A::DecompressionFailure => "the server could not decompress what it got",
            A::HandshakeFailure => {
                "the server refused the handshake, most likely because it wants a cipher suite, key exchange or signature \
                 that this program does not speak, or has no certificate for this host name"
            }
            A::NoCertificate | A::CertificateRequired => {
                "the server wants a client certificate, and there is none"
            }
            A::BadCertificate
            | A::UnsupportedCertificate
            | A::CertificateRevoked
            | A::CertificateExpired
            | A::CertificateUnknown => "the server refused the client certificate",
            A::IllegalParameter => "the server found a value that it does not take in the handshake",
            A::UnknownCA => "the server does not know the CA of the client certificate",
            A::AccessDenied => "the server denied access",
            A::DecodeError => "the server could not read the handshake",
            A::ExportRestriction => "the server wants export-grade cryptography",
            A::ProtocolVersion => {
                "the server takes none of the TLS versions that this program speaks (1.2 and 1.3)"
            }
            A::InsufficientSecurity => "the server finds none of what this program speaks strong enough",
            A::InternalError => {
                "the server had an internal error, as some say when they have no certificate for this host name"
            }
            A::InappropriateFallback => "the server refused the TLS version as a needless fallback",
            A::UserCanceled => "the server cancelled the handshake",
            A::NoRenegotiation => "the server refused to renegotiate",
            A::MissingExtension => "the server misses an extension in the handshake",
            A::UnsupportedExtension => "the server found an extension that it does not take",
            A::CertificateUnobtainable => "the server could not get the client certificate",
            A::UnrecognisedName => "the server does not know this host name",
            A::BadCertificateStatusResponse | A::BadCertificateHashValue => {
                "the server could not use a certificate's status or hash"
            }
            A::UnknownPSKIdentity => "the server wants a shared key that it knows",
            A::NoApplicationProtocol => "the server does not speak HTTP/1.1 (ALPN)",
            A::EncryptedClientHelloRequired => "the server wants an encrypted client hello",
            _ => "the server sent an alert that has no name here",
        }
    }
}

impl fmt::Display for Alert {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (alert {})", self.meaning(), u8::from(self.0))?;
        if self.is_about_the_offer() {
            f.write_str("; `openssl s_client -showcerts` may speak what this program does not")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_number_has_a_sentence_and_every_known_one_says_what_happened() {
        let shown: Vec<String> = (0..=u8::MAX).map(|code| Alert(code.into()).to_string()).collect();
        for (code, text) in shown.iter().enumerate() {
            assert!(text.starts_with("the server ") && text.contains(&format!("(alert {code})")), "{text}");
        }
        let named = shown.iter().filter(|text| !text.contains("has no name here"));
        assert_eq!(named.clone().count(), 35);
        let meanings: BTreeSet<_> = named.filter_map(|text| text.split(" (alert").next()).collect();
        assert!(meanings.len() > 25);
    }

    #[test]
    fn a_limit_of_ours_is_named_as_one() {
        for code in [40, 70, 71] {
            assert!(Alert(code.into()).to_string().contains("this program"), "{code}");
        }
        for code in [80, 112, 116] {
            assert!(!Alert(code.into()).to_string().contains("this program"), "{code}");
        }
    }
}
