//! Why a server's first flight shows no certificates.

use super::choice::Choice;
use crate::poll::alert::Alert;
use crate::poll::other_protocol::OtherProtocol;

/// Why there are no certificates.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClearError {
    #[error("{0}")]
    Alert(Alert),
    /// The same after the server's hello, so that it is no answer to the client's.
    #[error("the server chose {}, and refused the handshake then (alert {})", .0.version_name(), u8::from(.1.0))]
    AlertAfterHello(Choice, Alert),
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
