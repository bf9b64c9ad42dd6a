//! Served, but not listed: the thumbprints that a provider lacks.

use std::collections::BTreeSet;

use crate::chain::{JudgedChain, Thumbprint};
use crate::provider::Provider;

/// The root CAs of the chains that hold nothing that `provider` lists; none as long as it is not known what it lists. A
/// proxy's chain lacks nothing: its thumbprint must never get into IAM.
pub(crate) fn not_listed<'a>(
    provider: &Provider,
    chains: impl Iterator<Item = &'a JudgedChain>,
) -> BTreeSet<Thumbprint> {
    let Some(details) = provider.details.as_ref().filter(|_| provider.missing_since.is_none()) else {
        return BTreeSet::new();
    };
    let is_covered = |judged: &JudgedChain| {
        details.thumbprints.iter().any(|listed| judged.served.role_of(*listed).is_some())
    };
    chains
        .filter(|judged| !judged.is_intercepted() && !is_covered(judged))
        .map(|judged| judged.served.root_ca().sha1)
        .collect()
}
