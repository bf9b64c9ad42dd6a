//! Every way in which a poll can fail, and the closed set of reasons that becomes a label.

use std::net::IpAddr;

use enum_map::{Enum, EnumMap};
use hyper::StatusCode;
use serde::Serialize;
use strum::{Display, EnumIter, IntoStaticStr};

use super::bounds::{MAX_HEAD_BYTES, MAX_HEADERS};
use super::http_error::HttpError;
use super::json::JsonError;
use super::key::{KeyKind, Unusable};
use super::phase::Phase;
use super::tls_failure::TlsFailure;
use super::via::Via;
use crate::endpoint::{Endpoint, UrlError};
use crate::plural::counted;

/// The value of the label `reason` of `oidc_issuer_poll_failures_total`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum, EnumIter, IntoStaticStr, Display, Serialize)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case", const_into_str)]
pub enum Reason {
    /// The host name has no address, or the resolver failed.
    Dns,
    /// An address that must not be connected to: link-local, loopback, multicast.
    Blocked,
    /// No TCP connection: the other side, or the way to it, refused.
    Connect,
    /// No TCP connection: this machine has no way to the address, or no means to open it.
    Local,
    /// A wait reached its limit.
    Timeout,
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
    /// The proxy cannot be reached, or does not answer as a proxy; nothing is known of the issuer.
    Proxy,
    /// The proxy wants a user name and a password, or others than it was told.
    ProxyAuthentication,
    /// The proxy opens no connection to the issuer: by its rules, or because it cannot.
    ProxyRefused,
}

/// Addresses that are not connected to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Display)]
pub enum AddressKind {
    /// `0.0.0.0`, `::`.
    #[strum(to_string = "unspecified address")]
    Unspecified,
    /// One that many listen to.
    #[strum(to_string = "multicast or broadcast address")]
    Multicast,
    /// This machine, while that is not allowed.
    #[strum(to_string = "loopback address (allow it with poll.allow_loopback, or inspect --allow-loopback)")]
    Loopback,
    /// Where cloud providers answer with credentials.
    #[strum(to_string = "link-local or cloud metadata address")]
    Metadata,
}

/// Why a poll, or one address of it, failed. The text is for logs and people, never for labels.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PollError {
    #[error("cannot resolve {host}: {error}")]
    Dns {
        host: String,
        /// What the resolver said.
        error: String,
    },
    /// The resolver knows the name and gives no address.
    #[error("{0} resolves to no address")]
    NoAddress(String),
    /// An address that must not be connected to.
    #[error("{address} is not allowed: {kind}")]
    Blocked { address: IpAddr, kind: AddressKind },
    #[error("cannot connect to {address}: {error}")]
    Connect {
        address: IpAddr,
        /// What the operating system said.
        error: String,
    },
    /// This machine has no way to the address, such as to IPv6 where there is none, or no means to open a connection. It
    /// says nothing about the issuer.
    #[error("this machine cannot connect to {address}: {error}")]
    Local {
        address: IpAddr,
        /// What the operating system said.
        error: String,
    },
    /// A wait reached its limit.
    #[error("timed out {}", .0.activity())]
    Timeout(Phase),
    /// The poll as a whole reached its limit.
    #[error("poll timed out")]
    Overrun,
    #[error("proxy {proxy}: {failure}")]
    Proxy {
        /// Without credentials.
        proxy: String,
        failure: ProxyFailure,
    },
    #[error("TLS handshake {} failed: {failure}", .via.with())]
    Tls { via: Via, failure: TlsFailure },
    /// The host of the URL cannot be named in TLS.
    #[error("{0} cannot be asked for by TLS: not a valid server name")]
    ServerName(String),
    /// Not HTTP, or broken off.
    #[error("{}: {error}", .phase.object())]
    Http {
        /// Which document was asked for.
        phase: Phase,
        error: HttpError,
    },
    #[error("{}: HTTP status {}; redirects are not followed", .phase.object(), named(*.status))]
    Redirect {
        /// Which document was asked for.
        phase: Phase,
        status: u16,
    },
    /// Neither 200 nor 3xx.
    #[error("{}: HTTP status {}", .phase.object(), named(*.status))]
    HttpStatus {
        /// Which document was asked for.
        phase: Phase,
        status: u16,
    },
    /// A document above the limit.
    #[error("{}: larger than {limit} bytes", .phase.object())]
    TooLarge {
        /// Which document was asked for.
        phase: Phase,
        limit: usize,
    },
    /// Too many header fields, or too long ones.
    #[error(
        "{}: the response headers are too large (at most {MAX_HEADERS}, and {} KiB in all)",
        .0.object(), MAX_HEAD_BYTES / 1024
    )]
    HeadTooLarge(Phase),
    #[error("discovery document: {0}")]
    Discovery(#[from] DiscoveryError),
    #[error("JWKS: {0}")]
    Jwks(#[from] JwksError),
}

/// Why a proxy opened no tunnel.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProxyFailure {
    /// Its name has no address, or nothing answers there.
    #[error("{0}")]
    Unreachable(String),
    /// TLS with the proxy itself.
    #[error("TLS handshake with the proxy itself failed: {0}")]
    Tls(String),
    /// Not HTTP, too long, or broken off.
    #[error("its answer cannot be used: {0}")]
    Answer(String),
    #[error("timed out waiting for it to connect to {0}")]
    NoAnswer(Endpoint),
    /// 407, and there was nothing to tell it.
    #[error("it wants a user name and a password (HTTP status {status}), and none are set")]
    CredentialsWanted { status: u16 },
    /// 407 all the same; tinyproxy says 401 then.
    #[error("it does not accept the user name and password that are set (HTTP status {status})")]
    CredentialsRefused { status: u16 },
    /// It takes no password that is sent as it is.
    #[error("it wants authentication by {schemes} (HTTP status {status}), and only Basic is possible here")]
    OtherScheme { status: u16, schemes: String },
    /// Any other status than 2xx.
    #[error("it opened no connection to {to}: HTTP status {}{cause}", named(*.status))]
    Refused {
        to: Endpoint,
        status: u16,
        /// What it says of that, in brackets; empty when it says nothing.
        cause: String,
    },
}

