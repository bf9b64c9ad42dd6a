//! The one door out: every TCP connection to an issuer is opened here, and to no address that the policy refuses.

use std::io::{self, ErrorKind};
use std::net::{IpAddr, SocketAddr};

use tokio::net::TcpStream;
use tokio::time::timeout;

use super::error::PollError;
use super::phase::Phase;
use super::poller::Poller;

impl Poller {
    /// A TCP connection to one address of an endpoint.
    ///
    /// # Errors
    /// When the policy refuses the address, nothing answers there, or the time limit is reached.
    pub(super) async fn dial(&self, address: IpAddr, port: u16) -> Result<TcpStream, PollError> {
        self.addresses.admit(address)?;
        timeout(self.limits.connect, TcpStream::connect(SocketAddr::new(address, port)))
            .await
            .map_err(|_| PollError::Timeout(Phase::Connect))?
            .map_err(|error| refused(address, &error))
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
