//! What is known of one endpoint: its addresses, the observations that count, and its TLS versions.

use std::collections::BTreeMap;

use crate::clock::Timestamp;
use crate::observe::Window;
use crate::poll::{PollError, Via};
use crate::verdict::Seen;

/// What is known of one endpoint.
#[derive(Clone, Debug, Default)]
pub struct EndpointState {
    /// Addresses that its name resolved to in the last round that resolved it; none is known where a proxy does that.
    pub addresses: usize,
    /// Those of them that gave no connection, and why; or why the proxy gave none.
    pub failures: BTreeMap<Via, PollError>,
    /// In the last round a proxy chose the address, so that one face was seen at most.
    pub is_behind_proxy: bool,
    /// The observations that count.
    pub window: Window,
    /// Whether it takes TLS 1.2, as last told.
    pub takes_tls12: Option<bool>,
    /// When it last told.
    pub tls12_asked: Option<Timestamp>,
    /// The round that was last taken in.
    pub round: u64,
}

impl EndpointState {
    /// What a verdict needs.
    #[must_use]
    pub fn seen(&self) -> Seen<'_> {
        Seen { window: &self.window, takes_tls12: self.takes_tls12 }
    }
}
