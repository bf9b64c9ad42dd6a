//! What is known, and how each result changes it. Pure: results in, snapshots out.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use super::since::advanced;
use crate::aws::{AccountError, AccountPoll, Listed};
use crate::chain::TrustStore;
use crate::clock::Timestamp;
use crate::endpoint::Endpoint;
use crate::issuer::Issuer;
use crate::observe::{Look, WindowRules, sightings};
use crate::poll::{Capture, IssuerPoll, Turns, Via, are_all_private};
use crate::snapshot::{IssuerState, Snapshot};
use crate::targets::{FileTargets, IamTargets, Targets};
use crate::verdict::{Audiences, Rules, Seen};

/// Readings in a row after which IAM is believed that it has no provider any more: one empty answer would take every provider, and
/// every alert on it, away.
const BELIEVED_EMPTY: u32 = 3;

/// What to watch, and how to judge it.
#[derive(Clone)]
pub struct Watch {
    /// What the configuration file names.
    pub file: FileTargets,
    /// What IAM lists is watched too.
    pub reads_iam: bool,
    /// Client ids that every provider must hold.
    pub audiences: BTreeSet<String>,
    /// The set interval of the rounds.
    pub interval: Duration,
    /// When an observation stops counting.
    pub rules: WindowRules,
    /// Where problems begin.
    pub health: Rules,
    /// Whose roots are trusted.
    pub trust: TrustStore,
}

/// The state between polls. A snapshot of it is cheap: all that is large is shared.
pub(crate) struct State {
    pub(super) now: Snapshot,
    pub(super) targets: Targets,
    pub(super) rules: WindowRules,
    pub(super) trust: TrustStore,
}

impl State {
    /// Nothing polled yet.
    #[must_use]
    pub(crate) fn new(watch: Watch, at: Timestamp) -> Self {
        let mut state = Self {
            now: Snapshot::default(),
            targets: Targets::default(),
            rules: watch.rules,
            trust: TrustStore::empty(),
        };
        state.reconfigure(watch, at);
        state
    }

    /// Puts another configuration in force. Issuers, endpoints and providers that stay keep all that is known of them; the
    /// others leave. Chains are judged by another trust store when they are seen next.
    pub(crate) fn reconfigure(&mut self, watch: Watch, at: Timestamp) {
        let Watch { file, reads_iam, audiences, interval, rules, health, trust } = watch;
        self.now.audiences = Audiences { everywhere: audiences, by_issuer: file.audiences().clone() };
        self.now.interval = interval;
        self.now.rules = health;
        self.now.configured = Some(at);
        self.now.refused = None;
        if reads_iam {
            self.now.account.get_or_insert_default();
        } else {
            self.now.account = None;
            self.targets.iam = IamTargets::default();
        }
        self.targets.file = file;
        self.targets.forget_missing(at, health.missing_for, &BTreeSet::new());
        (self.rules, self.trust) = (rules, trust);
        self.retarget();
    }

    /// Notes that a configuration could not be used; the one in force stays.
    pub(crate) fn refuse(&mut self, reason: &str) {
        self.now.refused = Some(reason.into());
    }

    /// What is known now, with fresh verdicts.
    #[must_use]
    pub(crate) fn snapshot(&self) -> Snapshot {
        let mut snapshot = self.now.clone();
        // Before IAM was read nobody knows.
        if snapshot.account.as_ref().is_some_and(|account| account.last_success.is_some()) {
            snapshot.without_provider = self.targets.without_provider();
        }
        snapshot.providers = self.targets.providers().map(|provider| self.now.judge(provider)).collect();
        snapshot
    }

    /// Notes since when everything has the health that it has. Whether any has changed.
    pub(crate) fn note_health(&mut self, snapshot: &mut Snapshot, now: Timestamp) -> bool {
        let since = advanced(&self.now.since, &snapshot.problems(now), now);
        let has_changed = since != *self.now.since;
        if has_changed {
            self.now.since = Arc::new(since);
            snapshot.since = Arc::clone(&self.now.since);
        }
        has_changed
    }

    /// The issuers to poll.
    pub(crate) fn issuers(&self) -> impl Iterator<Item = &Issuer> {
        self.now.issuers.keys()
    }

    /// The issuer's last poll failed.
    #[must_use]
    pub(crate) fn has_failed(&self, issuer: &Issuer) -> bool {
        self.now.issuers.get(issuer).is_some_and(|state| state.error.is_some())
    }

    /// Whether the issuer is one of them.
    #[must_use]
    pub(crate) fn is_watched(&self, issuer: &Issuer) -> bool {
        self.now.issuers.contains_key(issuer)
    }

