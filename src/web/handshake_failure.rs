//! Why a TLS handshake with a client failed: one of two refusals, and a sentence for the log.

use std::io::{Error, ErrorKind};

use crate::printable::printable;
use crate::refusal::Refusal;

/// Longest cause, characters.
const MAX_CAUSE: usize = 200;

pub(super) struct HandshakeFailure {
    pub refusal: Refusal,
    pub cause: String,
}

impl HandshakeFailure {
    pub(super) fn of(error: &Error) -> Self {
        let tls = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
        let refusal = match tls {
            Some(rustls::Error::NoCertificatesPresented | rustls::Error::InvalidCertificate(_)) => {
                Refusal::ClientCertificate
            }
            _ => Refusal::TlsHandshake,
        };
        let cause = match tls {
            Some(rustls::Error::NoApplicationProtocol) => {
                "the client speaks no HTTP/1.1, and nothing else is spoken here".to_owned()
            }
            Some(rustls::Error::AlertReceived(alert)) => format!("the client gave up with {alert:?}"),
            Some(tls) => tls.to_string(),
            None if error.kind() == ErrorKind::UnexpectedEof => "the client closed the connection".to_owned(),
            None => error.to_string(),
        };
        Self { refusal, cause: printable(&cause, MAX_CAUSE) }
    }
}

#[cfg(test)]
mod tests {
    use rustls::{AlertDescription, CertificateError};

    use super::*;

    #[test]
    fn certificates_are_told_from_the_rest() {
        let tls = |error: rustls::Error| Error::new(ErrorKind::InvalidData, error);
        for (error, refusal, told) in [
            (
                tls(rustls::Error::NoCertificatesPresented),
                Refusal::ClientCertificate,
                "peer sent no certificates",
            ),
            (tls(CertificateError::UnknownIssuer.into()), Refusal::ClientCertificate, "UnknownIssuer"),
            (tls(rustls::Error::NoApplicationProtocol), Refusal::TlsHandshake, "speaks no HTTP/1.1"),
            (
                tls(rustls::Error::AlertReceived(AlertDescription::UnknownCA)),
                Refusal::TlsHandshake,
                "the client gave up with UnknownCA",
            ),
            (ErrorKind::UnexpectedEof.into(), Refusal::TlsHandshake, "the client closed the connection"),
            (ErrorKind::ConnectionReset.into(), Refusal::TlsHandshake, "connection reset"),
        ] {
            let failure = HandshakeFailure::of(&error);
            assert_eq!(failure.refusal, refusal, "{told}");
            assert!(failure.cause.contains(told), "{}", failure.cause);
        }
    }
}
