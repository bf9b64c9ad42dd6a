//! One log line for each change of state, none for a poll that changes nothing, and few for what keeps changing.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Instant;

use crate::clock::Timestamp;
use crate::endpoint::Endpoint;
use crate::issuer::Issuer;
use crate::log_limit::{Admitted, Limiter, NOTE};
use crate::poll::{ADDRESSES_A_ROUND, PollError};
use crate::provider::Origin;
use crate::snapshot::{AccountState, EndpointState, IssuerState, JudgedProvider, Snapshot};
use crate::verdict::{Class, Coverage, Problem, ProblemName, Status, Verdict};

/// What lines are about, and limited by.
#[derive(Clone, PartialEq, Eq, Hash)]
enum Subject {
    /// Whether it is up.
    Issuer(Issuer),
    /// What it serves.
    RootCa(Issuer),
    Account,
    /// An ARN that IAM lists.
    Unusable(String),
    Verdict(Origin, Issuer),
    /// Whether one round looks at all of its addresses.
    Addresses(Endpoint),
    /// Of the issuer, and of the providers for it.
    Problems(Issuer),
}

/// A snapshot, and at what time it is looked at.
type Dated<'a> = (&'a Snapshot, Timestamp);

/// Writes the log of what the agent finds.
pub(super) struct ChangeLog(Limiter<Subject>);

impl ChangeLog {
    /// Nothing told yet.
    pub(super) fn new() -> Self {
        Self(Limiter::new())
    }

    /// Logs what is different in `after`, and what had been held back for an hour.
    /// Of each, what it was at its time: dates pass without a poll.
    pub(super) fn note(&mut self, dated_before: Dated<'_>, dated_after: Dated<'_>, now: Instant) {
        let ((before, _), (after, _)) = (dated_before, dated_after);
        for issuer in after.issuers.keys().filter(|issuer| !before.issuers.contains_key(*issuer)) {
            tracing::info!(%issuer, "watching issuer");
        }
        for issuer in before.issuers.keys().filter(|issuer| !after.issuers.contains_key(*issuer)) {
            tracing::info!(%issuer, "no longer watching issuer");
        }
        let (were, are) = (problems(dated_before), problems(dated_after));
        let changed = changed(before, after, &of_other_problems(&were, &are));
        let overdue = self.0.overdue(now).into_iter().filter(|subject| !changed.contains(subject));
        for subject in overdue.chain(changed.iter().cloned()).collect::<Vec<_>>() {
            if let Some(admitted) = self.0.admit(subject.clone(), now) {
                tell(&subject, before, after, &are, &admitted);
            }
        }
    }
}

fn changed(before: &Snapshot, after: &Snapshot, of_other_problems: &[&Issuer]) -> Vec<Subject> {
    let mut changed = Vec::new();
    for (issuer, state) in &after.issuers {
        let Some(old) = before.issuers.get(issuer) else { continue };
        let reason = |state: &IssuerState| state.error.as_ref().map(PollError::reason);
        let is_first = old.last_poll.is_none() && state.last_poll.is_some();
        if is_first || reason(state) != reason(old) {
            changed.push(Subject::Issuer(issuer.clone()));
        }
        if state.thumbprint_changed != old.thumbprint_changed {
            changed.push(Subject::RootCa(issuer.clone()));
        }
    }
    changed.extend(of_other_problems.iter().map(|issuer| Subject::Problems((*issuer).clone())));
    if let (Some(old), Some(new)) = (&before.account, &after.account) {
        let reason = |state: &AccountState| state.error.as_ref().map(|error| error.reason);
        if new.polls > 0 && (old.polls == 0 || reason(new) != reason(old)) {
            changed.push(Subject::Account);
        }
    }
    let known: Vec<_> = before.account.iter().flat_map(AccountState::unusable).collect();
    let unusable = after.account.iter().flat_map(AccountState::unusable);
    let new = unusable.filter(|provider| !known.contains(provider));
    changed.extend(new.map(|provider| Subject::Unusable(provider.provider_arn.clone())));
    let takes_turns = |state: &EndpointState| state.addresses > ADDRESSES_A_ROUND;
    for (endpoint, state) in &after.endpoints {
        if takes_turns(state) && !before.endpoints.get(endpoint).is_some_and(|old| takes_turns(old)) {
            changed.push(Subject::Addresses(endpoint.clone()));
        }
    }
    let told = |judged: &JudgedProvider| {
        let verdict = &judged.verdict;
        (verdict.status, verdict.fragile, verdict.unknown)
    };
    let key = |judged: &JudgedProvider| (judged.provider.origin.clone(), judged.provider.issuer.clone());
    let known: HashMap<_, _> = before.providers.iter().map(|judged| (key(judged), told(judged))).collect();
    for judged in &after.providers {
        let (origin, issuer) = key(judged);
        if known.get(&(origin.clone(), issuer.clone())) != Some(&told(judged)) {
            changed.push(Subject::Verdict(origin, issuer));
        }
    }
    changed
}

/// What problems there are and whose: those of each provider for an issuer, or its own when there is none.
type Problems<'a> = BTreeMap<&'a Issuer, Vec<(String, Problem)>>;

