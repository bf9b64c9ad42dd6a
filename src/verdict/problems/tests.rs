//! A table for each problem, and for each combination that decides. Days count from [`NOW`], when everything is looked at.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer as Signer, KeyPair};
use rustls::pki_types::CertificateDer;
use time::OffsetDateTime;

use super::*;
use crate::chain::{AnchorSource, JudgedChain, ServedChain, TrustStore};
use crate::observe::{Sighting, Window, WindowRules};
use crate::poll::{Documents, Timings, Via};
use crate::provider::{Details, Origin, Provider};
use crate::verdict::{Audiences, Seen, judge};

const NOW: Timestamp = Timestamp::from_seconds(1_795_478_400);
const HOST: &str = "a.example";

struct Made {
    der: CertificateDer<'static>,
    params: CertificateParams,
    key: KeyPair,
}

/// Valid from so many days ago, for so many days from now.
fn make(name: &str, ca: Option<&Made>, (ago, ahead): (i64, i64)) -> Made {
    let at = |days: i64| OffsetDateTime::from_unix_timestamp(NOW.seconds() + days * 86_400).unwrap();
    let mut params = CertificateParams::new(vec![HOST.to_owned()]).unwrap();
    params.distinguished_name.push(rcgen::DnType::CommonName, name);
    (params.not_before, params.not_after) = (at(-ago), at(ahead));
    if name != "leaf" {
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    }
    let key = KeyPair::generate().unwrap();
    let made = match ca {
        Some(ca) => params.signed_by(&key, &Signer::from_params(&ca.params, &ca.key)),
        None => params.self_signed(&key),
    };
    Made { der: made.unwrap().der().clone(), params, key }
}

/// A leaf under a served CA under a root that is not served, with the days that are left of each.
fn served(leaf: (i64, i64), ca: i64, root: i64, is_public: bool) -> Arc<JudgedChain> {
    let root = make("root", None, (900, root));
    let ca = make("ca", Some(&root), (400, ca));
    let leaf = make("leaf", Some(&ca), leaf);
    judged(vec![leaf.der, ca.der], &root, is_public)
}

fn judged(ders: Vec<CertificateDer<'static>>, root: &Made, is_public: bool) -> Arc<JudgedChain> {
    let served = ServedChain::new(ders).unwrap();
    let trust =
        TrustStore::empty().with_added([root.der.clone()]).with_private_hosts([HOST.parse().unwrap()]);
    let mut judgement = trust.judge(served.certificates(), Some(&HOST.try_into().unwrap()), NOW);
    if is_public && judgement.verified.is_ok() {
        judgement.verified = Ok(AnchorSource::Mozilla);
    }
    Arc::new(JudgedChain { served, judgement })
}

/// What one look so many seconds ago saw at as many addresses.
fn window(ago: u64, chains: &[Arc<JudgedChain>]) -> Window {
    let via = |last: usize| Via::Address([192, 0, 2, u8::try_from(last).unwrap()].into());
    let seen = chains.iter().enumerate();
    let seen: Vec<_> =
        seen.map(|(index, chain)| Sighting { via: via(index), chain: Some(Arc::clone(chain)) }).collect();
    let mut window = Window::default();
    let rules = WindowRules { window: Duration::from_hours(24), settle_looks: 6 };
    window.record_part(rules, NOW.minus(Duration::from_secs(ago)), &[], &seen);
    window
}

fn names(problems: &[Problem]) -> Vec<(&'static str, Class)> {
    by_name(problems).into_iter().map(|(name, class)| (name.into_str(), class)).collect()
}

/// Of an issuer with this window at both endpoints, and documents that are as they should be.
fn of_window(window: &Window, takes_tls12: Option<bool>, failed: usize) -> Vec<Problem> {
    let endpoint: Endpoint = HOST.parse().unwrap();
    let seen = [Seen { window, takes_tls12 }];
    let (documents, timings) = (Documents::default(), Timings::default());
    let evidence = IssuerEvidence {
        keys: keys(&documents, &timings, 0, None),
        endpoints: vec![EndpointEvidence {
            endpoint: &endpoint,
            window,
            addresses: 2,
            failed,
            is_private: false,
        }],
        enforced: crate::verdict::enforced(Some(&seen)),
        unseen: crate::verdict::unseen(Some(&seen)),
        lacks_provider: false,
    };
    of_issuer(&evidence, &Rules::default(), NOW)
}

