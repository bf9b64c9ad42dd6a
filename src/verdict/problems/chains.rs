//! Problems of what the endpoints of an issuer serve: dates, order, validity, addresses, and evidence that has grown old.

use super::{Problem, Rules};
use crate::chain::{ChainStatus, Distrust, JudgedChain};
use crate::clock::Timestamp;
use crate::endpoint::Endpoint;
use crate::observe::Window;

/// What is known of one endpoint of an issuer.
pub(crate) struct EndpointEvidence<'a> {
    pub endpoint: &'a Endpoint,
    /// The observations that count.
    pub window: &'a Window,
    /// All that its name resolved to.
    pub addresses: usize,
    /// Those that gave no connection when they were looked at last, this machine's own failures left out.
    pub failed: usize,
    /// All of its addresses are private.
    pub is_private: bool,
}

/// Of the chains that are served.
pub(super) fn of_endpoint(
    evidence: &EndpointEvidence<'_>,
    enforced: Option<bool>,
    rules: &Rules,
    now: Timestamp,
) -> Vec<Problem> {
    let EndpointEvidence { endpoint, window, addresses, failed, is_private } = evidence;
    let mut found = Vec::new();
    for chain in window.chains() {
        if chain.is_intercepted() {
            found.push(Problem::Intercepted((*endpoint).clone()));
            continue;
        }
        found.extend(of_root_ca(chain, endpoint, enforced, rules, now));
        found.extend(of_leaf(chain, endpoint, rules, now));
        found.extend(of_statuses(chain, endpoint, enforced));
    }
    if (1..*addresses).contains(failed) {
        found.push(Problem::AddressFailing { endpoint: (*endpoint).clone(), failed: *failed });
    }
    if *is_private {
        found.push(Problem::KeysPrivate((*endpoint).clone()));
    }
    let newest = window.observations().iter().map(|seen| seen.last_seen).max();
    if let Some(newest) = newest.filter(|newest| now.since(*newest) > rules.stale_after) {
        found.push(Problem::Stale { endpoint: (*endpoint).clone(), newest });
    }
    found
}

/// AWS compares the last served certificate, and refuses one that has ended, listed or not.
fn of_root_ca(
    chain: &JudgedChain,
    endpoint: &Endpoint,
    enforced: Option<bool>,
    rules: &Rules,
    now: Timestamp,
) -> Option<Problem> {
    let root_ca = chain.served.root_ca();
    let ends = root_ca.readable()?.not_after;
    let (endpoint, thumbprint) = (endpoint.clone(), root_ca.sha1);
    if ends < now {
        Some(Problem::RootCaExpired { endpoint, thumbprint, ended: ends, enforced })
    } else if rules.is_root_ca_expiring(ends, now) {
        Some(Problem::RootCaExpiring { endpoint, thumbprint, ends })
    } else {
        None
    }
}

/// A client refuses a leaf that has ended, and a chain of which no path is left. Where one verified when it was looked at last, it
/// still does until its first member ends.
fn of_leaf(chain: &JudgedChain, endpoint: &Endpoint, rules: &Rules, now: Timestamp) -> Option<Problem> {
    let endpoint = endpoint.clone();
    let leaf = chain.served.certificates().first().and_then(|leaf| leaf.readable());
    if let Some(ended) = leaf.map(|leaf| leaf.not_after).filter(|end| *end < now) {
        return Some(Problem::CertificateExpired { endpoint, ended });
    }
    let no_path_is_left = match chain.judgement.verified {
        Ok(_) => chain.judgement.valid_until,
        Err(Distrust::Expired | Distrust::AnchorExpired) => chain.next_expiry().map(|next| next.not_after),
        Err(_) => None,
    };
    if let Some(ended) = no_path_is_left.filter(|end| *end < now) {
        return Some(Problem::CertificateExpired { endpoint, ended });
    }
    let leaf = leaf?;
    let is_late = rules.is_leaf_late(leaf.not_before, leaf.not_after, now);
    is_late.then_some(Problem::CertificateExpiring { endpoint, ends: leaf.not_after })
}

fn of_statuses(chain: &JudgedChain, endpoint: &Endpoint, enforced: Option<bool>) -> Vec<Problem> {
    let of = |status: &ChainStatus| match status {
        ChainStatus::Misordered | ChainStatus::RootOffPath => {
            Some(Problem::ChainOrder { endpoint: endpoint.clone(), status: *status, enforced })
        }
        ChainStatus::NameMismatch
        | ChainStatus::NotYetValid
        | ChainStatus::Incomplete
        | ChainStatus::Unproven
        | ChainStatus::Invalid => Some(Problem::ChainInvalid { endpoint: endpoint.clone(), status: *status }),
        // Dates are looked at anew; the others are none, or have their own.
        ChainStatus::Expired
        | ChainStatus::Trusted
        | ChainStatus::Private
        | ChainStatus::Unvouched
        | ChainStatus::Intercepted => None,
    };
    chain.judgement.statuses.iter().filter_map(of).collect()
}
