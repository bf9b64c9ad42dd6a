//! Problems of what a provider lists, held against what its issuer serves.

use super::{Problem, Rules};
use crate::chain::Thumbprint;
use crate::clock::Timestamp;
use crate::provider::{Origin, Provider};
use crate::verdict::{Audiences, Seen, Status, Unknown, Verdict};

/// The most that IAM takes (IAM and STS quotas).
const MOST_THUMBPRINTS: usize = 5;

/// What a provider is judged by, beside its issuer.
pub(crate) struct ProviderEvidence<'a> {
    pub provider: &'a Provider,
    pub verdict: &'a Verdict,
    pub audiences: &'a Audiences,
    /// Its issuer's endpoints, as the verdict had them.
    pub endpoints: Option<&'a [Seen<'a>]>,
}

/// Of the list, and of what is not known of it.
pub(super) fn of_list(evidence: &ProviderEvidence<'_>, rules: &Rules, now: Timestamp) -> Vec<Problem> {
    let ProviderEvidence { provider, verdict, audiences, endpoints } = evidence;
    let Some(details) = &provider.details else { return vec![Problem::ProviderUnread] };
    let enforced = verdict.enforced;
    let mut found = Vec::new();
    match (verdict.status, verdict.unknown) {
        (Status::Mismatch, _) => found.push(Problem::ThumbprintMismatch { enforced }),
        (Status::Partial, _) => {
            found.push(Problem::ThumbprintPartial { coverage: verdict.coverage, enforced });
        }
        // The issuer has it too, by endpoint.
        (Status::Match, _)
        | (
            _,
            None
            | Some(
                Unknown::ProviderUnread
                | Unknown::ProviderMissing
                | Unknown::Intercepted
                | Unknown::KeysUnfetched,
            ),
        ) => {}
        (Status::Unknown, Some(why)) => found.push(Problem::NotObserved(why)),
    }
    if verdict.fragile {
        found.push(Problem::LeafPinned);
    }
    let audiences = audiences.required_of(provider).filter(|required| !required.is_allowed);
    found.extend(audiences.map(|missing| Problem::AudienceMissing(missing.audience.into())));
    if details.malformed > 0 {
        found.push(Problem::ListMalformed(details.malformed));
    }
    if let Origin::Iam(_) = provider.origin
        && details.thumbprints.len() + details.malformed >= MOST_THUMBPRINTS
    {
        found.push(Problem::ListFull);
    }
    if endpoints.is_some_and(|endpoints| is_watched_long_enough(endpoints, rules, now)) {
        let unused: Vec<Thumbprint> = verdict
            .positions
            .iter()
            .filter(|(_, place)| place.is_none())
            .map(|(thumbprint, _)| *thumbprint)
            .collect();
        if !unused.is_empty() && verdict.status != Status::Mismatch {
            found.push(Problem::ListUnused(unused));
        }
    }
    found
}

/// What matched nothing may be listed ahead of a rotation; after a whole window without a match somebody should look.
fn is_watched_long_enough(endpoints: &[Seen<'_>], rules: &Rules, now: Timestamp) -> bool {
    endpoints.iter().all(|seen| {
        let first = seen.window.observations().iter().map(|o| o.first_seen).min();
        first.is_some_and(|first| now.since(first) >= rules.window)
    })
}
