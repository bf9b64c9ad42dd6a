//! Since when everything has the health that it has. Kept by the agent, from one snapshot to the next, and over restarts.

use std::collections::BTreeMap;

use crate::clock::Timestamp;
use crate::issuer::Issuer;
use crate::provider::Origin;
use crate::verdict::Health;

/// A health, and since when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    pub health: Health,
    pub since: Timestamp,
}

/// Of one issuer: of the providers for it or, where there is none, its own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HeldOfIssuer {
    pub own: Option<Held>,
    pub providers: BTreeMap<Origin, Held>,
}

/// Since when everything has the health that it has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HealthSince(pub BTreeMap<Issuer, HeldOfIssuer>);

impl HealthSince {
    /// Since when a provider has `health`: now, where it had another when last looked at.
    pub(crate) fn of_provider(
        &self,
        issuer: &Issuer,
        origin: &Origin,
        health: Health,
        now: Timestamp,
    ) -> Timestamp {
        since(self.0.get(issuer).and_then(|held| held.providers.get(origin)), health, now)
    }

    /// The same of an issuer that nobody expects anything of.
    pub(crate) fn of_issuer(&self, issuer: &Issuer, health: Health, now: Timestamp) -> Timestamp {
        since(self.0.get(issuer).and_then(|held| held.own.as_ref()), health, now)
    }
}

fn since(held: Option<&Held>, health: Health, now: Timestamp) -> Timestamp {
    held.filter(|held| held.health == health).map_or(now, |held| held.since.min(now))
}
