//! What the server listens on: TCP, and the unix sockets that systemd hands over.

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, UnixListener};

use super::queue::Network;
use crate::systemd::Handed;

/// A socket that connections come from.
#[derive(Debug)]
pub(crate) enum Listener {
    Tcp(TcpListener),
    Unix(UnixListener),
}

/// Bytes in both directions.
pub(super) trait Io: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Io for T {}

/// A connection of either kind.
pub(super) type Stream = Box<dyn Io>;

/// The other end of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Peer {
    Address(SocketAddr),
    UnixSocket,
}

impl Peer {
    /// With whom it shares limits. All who come by a unix socket are one: they are of this machine.
    pub(super) fn network(self) -> Network {
        match self {
            Self::Address(address) => address.ip().into(),
            Self::UnixSocket => IpAddr::from([0; 4]).into(),
        }
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address) => address.fmt(f),
            Self::UnixSocket => f.write_str("unix socket"),
        }
    }
}

impl Listener {
    /// One that was handed over.
    ///
    /// # Errors
    /// When the operating system has no room for it.
    pub(crate) fn handed(socket: Handed) -> io::Result<Self> {
        Ok(match socket {
            Handed::Tcp(listener) => Self::Tcp(TcpListener::from_std(listener)?),
            Handed::Unix(listener) => Self::Unix(UnixListener::from_std(listener)?),
        })
    }

    pub(super) async fn accept(&self) -> io::Result<(Stream, Peer)> {
        match self {
            Self::Tcp(listener) => {
                let (stream, mut peer) = listener.accept().await?;
                // A client of IPv4 at a socket for both is shown as what it is.
                peer.set_ip(peer.ip().to_canonical());
                Ok((Box::new(stream), Peer::Address(peer)))
            }
            Self::Unix(listener) => Ok((Box::new(listener.accept().await?.0), Peer::UnixSocket)),
        }
    }
}

impl fmt::Display for Listener {
    /// Where it listens.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(listener) => match listener.local_addr() {
                Ok(address) => address.fmt(f),
                Err(error) => error.fmt(f),
            },
            Self::Unix(listener) => {
                let address = listener.local_addr().ok();
                match address.as_ref().and_then(|address| address.as_pathname()) {
                    Some(path) => write!(f, "unix:{}", path.display()),
                    None => f.write_str("unix socket"),
                }
            }
        }
    }
}