fn keys<'a>(
    documents: &'a Documents,
    timings: &'a Timings,
    failed_polls: u32,
    error: Option<&'a PollError>,
) -> KeyEvidence<'a> {
    KeyEvidence { documents, timings, shares_endpoint: true, failed_polls, has_succeeded: true, error }
}

#[test]
fn dates_of_a_chain() {
    use Class::{AtRisk, Failing};
    let (good, years) = ((10, 80), 2000);
    for (case, leaf, ca, root, is_public, found) in [
        ("all well", good, 900, years, false, &[][..]),
        ("a root CA with 31 days", good, 31, years, false, &[]),
        ("a root CA with 29 days", good, 29, years, false, &[("root_ca_expiring", AtRisk)]),
        (
            "a root CA that has ended",
            good,
            -3,
            years,
            false,
            &[("root_ca_expired", Failing), ("certificate_expired", Failing)],
        ),
        ("a late leaf", (84, 6), 900, years, false, &[("certificate_expiring", AtRisk)]),
        ("a short-lived leaf in its middle", (3, 3), 900, years, false, &[]),
        ("a short-lived leaf at its end", (5, 1), 900, years, false, &[("certificate_expiring", AtRisk)]),
        ("a leaf that has ended", (90, -1), 900, years, false, &[("certificate_expired", Failing)]),
        ("so has a public one", (90, -1), 900, years, true, &[("certificate_expired", Failing)]),
        ("a root that has ended", good, 900, -1, false, &[("certificate_expired", Failing)]),
    ] {
        let window = window(0, &[served(leaf, ca, root, is_public)]);
        assert_eq!(names(&of_window(&window, None, 0)), found, "{case}");
    }
}

/// `AddTrust` in 2020, DST Root CA X3 in 2021: a public chain goes on without its last certificate.
#[test]
fn an_expired_cross_sign_at_the_end_of_a_chain_that_still_verifies() {
    let root = make("root", None, (900, 2000));
    let old = make("old", None, (4000, -2));
    let ca = make("ca", Some(&root), (400, 900));
    let leaf = make("leaf", Some(&ca), (10, 80));
    let mut cross = root.params.clone();
    cross.not_after = OffsetDateTime::from_unix_timestamp(NOW.seconds() - 2 * 86_400).unwrap();
    let cross = cross.signed_by(&root.key, &Signer::from_params(&old.params, &old.key)).unwrap();
    for (is_public, class) in [(true, Class::AtRisk), (false, Class::Failing)] {
        let chain = judged(vec![leaf.der.clone(), ca.der.clone(), cross.der().clone()], &root, is_public);
        assert!(chain.judgement.verified.is_ok(), "{:?}", chain.judgement.verified);
        let found = names(&of_window(&window(0, &[chain]), None, 0));
        assert!(found.contains(&("root_ca_expired", class)), "{found:?}");
        assert!(!found.iter().any(|(name, _)| *name == "certificate_expired"), "{found:?}");
    }
}

#[test]
fn it_is_right_to_the_second_and_without_a_poll() {
    let chain = served((10, 80), 40, 2000, false);
    let ends = chain.served.root_ca().readable().unwrap().not_after;
    let window = window(0, &[chain]);
    let endpoint: Endpoint = HOST.parse().unwrap();
    let evidence =
        EndpointEvidence { endpoint: &endpoint, window: &window, addresses: 1, failed: 0, is_private: false };
    let at = |now| names(&chains::of_endpoint(&evidence, Some(true), &Rules::default(), now));
    let second = Duration::from_secs(1);
    let stale = ("stale", Class::Unknown);
    assert_eq!(at(ends), [("root_ca_expiring", Class::AtRisk), stale]);
    assert_eq!(
        at(ends.plus(second)),
        [("root_ca_expired", Class::Failing), ("certificate_expired", Class::Failing), stale]
    );
    assert_eq!(at(NOW.plus(Duration::from_mins(30))), []);
    assert_eq!(at(NOW.plus(Duration::from_mins(30) + second)), [stale]);
}

