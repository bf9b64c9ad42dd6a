//! A snapshot with something of everything that is kept, for the tests beside this file.

use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::CertificateDer;

use crate::chain::{JudgedChain, ServedChain, Thumbprint, TrustStore, Unproven};
use crate::clock::Timestamp;
use crate::observe::{Sighting, Window, WindowRules};
use crate::poll::{Documents, Via};
use crate::provider::{Details, Origin, Provider};
use crate::snapshot::{AccountState, EndpointState, HealthSince, Held, HeldOfIssuer, IssuerState, Snapshot};
use crate::verdict::Health;

pub(crate) const RULES: WindowRules = WindowRules { window: Duration::from_hours(24), settle_looks: 6 };
pub(crate) const ISSUER: &str = "https://a.example/id/X";
pub(crate) const ARN: &str = "arn:aws:iam::123456789012:oidc-provider/a.example/id/X";

/// This many minutes after the first thing was seen.
pub(crate) fn minute(minutes: i64) -> Timestamp {
    Timestamp::from_milliseconds(1_764_000_000_123 + minutes * 60_000)
}

/// A letter stands for a certificate; these need not be any.
pub(crate) fn chain(letters: &str) -> Arc<JudgedChain> {
    let served =
        ServedChain::new(letters.bytes().map(|byte| CertificateDer::from(vec![byte])).collect()).unwrap();
    let judgement = TrustStore::empty().judge(served.certificates(), None, minute(0));
    Arc::new(JudgedChain { served, judgement: judgement.without_proof(Unproven::UnreadableLeaf) })
}

fn endpoint(rounds: &[&[(Via, &str)]]) -> Arc<EndpointState> {
    let mut window = Window::default();
    for (at, round) in (0..).zip(rounds) {
        let seen: Vec<Sighting> =
            round.iter().map(|(via, letters)| Sighting { via: *via, chain: Some(chain(letters)) }).collect();
        window.record(RULES, minute(at), &seen);
    }
    window.note_unseen(0);
    window.note_unseen(7);
    let (takes_tls12, tls12_asked) = (Some(false), Some(minute(1)));
    Arc::new(EndpointState {
        addresses: 9,
        is_private: true,
        window,
        takes_tls12,
        tls12_asked,
        ..EndpointState::default()
    })
}

pub(crate) fn provider(arn: &str, listed: Option<&str>) -> Arc<Provider> {
    let details = listed.map(|letters| Details {
        thumbprints: letters.bytes().map(|byte| Thumbprint::of(&[byte])).collect(),
        malformed: 1,
        client_ids: ["sts.amazonaws.com".to_owned()].into(),
        url: Some("A.example/id/X".into()),
        created: Some(minute(-1000)),
    });
    let missing_since = listed.is_none().then(|| minute(2));
    let origin = Origin::Iam(arn.parse().unwrap());
    Arc::new(Provider { origin, issuer: ISSUER.parse().unwrap(), details, missing_since })
}

/// Minute 3: one address has just been rotated from `abc` to `abd`, the keys are at another host behind a proxy.
pub(crate) fn snapshot() -> Snapshot {
    let address = |last: u8| Via::Address([192, 0, 2, last].into());
    let issuer = ISSUER.parse().unwrap();
    let state = IssuerState {
        polls: 3,
        last_poll: Some(minute(2)),
        last_success: Some(minute(2)),
        jwks: Some("keys.example:8443".parse().unwrap()),
        is_complete: true,
        thumbprint_changed: Some(minute(1)),
        documents: Documents {
            issuer: Some("https://a.example/id/X/".into()),
            has_response_types: Some(true),
            disclosed_keys: Some(0),
        },
        ..IssuerState::new(&issuer)
    };
    let [before, after] =
        [[(address(1), "abc"), (address(2), "abc")], [(address(1), "abd"), (address(2), "abc")]];
    let mut snapshot = Snapshot {
        account: Some(AccountState { polls: 1, last_success: Some(minute(2)), ..AccountState::default() }),
        ..Snapshot::default()
    };
    snapshot.endpoints.insert("a.example:443".parse().unwrap(), endpoint(&[&before, &after, &after]));
    snapshot.endpoints.insert("keys.example:8443".parse().unwrap(), endpoint(&[&[(Via::Proxy, "xyc")]]));
    snapshot.issuers.insert(issuer, Arc::new(state));
    let unread = "arn:aws:iam::123456789012:oidc-provider/a.example/id/X/";
    snapshot.providers =
        [provider(ARN, Some("c")), provider(unread, None)].iter().map(|of| snapshot.judge(of)).collect();
    let held = Held { health: Health::Failing, since: minute(2) };
    let origins = snapshot.providers.iter().map(|judged| (judged.provider.origin.clone(), held));
    let of_issuer = HeldOfIssuer { own: Some(held), providers: origins.collect() };
    snapshot.since = Arc::new(HealthSince([(ISSUER.parse().unwrap(), of_issuer)].into()));
    snapshot
}
