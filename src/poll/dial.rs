//! The one door out: every TCP connection to an issuer is opened here, and to no address that the policy refuses.

use std::io::ErrorKind;
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
            .map_err(|error| match error.kind() {
                ErrorKind::NetworkUnreachable => PollError::NoRoute(address),
                _ => PollError::Connect { address, error: error.to_string() },
            })
    }
}