    /// The JWKS endpoint that the issuer was last known to have.
    #[must_use]
    pub(crate) fn jwks_endpoint(&self, issuer: &Issuer) -> Option<&Endpoint> {
        self.now.issuers.get(issuer)?.jwks.as_ref()
    }

    /// The endpoints that told after `since` whether they take TLS 1.2.
    #[must_use]
    pub(crate) fn tls12_known(&self, since: Timestamp) -> HashSet<Endpoint> {
        let told =
            self.now.endpoints.iter().filter(|(_, state)| state.tls12_asked.is_some_and(|at| at > since));
        told.map(|(endpoint, _)| endpoint.clone()).collect()
    }

    /// Whose turn it is at each endpoint.
    #[must_use]
    pub(crate) fn turns(&self) -> HashMap<Endpoint, Arc<Turns>> {
        let endpoints = self.now.endpoints.iter();
        endpoints.map(|(endpoint, state)| (endpoint.clone(), Arc::clone(&state.turns))).collect()
    }

    /// The endpoints that are to be looked at before the next round, and whose turn it is there.
    pub(crate) fn unsettled(&self) -> impl Iterator<Item = (&Endpoint, Arc<Turns>)> {
        let due = self.now.endpoints.iter().filter(|(_, state)| state.burst.is_due());
        due.map(|(endpoint, state)| (endpoint, Arc::clone(&state.turns)))
    }

    /// What IAM listed last.
    #[must_use]
    pub(crate) fn listed(&self) -> &IamTargets {
        &self.targets.iam
    }

    /// Takes in a reading of IAM. A failed one removes nothing.
    pub(crate) fn take_account(&mut self, poll: AccountPoll) {
        let Some(account) = &mut self.now.account else { return };
        account.polls += 1;
        let known = self.targets.iam.by_arn().len() + account.unusable().len();
        let is_emptied = known > 0 && poll.providers.as_ref().is_some_and(Listed::is_empty);
        account.empty_readings = if is_emptied { account.empty_readings + 1 } else { 0 };
        let is_doubted = is_emptied && account.empty_readings < BELIEVED_EMPTY;
        let doubt = is_doubted.then(|| AccountError::emptied(known, BELIEVED_EMPTY));
        match poll.outcome.and(doubt.map_or(Ok(()), Err)) {
            Ok(()) => {
                account.last_success = Some(poll.at);
                account.error = None;
            }
            Err(error) => {
                account.failures[error.reason] += 1;
                account.error = Some(error);
            }
        }
        if let Some(Listed { usable, unusable }) = poll.providers.filter(|_| !is_doubted) {
            account.unusable = Some(unusable.into());
            if let Some(first) = usable.first() {
                account.id = Some(first.origin.account_label().to_owned());
            }
            let unusable: BTreeSet<&str> =
                account.unusable().iter().map(|provider| provider.provider_arn.as_str()).collect();
            self.targets.iam.replace(usable, poll.at);
            self.targets.forget_missing(poll.at, self.now.rules.missing_for, &unusable);
            self.retarget();
        }
        self.now.ready |= self.now.has_first_results();
    }

    /// Takes in a poll of `issuer` in round number `round`; one of an issuer that is no longer watched is dropped.
    pub(crate) fn take_poll(&mut self, issuer: &Issuer, poll: IssuerPoll, round: u64) {
        let Some(before) = self.now.issuers.get(issuer).map(Arc::clone) else { return };
        for capture in &poll.captures {
            self.take_capture(capture, round);
        }
        let mut after = IssuerState::clone(&before);
        after.polls += 1;
        after.last_poll = Some(poll.at);
        after.timings = poll.timings;
        after.documents.update(poll.documents);
        match poll.outcome {
            Ok(()) => {
                after.last_success = Some(poll.at);
                after.failed_polls = 0;
                after.error = None;
            }
            Err(error) => {
                after.failures[error.reason()] += 1;
                after.failed_polls = after.failed_polls.saturating_add(1);
                after.error = Some(error);
            }
        }
        after.jwks = poll.jwks_endpoint.or(after.jwks);
        self.note_root_cas(&mut after, poll.at);
        let moved = after.jwks != before.jwks;
        self.now.issuers.insert(issuer.clone(), Arc::new(after));
        self.now.ready |= self.now.has_first_results();
        if moved {
            self.forget_endpoints();
        }
    }

