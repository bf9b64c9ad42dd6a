//! A state that goes on from what an earlier process kept. What is configured wins: nothing else comes back.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::state::State;
use crate::clock::Timestamp;
use crate::endpoint::Endpoint;
use crate::memory::{Memory, Restoring};
use crate::poll::AddressPolicy;
use crate::snapshot::KeptState;

impl State {
    /// Takes up `memory`, of which it holds nothing yet. It is as ready as before: the first results are still to come.
    pub(super) fn restore(&mut self, memory: &Memory, policy: AddressPolicy, at: Timestamp) {
        let trust = self.trust.clone();
        let restoring = Restoring { memory, trust: &trust, rules: self.rules, policy, at };
        if let Some(account) = &mut self.now.account {
            account.last_success = restoring.account_last_success();
            self.targets.iam.restore(restoring.providers());
            self.targets.forget_missing(at, self.now.rules.missing_for, &BTreeSet::new());
            let first = self.targets.iam.providers().next();
            account.id = first.map(|provider| provider.origin.account_label().to_owned());
            self.retarget();
        }
        self.now.since = Arc::new(restoring.health_since());
        let kept: Vec<_> = restoring.issuers(|issuer| self.is_watched(issuer)).collect();
        self.now.issuers.extend(kept.into_iter().map(|(issuer, state)| (issuer, Arc::new(state))));
        let used: BTreeSet<&Endpoint> =
            self.now.issuers.values().flat_map(|issuer| issuer.known_endpoints()).collect();
        let endpoints = restoring.endpoints(|endpoint| used.contains(endpoint));
        self.now.endpoints = endpoints.map(|(endpoint, state)| (endpoint, Arc::new(state))).collect();
        let mut issuers = std::mem::take(&mut self.now.issuers);
        for state in issuers.values_mut() {
            let root_cas = self.now.root_cas(state);
            Arc::make_mut(state).root_cas = root_cas;
        }
        self.now.issuers = issuers;
    }

    /// Notes that the state is kept, and whether this one goes on from what was.
    pub(super) fn note_kept(&mut self, is_restored: bool) {
        self.now.kept = Some(KeptState { is_restored, ..KeptState::default() });
    }

