//! The immutable state that a scrape reads: in go results, by way of the agent, out comes what everybody shows. Replaced
//! whole; nothing here does I/O or knows who reads it.

mod account;
mod endpoint;
mod issuer;
mod kept;
pub(crate) mod problems;
mod since;
mod summary;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;

pub(crate) use account::AccountState;
pub(crate) use endpoint::EndpointState;
pub(crate) use issuer::IssuerState;
pub(crate) use kept::KeptState;
pub(crate) use since::{HealthSince, Held, HeldOfIssuer};

use crate::chain::{Certificate, JudgedChain, Thumbprint};
use crate::clock::Timestamp;
use crate::endpoint::Endpoint;
use crate::issuer::Issuer;
use crate::provider::{Origin, Provider};
use crate::verdict::{self, Audiences, Rules, Seen, Verdict};

/// The snapshot that is in force, shared by the agent, which writes it, and everybody else, who reads it.
pub type Published = Arc<ArcSwap<Snapshot>>;

/// A provider and the verdict on it.
#[derive(Clone, Debug)]
pub struct JudgedProvider {
    /// From IAM or from the file.
    pub provider: Arc<Provider>,
    /// By what was seen of its issuer.
    pub verdict: Verdict,
}

/// Everything that is known at one moment.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    /// Every watched issuer.
    pub issuers: BTreeMap<Issuer, Arc<IssuerState>>,
    /// Every endpoint of theirs.
    pub endpoints: BTreeMap<Endpoint, Arc<EndpointState>>,
    /// Every provider, from IAM and from the file, with its verdict.
    pub providers: Vec<JudgedProvider>,
    /// The IAM account, when there is one.
    pub account: Option<AccountState>,
    /// Audiences that providers must allow: everywhere, and by issuer.
    pub audiences: Audiences,
    /// Issuers that must have a provider, and that IAM lists none for.
    pub without_provider: BTreeSet<Issuer>,
    /// Since when everything has its health.
    pub since: Arc<HealthSince>,
    /// The set interval of the rounds.
    pub interval: Duration,
    /// Where problems begin.
    pub rules: Rules,
    /// When the configuration that is in force was loaded.
    pub configured: Option<Timestamp>,
    /// Why a later one was refused.
    pub refused: Option<Arc<str>>,
    /// The file that the state is kept in, when there is one.
    pub kept: Option<KeptState>,
    /// Every issuer and the account had their first result at some time. An issuer that comes later changes nothing:
    /// whoever takes a daemon that is not ready out of service would lose sight of all the others.
    pub ready: bool,
}

impl Snapshot {
    /// Every issuer and the account have their first result, good or bad.
    pub(crate) fn has_first_results(&self) -> bool {
        self.issuers.values().all(|issuer| issuer.last_poll.is_some())
            && self.account.as_ref().is_none_or(|account| account.polls > 0)
    }

    /// Which providers the account has is known, of now or of an earlier time; and so which issuers are watched. Of an account
    /// that is not read there is nothing to know.
    #[must_use]
    pub(crate) fn knows_providers(&self) -> bool {
        let is_of_iam = |judged: &JudgedProvider| matches!(judged.provider.origin, Origin::Iam(_));
        self.account.as_ref().is_none_or(|account| {
            account.last_success.is_some()
                || account.unusable.is_some()
                || self.providers.iter().any(is_of_iam)
        })
    }

    /// An issuer's endpoints, `None` until both are known.
    #[must_use]
    pub fn seen(&self, issuer: &IssuerState) -> Option<Vec<Seen<'_>>> {
        let endpoints = issuer.endpoints()?.into_iter();
        endpoints.map(|endpoint| self.endpoints.get(endpoint).map(|state| state.seen())).collect()
    }

    /// `provider`, judged by what is known of its issuer.
    #[must_use]
    pub(crate) fn judge(&self, provider: &Arc<Provider>) -> JudgedProvider {
        let seen = self.issuers.get(&provider.issuer).and_then(|state| self.seen(state));
        JudgedProvider { provider: Arc::clone(provider), verdict: verdict::judge(provider, seen.as_deref()) }
    }

    /// Every distinct chain of the issuer's endpoints that counts.
    pub fn chains<'a>(&'a self, issuer: &'a IssuerState) -> impl Iterator<Item = &'a JudgedChain> {
        let endpoints = issuer.known_endpoints().into_iter();
        endpoints
            .filter_map(|endpoint| self.endpoints.get(endpoint))
            .flat_map(|endpoint| endpoint.window.chains())
            .map(Arc::as_ref)
    }

    /// The thumbprints of the issuer's root CAs that count, those of a proxy in between left out.
    #[must_use]
    pub(crate) fn root_cas(&self, issuer: &IssuerState) -> BTreeSet<Thumbprint> {
        let own = self.chains(issuer).filter(|judged| !judged.is_intercepted());
        own.map(|judged| judged.served.root_ca().sha1).collect()
    }

    /// Soonest expiry among the issuer's root CAs that count.
    #[must_use]
    pub fn root_ca_not_after(&self, issuer: &IssuerState) -> Option<Timestamp> {
        soonest(self.chains(issuer).map(|judged| judged.served.root_ca()))
    }

    /// Soonest expiry among the trust anchors of the issuer's chains that count, served or not.
    #[must_use]
    pub fn trust_anchor_not_after(&self, issuer: &IssuerState) -> Option<Timestamp> {
        let anchors = self.chains(issuer).filter_map(|judged| judged.judgement.anchor.as_ref());
        soonest(anchors.map(|anchor| &anchor.certificate))
    }
}

fn soonest<'a>(certificates: impl Iterator<Item = &'a Certificate>) -> Option<Timestamp> {
    certificates.filter_map(|certificate| Some(certificate.readable()?.not_after)).min()
}
