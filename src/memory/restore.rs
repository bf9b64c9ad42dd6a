//! What was kept, as states to go on from. Chains are judged anew, by whom is trusted now and at the time that it is now; nothing
//! that the last poll said comes back, so that an issuer is not up before it has been polled.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::format::{KeptEndpoint, KeptIssuer, KeptObservation, KeptProvider, Memory};
use super::text::{Canonical, HealthAt, Moment};
use crate::chain::{Fingerprint, JudgedChain, ServedChain, TrustStore, Unproven};
use crate::clock::Timestamp;
use crate::endpoint::Endpoint;
use crate::issuer::Issuer;
use crate::observe::{Look, Observation, Window, WindowRules};
use crate::poll::{AddressPolicy, Documents, Turns};
use crate::provider::{Details, Origin, Provider, ProviderArn};
use crate::snapshot::{EndpointState, HealthSince, Held, HeldOfIssuer, IssuerState};

/// What was kept, under the configuration that is in force.
pub struct Restoring<'a> {
    pub memory: &'a Memory,
    pub trust: &'a TrustStore,
    pub rules: WindowRules,
    pub policy: AddressPolicy,
    /// Now.
    pub at: Timestamp,
}

impl Restoring<'_> {
    /// What IAM listed last.
    pub fn providers(&self) -> impl Iterator<Item = Provider> {
        self.memory.providers.iter().filter_map(|(Canonical(arn), kept)| self.provider(arn, kept))
    }

    /// When IAM was last read to its end.
    pub fn account_last_success(&self) -> Option<Timestamp> {
        self.time(self.memory.account.as_ref()?.last_success.as_ref())
    }

    /// The issuers that are watched, with what is known of each beside what its endpoints showed.
    pub fn issuers(
        &self,
        is_watched: impl Fn(&Issuer) -> bool,
    ) -> impl Iterator<Item = (Issuer, IssuerState)> {
        let watched = self.memory.issuers.iter().filter(move |(issuer, _)| is_watched(&issuer.0));
        watched.map(|(Canonical(issuer), kept)| (issuer.clone(), self.issuer(issuer, kept)))
    }

    /// Since when everything had the health that it had.
    pub fn health_since(&self) -> HealthSince {
        let mut since = HealthSince::default();
        for (Canonical(issuer), kept) in &self.memory.issuers {
            let mut of_issuer =
                HeldOfIssuer { own: self.held(kept.health.as_ref()), ..HeldOfIssuer::default() };
            let for_file = self.held(kept.health_for_file.as_ref());
            of_issuer.providers.extend(for_file.map(|held| (Origin::File, held)));
            since.0.insert(issuer.clone(), of_issuer);
        }
        for (Canonical(arn), kept) in &self.memory.providers {
            let Some(provider) = self.provider(arn, kept) else { continue };
            if let (Some(held), Some(of_issuer)) =
                (self.held(kept.health.as_ref()), since.0.get_mut(&provider.issuer))
            {
                of_issuer.providers.insert(provider.origin, held);
            }
        }
        since
    }

    fn held(&self, kept: Option<&Canonical<HealthAt>>) -> Option<Held> {
        let HealthAt { is, since } = kept?.0;
        Some(Held { health: is, since: since.0.min(self.at) })
    }

    /// The endpoints that these use, with what each showed.
    pub fn endpoints(
        &self,
        is_used: impl Fn(&Endpoint) -> bool,
    ) -> impl Iterator<Item = (Endpoint, EndpointState)> {
        let used = self.memory.endpoints.iter().filter(move |(endpoint, _)| is_used(&endpoint.0));
        used.map(|(Canonical(endpoint), kept)| (endpoint.clone(), self.endpoint(endpoint, kept)))
    }

    fn issuer(&self, issuer: &Issuer, kept: &KeptIssuer) -> IssuerState {
        let documents = &kept.documents;
        IssuerState {
            last_success: self.time(kept.last_success.as_ref()),
            documents: Documents {
                issuer: documents.issuer.as_ref().map(|text| text.as_str().into()),
                has_response_types: documents.has_response_types,
                disclosed_keys: documents.disclosed_keys,
            },
            jwks: kept.jwks_endpoint.as_ref().map(|endpoint| endpoint.0.clone()),
            is_complete: kept.is_complete,
            thumbprint_changed: self.time(kept.thumbprint_changed.as_ref()),
            failed_polls: kept.failed_polls,
            ..IssuerState::new(issuer)
        }
    }

    fn endpoint(&self, endpoint: &Endpoint, kept: &KeptEndpoint) -> EndpointState {
        let observations = self.observations(endpoint, kept);
        let mut state = EndpointState {
            addresses: kept.addresses,
            is_private: kept.is_private,
            is_behind_proxy: kept.is_behind_proxy,
            turns: Arc::new(turns(&observations)),
            takes_tls12: kept.takes_tls12,
            tls12_asked: self.time(kept.tls12_asked.as_ref()),
            ..EndpointState::default()
        };
        // A change that had not settled is looked at again at once.
        let look = Look { has_news: true, is_in_doubt: observations.iter().any(|o| o.looks_absent > 0) };
        state.burst.after_round(self.rules.settle_looks, look);
        state.window = Window::restored(self.rules, observations, kept.unseen, kept.was_seen_whole);
        state
    }

    fn observations(&self, endpoint: &Endpoint, kept: &KeptEndpoint) -> Vec<Observation> {
        let is_admitted = |kept: &&KeptObservation| {
            kept.via.0.0.address().is_none_or(|address| self.policy.admit(address).is_ok())
        };
        let kept: Vec<&KeptObservation> = kept.observations.iter().filter(is_admitted).collect();
        // One address without a proof is enough to say so.
        let mut unproven: BTreeMap<&Canonical<Fingerprint>, Option<Unproven>> = BTreeMap::new();
        for observation in &kept {
            let why = unproven.entry(&observation.chain).or_default();
            *why = why.or(observation.unproven);
        }
        let judged: BTreeMap<_, _> = unproven
            .into_iter()
            .filter_map(|(id, why)| Some((id, self.judged(endpoint, id, why)?)))
            .collect();
        let observations = kept.into_iter().filter_map(|kept| {
            Some(Observation {
                via: kept.via.0.0,
                chain: Arc::clone(judged.get(&kept.chain)?),
                first_seen: self.time(Some(&kept.first_seen))?,
                last_seen: self.time(Some(&kept.last_seen))?,
                looks_absent: kept.looks_absent,
            })
        });
        observations.collect()
    }

    fn judged(
        &self,
        endpoint: &Endpoint,
        id: &Canonical<Fingerprint>,
        unproven: Option<Unproven>,
    ) -> Option<Arc<JudgedChain>> {
        let names = self.memory.chains.get(id)?;
        let ders = names.iter().map(|name| self.memory.certificates.get(name).map(|der| der.0.clone()));
        let served = ServedChain::new(ders.collect::<Option<Vec<_>>>()?)?;
        let host = endpoint.server_name();
        let mut judgement = self.trust.judge(served.certificates(), host.as_ref(), self.at);
        if let Some(why) = unproven {
            judgement = judgement.without_proof(why);
        }
        Some(Arc::new(JudgedChain { served, judgement }))
    }

    fn provider(&self, arn: &ProviderArn, kept: &KeptProvider) -> Option<Provider> {
        let details = kept.details.as_ref().map(|kept| Details {
            thumbprints: kept.thumbprints.iter().map(|thumbprint| thumbprint.0).collect(),
            malformed: kept.malformed,
            client_ids: kept.client_ids.iter().map(|id| id.as_str().to_owned()).collect(),
            url: Some(kept.url.as_ref().map_or(arn.url(), |url| url.as_str()).into()),
            created: kept.created.as_ref().map(|created| created.0.0),
        });
        let url = details.as_ref().and_then(|details| details.url.as_deref()).unwrap_or_else(|| arn.url());
        let issuer = Issuer::from_iam(url).ok()?;
        let missing_since = self.time(kept.missing_since.as_ref());
        Some(Provider { origin: Origin::Iam(arn.clone()), issuer, details, missing_since })
    }

    /// What is a little ahead, since the clock was set back, was now.
    fn time(&self, kept: Option<&Canonical<Moment>>) -> Option<Timestamp> {
        kept.map(|Canonical(Moment(at))| (*at).min(self.at))
    }
}

/// Who was looked at longest ago is next.
fn turns(observations: &[Observation]) -> Turns {
    let seen = observations.iter().filter_map(|o| Some((o.last_seen, o.via.address()?)));
    let mut turns = Turns::default();
    for (at, address) in seen.collect::<BTreeSet<_>>() {
        turns.note(at, &[], vec![address]);
    }
    turns
}
