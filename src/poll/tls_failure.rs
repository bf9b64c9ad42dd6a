//! Why a TLS handshake came to nothing: what the server wanted, or what it did.

use std::io::{self, ErrorKind};

use rustls::{Error, InvalidMessage};

use super::alert::Alert;
use super::clear::{Choice, ClearError};
use super::other_protocol::OtherProtocol;

/// Why a TLS handshake came to nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TlsFailure {
    /// What the server said instead of showing its certificates.
    #[error("{0}")]
    Alert(Alert),
    /// What the server said after it had shown them, when all that is left to want is the client's side.
    #[error(
        "the server refused the handshake after it had shown its certificates (alert {}), most likely for want of a client \
         certificate", u8::from(.0.0)
    )]
    Refused(Alert),
    /// The server answered the client hello of the last resort with this choice.
    #[error("{0}; the chain was read, and no document can be fetched")]
    NotSpoken(Choice),
    /// The same, when its choice does not explain what the first offer met.
    #[error(
        "{0}; the chain was read with a client hello that offers more than this program speaks, and no document can be fetched"
    )]
    Unexplained(Box<Self>),
    /// These bytes are no TLS.
    #[error("the server speaks {0} on this port")]
    OtherProtocol(OtherProtocol),
    /// The signature was checked, and the key of the leaf did not make it.
    #[error("the server does not hold the key of the certificate that it shows")]
    WrongKey,
    #[error("the server closed the connection during the handshake")]
    Closed,
    #[error("timed out")]
    TimedOut,
    #[error("the server reset the connection during the handshake")]
    Reset,
    /// rustls will not go on with what the server chose.
    #[error("the server wants something that this program does not speak ({0})")]
    Incompatible(String),
    /// More than rustls reads of one message.
    #[error("the server's handshake is longer than this program reads (64 KiB)")]
    TooLong,
    /// What rustls or the operating system said.
    #[error("{0}")]
    Other(String),
}

impl TlsFailure {
    /// The same, of a server that had shown its certificates before.
    pub(super) fn after_certificates(self) -> Self {
        match self {
            Self::Alert(alert) => Self::Refused(alert),
            other => other,
        }
    }

    /// The first of all offers met this, and the last one `choice` and a chain. Only a server that says that there is nothing in
    /// common wants what it then chose.
    pub(super) fn explained_by(&self, choice: Choice) -> Self {
        let is_about_the_offer = match self {
            Self::Alert(alert) => alert.is_about_the_offer(),
            Self::Incompatible(_) => true,
            _ => false,
        };
        if choice.is_spoken() && !is_about_the_offer {
            Self::Unexplained(Box::new(self.clone()))
        } else {
            Self::NotSpoken(choice)
        }
    }

    /// Another offer may come further. A server that does not know the name knows it no better the second time, and a wrong
    /// signature is an answer.
    pub(super) fn is_worth_another_offer(&self) -> bool {
        !matches!(self, Self::WrongKey | Self::Alert(Alert(rustls::AlertDescription::UnrecognisedName)))
    }
}

impl From<&io::Error> for TlsFailure {
    fn from(error: &io::Error) -> Self {
        let by_rustls = error.get_ref().and_then(|error| error.downcast_ref::<Error>());
        match (by_rustls, error.kind()) {
            (Some(Error::AlertReceived(alert)), _) => Self::Alert(Alert(*alert)),
            (Some(Error::InvalidMessage(InvalidMessage::InvalidContentType)), _) => {
                Self::OtherProtocol(OtherProtocol::Unknown)
            }
            (Some(Error::PeerIncompatible(why)), _) => Self::Incompatible(format!("{why:?}")),
            (
                Some(Error::InvalidMessage(
                    InvalidMessage::HandshakePayloadTooLarge | InvalidMessage::CertificatePayloadTooLarge,
                )),
                _,
            ) => Self::TooLong,
            (Some(Error::PeerMisbehaved(how)), _) => {
                Self::Other(format!("the server breaks the rules of TLS ({how:?})"))
            }
            (Some(Error::InvalidMessage(how)), _) => {
                Self::Other(format!("the server's handshake cannot be read ({how:?})"))
            }
            (Some(error), _) => Self::Other(error.to_string()),
            (None, ErrorKind::UnexpectedEof) => Self::Closed,
            (None, ErrorKind::TimedOut) => Self::TimedOut,
            (None, ErrorKind::ConnectionReset | ErrorKind::BrokenPipe | ErrorKind::ConnectionAborted) => {
                Self::Reset
            }
            (None, _) => Self::Other(error.to_string()),
        }
    }
}

impl From<ClearError> for TlsFailure {
    fn from(error: ClearError) -> Self {
        match error {
            ClearError::Alert(alert) => Self::Alert(alert),
            ClearError::OtherProtocol(protocol) => Self::OtherProtocol(protocol),
            ClearError::Closed => Self::Closed,
            error @ (ClearError::AlertAfterHello(..) | ClearError::TooLong | ClearError::Malformed(_)) => {
                Self::Other(error.to_string())
            }
        }
    }
}
