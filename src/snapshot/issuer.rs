//! What is known of one issuer: its polls, its endpoints, and the root CAs that they serve.

use std::collections::BTreeSet;

use enum_map::EnumMap;

use crate::chain::Thumbprint;
use crate::clock::Timestamp;
use crate::endpoint::Endpoint;
use crate::issuer::Issuer;
use crate::poll::{Documents, PollError, Reason, Timings};

/// What is known of one issuer.
#[derive(Clone, Debug, PartialEq)]
pub struct IssuerState {
    /// Polls that have ended.
    pub polls: u64,
    /// How many of them failed, by reason.
    pub failures: EnumMap<Reason, u64>,
    /// Start of the last poll.
    pub last_poll: Option<Timestamp>,
    /// Start of the last poll that got everything.
    pub last_success: Option<Timestamp>,
    /// Polls since the last one that got everything.
    pub failed_polls: u32,
    /// Why the last poll failed.
    pub error: Option<PollError>,
    /// Of the last poll.
    pub timings: Timings,
    /// What its documents told last.
    pub documents: Documents,
    /// The endpoint of the discovery document.
    pub discovery: Endpoint,
    /// The endpoint of `jwks_uri`, as last told.
    pub jwks: Option<Endpoint>,
    /// The thumbprints of the root CAs that counted after the last poll, those of a proxy in between left out.
    pub root_cas: BTreeSet<Thumbprint>,
    /// A chain of every endpoint has been seen at some time, and every address looked at.
    pub is_complete: bool,
    /// When a root CA was first served that had not been before.
    pub thumbprint_changed: Option<Timestamp>,
}

impl IssuerState {
    /// An issuer that was not polled yet.
    #[must_use]
    pub fn new(issuer: &Issuer) -> Self {
        Self {
            polls: 0,
            failures: EnumMap::default(),
            last_poll: None,
            last_success: None,
            failed_polls: 0,
            error: None,
            timings: Timings::default(),
            documents: Documents::default(),
            discovery: issuer.endpoint().clone(),
            jwks: None,
            root_cas: BTreeSet::new(),
            is_complete: false,
            thumbprint_changed: None,
        }
    }

    /// The last poll got discovery document, chain and JWKS.
    #[must_use]
    pub fn is_up(&self) -> bool {
        self.last_poll.is_some() && self.error.is_none()
    }

    /// Discovery and JWKS endpoint, once where they are the same; `None` until the discovery document has named the
    /// second.
    #[must_use]
    pub fn endpoints(&self) -> Option<BTreeSet<&Endpoint>> {
        self.jwks.as_ref().map(|jwks| BTreeSet::from([&self.discovery, jwks]))
    }

    /// The endpoints that are known so far.
    #[must_use]
    pub fn known_endpoints(&self) -> BTreeSet<&Endpoint> {
        std::iter::once(&self.discovery).chain(&self.jwks).collect()
    }
}