#[test]
fn order_addresses_and_proxies() {
    use Class::{AtRisk, Failing, Unknown};
    let root = make("root", None, (900, 2000));
    let ca = make("ca", Some(&root), (400, 900));
    let leaf = make("leaf", Some(&ca), (10, 80));
    let good = judged(vec![leaf.der.clone(), ca.der.clone()], &root, false);
    let twice = |is_public| judged(vec![leaf.der.clone(), ca.der.clone(), ca.der.clone()], &root, is_public);
    let alone = judged(vec![leaf.der.clone()], &make("other", None, (1, 1)), false);
    let proxied = {
        let mut chain = JudgedChain::clone(&good);
        chain.judgement.statuses = BTreeSet::from([ChainStatus::Intercepted]);
        Arc::new(chain)
    };
    for (case, chains, tls12, failed, found) in [
        ("well", vec![Arc::clone(&good)], None, 0, &[][..]),
        ("twice the same", vec![twice(false)], None, 0, &[("chain_order", Failing)]),
        ("of a public chain", vec![twice(true)], Some(true), 0, &[("chain_order", AtRisk)]),
        ("of one that needs TLS 1.3", vec![twice(true)], Some(false), 0, &[("chain_order", Failing)]),
        ("without its issuer", vec![alone], None, 0, &[("chain_invalid", AtRisk)]),
        ("one address fails", vec![Arc::clone(&good)], None, 1, &[("address_failing", AtRisk)]),
        ("all addresses fail", vec![], None, 2, &[("not_observed", Unknown)]),
        ("a proxy", vec![proxied], None, 0, &[("intercepted", Unknown)]),
    ] {
        assert_eq!(names(&of_window(&window(0, &chains), tls12, failed)), found, "{case}");
    }
}

#[test]
fn documents_and_keys() {
    use Class::{AtRisk, Failing};
    let refused = PollError::HttpStatus { phase: Phase::Jwks, status: 500 };
    let local = PollError::Local { address: [192, 0, 2, 1].into(), error: "no route".to_owned() };
    let unusable = PollError::Discovery(crate::poll::DiscoveryError::OtherIssuer("https://b.example".into()));
    let slow = |seconds| {
        let mut timings = Timings::default();
        timings.set(Phase::Jwks, Duration::from_secs(seconds));
        timings
    };
    let gave_up = |seconds| {
        let mut timings = Timings::default();
        timings.give_up(Phase::Jwks, Duration::from_secs(seconds));
        timings
    };
    let disclosed = Documents { disclosed_keys: Some(2), ..Documents::default() };
    let none = Documents::default();
    for (case, documents, timings, polls, error, found) in [
        ("well", &none, slow(5), 0, None, &[][..]),
        ("slow", &none, slow(6), 0, None, &[("keys_slow", AtRisk)]),
        ("given up after STS", &none, gave_up(6), 1, Some(&refused), &[("keys_slow", AtRisk)]),
        ("given up before it", &none, gave_up(4), 1, Some(&refused), &[]),
        ("failed twice", &none, slow(1), 2, Some(&refused), &[]),
        ("failed three times", &none, slow(1), 3, Some(&refused), &[("keys_unreachable", Failing)]),
        ("by this machine's fault", &none, slow(1), 9, Some(&local), &[]),
        ("before a restart", &none, slow(1), 3, None, &[("not_observed", Class::Unknown)]),
        ("useless at once", &none, slow(1), 1, Some(&unusable), &[("keys_unusable", Failing)]),
        ("disclosed", &disclosed, slow(1), 0, None, &[("keys_disclosed", AtRisk)]),
    ] {
        let found_here = keys::of_documents(&keys(documents, &timings, polls, error), &Rules::default());
        assert_eq!(names(&found_here), found, "{case}");
    }
}

