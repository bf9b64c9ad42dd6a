//! Ten thousand providers: how large the file is, and how long it takes. `cargo test --release --lib restore_measured -- --ignored
//! --nocapture` prints it.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer as Signer, KeyPair};
use rustls::pki_types::CertificateDer;

use super::state::{State, Watch};
use crate::chain::{JudgedChain, ServedChain, TrustStore};
use crate::clock::Timestamp;
use crate::memory::fixture::RULES;
use crate::memory::{Memory, Store};
use crate::observe::{Sighting, Window};
use crate::poll::{AddressPolicy, Via};
use crate::provider::{Details, Origin, Provider};
use crate::snapshot::{
    AccountState, EndpointState, HealthSince, Held, HeldOfIssuer, IssuerState, JudgedProvider, Snapshot,
};
use crate::targets::FileTargets;
use crate::verdict::{Health, Rules};

const PROVIDERS: usize = 10_000;

/// Leaf and intermediate for each of these hosts, all below one root that is served too.
fn chains(hosts: usize) -> Vec<Arc<JudgedChain>> {
    let ca = |name: &str| {
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        (params, KeyPair::generate().unwrap())
    };
    let ((root, root_key), (middle, middle_key)) = (ca("root.example"), ca("intermediate.example"));
    let root_der = root.self_signed(&root_key).unwrap().der().clone();
    let signer = Signer::new(root, root_key);
    let middle_der = middle.signed_by(&middle_key, &signer).unwrap().der().clone();
    let signer = Signer::new(middle, middle_key);
    let key = KeyPair::generate().unwrap();
    let leaf = |host: usize| -> CertificateDer<'static> {
        let names =
            (0..4).map(|name| format!("name-{name}.host-{host}.region.example.com")).collect::<Vec<_>>();
        CertificateParams::new(names).unwrap().signed_by(&key, &signer).unwrap().der().clone()
    };
    let judged = |host| {
        let served = ServedChain::new(vec![leaf(host), middle_der.clone(), root_der.clone()]).unwrap();
        let judgement = TrustStore::empty().judge(served.certificates(), None, Timestamp::from_seconds(0));
        Arc::new(JudgedChain { served, judgement })
    };
    (0..hosts).map(judged).collect()
}

/// Providers that share so many hosts, each with two addresses.
fn snapshot(hosts: usize, at: Timestamp) -> Snapshot {
    let mut snapshot = Snapshot { account: Some(AccountState::default()), ..Snapshot::default() };
    for (host, chain) in chains(hosts).into_iter().enumerate() {
        let addresses = [1, 2].map(|last| Via::Address([192, 0, 2, last].into()));
        let seen = addresses.map(|via| Sighting { via, chain: Some(Arc::clone(&chain)) });
        let mut window = Window::default();
        window.record(RULES, at, &seen);
        let state = EndpointState { addresses: 2, window, ..EndpointState::default() };
        snapshot
            .endpoints
            .insert(format!("host-{host}.region.example.com").parse().unwrap(), Arc::new(state));
    }
    for number in 0..PROVIDERS {
        let url = format!("host-{}.region.example.com/id/{number:032X}", number % hosts);
        let provider = Provider {
            origin: Origin::Iam(format!("arn:aws:iam::123456789012:oidc-provider/{url}").parse().unwrap()),
            issuer: format!("https://{url}").parse().unwrap(),
            details: Some(Details {
                thumbprints: ["9e99a48a9960b14926bb7f3b02e22da2b0ab7280".parse().unwrap()].into(),
                client_ids: ["sts.amazonaws.com".to_owned()].into(),
                url: Some(url.into()),
                created: Some(at),
                ..Details::default()
            }),
            missing_since: None,
        };
        let state = IssuerState {
            last_success: Some(at),
            jwks: Some(provider.issuer.endpoint().clone()),
            is_complete: true,
            ..IssuerState::new(&provider.issuer)
        };
        snapshot.issuers.insert(provider.issuer.clone(), Arc::new(state));
        snapshot.providers.push(snapshot.judge(&Arc::new(provider)));
    }
    let held = |judged: &JudgedProvider| {
        let held = Held { health: Health::Healthy, since: at };
        let providers = [(judged.provider.origin.clone(), held)].into();
        (judged.provider.issuer.clone(), HeldOfIssuer { own: None, providers })
    };
    snapshot.since = Arc::new(HealthSince(snapshot.providers.iter().map(held).collect()));
    snapshot
}

#[test]
#[ignore = "measures, and takes long in a debug build"]
fn ten_thousand_providers() {
    let at = Timestamp::from_seconds(1_764_000_000);
    let file = std::env::temp_dir().join(format!("oidc-state-{}-measured", std::process::id()));
    let store = Store::at(file.clone());
    for hosts in [30, PROVIDERS] {
        let snapshot = snapshot(hosts, at);
        let began = Instant::now();
        store.write(&Memory::of(&snapshot, at)).unwrap();
        let write = began.elapsed();
        let began = Instant::now();
        let memory = store.read(at).unwrap().unwrap();
        let read = began.elapsed();
        let watch = Watch {
            file: FileTargets::default(),
            reads_iam: true,
            audiences: BTreeSet::new(),
            interval: Duration::from_mins(5),
            rules: RULES,
            health: Rules::default(),
            trust: TrustStore::empty().with_mozilla(),
        };
        let mut state = State::new(watch, at);
        let began = Instant::now();
        state.restore(&memory, AddressPolicy { allow_loopback: false }, at);
        let judged = began.elapsed();
        let restored = state.snapshot();
        assert_eq!((restored.providers.len(), restored.endpoints.len()), (PROVIDERS, hosts));
        let bytes = usize::try_from(file.metadata().unwrap().len()).unwrap();
        println!("{hosts} hosts: {bytes} bytes, write {write:?}, read {read:?}, judge {judged:?}");
        assert!(bytes < 20_000_000);
        if !cfg!(debug_assertions) {
            assert!(write < Duration::from_millis(200) && read < Duration::from_millis(200));
        }
    }
    std::fs::remove_file(file).unwrap();
}
