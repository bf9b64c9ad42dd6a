//! Provider and recent observations to verdict.

use std::collections::BTreeMap;

use serde::Serialize;
use strum::{Display, EnumIter, IntoStaticStr};

use crate::chain::{Role, Thumbprint};
use crate::observe::{Observation, Window};
use crate::provider::Provider;

/// Does what a provider lists cover what its issuer serves?
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, IntoStaticStr, Display, Serialize)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case", const_into_str)]
pub enum Status {
    /// Every chain that counts, on each endpoint, holds a listed certificate.
    Match,
    /// Some do and some do not: clients fail at random.
    Partial,
    /// None does.
    Mismatch,
    /// Nobody can tell: see [`Unknown`].
    Unknown,
}

/// Why nobody can tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Display)]
pub enum Unknown {
    /// IAM did not say what the provider lists.
    #[strum(to_string = "the provider could not be read from IAM")]
    ProviderUnread,
    /// There is no list to compare.
    #[strum(to_string = "IAM does not list the provider any more")]
    ProviderMissing,
    /// The host of `jwks_uri` is not known.
    #[strum(to_string = "the discovery document has not been fetched yet")]
    EndpointUnnamed,
    /// No chain of one of the endpoints was ever got.
    #[strum(to_string = "no certificate chain has been seen yet at one of the endpoints")]
    NotObserved,
    /// Neither has ever been got, or not both.
    #[strum(to_string = "the documents with the keys have not been fetched yet")]
    KeysUnfetched,
    /// All chains that were seen match, but some addresses were never looked at.
    #[strum(to_string = "all chains seen so far match, but some addresses have not been looked at yet")]
    AddressesUnseen,
    /// What AWS sees is not seen here.
    #[strum(to_string = "a TLS-inspecting proxy between here and the issuer serves its own chain")]
    Intercepted,
}

/// What is known of one endpoint of an issuer.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    /// The observations that count.
    pub window: &'a Window,
    /// Whether it takes TLS 1.2, when it has told.
    pub takes_tls12: Option<bool>,
}

/// The verdict on one provider.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    pub status: Status,
    /// Why `status` is unknown.
    pub unknown: Option<Unknown>,
    /// How many observations hold a listed certificate.
    pub coverage: Coverage,
    /// A chain is covered by nothing but its leaf: that ends with the next renewal.
    pub fragile: bool,
    /// AWS would rely on the thumbprint: a chain reaches no public trust anchor, or an endpoint takes nothing below
    /// TLS 1.3. `None` until that can be told.
    pub enforced: Option<bool>,
    /// Where each listed thumbprint was seen; its highest place, should it have several.
    pub positions: BTreeMap<Thumbprint, Option<Role>>,
}

/// How many observations hold a listed certificate, of how many; all zero while the verdict is unknown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Coverage {
    /// Hold one.
    pub covered: usize,
    /// Count.
    pub observed: usize,
}

impl Coverage {
    /// The covered share, from 0 to 1; `None` when nothing counts.
    #[must_use]
    #[allow(clippy::cast_precision_loss)] // counts stay far below 2^53
    pub fn ratio(self) -> Option<f64> {
        (self.observed > 0).then(|| self.covered as f64 / self.observed as f64)
    }
}

impl Verdict {
    /// Whether everything that counts is covered; `None` while unknown.
    #[must_use]
    pub fn is_match(&self) -> Option<bool> {
        (self.status != Status::Unknown).then_some(self.status == Status::Match)
    }
}