impl ProxyFailure {
    const fn reason(&self) -> Reason {
        match self {
            Self::Unreachable(_) | Self::Tls(_) | Self::Answer(_) => Reason::Proxy,
            // Nobody knows whether the proxy is slow or the issuer.
            Self::NoAnswer(_) => Reason::Timeout,
            Self::CredentialsWanted { .. } | Self::CredentialsRefused { .. } | Self::OtherScheme { .. } => {
                Reason::ProxyAuthentication
            }
            Self::Refused { .. } => Reason::ProxyRefused,
        }
    }
}

/// What is wrong with a discovery document.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DiscoveryError {
    /// Not JSON, or without the members that it must have.
    #[error(transparent)]
    Json(#[from] JsonError),
    /// `issuer` is another one (OpenID Connect Discovery 1.0, section 4.3).
    #[error("names another issuer: {0}")]
    OtherIssuer(String),
    /// `jwks_uri` is not an https URL.
    #[error("jwks_uri: {0}")]
    JwksUri(#[from] UrlError),
}

/// What is wrong with a JWKS.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JwksError {
    /// Not JSON, or without `keys`.
    #[error(transparent)]
    Json(#[from] JsonError),
    /// No key that AWS could use: how many there are, and for each reason how many it keeps from use.
    #[error("{}", no_usable_key(.0))]
    NoUsableKey(EnumMap<Unusable, usize>),
    /// AWS refuses the tokens that are signed with a kind of key of which there are more than 100 (IAM user guide, "Create
    /// an OpenID Connect identity provider").
    #[error(
        "contains {count} {kind} keys; AWS accepts at most 100 of a kind, and otherwise refuses tokens that they signed"
    )]
    TooManyKeys {
        count: usize,
        /// Of which kind.
        kind: KeyKind,
    },
}

fn no_usable_key(unusable: &EnumMap<Unusable, usize>) -> String {
    let total: usize = unusable.values().sum();
    if total == 0 {
        return "contains no usable key: it is empty".to_owned();
    }
    let reasons = unusable.iter().filter(|(_, count)| **count > 0);
    let reasons: Vec<String> = reasons.map(|(why, count)| format!("{count} {why}")).collect();
    format!("contains no usable key among its {}: {}", counted(total, "key"), reasons.join(", "))
}

/// A status and its name, where it has one (RFC 9110, section 15).
fn named(status: u16) -> String {
    match StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason()) {
        Some(name) => format!("{status} {name}"),
        None => status.to_string(),
    }
}

impl PollError {
    /// It says that AWS cannot get the documents either, as far as can be told from here: not what this machine or its proxy
    /// failed at, and not a handshake that only this program does not speak.
    #[must_use]
    pub(crate) const fn is_about_issuer(&self) -> bool {
        !matches!(
            self,
            Self::Local { .. }
                | Self::Blocked { .. }
                | Self::Proxy { .. }
                | Self::Tls { failure: TlsFailure::NotSpoken(_), .. }
        )
    }

    /// Whether it arose on this machine, and says nothing about the issuer.
    #[must_use]
    pub const fn is_local(&self) -> bool {
        matches!(self, Self::Local { .. })
    }

    /// The closed reason of this failure.
    #[must_use]
    pub const fn reason(&self) -> Reason {
        match self {
            Self::Dns { .. } | Self::NoAddress(_) => Reason::Dns,
            Self::Blocked { .. } => Reason::Blocked,
            Self::Proxy { failure, .. } => failure.reason(),
            Self::Connect { .. } => Reason::Connect,
            Self::Local { .. } => Reason::Local,
            Self::Timeout(_) | Self::Overrun => Reason::Timeout,
            Self::Tls { .. } | Self::ServerName(_) => Reason::Tls,
            Self::Http { error, .. } if !error.is_too_large() => Reason::Http,
            Self::Redirect { .. } => Reason::Redirect,
            Self::HttpStatus { .. } => Reason::HttpStatus,
            Self::Discovery(_) => Reason::Discovery,
            Self::Jwks(_) => Reason::Jwks,
            Self::Http { .. } | Self::TooLarge { .. } | Self::HeadTooLarge(_) => Reason::TooLarge,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words() {
        for (error, words) in [
            (PollError::Timeout(Phase::Connect), "timed out connecting"),
            (PollError::Timeout(Phase::Tls), "timed out during the TLS handshake"),
            (PollError::Timeout(Phase::Jwks), "timed out fetching the JWKS"),
            (PollError::Overrun, "poll timed out"),
            (
                PollError::Redirect { phase: Phase::Discovery, status: 302 },
                "discovery document: HTTP status 302 Found; redirects are not followed",
            ),
            (PollError::HttpStatus { phase: Phase::Jwks, status: 204 }, "JWKS: HTTP status 204 No Content"),
            (PollError::HttpStatus { phase: Phase::Jwks, status: 599 }, "JWKS: HTTP status 599"),
        ] {
            assert_eq!(error.to_string(), words);
        }
    }
}
