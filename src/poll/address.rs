//! Names to addresses, and which addresses may be connected to.

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, ToSocketAddrs as _};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;

use super::error::{AddressKind, PollError};
use super::phase::Phase;
use crate::endpoint::Endpoint;

/// Addresses of one host that are known one by one; a zone can hold more, which are only counted.
pub(crate) const MAX_ADDRESSES: usize = 1024;

/// Names that are looked up at the same time; the runtime has four times as many threads that may block.
const MAX_LOOKUPS: usize = 128;

/// Where addresses come from.
#[derive(Clone, Debug)]
pub enum Resolver {
    /// The system's resolver, with addresses by name that stand in for it.
    System(Arc<BTreeMap<String, Vec<IpAddr>>>),
    /// Only the table: for tests without DNS.
    Table(Arc<BTreeMap<String, Vec<IpAddr>>>),
}

/// What a name resolved to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resolved {
    /// Each once, sorted; at most [`MAX_ADDRESSES`].
    pub addresses: Vec<IpAddr>,
    /// How many there are beyond those.
    pub beyond: usize,
}

impl Resolved {
    fn new(mut addresses: Vec<IpAddr>) -> Self {
        addresses.sort_unstable();
        addresses.dedup();
        let beyond = addresses.len().saturating_sub(MAX_ADDRESSES);
        addresses.truncate(MAX_ADDRESSES);
        Self { addresses, beyond }
    }

    /// How many there are in all.
    #[must_use]
    pub fn count(&self) -> usize {
        self.addresses.len() + self.beyond
    }
}

impl Resolver {
    /// The addresses that are set for the endpoint's host, so that DNS is not asked.
    pub(super) fn set_for(&self, endpoint: &Endpoint) -> Option<&[IpAddr]> {
        let (Self::System(table) | Self::Table(table)) = self;
        table.get(endpoint.host()).map(Vec::as_slice)
    }

    /// All addresses of the endpoint's host.
    ///
    /// # Errors
    /// `Dns`, `NoAddress`, or `Timeout` after `limit`.
    pub async fn resolve(&self, endpoint: &Endpoint, limit: Duration) -> Result<Resolved, PollError> {
        let host = endpoint.host();
        let (Self::System(table) | Self::Table(table)) = self;
        let addresses: Vec<IpAddr> = match (table.get(host), endpoint.ip(), self) {
            (Some(addresses), ..) => addresses.clone(),
            (None, Some(address), _) => vec![address],
            (None, None, Self::Table(_)) => Vec::new(),
            (None, None, Self::System(_)) => {
                let found = tokio::time::timeout(limit, look_up(host.to_owned(), endpoint.port()));
                found
                    .await
                    .map_err(|_| PollError::Timeout(Phase::Resolve))?
                    .map_err(|error| PollError::Dns { host: host.to_owned(), error: error.to_string() })?
            }
        };
        if addresses.is_empty() {
            return Err(PollError::NoAddress(host.to_owned()));
        }
        Ok(Resolved::new(addresses))
    }
}

/// Asks the system's resolver. It may hang for longer than anybody waits, with a thread of the runtime, of which scrapes need
/// some too: so a lookup holds its place until it ends.
async fn look_up(host: String, port: u16) -> io::Result<Vec<IpAddr>> {
    static PLACES: Semaphore = Semaphore::const_new(MAX_LOOKUPS);
    let place = PLACES.acquire().await.map_err(io::Error::other)?;
    let lookup = tokio::task::spawn_blocking(move || {
        let found = (host.as_str(), port).to_socket_addrs().map(|found| found.map(|at| at.ip()).collect());
        drop(place);
        found
    });
    lookup.await.map_err(io::Error::other)?
}

/// Which addresses may be connected to. Issuers' names and `jwks_uri` are under the control of others, and
/// the daemon runs where cloud metadata and local services answer.
#[derive(Clone, Copy, Debug)]
pub struct AddressPolicy {
    /// 127.0.0.0/8 and `::1` too.
    pub allow_loopback: bool,
}

