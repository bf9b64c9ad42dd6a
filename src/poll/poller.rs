//! Everything that a poll needs from outside, passed in.

use std::time::Duration;

use super::address::{AddressPolicy, Resolver};
use super::tls::Tls;
use super::tunnel::Tunnels;
use crate::clock::Clock;

/// Everything that a poll needs from outside.
#[derive(Clone)]
pub struct Poller {
    /// The time.
    pub clock: Clock,
    /// Names to addresses.
    pub resolver: Resolver,
    /// Addresses that may be connected to.
    pub addresses: AddressPolicy,
    /// Proxies, where connections go through one.
    pub tunnels: Tunnels,
    /// The handshake.
    pub tls: Tls,
    /// Longest waits.
    pub limits: Limits,
}

/// Longest waits of a poll.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Each of: resolving, connecting, the TLS handshake.
    pub connect: Duration,
    /// Each of: the discovery document, the JWKS.
    pub request: Duration,
    /// The whole poll of one issuer.
    pub poll: Duration,
}
