//! A snapshot as it is kept. Results of the last poll are not: what is down after a restart is for the next poll to say.

use std::collections::{BTreeMap, BTreeSet};

use super::bounded::{MAX_CLIENT_IDS, MAX_ENTRIES};
use super::format::{
    KeptAccount, KeptDetails, KeptDocuments, KeptEndpoint, KeptIssuer, KeptObservation, KeptProvider, Memory,
    VERSION,
};
use super::text::{Canonical, Der, HealthAt, Moment, Plain, Way};
use crate::chain::{Certificate, Fingerprint};
use crate::clock::Timestamp;
use crate::endpoint::Endpoint;
use crate::observe::Observation;
use crate::provider::{Details, Origin, ProviderArn};
use crate::snapshot::{AccountState, EndpointState, Held, HeldOfIssuer, IssuerState, Snapshot};

/// Bytes of all certificates together. A server may have a new chain for every client: what does not fit is left out by
/// endpoint, the greediest first, since half of what an endpoint showed would be another verdict.
const MAX_CERTIFICATE_BYTES: usize = 24 << 20;

impl Memory {
    /// What is worth keeping of a snapshot.
    #[must_use]
    pub fn of(snapshot: &Snapshot, at: Timestamp) -> Self {
        Self::within(snapshot, at, MAX_CERTIFICATE_BYTES)
    }

    fn within(snapshot: &Snapshot, at: Timestamp, max_certificate_bytes: usize) -> Self {
        let issuers = snapshot.issuers.iter().map(|(issuer, state)| {
            let held = snapshot.since.0.get(issuer);
            (Canonical(issuer.clone()), kept_issuer(state, held))
        });
        let mut memory = Self {
            version: VERSION,
            written: Canonical(Moment(at)),
            issuers: issuers.take(MAX_ENTRIES).collect(),
            account: snapshot.account.as_ref().map(kept_account),
            providers: kept_providers(snapshot),
            endpoints: BTreeMap::new(),
            chains: BTreeMap::new(),
            certificates: BTreeMap::new(),
        };
        let mut endpoints: Vec<(usize, &Endpoint, &EndpointState)> =
            snapshot.endpoints.iter().map(|(endpoint, state)| (bytes(state), endpoint, &**state)).collect();
        endpoints.sort_by_key(|(bytes, ..)| *bytes);
        let mut left = max_certificate_bytes;
        for (_, endpoint, state) in endpoints.into_iter().take(MAX_ENTRIES) {
            let new = memory.new_bytes(state);
            let Some(rest) = left.checked_sub(new) else { break };
            left = rest;
            memory.keep_endpoint(endpoint, state);
        }
        memory
    }

    /// What the certificates of an endpoint would add.
    fn new_bytes(&self, state: &EndpointState) -> usize {
        let is_new =
            |certificate: &&Certificate| !self.certificates.contains_key(&Canonical(certificate.sha256));
        certificates(state).filter(is_new).map(|certificate| certificate.der.len()).sum()
    }

    fn keep_endpoint(&mut self, endpoint: &Endpoint, state: &EndpointState) {
        for judged in state.window.chains() {
            let certificates = judged.served.certificates();
            let names = certificates.iter().map(|certificate| Canonical(certificate.sha256));
            self.chains.entry(Canonical(judged.served.id())).or_insert_with(|| names.collect());
            for certificate in certificates {
                let der = || Der(certificate.der.clone());
                self.certificates.entry(Canonical(certificate.sha256)).or_insert_with(der);
            }
        }
        self.endpoints.insert(Canonical(endpoint.clone()), kept_endpoint(state));
    }
}

/// Of the distinct chains of an endpoint.
fn certificates(state: &EndpointState) -> impl Iterator<Item = &Certificate> {
    let mut seen: BTreeSet<Fingerprint> = BTreeSet::new();
    let all = state.window.chains().flat_map(|judged| judged.served.certificates());
    all.filter(move |certificate| seen.insert(certificate.sha256))
}

fn bytes(state: &EndpointState) -> usize {
    certificates(state).map(|certificate| certificate.der.len()).sum()
}

fn moment(at: Option<Timestamp>) -> Option<Canonical<Moment>> {
    at.and_then(Moment::new).map(Canonical)
}

fn kept_health(held: &Held) -> Option<Canonical<HealthAt>> {
    Some(Canonical(HealthAt { is: held.health, since: Moment::new(held.since)? }))
}

fn kept_issuer(state: &IssuerState, held: Option<&HeldOfIssuer>) -> KeptIssuer {
    let documents = &state.documents;
    KeptIssuer {
        jwks_endpoint: state.jwks.clone().map(Canonical),
        is_complete: state.is_complete,
        last_success: moment(state.last_success),
        thumbprint_changed: moment(state.thumbprint_changed),
        failed_polls: state.failed_polls,
        health: held.and_then(|held| kept_health(held.own.as_ref()?)),
        health_for_file: held.and_then(|held| kept_health(held.providers.get(&Origin::File)?)),
        documents: KeptDocuments {
            issuer: documents.issuer.as_deref().and_then(Plain::new),
            has_response_types: documents.has_response_types,
            disclosed_keys: documents.disclosed_keys,
        },
    }
}

