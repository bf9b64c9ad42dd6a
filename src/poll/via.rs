//! By which way a face of a host was seen.

use std::fmt;
use std::net::IpAddr;

/// The way to one face of a host. Through a proxy that resolves the name there is no address to tell one face from another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Via {
    /// To an address that is known, straight or through a proxy.
    Address(IpAddr),
    /// To whichever address the proxy chose.
    Proxy,
}

impl Via {
    /// The address, where it is known.
    #[must_use]
    pub const fn address(self) -> Option<IpAddr> {
        match self {
            Self::Address(address) => Some(address),
            Self::Proxy => None,
        }
    }

    /// In words, after "TLS handshake".
    pub(super) fn with(self) -> String {
        match self {
            Self::Address(address) => format!("with {address}"),
            Self::Proxy => "through the proxy".to_owned(),
        }
    }
}

impl fmt::Display for Via {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address) => address.fmt(f),
            Self::Proxy => f.write_str("through the proxy"),
        }
    }
}

impl From<IpAddr> for Via {
    fn from(address: IpAddr) -> Self {
        Self::Address(address)
    }
}
