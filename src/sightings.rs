//! A capture, judged: what was seen at each address, ready for the window and for reports.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::chain::TrustStore;
use crate::poll::Capture;
use crate::window::{JudgedChain, Sighting};

/// Judges what every address of `capture` served, each distinct chain once, for the endpoint's host at the time of the
/// capture. Empty when the host has no address.
#[must_use]
pub fn sightings(trust: &TrustStore, capture: &Capture) -> Vec<Sighting> {
    let host = capture.endpoint.server_name();
    let mut judged: BTreeMap<_, Arc<JudgedChain>> = BTreeMap::new();
    let addresses = capture.addresses.as_deref().unwrap_or_default().iter();
    addresses
        .map(|address| {
            let chain = address.chain.as_ref().map(|chain| {
                let judged = judged.entry(chain.id()).or_insert_with(|| {
                    let judgement = trust.judge(chain.certificates(), host.as_ref(), capture.at);
                    Arc::new(JudgedChain { chain: chain.clone(), judgement })
                });
                Arc::clone(judged)
            });
            (address.address, chain)
        })
        .collect()
}

/// The distinct chains among `sightings`, in the order of the addresses.
#[must_use]
pub fn distinct(sightings: &[Sighting]) -> Vec<Arc<JudgedChain>> {
    let mut chains: Vec<Arc<JudgedChain>> = Vec::new();
    for chain in sightings.iter().filter_map(|(_, chain)| chain.as_ref()) {
        if !chains.iter().any(|known| known.chain.id() == chain.chain.id()) {
            chains.push(Arc::clone(chain));
        }
    }
    chains
}
