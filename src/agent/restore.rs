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
            self.targets.iam.replace(restoring.providers());
            let first = self.targets.iam.providers().next();
            account.id = first.map(|provider| provider.origin.account_label().to_owned());
            self.retarget();
        }
        for (issuer, state) in &mut self.now.issuers {
            if let Some(kept) = restoring.issuer(issuer) {
                *state = Arc::new(kept);
            }
        }
        let used: BTreeSet<&Endpoint> =
            self.now.issuers.values().flat_map(|issuer| issuer.known_endpoints()).collect();
        let endpoints = used
            .into_iter()
            .filter_map(|endpoint| Some((endpoint.clone(), Arc::new(restoring.endpoint(endpoint)?))));
        self.now.endpoints = endpoints.collect();
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
