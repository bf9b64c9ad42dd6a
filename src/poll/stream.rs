//! Bytes to and from an endpoint, whichever way they go: TCP, or a tunnel that a proxy has opened.

use tokio::io::{AsyncRead, AsyncWrite};

/// Both directions.
pub(super) trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

/// An open connection, before TLS.
pub(super) type Stream = Box<dyn Duplex>;
