//! From captures to observations: in go what was captured and whose roots are trusted, out come judged chains by address,
//! and the window that keeps those which count. Pure; nothing here knows who expects what.

mod burst;
mod window;

use std::collections::BTreeMap;
use std::sync::Arc;

pub use burst::Burst;
pub(crate) use burst::Look;
pub use window::WindowRules;
pub(crate) use window::{MAX_OBSERVATIONS, Observation, Sighting, Window};

use crate::chain::{JudgedChain, ServedChain, TrustStore};
use crate::poll::{AddressCapture, Capture};

/// Judges what every address of `capture` served, each distinct chain once, for the endpoint's host at the time of the
/// capture. Empty when the host has no address.
#[must_use]
pub fn sightings(trust: &TrustStore, capture: &Capture) -> Vec<Sighting> {
    let host = capture.endpoint.server_name();
    let mut judged: BTreeMap<_, Arc<JudgedChain>> = BTreeMap::new();
    let addresses = capture.addresses.as_deref().unwrap_or_default();
    addresses
        .iter()
        .map(|address| {
            let chain = address.chain.as_ref().map(|served| {
                let judged = judged.entry(served.id()).or_insert_with(|| {
                    let mut judgement = trust.judge(served.certificates(), host.as_ref(), capture.at);
                    // One address without a proof is enough to say so.
                    let same = |other: &&AddressCapture| {
                        other.chain.as_ref().map(ServedChain::id) == Some(served.id())
                    };
                    if let Some(why) = addresses.iter().filter(same).find_map(|address| address.unproven) {
                        judgement = judgement.without_proof(why);
                    }
                    Arc::new(JudgedChain { served: served.clone(), judgement })
                });
                Arc::clone(judged)
            });
            Sighting { via: address.via, chain }
        })
        .collect()
}

/// The distinct chains among `sightings`, in the order of the addresses.
#[must_use]
pub fn distinct(sightings: &[Sighting]) -> Vec<Arc<JudgedChain>> {
    let mut chains: Vec<Arc<JudgedChain>> = Vec::new();
    for chain in sightings.iter().filter_map(|sighting| sighting.chain.as_ref()) {
        if !chains.iter().any(|known| known.served.id() == chain.served.id()) {
            chains.push(Arc::clone(chain));
        }
    }
    chains
}
