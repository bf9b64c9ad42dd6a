//! Problems of the keys that STS fetches, and of the documents that lead to them.

use std::time::Duration;

use super::{Problem, Rules};
use crate::poll::{Documents, Phase, PollError, Timings};
use crate::verdict::Unknown;

/// What the polls of an issuer have told of its documents.
pub(crate) struct KeyEvidence<'a> {
    pub documents: &'a Documents,
    /// Of the last poll.
    pub timings: &'a Timings,
    /// JWKS and discovery document are served by one endpoint.
    pub shares_endpoint: bool,
    /// Polls without success since the last one that had it.
    pub failed_polls: u32,
    /// A poll has got everything at some time.
    pub has_succeeded: bool,
    /// Why the last poll failed.
    pub error: Option<&'a PollError>,
}

pub(super) fn of_documents(evidence: &KeyEvidence<'_>, rules: &Rules) -> Vec<Problem> {
    let KeyEvidence { documents, failed_polls, has_succeeded, error, .. } = evidence;
    let mut found = slow(evidence, rules);
    match error {
        Some(error @ (PollError::Discovery(_) | PollError::Jwks(_))) => {
            found.push(Problem::KeysUnusable((*error).clone()));
        }
        // What this machine or its proxy fails at says nothing about the issuer.
        Some(error) if error.is_about_issuer() && *failed_polls >= rules.failed_polls => {
            found.push(Problem::KeysUnreachable { polls: *failed_polls, error: (*error).clone() });
        }
        Some(_) if !has_succeeded => found.push(Problem::NotObserved(Unknown::KeysUnfetched)),
        // An earlier process failed, and this one has not tried yet.
        None if *failed_polls >= rules.failed_polls => {
            found.push(Problem::NotObserved(Unknown::KeysUnfetched));
        }
        _ => {}
    }
    let disclosed = documents.disclosed_keys.filter(|keys| *keys > 0);
    found.extend(disclosed.map(Problem::KeysDisclosed));
    found
}

/// Documents that took longer than STS waits, the connection included.
fn slow(evidence: &KeyEvidence<'_>, rules: &Rules) -> Vec<Problem> {
    let KeyEvidence { timings, shares_endpoint, .. } = evidence;
    let documents = [(Phase::Discovery, true), (Phase::Jwks, *shares_endpoint)];
    let slow = documents.into_iter().filter_map(|(document, is_timed)| {
        let connection = [Phase::Connect, Phase::Tls].into_iter().filter(|_| is_timed);
        let connection: Duration = connection.filter_map(|phase| timings.get(phase)).sum();
        let (took, arrived) = match (timings.get(document), timings.gave_up()) {
            (Some(took), _) => (took, true),
            (None, Some((phase, waited))) if phase == document => (waited, false),
            _ => return None,
        };
        let took = took + connection;
        (took > rules.slow).then_some(Problem::KeysSlow { document, took, arrived, limit: rules.slow })
    });
    slow.collect()
}
