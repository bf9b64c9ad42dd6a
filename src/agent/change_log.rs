//! One log line for each change of state, none for a poll that changes nothing, and few for what keeps changing.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Instant;

use crate::endpoint::Endpoint;
use crate::issuer::Issuer;
use crate::log_limit::{Admitted, Limiter, NOTE};
use crate::poll::{ADDRESSES_A_ROUND, PollError};
use crate::printable::some_of;
use crate::provider::Origin;
use crate::snapshot::problems::Problems;
use crate::snapshot::{AccountState, EndpointState, IssuerState, JudgedProvider, Snapshot};
use crate::verdict::{Class, Coverage, Problem, ProblemName, Status, Verdict};

/// So many issuers may have a line each when they come; of more, a sentence tells.
const FEW: usize = 5;

/// A line of level info, or of level debug when it is one of many.
macro_rules! told {
    ($is_one_of_many:expr, $($line:tt)*) => {
        if $is_one_of_many {
            tracing::debug!($($line)*);
        } else {
            tracing::info!($($line)*);
        }
    };
}

/// One of many issuers that have their first result in `after`, or none yet.
fn is_one_of_many(issuer: &Issuer, before: &Snapshot, after: &Snapshot) -> bool {
    let is_new = before.issuers.get(issuer).is_none_or(|state| state.last_poll.is_none());
    after.issuers.len() > FEW && is_new
}

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

/// Writes the log of what the agent finds.
pub(super) struct ChangeLog {
    limiter: Limiter<Subject>,
    /// What problems there were when it was looked last: dates pass without a poll.
    names: Names,
}

/// By issuer, what problems whoever expects something of it has.
type Names = BTreeMap<Issuer, BTreeSet<(String, ProblemName)>>;

impl ChangeLog {
    /// Nothing told yet; these problems are known.
    pub(super) fn new(known: &Problems<'_>) -> Self {
        Self { limiter: Limiter::new(), names: names(&by_issuer(known)) }
    }

    /// Logs what is different in `after`, which has these problems, and what had been held back for an hour.
    pub(super) fn note(
        &mut self,
        before: &Snapshot,
        after: &Snapshot,
        problems: &Problems<'_>,
        now: Instant,
    ) {
        let new = after.issuers.keys().filter(|issuer| !before.issuers.contains_key(*issuer));
        let new: Vec<&Issuer> = new.collect();
        if new.len() > FEW {
            tracing::info!(issuers = new.len(), "watching more issuers");
        }
        for issuer in &new {
            told!(new.len() > FEW, %issuer, "watching issuer");
        }
        for issuer in before.issuers.keys().filter(|issuer| !after.issuers.contains_key(*issuer)) {
            tracing::info!(%issuer, "no longer watching issuer");
        }
        let found = by_issuer(problems);
        let names = names(&found);
        let changed = changed(before, after, &self.of_other_problems(&names));
        self.names = names;
        let overdue = self.limiter.overdue(now).into_iter().filter(|subject| !changed.contains(subject));
        for subject in overdue.chain(changed.iter().cloned()).collect::<Vec<_>>() {
            if let Some(admitted) = self.limiter.admit(subject.clone(), now) {
                tell(&subject, before, after, &found, &admitted);
            }
        }
        if after.ready && !before.ready {
            let sentence = problems.sentence();
            let found = sentence.split("; last poll").next().unwrap_or_default();
            tracing::info!("all have a first result: {found}");
        }
    }

    /// The issuers whose problems have other names now, or are of others.
    fn of_other_problems(&self, names: &Names) -> Vec<Issuer> {
        let any: BTreeSet<&Issuer> = self.names.keys().chain(names.keys()).collect();
        any.into_iter().filter(|issuer| self.names.get(*issuer) != names.get(*issuer)).cloned().collect()
    }
}

fn changed(before: &Snapshot, after: &Snapshot, of_other_problems: &[Issuer]) -> Vec<Subject> {
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
    changed.extend(of_other_problems.iter().cloned().map(Subject::Problems));
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

/// Problems and whose they are: of each provider for an issuer, or of the issuer when there is none.
type ByIssuer<'a> = BTreeMap<&'a Issuer, Vec<(String, &'a Problem)>>;

/// That nothing was seen before the first poll goes without saying.
fn by_issuer<'a>(problems: &'a Problems<'_>) -> ByIssuer<'a> {
    let polled = problems.of_issuers().filter(|(_, state, _)| state.last_poll.is_some());
    let polled: BTreeSet<&Issuer> = polled.map(|(issuer, ..)| issuer).collect();
    let mut found = ByIssuer::new();
    let mut add = |issuer: &'a Issuer, whose: String, problems: &'a [Problem]| {
        let is_told =
            |problem: &&Problem| !matches!(problem, Problem::NotObserved(_)) || polled.contains(issuer);
        for problem in problems.iter().filter(is_told) {
            found.entry(issuer).or_default().push((whose.clone(), problem));
        }
    };
    for (JudgedProvider { provider, .. }, problems) in problems.of_providers() {
        add(&provider.issuer, provider.to_string(), problems);
    }
    for (issuer, _, problems) in problems.of_watched_only() {
        add(issuer, issuer.to_string(), problems);
    }
    found
}

fn names(found: &ByIssuer<'_>) -> Names {
    let names = |problems: &Vec<(String, &Problem)>| {
        problems.iter().map(|(whose, problem)| (whose.clone(), problem.name())).collect()
    };
    found.iter().map(|(issuer, problems)| ((*issuer).clone(), names(problems))).collect()
}

fn tell(
    subject: &Subject,
    before: &Snapshot,
    after: &Snapshot,
    problems: &ByIssuer<'_>,
    admitted: &Admitted,
) {
    let &Admitted { held_back, last } = admitted;
    let note = last.then_some(NOTE);
    match subject {
        Subject::Issuer(issuer) => match after.issuers.get(issuer).map(|state| &state.error) {
            Some(Some(error)) => {
                tracing::warn!(%issuer, reason = %error.reason(), %error, held_back, note, "issuer is down");
            }
            Some(None) => {
                told!(is_one_of_many(issuer, before, after), %issuer, held_back, note, "issuer is up");
            }
            None => {}
        },
        Subject::RootCa(issuer) => {
            let root_cas = |snapshot: &Snapshot| snapshot.issuers.get(issuer).map(|s| s.root_cas.clone());
            let (Some(now), then) = (root_cas(after), root_cas(before).unwrap_or_default()) else { return };
            let new: Vec<_> = now.difference(&then).collect();
            let new = some_of(new.into_iter(), FEW);
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
                let is_one_of_many = is_one_of_many(issuer, before, after);
                tell_verdict(&provider.to_string(), verdict, is_one_of_many, held_back, note);
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

fn tell_verdict(
    provider: &str,
    verdict: &Verdict,
    is_one_of_many: bool,
    held_back: Option<u64>,
    note: Option<&str>,
) {
    let Coverage { covered, observed } = verdict.coverage;
    let enforced = verdict.enforced.unwrap_or(false);
    match verdict.status {
        Status::Match if verdict.fragile => {
            let message =
                "thumbprints match only the leaf certificate; they will stop matching when it is renewed";
            tracing::warn!(provider, held_back, note, "{message}");
        }
        Status::Match => told!(is_one_of_many, provider, held_back, note, "thumbprints match"),
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
            let message = "cannot tell whether thumbprints match";
            told!(is_one_of_many, provider, why, held_back, note, "{message}");
        }
    }
}