fn kept_account(account: &AccountState) -> KeptAccount {
    KeptAccount { last_success: moment(account.last_success) }
}

fn kept_providers(snapshot: &Snapshot) -> BTreeMap<Canonical<ProviderArn>, KeptProvider> {
    let listed = snapshot.providers.iter().filter_map(|judged| match &judged.provider.origin {
        origin @ Origin::Iam(arn) => {
            let details = match &judged.provider.details {
                // One with a text that is not fit to be kept is known again once IAM is read.
                Some(details) => Some(kept_details(arn, details)?),
                None => None,
            };
            let missing_since = moment(judged.provider.missing_since);
            let held = snapshot.since.0.get(&judged.provider.issuer);
            let health = held.and_then(|held| kept_health(held.providers.get(origin)?));
            Some((Canonical(arn.clone()), KeptProvider { details, missing_since, health }))
        }
        Origin::File => None,
    });
    listed.take(MAX_ENTRIES).collect()
}

fn kept_details(arn: &ProviderArn, details: &Details) -> Option<KeptDetails> {
    if details.client_ids.len() > MAX_CLIENT_IDS {
        return None;
    }
    let url = match details.url.as_deref() {
        Some(url) if url != arn.url() => Some(Plain::new(url)?),
        _ => None,
    };
    Some(KeptDetails {
        thumbprints: details.thumbprints.iter().copied().map(Canonical).collect(),
        malformed: details.malformed,
        client_ids: details.client_ids.iter().map(|id| Plain::new(id)).collect::<Option<_>>()?,
        url,
        created: moment(details.created),
    })
}

fn kept_endpoint(state: &EndpointState) -> KeptEndpoint {
    KeptEndpoint {
        addresses: state.addresses,
        unseen: state.window.unseen(),
        was_seen_whole: state.window.was_seen_whole(),
        is_private: state.is_private,
        is_behind_proxy: state.is_behind_proxy,
        takes_tls12: state.takes_tls12,
        tls12_asked: moment(state.tls12_asked),
        observations: state.window.observations().iter().map(kept_observation).collect(),
    }
}

fn kept_observation(observation: &Observation) -> KeptObservation {
    KeptObservation {
        via: Canonical(Way(observation.via)),
        chain: Canonical(observation.chain.served.id()),
        unproven: observation.chain.judgement.unproven,
        first_seen: Canonical(Moment(observation.first_seen)),
        last_seen: Canonical(Moment(observation.last_seen)),
        looks_absent: observation.looks_absent,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use rustls::pki_types::CertificateDer;

    use super::super::fixture::{ARN, RULES, minute, provider, snapshot};
    use super::*;
    use crate::chain::{JudgedChain, ServedChain, TrustStore};
    use crate::observe::{Sighting, Window};
    use crate::poll::Via;

    /// So many chains of one certificate of a kibibyte, none like another; the first one is at every endpoint.
    fn endpoint(number: u8, chains: u8) -> Arc<EndpointState> {
        let seen: Vec<Sighting> = (0..chains)
            .map(|chain| {
                let mut der = vec![0; 1 << 10];
                (der[0], der[1]) = if chain == 0 { (0, 0) } else { (number, chain) };
                let served = ServedChain::new(vec![CertificateDer::from(der)]).unwrap();
                let judgement = TrustStore::empty().judge(served.certificates(), None, minute(0));
                let chain_of = Arc::new(JudgedChain { served, judgement });
                Sighting { via: Via::Address([192, 0, 2, chain].into()), chain: Some(chain_of) }
            })
            .collect();
        let mut window = Window::default();
        window.record(RULES, minute(0), &seen);
        Arc::new(EndpointState { window, ..EndpointState::default() })
    }

    #[test]
    fn who_serves_too_much_is_left_out_and_nobody_else() {
        let mut snapshot = Snapshot::default();
        for (number, chains) in [(1, 30), (2, 3), (3, 1), (4, 12)] {
            let name = format!("{number}.example").parse().unwrap();
            snapshot.endpoints.insert(name, endpoint(number, chains));
        }
        let memory = Memory::within(&snapshot, minute(1), 24 << 10);
        let kept: Vec<String> = memory.endpoints.keys().map(|endpoint| endpoint.0.to_string()).collect();
        assert_eq!(kept, ["2.example:443", "3.example:443", "4.example:443"]);
        assert_eq!(memory.certificates.len(), 14);
        Memory::read(&memory.bytes().unwrap(), minute(1)).unwrap();
    }

    #[test]
    fn texts_that_would_be_refused_are_not_written() {
        let mut snapshot = snapshot();
        let issuer = snapshot.issuers.values_mut().next().unwrap();
        Arc::make_mut(issuer).documents.issuer = Some("https://a.exam\nple".into());
        let mut odd = provider(ARN, Some("c"));
        Arc::make_mut(&mut odd).details.as_mut().unwrap().client_ids.insert("\u{202e}".to_owned());
        snapshot.providers = vec![snapshot.judge(&odd)];
        let memory = Memory::of(&snapshot, minute(3));
        let read = Memory::read(&memory.bytes().unwrap(), minute(3)).unwrap();
        assert_eq!(read.issuers.values().next().unwrap().documents.issuer, None);
        assert!(read.providers.is_empty());
    }
}
