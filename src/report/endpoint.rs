//! What `inspect` says of one endpoint: every address, and every chain.

use std::net::IpAddr;
use std::sync::Arc;

use serde::Serialize;

use super::chain::ChainReport;
use crate::chain::{JudgedChain, ServedChain};
use crate::clock::Timestamp;
use crate::endpoint::EndpointUse;
use crate::poll::{Capture, PollError, Reason, Via};
use crate::verdict::Rules;

/// A failure: its closed reason, and in words.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct ErrorReport {
    /// As in `oidc_issuer_poll_failures_total`.
    pub reason: Reason,
    /// For people.
    pub detail: String,
}

/// One endpoint, or one file.
#[derive(Debug, Serialize)]
pub(crate) struct EndpointReport {
    /// `host:port`, or the name of the file.
    pub endpoint: String,
    /// `discovery`, `jwks`, both, or neither.
    pub serves: Vec<EndpointUse>,
    /// Every address of the host that was looked at, or the one face that a proxy showed.
    pub addresses: Vec<AddressReport>,
    /// How many were not, since there are too many.
    pub addresses_unseen: usize,
    /// A proxy chose the address, so that other addresses were not seen.
    pub behind_proxy: bool,
    /// Why there is no address.
    pub error: Option<ErrorReport>,
    /// Whether it takes TLS 1.2, when it told.
    pub tls12_accepted: Option<bool>,
    /// Every distinct chain.
    pub chains: Vec<ChainReport>,
}

#[derive(Debug, Serialize)]
pub(crate) struct AddressReport {
    /// None where a proxy chose it.
    pub address: Option<IpAddr>,
    /// The same in words.
    #[serde(skip)]
    pub via: Via,
    /// Which of the endpoint's chains it served, counted from 1.
    pub chain: Option<usize>,
    /// Why there was no connection.
    pub error: Option<ErrorReport>,
    /// The failure is this machine's own, so it says nothing about the issuer.
    #[serde(skip)]
    pub is_out_of_reach: bool,
}

impl From<&PollError> for ErrorReport {
    fn from(error: &PollError) -> Self {
        Self { reason: error.reason(), detail: error.to_string() }
    }
}

impl EndpointReport {
    /// A chain has one or may be a proxy's, or an address fails where another answers.
    pub(super) fn has_finding(&self) -> bool {
        let has_failed = |address: &AddressReport| address.error.is_some() && !address.is_out_of_reach;
        self.chains.iter().any(|chain| chain.has_finding || chain.is_unvouched)
            || (!self.chains.is_empty() && self.addresses.iter().any(has_failed))
    }

    /// Why there is no address, or no connection to one.
    pub(super) fn failures(&self) -> impl Iterator<Item = &ErrorReport> {
        self.error.iter().chain(self.addresses.iter().filter_map(|address| address.error.as_ref()))
    }

    pub(super) fn new(
        capture: &Capture,
        serves: Vec<EndpointUse>,
        chains: &[Arc<JudgedChain>],
        now: Timestamp,
    ) -> Self {
        let seen = capture.addresses.as_deref().unwrap_or_default();
        let number = |chain: &ServedChain| {
            chains.iter().position(|judged| judged.served.id() == chain.id()).map(|index| index + 1)
        };
        let addresses = seen.iter().map(|address| AddressReport {
            address: address.via.address(),
            via: address.via,
            chain: address.chain.as_ref().and_then(number),
            error: address.failure.as_ref().map(ErrorReport::from),
            is_out_of_reach: address.failure.as_ref().is_some_and(PollError::is_local),
        });
        Self {
            endpoint: capture.endpoint.to_string(),
            serves,
            addresses: addresses.collect(),
            addresses_unseen: capture.unseen(),
            behind_proxy: capture.is_behind_proxy(),
            error: capture.addresses.as_ref().err().map(ErrorReport::from),
            tls12_accepted: capture.takes_tls12,
            chains: chains.iter().map(|chain| ChainReport::new(chain, &Rules::default(), now)).collect(),
        }
    }
}