#[test]
fn what_a_provider_lists() {
    use Class::{AtRisk, Failing, Unknown};
    let (private, public) = (served((10, 80), 900, 2000, false), served((10, 80), 900, 2000, true));
    let root_of = |chain: &JudgedChain| chain.served.root_ca().sha1;
    let leaf_of = |chain: &JudgedChain| chain.served.certificates()[0].sha1;
    let other = Thumbprint::of(b"other");
    let old = Duration::from_hours(25).as_secs();
    for (case, chains, listed, malformed, audiences, ago, found) in [
        ("right", vec![&private], vec![root_of(&private)], 0, vec![], 0, &[][..]),
        ("wrong", vec![&private], vec![other], 0, vec![], 0, &[("thumbprint_mismatch", Failing)]),
        ("wrong, public", vec![&public], vec![other], 0, vec![], 0, &[("thumbprint_mismatch", AtRisk)]),
        (
            "one of two addresses",
            vec![&private, &public],
            vec![root_of(&private)],
            0,
            vec![],
            0,
            &[("thumbprint_partial", Failing)],
        ),
        ("the leaf", vec![&private], vec![leaf_of(&private)], 0, vec![], 0, &[("leaf_pinned", AtRisk)]),
        ("one too many, new", vec![&private], vec![root_of(&private), other], 0, vec![], 0, &[]),
        (
            "one too many, for a window",
            vec![&private],
            vec![root_of(&private), other],
            0,
            vec![],
            old,
            &[("list_unused", AtRisk)],
        ),
        (
            "five",
            vec![&private],
            (0..4).map(|n| Thumbprint::of(&[n])).chain([root_of(&private)]).collect(),
            0,
            vec![],
            0,
            &[("list_full", AtRisk)],
        ),
        (
            "no thumbprint",
            vec![&private],
            vec![root_of(&private)],
            1,
            vec![],
            0,
            &[("list_malformed", AtRisk)],
        ),
        (
            "no audience",
            vec![&private],
            vec![root_of(&private)],
            0,
            vec!["sts.amazonaws.com"],
            0,
            &[("audience_missing", Failing)],
        ),
        ("nothing seen", vec![], vec![other], 0, vec![], 0, &[("not_observed", Unknown)]),
    ] {
        let window = window(ago, &chains.into_iter().cloned().collect::<Vec<_>>());
        let details = Details { thumbprints: listed.into_iter().collect(), malformed, ..Details::default() };
        let provider = provider(Some(details));
        let endpoints = [Seen { window: &window, takes_tls12: None }];
        let everywhere = audiences.into_iter().map(str::to_owned).collect();
        let evidence = ProviderEvidence {
            provider: &provider,
            verdict: &judge(&provider, Some(&endpoints)),
            audiences: &Audiences { everywhere, ..Audiences::default() },
            endpoints: Some(&endpoints),
        };
        assert_eq!(names(&list::of_list(&evidence, &Rules::default(), NOW)), found, "{case}");
    }
    let unread = provider(None);
    let evidence = ProviderEvidence {
        provider: &unread,
        verdict: &judge(&unread, None),
        audiences: &Audiences::default(),
        endpoints: None,
    };
    assert_eq!(names(&list::of_list(&evidence, &Rules::default(), NOW)), [("provider_unread", Unknown)]);
}

#[test]
fn what_iam_no_longer_lists() {
    let chain = served((10, 80), 900, 2000, false);
    let window = window(0, &[chain]);
    let endpoints = [Seen { window: &window, takes_tls12: None }];
    let (documents, timings) = (Documents::default(), Timings::default());
    let private = || vec![Problem::KeysPrivate(HOST.parse().unwrap())];
    for (details, spelled) in
        [(None, HOST), (Some(Details::default()), HOST), (Some(Details::default()), "B.example")]
    {
        let details = details.map(|details| Details { url: Some(spelled.into()), ..details });
        let provider = Provider { missing_since: Some(NOW), ..provider(details) };
        let verdict = judge(&provider, Some(&endpoints));
        assert_eq!((verdict.is_match(), verdict.positions.len()), (None, 0));
        let audiences = Audiences { everywhere: ["x".to_owned()].into(), ..Audiences::default() };
        let evidence = ProviderEvidence {
            provider: &provider,
            verdict: &verdict,
            audiences: &audiences,
            endpoints: Some(&endpoints),
        };
        let keys = keys(&documents, &timings, 0, None);
        let found = of_provider(&evidence, &keys, private(), &Rules::default(), NOW);
        let wanted = [("keys_private", Class::AtRisk), ("provider_missing", Class::Failing)];
        assert_eq!(names(&found), wanted, "its issuer's stay, and what was wrong with it is over: {spelled}");
    }
}

