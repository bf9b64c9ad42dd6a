//! What a handshake goes over, whoever opened it.

use tokio::io::{AsyncRead, AsyncWrite};

/// Bytes in both directions.
pub(super) trait Wire: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Wire for T {}