/// Whether AWS would rely on thumbprints at these endpoints; `None` until that can be told.
#[must_use]
pub(crate) fn enforced(endpoints: Option<&[Seen<'_>]>) -> Option<bool> {
    let endpoints = endpoints?;
    let observations = || endpoints.iter().flat_map(|seen| seen.window.observations());
    if observations().next().is_none() || observations().any(|o| o.chain.is_intercepted()) {
        return None;
    }
    let refuses_tls12 = endpoints.iter().any(|seen| seen.takes_tls12 == Some(false));
    Some(refuses_tls12 || observations().any(|o| !o.chain.judgement.is_public()))
}

/// Why a verdict of these endpoints says nothing of all that is served, whatever is listed; `None` when it does.
#[must_use]
pub(crate) fn unseen(endpoints: Option<&[Seen<'_>]>) -> Option<Unknown> {
    let Some(endpoints) = endpoints else { return Some(Unknown::EndpointUnnamed) };
    if endpoints.iter().any(|seen| seen.window.observations().is_empty()) {
        Some(Unknown::NotObserved)
    } else if endpoints.iter().any(|seen| seen.window.is_seen_in_part()) {
        Some(Unknown::AddressesUnseen)
    } else {
        None
    }
}

/// Judges `provider` by its issuer's endpoints, which are `None` until the discovery document has named them.
#[must_use]
pub(crate) fn judge(provider: &Provider, endpoints: Option<&[Seen<'_>]>) -> Verdict {
    let observations = || endpoints.into_iter().flatten().flat_map(|seen| seen.window.observations());
    let intercepted = observations().any(|o| o.chain.is_intercepted());
    let mut verdict = Verdict {
        status: Status::Unknown,
        unknown: None,
        coverage: Coverage::default(),
        fragile: false,
        enforced: enforced(endpoints),
        positions: BTreeMap::new(),
    };
    if provider.missing_since.is_some() {
        return Verdict { unknown: Some(Unknown::ProviderMissing), ..verdict };
    }
    let Some(details) = &provider.details else {
        return Verdict { unknown: Some(Unknown::ProviderUnread), ..verdict };
    };
    let place = |thumbprint: &Thumbprint| observations().filter_map(|o| role(o, *thumbprint)).max();
    verdict.positions = details.thumbprints.iter().map(|listed| (*listed, place(listed))).collect();
    let unseen = unseen(endpoints);
    if matches!(unseen, Some(Unknown::EndpointUnnamed | Unknown::NotObserved)) {
        return Verdict { unknown: unseen, ..verdict };
    }
    if intercepted {
        return Verdict { unknown: Some(Unknown::Intercepted), ..verdict };
    }
    for observation in observations() {
        let best = details.thumbprints.iter().filter_map(|listed| role(observation, *listed)).max();
        verdict.coverage.covered += usize::from(best.is_some());
        verdict.coverage.observed += 1;
        verdict.fragile |= best == Some(Role::Leaf);
    }
    verdict.status = match verdict.coverage {
        Coverage { covered: 0, .. } => Status::Mismatch,
        Coverage { covered, observed } if covered == observed => Status::Match,
        _ => Status::Partial,
    };
    // What was seen can show that something is wrong, but not that all is well.
    if verdict.status == Status::Match && unseen.is_some() {
        verdict.status = Status::Unknown;
        verdict.unknown = unseen;
        verdict.coverage = Coverage::default();
    }
    verdict
}

fn role(observation: &Observation, thumbprint: Thumbprint) -> Option<Role> {
    observation.chain.served.role_of(thumbprint)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use rustls::pki_types::CertificateDer;

    use super::*;
    use crate::chain::{AnchorSource, ChainStatus, JudgedChain, ServedChain, TrustStore};
    use crate::clock::Timestamp;
    use crate::observe::{Sighting, WindowRules};
    use crate::poll::Via;
    use crate::provider::{Details, Origin};

    const EPOCH: Timestamp = Timestamp::from_seconds(0);

    /// A letter stands for a certificate; capital letters are under a public root, `!` under a proxy's.
    fn chain(letters: &str) -> Arc<JudgedChain> {
        let ders = letters.bytes().map(|byte| CertificateDer::from(vec![byte])).collect();
        let served = ServedChain::new(ders).unwrap();
        let mut judgement = TrustStore::empty().judge(served.certificates(), None, EPOCH);
        if letters.contains('!') {
            judgement.statuses.insert(ChainStatus::Intercepted);
        }
        if letters.bytes().all(|letter| letter.is_ascii_uppercase()) {
            judgement.verified = Ok(AnchorSource::Mozilla);
        }
        Arc::new(JudgedChain { served, judgement })
    }

    /// One chain per address, as served: leaf to root CA.
    fn window(chains: &[&str]) -> Window {
        let rules = WindowRules { window: Duration::from_hours(24), settle_looks: 6 };
        let seen: Vec<_> = (1u8..)
            .zip(chains)
            .map(|(host, letters)| Sighting {
                via: Via::Address([192, 0, 2, host].into()),
                chain: Some(chain(letters)),
            })
            .collect();
        let mut window = Window::default();
        window.record(rules, EPOCH, &seen);
        window
    }

    fn seen(window: &Window) -> Seen<'_> {
        Seen { window, takes_tls12: None }
    }

    fn provider(listed: Option<&str>) -> Provider {
        Provider {
            origin: Origin::Iam("arn:aws:iam::123456789012:oidc-provider/a.example".parse().unwrap()),
            issuer: "https://a.example".parse().unwrap(),
            details: listed.map(|letters| Details {
                thumbprints: letters.bytes().map(|byte| Thumbprint::of(&[byte])).collect(),
                ..Details::default()
            }),
            missing_since: None,
        }
    }

    #[test]
    fn every_rule() {
        use Status as S;
        for (case, listed, endpoints, status, covered, fragile, enforced) in [
            ("the root CA", Some("c"), &[&["abc"][..]][..], S::Match, (1, 1), false, true),
            ("an intermediate", Some("b"), &[&["abc"]], S::Match, (1, 1), false, true),
            ("only the leaf", Some("a"), &[&["abc"]], S::Match, (1, 1), true, true),
            ("leaf and root CA", Some("ac"), &[&["abc"]], S::Match, (1, 1), false, true),
            ("a self-signed certificate alone", Some("a"), &[&["a"]], S::Match, (1, 1), true, true),
            ("none", Some("x"), &[&["abc"]], S::Mismatch, (0, 1), false, true),
            ("an empty list", Some(""), &[&["abc"]], S::Mismatch, (0, 1), false, true),
            ("five, one right", Some("vwxyc"), &[&["abc"]], S::Match, (1, 1), false, true),
            ("two addresses, one covered", Some("c"), &[&["abc", "abd"]], S::Partial, (1, 2), false, true),
            ("two addresses, both covered", Some("cd"), &[&["abc", "abd"]], S::Match, (2, 2), false, true),
            (
                "two addresses, covered by one they share",
                Some("b"),
                &[&["abc", "abd"]],
                S::Match,
                (2, 2),
                false,
                true,
            ),
            ("two endpoints, both covered", Some("cf"), &[&["abc"], &["def"]], S::Match, (2, 2), false, true),
            ("two endpoints, one covered", Some("f"), &[&["abc"], &["def"]], S::Partial, (1, 2), false, true),
            (
                "two endpoints, none covered",
                Some("x"),
                &[&["abc"], &["def"]],
                S::Mismatch,
                (0, 2),
                false,
                true,
            ),
            (
                "one address covered by its leaf only",
                Some("cd"),
                &[&["abc", "def"]],
                S::Match,
                (2, 2),
                true,
                true,
            ),
            ("a public chain", Some("X"), &[&["ABC"]], S::Mismatch, (0, 1), false, false),
            (
                "a public and a private chain",
                Some("C"),
                &[&["ABC"], &["abc"]],
                S::Partial,
                (1, 2),
                false,
                true,
            ),
            ("the other endpoint not seen", Some("c"), &[&["abc"], &[]], S::Unknown, (0, 0), false, true),
        ] {
            let windows: Vec<Window> = endpoints.iter().map(|chains| window(chains)).collect();
            let verdict = judge(&provider(listed), Some(&windows.iter().map(seen).collect::<Vec<_>>()));
            assert_eq!(
                (verdict.status, verdict.coverage, verdict.fragile, verdict.enforced),
                (status, Coverage { covered: covered.0, observed: covered.1 }, fragile, Some(enforced)),
                "{case}"
            );
        }
    }

    #[test]
    fn every_way_not_to_know() {
        let windows = [window(&["abc"]), window(&[]), window(&["abc", "x!"])];
        let [good, unseen, proxied] = windows.each_ref().map(seen);
        for (listed, endpoints, why) in [
            (Some("c"), None, Unknown::EndpointUnnamed),
            (Some("c"), Some(&[unseen][..]), Unknown::NotObserved),
            (Some("c"), Some(&[good, unseen]), Unknown::NotObserved),
            (Some("c"), Some(&[proxied]), Unknown::Intercepted),
            (None, Some(&[good]), Unknown::ProviderUnread),
        ] {
            let verdict = judge(&provider(listed), endpoints);
            assert_eq!(
                (verdict.status, verdict.unknown),
                (Status::Unknown, Some(why)),
                "{listed:?} {endpoints:?}"
            );
        }
        assert_eq!(judge(&provider(Some("c")), None).enforced, None);
        assert_eq!(judge(&provider(Some("c")), Some(&[proxied])).enforced, None);
    }

    #[test]
    fn addresses_that_nobody_has_looked_at_forbid_a_match_and_nothing_else() {
        let mut part = window(&["abc", "abd"]);
        part.note_unseen(8);
        for (listed, status, why) in [
            ("b", Status::Unknown, Some(Unknown::AddressesUnseen)),
            ("c", Status::Partial, None),
            ("x", Status::Mismatch, None),
        ] {
            let verdict = judge(&provider(Some(listed)), Some(&[seen(&part)]));
            assert_eq!((verdict.status, verdict.unknown), (status, why), "{listed}");
        }
        part.note_unseen(0);
        assert_eq!(judge(&provider(Some("b")), Some(&[seen(&part)])).status, Status::Match);
        // One that is new later on changes nothing.
        part.note_unseen(1);
        assert_eq!(judge(&provider(Some("b")), Some(&[seen(&part)])).status, Status::Match);
    }

    #[test]
    fn an_endpoint_without_tls_1_2_is_enforced() {
        let public = window(&["ABC"]);
        for (takes_tls12, enforced) in [(Some(true), false), (None, false), (Some(false), true)] {
            let seen = Seen { window: &public, takes_tls12 };
            assert_eq!(
                judge(&provider(Some("C")), Some(&[seen])).enforced,
                Some(enforced),
                "{takes_tls12:?}"
            );
        }
    }

    #[test]
    fn positions_are_the_highest_place() {
        let verdict = judge(&provider(Some("abx")), Some(&[seen(&window(&["abc", "cab"]))]));
        let place = |byte: u8| verdict.positions[&Thumbprint::of(&[byte])];
        assert_eq!(
            (place(b'a'), place(b'b'), place(b'x')),
            (Some(Role::Intermediate), Some(Role::Root), None)
        );
    }
}