fn provider(details: Option<Details>) -> Provider {
    let arn = format!("arn:aws:iam::123456789012:oidc-provider/{HOST}");
    Provider {
        origin: Origin::Iam(arn.parse().unwrap()),
        issuer: format!("https://{HOST}").parse().unwrap(),
        details,
        missing_since: None,
    }
}

#[test]
fn spellings() {
    const X: &str = "https://a.example/x";
    let documents = |own: &str| Documents { issuer: Some(own.into()), ..Documents::default() };
    let issuer = "https://a.example/x".parse().unwrap();
    for (listed, own, found) in [
        ("a.example/x", "https://a.example/x", false),
        ("https://a.example/x", "https://a.example/x", false),
        ("a.example/x/", "https://a.example/x", true),
        ("A.example/x", "https://a.example/x", true),
        ("a.example/x", "https://b.example", true),
    ] {
        let problem = of_listed(listed, &issuer, &documents(own));
        assert_eq!(problem.is_some(), found, "{listed} {own}");
        assert!(problem.is_none_or(|problem| problem.class() == Class::Failing));
    }
    assert_eq!(of_listed("a.example/x/", &issuer, &Documents::default()), None);
    for (typed, own, needed) in [
        (X, Some("https://a.example/x/"), None),
        (X, Some("https://b.example"), None),
        (X, Some("https://a.example/X"), Some("IAM needs a provider for https://a.example/X")),
        (X, Some("https://a.example/x "), Some("the issuer must say https://a.example/x instead")),
        (X, Some("http://a.example/x"), Some("the issuer must say https://a.example/x instead")),
        (X, Some("a.example/x"), Some("the issuer must say https://a.example/x instead")),
        (
            "https://oidc-eks.eu-west-1.api.aws/id/A",
            None,
            Some("IAM needs a provider for https://oidc.eks.eu-west-1.amazonaws.com/id/A"),
        ),
    ] {
        let documents = own.map(documents).unwrap_or_default();
        let told = of_url(&typed.parse().unwrap(), &documents).map(|problem| problem.to_string());
        assert_eq!(told.is_some(), needed.is_some(), "{typed} {own:?}: {told:?}");
        assert!(told.zip(needed).is_none_or(|(told, needed)| told.ends_with(needed)), "{typed} {own:?}");
    }
}

#[test]
fn strangers_choose_their_spelling() {
    let odd = "https://a.example/\u{1b}[2J\u{202e}x\n";
    for (listed, own) in [("a.example", odd), (odd, "https://a.example")] {
        let documents = Documents { issuer: Some(own.into()), ..Documents::default() };
        let problem = of_listed(listed, &"https://a.example".parse().unwrap(), &documents).unwrap();
        assert!(!problem.to_string().chars().any(|c| c.is_control() || c == '\u{202e}'), "{problem}");
    }
}

#[test]
fn the_worst_decides() {
    let private = || Problem::KeysPrivate(HOST.parse().unwrap());
    for (problems, worst) in [
        (vec![], Health::Healthy),
        (vec![private()], Health::AtRisk),
        (vec![Problem::ProviderUnread, private()], Health::Unknown),
        (vec![Problem::ProviderUnread, Problem::AudienceMissing("x".into()), private()], Health::Failing),
    ] {
        assert_eq!(health(&problems), worst, "{problems:?}");
    }
    for (enforced, mismatch, order) in [
        (Some(true), Class::Failing, Class::Failing),
        (None, Class::Failing, Class::AtRisk),
        (Some(false), Class::AtRisk, Class::AtRisk),
    ] {
        let status = ChainStatus::Misordered;
        let endpoint = || HOST.parse().unwrap();
        assert_eq!(Problem::ThumbprintMismatch { enforced }.class(), mismatch);
        assert_eq!(Problem::ChainOrder { endpoint: endpoint(), status, enforced }.class(), order);
    }
}
