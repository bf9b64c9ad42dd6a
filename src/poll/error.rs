//! Every way in which a poll can fail, and the closed set of reasons that becomes a label.

use std::net::IpAddr;

use enum_map::Enum;
use serde::Serialize;
use strum::{Display, EnumIter, IntoStaticStr};

use super::phase::Phase;
use crate::endpoint::UrlError;

/// The value of the label `reason` of `oidc_issuer_poll_failures_total`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum, EnumIter, IntoStaticStr, Display, Serialize)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case", const_into_str)]
pub enum Reason {
    /// The host name has no address, or the resolver failed.
    Dns,
    /// An address that must not be connected to: link-local, loopback, multicast.
    Blocked,
    /// No TCP connection.
    Connect,
    /// A wait reached its limit.
    Timeout,
    /// The TLS handshake failed.
    Tls,
    /// The answer is not HTTP, or broke off.
    Http,
    /// A redirect: reported, never followed.
    Redirect,
    /// A status other than 200.
    HttpStatus,
    /// The discovery document is not one, or is for another issuer.
    Discovery,
    /// The JWKS is not one, or AWS could not use it.
    Jwks,
    /// More bytes than are read.
    TooLarge,
}

/// Addresses that are not connected to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Display)]
pub enum AddressKind {
    /// `0.0.0.0`, `::`.
    #[strum(to_string = "an unspecified address")]
    Unspecified,
    /// One that many listen to.
    #[strum(to_string = "a multicast or broadcast address")]
    Multicast,
    /// This machine, while that is not allowed.
    #[strum(
        to_string = "a loopback address; --allow-loopback, or poll.allow_loopback in the configuration, admits these"
    )]
    Loopback,
    /// Where cloud providers answer with credentials.
    #[strum(to_string = "a link-local or cloud metadata address")]
    Metadata,
}

/// Why a poll, or one address of it, failed. The text is for logs and people, never for labels.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PollError {
    /// The resolver failed.
    #[error("cannot resolve {host}: {error}")]
    Dns {
        /// The name asked for.
        host: String,
        /// What the resolver said.
        error: String,
    },
    /// The resolver knows the name and gives no address.
    #[error("{0} has no address")]
    NoAddress(String),
    /// An address that must not be connected to.
    #[error("{address} is refused: {kind}")]
    Blocked {
        /// The address.
        address: IpAddr,
        /// What it is.
        kind: AddressKind,
    },
    /// TCP.
    #[error("cannot connect to {address}: {error}")]
    Connect {
        /// The address.
        address: IpAddr,
        /// What the operating system said.
        error: String,
    },
    /// This machine has no way to the address, such as to IPv6 where there is none.
    #[error("this machine has no route to {0}")]
    NoRoute(IpAddr),
    /// A wait reached its limit.
    #[error("no end of the phase `{0}` in time")]
    Timeout(Phase),
    /// The poll as a whole reached its limit.
    #[error("the whole poll took too long")]
    Overrun,
    /// TLS.
    #[error("TLS handshake with {address}: {error}")]
    Tls {
        /// The address.
        address: IpAddr,
        /// What rustls or the operating system said.
        error: String,
    },
    /// The host of the URL cannot be named in TLS.
    #[error("{0} cannot be asked for in TLS")]
    ServerName(String),
    /// Not HTTP, or broken off.
    #[error("{phase}: {error}")]
    Http {
        /// Which document was asked for.
        phase: Phase,
        /// What hyper said.
        error: String,
    },
    /// 3xx.
    #[error("{phase}: status {status}: redirects are not followed, AWS does not follow them either")]
    Redirect {
        /// Which document was asked for.
        phase: Phase,
        /// The status.
        status: u16,
    },
    /// Neither 200 nor 3xx.
    #[error("{phase}: status {status}")]
    HttpStatus {
        /// Which document was asked for.
        phase: Phase,
        /// The status.
        status: u16,
    },
    /// A document above the limit.
    #[error("{phase}: longer than {limit} bytes")]
    TooLarge {
        /// Which document was asked for.
        phase: Phase,
        /// The limit.
        limit: usize,
    },
    /// Too many header fields, or too long ones.
    #[error("{0}: the head of the answer is longer than is read")]
    HeadTooLarge(Phase),
    /// The discovery document.
    #[error("discovery document: {0}")]
    Discovery(#[from] DiscoveryError),
    /// The JWKS.
    #[error("JWKS: {0}")]
    Jwks(#[from] JwksError),
}

/// What is wrong with a discovery document.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DiscoveryError {
    /// Not JSON, or without the members that it must have.
    #[error("{0}")]
    Json(String),
    /// `issuer` is another one (OpenID Connect Discovery 1.0, section 4.3).
    #[error("is for another issuer: {0}")]
    OtherIssuer(String),
    /// `jwks_uri` is not an https URL.
    #[error("jwks_uri: {0}")]
    JwksUri(#[from] UrlError),
}

/// The kinds of keys that AWS takes, by their `kty` (RFC 7518, section 6.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumIter, IntoStaticStr, Display)]
#[strum(serialize_all = "UPPERCASE", const_into_str)]
pub enum KeyKind {
    /// RSA.
    Rsa,
    /// Elliptic curve.
    Ec,
}

/// What is wrong with a JWKS.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JwksError {
    /// Not JSON, or without `keys`.
    #[error("{0}")]
    Json(String),
    /// No RSA or EC key with a `kid` that is for signatures.
    #[error("holds no usable key among its {0}")]
    NoUsableKey(usize),
    /// AWS takes at most 100 keys of each kind.
    #[error("holds {count} {kind} keys, AWS takes at most 100")]
    TooManyKeys {
        /// How many there are.
        count: usize,
        /// Of which kind.
        kind: KeyKind,
    },
}

impl PollError {
    /// The closed reason of this failure.
    #[must_use]
    pub const fn reason(&self) -> Reason {
        match self {
            Self::Dns { .. } | Self::NoAddress(_) => Reason::Dns,
            Self::Blocked { .. } => Reason::Blocked,
            Self::Connect { .. } | Self::NoRoute(_) => Reason::Connect,
            Self::Timeout(_) | Self::Overrun => Reason::Timeout,
            Self::Tls { .. } | Self::ServerName(_) => Reason::Tls,
            Self::Http { .. } => Reason::Http,
            Self::Redirect { .. } => Reason::Redirect,
            Self::HttpStatus { .. } => Reason::HttpStatus,
            Self::Discovery(_) => Reason::Discovery,
            Self::Jwks(_) => Reason::Jwks,
            Self::TooLarge { .. } | Self::HeadTooLarge(_) => Reason::TooLarge,
        }
    }
}
