//! What a handshake goes over, whoever opened it.

use tokio::io::{AsyncRead, AsyncWrite};

/// Bytes in both directions.
pub(super) trait Wire: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Wire for T {}

/// An open connection to an endpoint, before TLS, whichever way it goes: TCP, or a tunnel that a proxy has opened.
pub(super) type Stream = Box<dyn Wire>;