fn problems((snapshot, now): Dated<'_>) -> Problems<'_> {
    let mut found = Problems::new();
    for judged in &snapshot.providers {
        let provider = &judged.provider;
        for problem in snapshot.provider_problems(judged, now) {
            found.entry(&provider.issuer).or_default().push((provider.to_string(), problem));
        }
    }
    for (issuer, state) in snapshot.watched_only() {
        for problem in snapshot.issuer_problems(state, now) {
            found.entry(issuer).or_default().push((issuer.to_string(), problem));
        }
    }
    found
}

/// The issuers whose problems have other names, or are of others.
fn of_other_problems<'a>(were: &Problems<'a>, are: &Problems<'a>) -> Vec<&'a Issuer> {
    let names = |found: &Problems<'a>, issuer: &Issuer| -> BTreeSet<(String, ProblemName)> {
        let found = found.get(issuer).into_iter().flatten();
        found.map(|(whose, problem)| (whose.clone(), problem.name())).collect()
    };
    let any: BTreeSet<&Issuer> = were.keys().chain(are.keys()).copied().collect();
    any.into_iter().filter(|issuer| names(were, issuer) != names(are, issuer)).collect()
}

fn tell(
    subject: &Subject,
    before: &Snapshot,
    after: &Snapshot,
    problems: &Problems<'_>,
    admitted: &Admitted,
) {
    let &Admitted { held_back, last } = admitted;
    let note = last.then_some(NOTE);
    match subject {
        Subject::Issuer(issuer) => match after.issuers.get(issuer).map(|state| &state.error) {
            Some(Some(error)) => {
                tracing::warn!(%issuer, reason = %error.reason(), %error, held_back, note, "issuer is down");
            }
            Some(None) => tracing::info!(%issuer, held_back, note, "issuer is up"),
            None => {}
        },
        Subject::RootCa(issuer) => {
            let root_cas = |snapshot: &Snapshot| snapshot.issuers.get(issuer).map(|s| s.root_cas.clone());
            let (Some(now), then) = (root_cas(after), root_cas(before).unwrap_or_default()) else { return };
            let new: Vec<String> = now.difference(&then).map(ToString::to_string).collect();
            let new = new.join(",");
            tracing::warn!(%issuer, new, held_back, note, "issuer serves a new root CA");
        }
        Subject::Account => {
            let Some(account) = &after.account else { return };
            let (label, providers) = (account.label(), after.providers.len());
            if let Some(error) = &account.error {
                let reason = error.reason;
                tracing::warn!(account = label, %reason, %error, held_back, note, "IAM cannot be read");
            } else {
                tracing::info!(account = label, providers, held_back, note, "IAM was read");
            }
        }
        Subject::Unusable(arn) => {
            let mut unusable = after.account.iter().flat_map(AccountState::unusable);
            if let Some(provider) = unusable.find(|provider| provider.provider_arn == *arn) {
                let reason = provider.reason.to_string();
                tracing::warn!(
                    provider = arn,
                    reason,
                    held_back,
                    note,
                    "IAM lists a provider that cannot be watched"
                );
            }
        }
        Subject::Addresses(endpoint) => {
            let Some(EndpointState { addresses, window, .. }) = after.endpoints.get(endpoint).map(|e| &**e)
            else {
                return;
            };
            let (a_round, not_seen) = (ADDRESSES_A_ROUND, window.unseen());
            let message = "the host has more addresses than one round looks at; they take turns";
            tracing::warn!(%endpoint, addresses, a_round, not_seen, held_back, note, "{message}");
        }
        Subject::Verdict(origin, issuer) => {
            let is_it = |judged: &&JudgedProvider| {
                judged.provider.origin == *origin && judged.provider.issuer == *issuer
            };
            if let Some(JudgedProvider { provider, verdict }) = after.providers.iter().find(is_it) {
                tell_verdict(&provider.to_string(), verdict, held_back, note);
            }
        }
        Subject::Problems(issuer) => {
            let found = problems.get(issuer).map(Vec::as_slice).unwrap_or_default();
            for (whose, problem) in found {
                let (name, class) = (problem.name(), problem.class());
                match class {
                    Class::Failing => {
                        tracing::error!(of = whose, problem = %name, %class, held_back, note, "{problem}");
                    }
                    Class::AtRisk | Class::Unknown => {
                        tracing::warn!(of = whose, problem = %name, %class, held_back, note, "{problem}");
                    }
                }
            }
            if found.is_empty() {
                tracing::info!(%issuer, held_back, note, "no problems any more");
            }
        }
    }
}

fn tell_verdict(provider: &str, verdict: &Verdict, held_back: Option<u64>, note: Option<&str>) {
    let Coverage { covered, observed } = verdict.coverage;
    let enforced = verdict.enforced.unwrap_or(false);
    match verdict.status {
        Status::Match if verdict.fragile => {
            let message =
                "thumbprints match only the leaf certificate; they will stop matching when it is renewed";
            tracing::warn!(provider, held_back, note, "{message}");
        }
        Status::Match => tracing::info!(provider, held_back, note, "thumbprints match"),
        Status::Partial => {
            let message = "thumbprints match only some of the served chains";
            tracing::warn!(provider, covered, chains = observed, enforced, held_back, note, "{message}");
        }
        Status::Mismatch => {
            tracing::warn!(
                provider,
                enforced,
                held_back,
                note,
                "thumbprints match none of the served chains"
            );
        }
        Status::Unknown => {
            let why = verdict.unknown.map(|why| why.to_string()).unwrap_or_default();
            tracing::info!(provider, why, held_back, note, "cannot tell whether thumbprints match");
        }
    }
}
