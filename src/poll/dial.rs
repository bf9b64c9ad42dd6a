//! The one door out: every connection to an issuer is opened here, straight or through a proxy, and to no address that the
//! policy refuses.

use std::io::ErrorKind;
use std::net::{IpAddr, SocketAddr};

use tokio::net::TcpStream;
use tokio::time::timeout;

use super::error::PollError;
use super::phase::Phase;
use super::poller::Poller;
use super::stream::Stream;
use super::via::Via;
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
            .map_err(|error| match error.kind() {
                ErrorKind::NetworkUnreachable => PollError::NoRoute(address),
                _ => PollError::Connect { address, error: error.to_string() },
            })?;
        Ok(Box::new(tcp))
    }
}