    /// Notes what came of a write of the state as it was at `at`.
    pub(super) fn note_write(&mut self, at: Timestamp, is_written: bool) {
        let Some(kept) = &mut self.now.kept else { return };
        kept.is_written = Some(is_written);
        if is_written {
            kept.last_write = Some(at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::Watch;
    use crate::chain::TrustStore;
    use crate::memory::fixture::{ARN, ISSUER, RULES, minute, snapshot};
    use crate::observe::WindowRules;
    use crate::poll::Via;
    use crate::snapshot::Snapshot;
    use crate::targets::FileTargets;
    use crate::verdict::{Rules, Status};
    use std::time::Duration;

    fn watch(issuer: Option<&str>, reads_iam: bool) -> Watch {
        let file = issuer.map(|url| FileTargets::watching(url.parse().unwrap())).unwrap_or_default();
        let (audiences, interval) = (BTreeSet::new(), Duration::from_mins(5));
        let health = Rules::default();
        Watch { file, reads_iam, audiences, interval, rules: RULES, health, trust: TrustStore::empty() }
    }

    fn restored(watch: Watch, policy: AddressPolicy, kept: &Snapshot, at: Timestamp) -> Snapshot {
        let bytes = Memory::of(kept, minute(3)).bytes().unwrap();
        let mut state = State::new(watch, at);
        state.restore(&Memory::read(&bytes, at).unwrap(), policy, at);
        state.snapshot()
    }

    const ANY: AddressPolicy = AddressPolicy { allow_loopback: true };

    /// `endpoint via root CA first last absent`, of all endpoints.
    fn observations(snapshot: &Snapshot) -> Vec<String> {
        let of = |(endpoint, state): (&Endpoint, &Arc<crate::snapshot::EndpointState>)| {
            let told = state.window.observations().iter().map(|o| {
                let root_ca = char::from(o.chain.served.root_ca().der[0]);
                let (first, last) = (o.first_seen.milliseconds(), o.last_seen.milliseconds());
                format!("{endpoint} {} {root_ca} {first} {last} {}", o.via, o.looks_absent)
            });
            told.collect::<Vec<_>>()
        };
        snapshot.endpoints.iter().flat_map(of).collect()
    }

    #[test]
    fn all_is_as_old_as_it_was_and_nothing_is_fresher() {
        let (kept, later) = (snapshot(), minute(600));
        let restored = restored(watch(None, true), ANY, &kept, later);
        assert_eq!(observations(&restored), observations(&kept));
        assert_eq!(observations(&kept).len(), 4);
        for (endpoint, was) in &kept.endpoints {
            let is = &restored.endpoints[endpoint];
            let told = |of: &crate::snapshot::EndpointState| {
                (of.addresses, of.is_private, of.is_behind_proxy, of.takes_tls12, of.tls12_asked)
            };
            assert_eq!(told(is), told(was));
            assert_eq!((is.window.unseen(), is.window.is_seen_in_part()), (7, false));
            for judged in is.window.chains() {
                assert!(judged.judgement.unproven.is_some());
            }
        }
        let (was, is) = (&kept.issuers[ISSUER], &restored.issuers[ISSUER]);
        assert_eq!((is.last_success, is.thumbprint_changed), (was.last_success, was.thumbprint_changed));
        assert_eq!((&is.jwks, is.is_complete, &is.documents), (&was.jwks, true, &was.documents));
        assert_eq!(is.root_cas.len(), 2);
        assert_eq!((is.polls, is.last_poll, is.is_up(), restored.ready), (0, None, false, false));
        let account = restored.account.as_ref().unwrap();
        assert_eq!((account.last_success, account.polls, account.is_up()), (Some(minute(2)), 0, false));
        assert_eq!(account.id.as_deref(), Some("123456789012"));
        let told = |of: &Snapshot| -> Vec<_> {
            of.providers.iter().map(|judged| (judged.provider.clone(), judged.verdict.status)).collect()
        };
        assert_eq!(told(&restored), told(&kept));
        assert_eq!(restored.since, kept.since);
        assert_eq!(restored.providers[0].verdict.status, Status::Partial);
        // What had not settled is looked at before the next round.
        let due: Vec<bool> = restored.endpoints.values().map(|endpoint| endpoint.burst.is_due()).collect();
        assert_eq!(due, [true, false]);
    }

    #[test]
    fn what_is_configured_wins() {
        let (a, b) = (Some(ISSUER), Some("https://b.example"));
        for (case, watch, issuers, endpoints, providers) in [
            ("nothing of IAM", watch(a, false), 1, 2, 0),
            ("another issuer", watch(b, false), 1, 0, 0),
            ("another issuer beside IAM's", watch(b, true), 2, 2, 2),
        ] {
            let restored = restored(watch, ANY, &snapshot(), minute(4));
            let counts = (restored.issuers.len(), restored.endpoints.len(), restored.providers.len());
            assert_eq!(counts, (issuers, endpoints, providers), "{case}");
            assert_eq!(restored.account.is_some(), providers > 0, "{case}");
        }
    }

    #[test]
    fn what_other_rules_give_up_does_not_come_back() {
        let minutes =
            |window, settle_looks| WindowRules { window: Duration::from_mins(window), settle_looks };
        for (rules, left) in
            [(minutes(2, 6), 4), (minutes(1, 6), 3), (minutes(60, 3), 4), (minutes(60, 2), 3)]
        {
            let restored = restored(Watch { rules, ..watch(None, true) }, ANY, &snapshot(), minute(4));
            assert_eq!(observations(&restored).len(), left, "{rules:?}");
        }
    }

    #[test]
    fn an_address_that_may_no_longer_be_connected_to_is_not_spoken_of() {
        let mut kept = snapshot();
        let endpoint = kept.endpoints.values_mut().next().unwrap();
        let mut observations_of = endpoint.window.observations().to_vec();
        observations_of[0].via = Via::Address([127, 0, 0, 1].into());
        Arc::make_mut(endpoint).window = crate::observe::Window::restored(RULES, observations_of, 0, true);
        for (allow_loopback, left) in [(true, 4), (false, 3)] {
            let policy = AddressPolicy { allow_loopback };
            assert_eq!(observations(&restored(watch(None, true), policy, &kept, minute(4))).len(), left);
        }
    }

    #[test]
    fn a_clock_that_was_set_back_makes_nothing_come_from_the_future() {
        let now = minute(2).minus(Duration::from_secs(30));
        let mut kept = snapshot();
        kept.providers.retain(|judged| judged.provider.origin.arn_label() == ARN);
        let bytes = Memory::of(&kept, now).bytes().unwrap();
        let mut state = State::new(watch(None, true), now);
        state.restore(&Memory::read(&bytes, now).unwrap(), ANY, now);
        let snapshot = state.snapshot();
        let seen = |of: &Snapshot| {
            of.endpoints.values().flat_map(|e| e.window.observations()).map(|o| o.last_seen).max().unwrap()
        };
        assert_eq!((seen(&kept), seen(&snapshot)), (minute(2), now));
        assert_eq!(snapshot.issuers.values().next().unwrap().last_success, Some(now));
    }
}
