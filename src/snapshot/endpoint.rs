//! What is known of one endpoint: its addresses, the observations that count, and its TLS versions.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::clock::Timestamp;
use crate::endpoint::Endpoint;
use crate::observe::{Burst, Window};
use crate::poll::{PollError, Turns, Via};
use crate::verdict::{EndpointEvidence, Seen};

/// What is known of one endpoint.
#[derive(Clone, Debug, Default)]
pub struct EndpointState {
    /// Addresses that its name resolved to in the last round that resolved it; none is known where a proxy does that.
    pub addresses: usize,
    /// All of them are private.
    pub is_private: bool,
    /// In the last round a proxy chose the address, so that one face was seen at most.
    pub is_behind_proxy: bool,
    /// Those of them that gave no connection when they were looked at last, and why; or why the proxy gave none.
    pub failures: BTreeMap<Via, PollError>,
    /// Which of them are looked at next.
    pub turns: Arc<Turns>,
    /// The observations that count.
    pub window: Window,
    /// Looks between the rounds, while something new is not settled.
    pub burst: Burst,
    /// Whether it takes TLS 1.2, as last told.
    pub takes_tls12: Option<bool>,
    /// When it last told.
    pub tls12_asked: Option<Timestamp>,
    /// The round that was last taken in.
    pub round: u64,
}

impl EndpointState {
    /// Addresses whose failure this machine's is, so that it says nothing about the issuer.
    #[must_use]
    pub fn out_of_reach(&self) -> usize {
        self.failures.values().filter(|error| error.is_local()).count()
    }

    /// Addresses that failed by themselves.
    #[must_use]
    pub fn failed(&self) -> usize {
        self.failures.len() - self.out_of_reach()
    }

    /// What problems come of; `endpoint` is whose state this is.
    pub(crate) fn evidence<'a>(&'a self, endpoint: &'a Endpoint) -> EndpointEvidence<'a> {
        EndpointEvidence {
            endpoint,
            window: &self.window,
            addresses: self.addresses,
            failed: self.failed(),
            is_private: self.is_private,
        }
    }

    /// What a verdict needs.
    #[must_use]
    pub fn seen(&self) -> Seen<'_> {
        Seen { window: &self.window, takes_tls12: self.takes_tls12 }
    }
}
