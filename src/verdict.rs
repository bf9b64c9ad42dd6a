//! Provider and recent observations to verdict. Pure.

use std::collections::BTreeMap;
use std::fmt;

use crate::chain::{Role, Thumbprint};
use crate::provider::Provider;
use crate::window::{Observation, Window};

/// Does what a provider lists cover what its issuer serves?
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
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

impl Status {
    /// All of them, in the order of the state set.
    pub const ALL: [Self; 4] = [Self::Match, Self::Partial, Self::Mismatch, Self::Unknown];

    /// The value of the label `status`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Match => "match",
            Self::Partial => "partial",
            Self::Mismatch => "mismatch",
            Self::Unknown => "unknown",
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why nobody can tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unknown {
    /// IAM did not say what the provider lists.
    ProviderUnread,
    /// The discovery document was never got, so the host of `jwks_uri` is not known.
    EndpointUnknown,
    /// No chain of one of the endpoints was ever got.
    NotObserved,
}

impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ProviderUnread => "the provider could not be read from IAM",
            Self::EndpointUnknown => "the discovery document was never got",
            Self::NotObserved => "no chain was observed yet",
        })
    }
}

/// The verdict on one provider.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// The word.
    pub status: Status,
    /// Why `status` is unknown.
    pub unknown: Option<Unknown>,
    /// Observations that hold a listed certificate, of how many.
    pub covered: (usize, usize),
    /// A chain is covered by nothing but its leaf: that ends with the next renewal.
    pub fragile: bool,
    /// AWS would rely on the thumbprint: a chain reaches no public trust anchor. `None` until observed.
    pub enforced: Option<bool>,
    /// Where each listed thumbprint was seen; its highest place, should it have several.
    pub positions: BTreeMap<Thumbprint, Option<Role>>,
}

/// Judges `provider` by the windows of its issuer's endpoints; `endpoints` is `None` until the discovery document
/// has named them.
#[must_use]
pub fn judge(provider: &Provider, endpoints: Option<&[&Window]>) -> Verdict {
    let observations = || endpoints.into_iter().flatten().flat_map(|window| window.observations());
    let enforced = observations().map(|o| !o.chain.judgement.is_public()).reduce(|any, one| any || one);
    let mut verdict = Verdict {
        status: Status::Unknown,
        unknown: None,
        covered: (0, 0),
        fragile: false,
        enforced,
        positions: BTreeMap::new(),
    };
    let Some(details) = &provider.details else {
        return Verdict { unknown: Some(Unknown::ProviderUnread), ..verdict };
    };
    let place = |thumbprint: &Thumbprint| observations().filter_map(|o| role(o, *thumbprint)).max();
    verdict.positions = details.thumbprints.iter().map(|listed| (*listed, place(listed))).collect();
    let Some(endpoints) = endpoints else {
        return Verdict { unknown: Some(Unknown::EndpointUnknown), ..verdict };
    };
    if endpoints.iter().any(|window| window.observations().is_empty()) {
        return Verdict { unknown: Some(Unknown::NotObserved), ..verdict };
    }
    for observation in observations() {
        let best = details.thumbprints.iter().filter_map(|listed| role(observation, *listed)).max();
        verdict.covered.0 += usize::from(best.is_some());
        verdict.covered.1 += 1;
        verdict.fragile |= best == Some(Role::Leaf);
    }
    verdict.status = match verdict.covered {
        (0, _) => Status::Mismatch,
        (covered, all) if covered == all => Status::Match,
        _ => Status::Partial,
    };
    verdict
}

fn role(observation: &Observation, thumbprint: Thumbprint) -> Option<Role> {
    observation.chain.chain.role_of(thumbprint)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use rustls::pki_types::CertificateDer;

    use super::*;
    use crate::chain::{AnchorSource, ServedChain, TrustStore};
    use crate::clock::Timestamp;
    use crate::provider::Details;
    use crate::window::{JudgedChain, WindowRules};

    const EPOCH: Timestamp = Timestamp::from_seconds(0);

    /// A letter stands for a certificate; capital letters are under a public root.
    fn chain(letters: &str) -> Arc<JudgedChain> {
        let ders = letters.bytes().map(|byte| CertificateDer::from(vec![byte])).collect();
        let chain = ServedChain::new(ders).unwrap();
        let mut judgement = TrustStore::empty().judge(chain.certificates(), None, EPOCH);
        if letters.bytes().all(|letter| letter.is_ascii_uppercase()) {
            judgement.verified = Ok(AnchorSource::Mozilla);
        }
        Arc::new(JudgedChain { chain, judgement })
    }

    /// One chain per address, as served: leaf to root CA.
    fn window(chains: &[&str]) -> Window {
        let rules = WindowRules { window: Duration::from_hours(24), settle_rounds: 6 };
        let seen: Vec<_> = (1u8..)
            .zip(chains)
            .map(|(host, letters)| ([192, 0, 2, host].into(), Some(chain(letters))))
            .collect();
        let mut window = Window::default();
        window.record(rules, EPOCH, &seen);
        window
    }

    fn provider(listed: Option<&str>) -> Provider {
        Provider {
            arn: "arn:aws:iam::123456789012:oidc-provider/a.example".into(),
            account_id: "123456789012".into(),
            issuer: "https://a.example".parse().unwrap(),
            details: listed.map(|letters| Details {
                thumbprints: letters.bytes().map(|byte| Thumbprint::of(&[byte])).collect(),
                ..Details::default()
            }),
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
            let verdict = judge(&provider(listed), Some(&windows.iter().collect::<Vec<_>>()));
            assert_eq!(
                (verdict.status, verdict.covered, verdict.fragile, verdict.enforced),
                (status, covered, fragile, Some(enforced)),
                "{case}"
            );
        }
    }

    #[test]
    fn every_way_not_to_know() {
        let (seen, unseen) = (window(&["abc"]), window(&[]));
        for (listed, endpoints, why) in [
            (Some("c"), None, Unknown::EndpointUnknown),
            (Some("c"), Some(&[&unseen][..]), Unknown::NotObserved),
            (Some("c"), Some(&[&seen, &unseen]), Unknown::NotObserved),
            (None, Some(&[&seen]), Unknown::ProviderUnread),
        ] {
            let verdict = judge(&provider(listed), endpoints);
            assert_eq!(
                (verdict.status, verdict.unknown),
                (Status::Unknown, Some(why)),
                "{listed:?} {endpoints:?}"
            );
        }
        assert_eq!(judge(&provider(Some("c")), None).enforced, None);
    }

    #[test]
    fn positions_are_the_highest_place() {
        let verdict = judge(&provider(Some("abx")), Some(&[&window(&["abc", "cab"])]));
        let place = |byte: u8| verdict.positions[&Thumbprint::of(&[byte])];
        assert_eq!(
            (place(b'a'), place(b'b'), place(b'x')),
            (Some(Role::Intermediate), Some(Role::Root), None)
        );
    }
}
