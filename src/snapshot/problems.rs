//! Every problem at one moment. An issuer is judged once, however many providers it has.

use std::collections::{BTreeMap, BTreeSet};

use super::{IssuerState, JudgedProvider, Snapshot};
use crate::clock::Timestamp;
use crate::issuer::Issuer;
use crate::verdict::{self, IssuerEvidence, KeyEvidence, Problem, ProviderEvidence};

/// The problems of everything in a snapshot, at one moment.
pub(crate) struct Problems<'a> {
    pub(super) snapshot: &'a Snapshot,
    issuers: BTreeMap<&'a Issuer, Vec<Problem>>,
    /// In the order of the snapshot's.
    providers: Vec<Vec<Problem>>,
}

impl<'a> Problems<'a> {
    /// Of each issuer, whoever lists it.
    pub(crate) fn of_issuers(&self) -> impl Iterator<Item = (&'a Issuer, &'a IssuerState, &[Problem])> {
        let of = |issuer: &'a Issuer| self.issuers.get(issuer).map_or(&[][..], Vec::as_slice);
        self.snapshot.issuers.iter().map(move |(issuer, state)| (issuer, &**state, of(issuer)))
    }

    /// Of each provider: its own, then its issuer's.
    pub(crate) fn of_providers(&self) -> impl Iterator<Item = (&'a JudgedProvider, &[Problem])> {
        self.snapshot.providers.iter().zip(self.providers.iter().map(Vec::as_slice))
    }

    /// Of each issuer that nobody expects anything of.
    pub(crate) fn of_watched_only(&self) -> impl Iterator<Item = (&'a Issuer, &'a IssuerState, &[Problem])> {
        let providers = self.snapshot.providers.iter();
        let expected: BTreeSet<&Issuer> = providers.map(|judged| &judged.provider.issuer).collect();
        self.of_issuers().filter(move |(issuer, ..)| !expected.contains(issuer))
    }
}

impl Snapshot {
    /// All problems at `now`.
    #[must_use]
    pub(crate) fn problems(&self, now: Timestamp) -> Problems<'_> {
        let issuers: BTreeMap<&Issuer, Vec<Problem>> = self
            .issuers
            .iter()
            .map(|(issuer, state)| (issuer, self.issuer_problems(issuer, state, now)))
            .collect();
        let providers = self.providers.iter().map(|judged| {
            let of_issuer = issuers.get(&judged.provider.issuer).cloned().unwrap_or_default();
            self.with_issuers_own(judged, of_issuer, now)
        });
        Problems { snapshot: self, providers: providers.collect(), issuers }
    }

    /// The problems of an issuer at `now`, whoever lists it.
    #[must_use]
    pub(crate) fn issuer_problems(
        &self,
        issuer: &Issuer,
        state: &IssuerState,
        now: Timestamp,
    ) -> Vec<Problem> {
        let seen = self.seen(state);
        let endpoints = state.known_endpoints().into_iter();
        let evidence = IssuerEvidence {
            keys: key_evidence(state),
            endpoints: endpoints.filter_map(|of| Some(self.endpoints.get(of)?.evidence(of))).collect(),
            enforced: verdict::enforced(seen.as_deref()),
            unseen: verdict::unseen(seen.as_deref()),
            lacks_provider: self.without_provider.contains(issuer),
        };
        verdict::of_issuer(&evidence, &self.rules, now)
    }

    /// The problems of a provider at `now`: its own, then its issuer's.
    #[must_use]
    pub(crate) fn provider_problems(&self, judged: &JudgedProvider, now: Timestamp) -> Vec<Problem> {
        let issuer = &judged.provider.issuer;
        let Some(state) = self.issuers.get(issuer) else { return Vec::new() };
        self.with_issuers_own(judged, self.issuer_problems(issuer, state, now), now)
    }

    fn with_issuers_own(
        &self,
        JudgedProvider { provider, verdict }: &JudgedProvider,
        of_issuer: Vec<Problem>,
        now: Timestamp,
    ) -> Vec<Problem> {
        let Some(state) = self.issuers.get(&provider.issuer) else { return of_issuer };
        let seen = self.seen(state);
        let (audiences, endpoints) = (&self.audiences, seen.as_deref());
        let evidence = ProviderEvidence { provider, verdict, audiences, endpoints };
        verdict::of_provider(&evidence, &key_evidence(state), of_issuer, &self.rules, now)
    }
}

fn key_evidence(state: &IssuerState) -> KeyEvidence<'_> {
    KeyEvidence {
        documents: &state.documents,
        timings: &state.timings,
        shares_endpoint: state.jwks.as_ref() == Some(&state.discovery),
        failed_polls: state.failed_polls,
        has_succeeded: state.last_success.is_some(),
        error: state.error.as_ref(),
    }
}
