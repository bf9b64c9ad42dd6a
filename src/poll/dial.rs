//! The one door out: every connection to an issuer is opened here, straight or through a proxy, and to no address that the
//! policy refuses.

use std::io::{self, ErrorKind};
use std::net::{IpAddr, SocketAddr};

use tokio::net::TcpStream;
use tokio::time::timeout;

use super::error::PollError;
use super::phase::Phase;
use super::poller::Poller;
use super::via::Via;
use super::wire::Stream;
use crate::endpoint::Endpoint;

impl Poller {
    /// A proxy chooses the address of `endpoint`, so that nothing is resolved here: it carries the connection, and no
    /// address is set for the name.
    pub(super) fn leaves_address_to_proxy(&self, endpoint: &Endpoint) -> bool {
        self.tunnels.proxy_for(endpoint).is_some()
            && endpoint.ip().is_none()
            && self.resolver.set_for(endpoint).is_none()
    }

    /// A connection to one face of an endpoint.
    ///
    /// # Errors
    /// When the policy refuses the address, nothing answers there, the proxy opens no tunnel, or the time limit is reached.
    pub(super) async fn dial(&self, endpoint: &Endpoint, via: Via) -> Result<Stream, PollError> {
        let limit = self.limits.connect;
        let to = match via {
            Via::Proxy => endpoint.clone(),
            Via::Address(address) => {
                self.addresses.admit(address)?;
                Endpoint::at(address, endpoint.port())
            }
        };
        // What goes straight by its name or by its address goes straight.
        match (via, self.tunnels.proxy_for(endpoint).and(self.tunnels.proxy_for(&to))) {
            (_, Some(proxy)) => self.tunnels.open(proxy, &to, &self.resolver, limit).await,
            (Via::Address(address), None) => self.dial_straight(address, endpoint.port()).await,
            (Via::Proxy, None) => Err(PollError::NoAddress(endpoint.host().to_owned())),
        }
    }

    async fn dial_straight(&self, address: IpAddr, port: u16) -> Result<Stream, PollError> {
        let tcp = timeout(self.limits.connect, TcpStream::connect(SocketAddr::new(address, port)))
            .await
            .map_err(|_| PollError::Timeout(Phase::Connect))?
            .map_err(|error| refused(address, &error))?;
        Ok(Box::new(tcp))
    }
}

/// Tells what the other side, or the way to it, answered from what this machine says by itself: no route, no such address
/// family, a firewall, no free file or port. An unreachable host is of the first kind, since a router far off can say it.
fn refused(address: IpAddr, error: &io::Error) -> PollError {
    let text = error.to_string();
    match error.kind() {
        ErrorKind::ConnectionRefused
        | ErrorKind::ConnectionReset
        | ErrorKind::ConnectionAborted
        | ErrorKind::TimedOut
        | ErrorKind::HostUnreachable => PollError::Connect { address, error: text },
        _ => PollError::Local { address, error: text },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whose_failure_it_is() {
        // Numbers of Linux (errno(3)).
        for (errno, name, is_local) in [
            (111, "ECONNREFUSED", false),
            (104, "ECONNRESET", false),
            (103, "ECONNABORTED", false),
            (110, "ETIMEDOUT", false),
            (113, "EHOSTUNREACH", false),
            (101, "ENETUNREACH", true),
            (100, "ENETDOWN", true),
            (99, "EADDRNOTAVAIL", true),
            (98, "EADDRINUSE", true),
            (97, "EAFNOSUPPORT", true),
            (22, "EINVAL", true),
            (13, "EACCES", true),
            (1, "EPERM", true),
            (24, "EMFILE", true),
            (23, "ENFILE", true),
            (105, "ENOBUFS", true),
            (12, "ENOMEM", true),
            (11, "EAGAIN", true),
        ] {
            let address = "192.0.2.1".parse().unwrap();
            let refused = refused(address, &io::Error::from_raw_os_error(errno));
            assert_eq!(matches!(refused, PollError::Local { .. }), is_local, "{name}: {refused}");
        }
    }
}