impl AddressPolicy {
    /// Accepts `address`, or says what it is.
    ///
    /// # Errors
    /// [`PollError::Blocked`].
    pub fn admit(self, address: IpAddr) -> Result<(), PollError> {
        let real = embedded_v4(address).map_or(address, IpAddr::V4);
        let link_local = match real {
            IpAddr::V4(v4) => v4.is_link_local() || METADATA_V4.contains(&v4),
            IpAddr::V6(v6) => v6.is_unicast_link_local() || METADATA_V6.contains(&v6),
        };
        let kind = if real.is_unspecified() {
            AddressKind::Unspecified
        } else if real.is_multicast() || real == IpAddr::V4(Ipv4Addr::BROADCAST) {
            AddressKind::Multicast
        } else if real.is_loopback() && !self.allow_loopback {
            AddressKind::Loopback
        } else if link_local {
            AddressKind::Metadata
        } else {
            return Ok(());
        };
        Err(PollError::Blocked { address, kind })
    }
}

/// Metadata services outside 169.254.0.0/16: Alibaba Cloud, and Azure's wire server.
const METADATA_V4: [Ipv4Addr; 2] = [Ipv4Addr::new(100, 100, 100, 200), Ipv4Addr::new(168, 63, 129, 16)];
/// Metadata services outside `fe80::/10`: EC2 instances, EKS Pod Identity, Google Cloud.
const METADATA_V6: [Ipv6Addr; 3] = [
    Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254),
    Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x23),
    Ipv6Addr::new(0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254),
];

/// The IPv4 address that an IPv6 address stands for: mapped (`::ffff:0:0/96`), compatible (`::/96`), NAT64
/// (`64:ff9b::/96`, RFC 6052) or 6to4 (`2002::/16`, RFC 3056).
pub(super) fn embedded_v4(address: IpAddr) -> Option<Ipv4Addr> {
    let IpAddr::V6(v6) = address else { return None };
    let segments = v6.segments();
    let join = |high: u16, low: u16| Ipv4Addr::from(u32::from(high) << 16 | u32::from(low));
    match segments {
        [0, 0, 0, 0, 0, 0, 0, 0 | 1] => None,
        [0, 0, 0, 0, 0, 0 | 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => {
            Some(join(high, low))
        }
        [0x2002, high, low, ..] => Some(join(high, low)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_beyond_the_bound_is_counted() {
        let address = |number: u32| IpAddr::from((0x0a00_0000 + number).to_be_bytes());
        for (count, kept, beyond) in [(1, 1, 0), (1024, 1024, 0), (1030, 1024, 6)] {
            let twice = (0..count).rev().chain(0..count).map(address).collect();
            let resolved = Resolved::new(twice);
            assert_eq!((resolved.addresses.len(), resolved.beyond), (kept, beyond));
            assert_eq!(resolved.addresses[0], address(0));
        }
    }

    #[test]
    fn metadata_and_local_addresses_are_refused_in_every_spelling() {
        for (text, loopback_allowed, otherwise) in [
            ("93.184.216.34", true, true),
            ("10.0.0.1", true, true),
            ("2606:2800:220:1::1", true, true),
            ("fd12:3456::1", true, true),
            ("127.0.0.1", true, false),
            ("127.8.9.1", true, false),
            ("::1", true, false),
            ("::ffff:127.0.0.1", true, false),
            ("169.254.169.254", false, false),
            ("169.254.170.2", false, false),
            ("::ffff:169.254.169.254", false, false),
            ("64:ff9b::a9fe:a9fe", false, false),
            ("2002:a9fe:a9fe::1", false, false),
            ("fe80::1", false, false),
            ("fd00:ec2::254", false, false),
            ("100.100.100.200", false, false),
            ("0.0.0.0", false, false),
            ("::", false, false),
            ("224.0.0.1", false, false),
            ("255.255.255.255", false, false),
            ("ff02::1", false, false),
        ] {
            let address: IpAddr = text.parse().unwrap();
            let admitted = |allow_loopback| AddressPolicy { allow_loopback }.admit(address).is_ok();
            assert_eq!((admitted(true), admitted(false)), (loopback_allowed, otherwise), "{text}");
        }
    }
}