    /// Takes in a look at an endpoint between two rounds, or that it came to nothing.
    pub(crate) fn take_look(&mut self, endpoint: &Endpoint, capture: Option<&Capture>) {
        let settle_looks = self.rules.settle_looks;
        let look = capture.and_then(|capture| Some((capture.at, self.record(capture)?)));
        let Some(state) = self.now.endpoints.get_mut(endpoint).map(Arc::make_mut) else { return };
        let Some((at, look)) = look else { return state.burst.after_failure() };
        state.burst.after_look(settle_looks, look);
        let issuers = self.now.issuers.iter();
        let concerned = issuers.filter(|(_, state)| state.known_endpoints().contains(endpoint));
        let concerned: Vec<_> =
            concerned.map(|(issuer, state)| (issuer.clone(), Arc::clone(state))).collect();
        for (issuer, mut state) in concerned {
            self.note_root_cas(Arc::make_mut(&mut state), at);
            self.now.issuers.insert(issuer, state);
        }
    }

    /// What the endpoints of an issuer serve by now.
    fn note_root_cas(&self, issuer: &mut IssuerState, at: Timestamp) {
        let root_cas = self.now.root_cas(issuer);
        // Once every endpoint has been seen whole, what comes to be served is a change.
        if issuer.is_complete && !root_cas.is_subset(&issuer.root_cas) {
            issuer.thumbprint_changed = Some(at);
        }
        issuer.root_cas = root_cas;
        let observed =
            |seen: &Seen<'_>| !seen.window.observations().is_empty() && !seen.window.is_seen_in_part();
        issuer.is_complete |= self.now.seen(issuer).is_some_and(|seen| seen.iter().all(observed));
    }

    /// Takes in what one endpoint showed, once a round.
    fn take_capture(&mut self, capture: &Capture, round: u64) {
        let settle_looks = self.rules.settle_looks;
        let endpoint = Arc::make_mut(self.now.endpoints.entry(capture.endpoint.clone()).or_default());
        if endpoint.round == round {
            return;
        }
        endpoint.round = round;
        if let Some(look) = self.record(capture)
            && let Some(endpoint) = self.now.endpoints.get_mut(&capture.endpoint)
        {
            Arc::make_mut(endpoint).burst.after_round(settle_looks, look);
        }
    }

    /// Judges and records what an endpoint showed; nothing when it is no longer watched, or has no address.
    fn record(&mut self, capture: &Capture) -> Option<Look> {
        let endpoint = Arc::make_mut(self.now.endpoints.get_mut(&capture.endpoint)?);
        if capture.takes_tls12.is_some() {
            endpoint.takes_tls12 = capture.takes_tls12;
            endpoint.tls12_asked = Some(capture.at);
        }
        // A name that does not resolve tells nothing about addresses.
        let addresses = capture.addresses.as_ref().ok()?;
        let resolved = &capture.resolved;
        endpoint.is_behind_proxy = capture.is_behind_proxy();
        endpoint.addresses = resolved.count();
        endpoint.is_private = are_all_private(resolved.addresses.iter().copied());
        let looked_at = addresses.iter().filter_map(|seen| seen.via.address()).collect();
        let turns = Arc::make_mut(&mut endpoint.turns);
        turns.note(capture.at, &resolved.addresses, looked_at);
        let unseen = turns.unseen(&resolved.addresses, capture.at, self.rules.window) + resolved.beyond;
        // One whose turn it was not keeps its failure until it is looked at again, or is gone.
        let is_waiting = |via: &Via| {
            via.address().is_some_and(|address| resolved.addresses.contains(&address))
                && !addresses.iter().any(|seen| seen.via == *via)
        };
        endpoint.failures.retain(|via, _| is_waiting(via));
        let failed = addresses.iter().filter_map(|seen| Some((seen.via, seen.failure.clone()?)));
        endpoint.failures.extend(failed);
        let sightings = sightings(&self.trust, capture);
        let look = endpoint.window.record_part(self.rules, capture.at, &resolved.addresses, &sightings);
        endpoint.window.note_unseen(unseen);
        Some(look)
    }

    /// Watches exactly the issuers of the targets.
    pub(super) fn retarget(&mut self) {
        let wanted = self.targets.issuers();
        self.now.issuers.retain(|issuer, _| wanted.contains(issuer));
        for issuer in wanted {
            let state = self.now.issuers.entry(issuer.clone());
            state.or_insert_with(|| Arc::new(IssuerState::new(issuer)));
        }
        self.forget_endpoints();
    }

    fn forget_endpoints(&mut self) {
        let used: BTreeSet<&Endpoint> =
            self.now.issuers.values().flat_map(|issuer| issuer.known_endpoints()).collect();
        self.now.endpoints.retain(|endpoint, _| used.contains(endpoint));
    }
}
