//! Since when everything has the health that it has, from one snapshot to the next.

use std::collections::BTreeMap;

use crate::clock::Timestamp;
use crate::snapshot::problems::Problems;
use crate::snapshot::{HealthSince, Held};
use crate::verdict::health;

/// As it is at `now`. What an earlier process knew stays until this one has polled the issuer.
pub(super) fn advanced(before: &HealthSince, problems: &Problems<'_>, now: Timestamp) -> HealthSince {
    let mut after = BTreeMap::new();
    for (issuer, state, _) in problems.of_issuers() {
        let earlier = before.0.get(issuer).filter(|_| state.last_poll.is_none());
        after.insert(issuer.clone(), earlier.cloned().unwrap_or_default());
    }
    for (issuer, _, found) in problems.of_watched_only() {
        let Some(of_issuer) = after.get_mut(issuer) else { continue };
        let health = health(found);
        of_issuer.own.get_or_insert_with(|| Held { health, since: before.of_issuer(issuer, health, now) });
    }
    for (judged, found) in problems.of_providers() {
        let (issuer, origin) = (&judged.provider.issuer, &judged.provider.origin);
        let Some(of_issuer) = after.get_mut(issuer) else { continue };
        let health = health(found);
        let held = || Held { health, since: before.of_provider(issuer, origin, health, now) };
        of_issuer.providers.entry(origin.clone()).or_insert_with(held);
    }
    HealthSince(after)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::fixture::{ARN, ISSUER, minute, snapshot};
    use crate::provider::Origin;
    use crate::snapshot::HeldOfIssuer;
    use crate::verdict::Health;

    /// Since which minute the provider has its health, and the health.
    fn told(since: &HealthSince) -> (i64, Health) {
        let held = since.0[ISSUER].providers[&Origin::Iam(ARN.parse().unwrap())];
        ((held.since.milliseconds() - minute(0).milliseconds()) / 60_000, held.health)
    }

    #[test]
    fn it_begins_when_another_health_comes_and_not_before() {
        let snapshot = snapshot();
        let mut since = HealthSince::default();
        // Its evidence is half an hour old at minute 32, which makes it no better.
        for (now, wanted) in
            [(3, (3, Health::Failing)), (9, (3, Health::Failing)), (40, (3, Health::Failing))]
        {
            since = advanced(&since, &snapshot.problems(minute(now)), minute(now));
            assert_eq!(told(&since), wanted, "minute {now}");
        }
        let (issuer, origin) = (ISSUER.parse().unwrap(), Origin::Iam(ARN.parse().unwrap()));
        for (health, now, wanted) in
            [(Health::Failing, 50, 3), (Health::Healthy, 50, 50), (Health::Failing, 2, 2)]
        {
            assert_eq!(since.of_provider(&issuer, &origin, health, minute(now)), minute(wanted), "{health}");
        }
    }

    #[test]
    fn what_an_earlier_process_knew_stays_until_the_issuer_is_polled() {
        let mut snapshot = snapshot();
        let held = Held { health: Health::AtRisk, since: minute(-500) };
        let of_issuer =
            HeldOfIssuer { own: Some(held), providers: [(Origin::Iam(ARN.parse().unwrap()), held)].into() };
        let before = HealthSince([(ISSUER.parse().unwrap(), of_issuer)].into());
        let state = snapshot.issuers.values_mut().next().unwrap();
        std::sync::Arc::make_mut(state).last_poll = None;
        let since = advanced(&before, &snapshot.problems(minute(3)), minute(3));
        assert_eq!(told(&since), (-500, Health::AtRisk));
        let state = snapshot.issuers.values_mut().next().unwrap();
        std::sync::Arc::make_mut(state).last_poll = Some(minute(3));
        let since = advanced(&since, &snapshot.problems(minute(3)), minute(3));
        assert_eq!(told(&since), (3, Health::Failing));
    }
}
