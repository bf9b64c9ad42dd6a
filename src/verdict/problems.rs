//! Problems: what makes STS refuse the tokens of an issuer, or will, beside thumbprints and dates. Judged here and nowhere else,
//! from what the documents, their timings and the addresses have told.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use strum::{Display, EnumDiscriminants, EnumIter, IntoStaticStr};

use crate::endpoint::{Endpoint, MAX_URL_BYTES};
use crate::issuer::Issuer;
use crate::plural::counted;
use crate::poll::{Documents, Phase, Timings};
use crate::printable::printable;
use crate::provider::Provider;
use crate::spelling::{Difference, eks_token_issuer, is_taken_by_iam, with_scheme};

/// "Couldn't retrieve verification key": among the reasons that AWS names is an answer later than this (AWS re:Post, "How can I
/// resolve the ... `InvalidIdentityToken` error?").
const STS_PATIENCE: Duration = Duration::from_secs(5);

/// One thing that makes, or will make, STS refuse tokens.
#[derive(Clone, Debug, PartialEq, Eq, EnumDiscriminants)]
#[strum_discriminants(name(ProblemName), vis(pub))]
#[strum_discriminants(doc = "The value of the label `problem`.")]
#[strum_discriminants(derive(PartialOrd, Ord, Hash, EnumIter, IntoStaticStr, Display))]
#[strum_discriminants(strum(serialize_all = "snake_case", const_into_str))]
pub(crate) enum Problem {
    /// The provider's URL is not the document's `issuer` to the letter.
    IssuerSpelling { listed: Box<str>, own: Box<str>, difference: Difference },
    /// A document took longer than STS waits, the connection included.
    KeysSlow { document: Phase, took: Duration, arrived: bool },
    /// A host has private addresses only.
    KeysPrivate(Endpoint),
    /// So many keys of the JWKS hold private members.
    KeysDisclosed(usize),
}

/// How bad a problem is; better to worse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, EnumIter, IntoStaticStr, Display)]
#[strum(serialize_all = "snake_case", const_into_str)]
pub enum Class {
    /// Tokens may be refused, now and then or soon, or accepted that should not be.
    AtRisk,
    /// STS refuses every token.
    Failing,
}

/// What STS answers (STS API reference, `AssumeRoleWithWebIdentity`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Display)]
pub(crate) enum AwsError {
    #[strum(to_string = "No OpenIDConnect provider found in your account")]
    NoProvider,
    #[strum(to_string = "Couldn't retrieve verification key from your identity provider")]
    KeyRetrieval,
}

/// What is known of an issuer, as far as problems come of it.
pub(crate) struct Evidence<'a> {
    pub documents: &'a Documents,
    /// Of the last poll.
    pub timings: &'a Timings,
    /// JWKS and discovery document are served by one endpoint.
    pub shares_endpoint: bool,
    /// The endpoints all of whose addresses are private.
    pub private: Vec<&'a Endpoint>,
}

impl Problem {
    /// Those of an issuer, whoever lists it.
    pub(crate) fn of_issuer(evidence: &Evidence<'_>) -> Vec<Self> {
        let Evidence { documents, timings, shares_endpoint, private } = evidence;
        let slow = [(Phase::Discovery, true), (Phase::Jwks, *shares_endpoint)];
        let slow = slow.into_iter().filter_map(|(document, is_timed)| {
            let connection = [Phase::Connect, Phase::Tls].into_iter().filter(|_| is_timed);
            let connection: Duration = connection.filter_map(|phase| timings.get(phase)).sum();
            let (took, arrived) = match (timings.get(document), timings.gave_up()) {
                (Some(took), _) => (took, true),
                (None, Some((phase, waited))) if phase == document => (waited, false),
                _ => return None,
            };
            let took = took + connection;
            (took > STS_PATIENCE).then_some(Self::KeysSlow { document, took, arrived })
        });
        let private = private.iter().map(|endpoint| Self::KeysPrivate((*endpoint).clone()));
        let disclosed = documents.disclosed_keys.filter(|keys| *keys > 0).map(Self::KeysDisclosed);
        slow.chain(private).chain(disclosed).collect()
    }

    /// Those of `provider`: its own, and its issuer's.
    pub(crate) fn of_provider(provider: &Provider, documents: &Documents, of_issuer: Vec<Self>) -> Vec<Self> {
        let own = own_spelling(&provider.issuer, documents);
        let spelling = provider.iam_url().zip(own).and_then(|(listed, own)| Self::spelling(listed, &own));
        spelling.into_iter().chain(of_issuer).collect()
    }

    /// What a provider for `issuer`, as somebody has typed it, would have: the canonical form tells nothing of slashes, and the
    /// document of another issuer is a failed poll.
    pub(crate) fn of_url(issuer: &Issuer, documents: &Documents) -> Option<Self> {
        let own = own_spelling(issuer, documents)?;
        let is_forgiven = is_taken_by_iam(&own) && own.parse::<Issuer>().as_ref() == Ok(issuer);
        let problem = Self::spelling(issuer.as_str(), &own).filter(|problem| !problem.is_of_another())?;
        (!is_forgiven).then_some(problem)
    }

    fn spelling(listed: &str, own: &str) -> Option<Self> {
        let difference = Difference::between(listed, own)?;
        let shown = |url: &str| printable(url, MAX_URL_BYTES).into();
        Some(Self::IssuerSpelling { listed: shown(&with_scheme(listed)), own: shown(own), difference })
    }

    fn is_of_another(&self) -> bool {
        matches!(self, Self::IssuerSpelling { difference: Difference::Other, .. })
    }

    pub(crate) fn name(&self) -> ProblemName {
        self.into()
    }

    pub(crate) fn class(&self) -> Class {
        match self {
            Self::IssuerSpelling { .. } => Class::Failing,
            Self::KeysSlow { .. } | Self::KeysPrivate(_) | Self::KeysDisclosed(_) => Class::AtRisk,
        }
    }

    /// What STS answers where the problem has come true; nothing where it takes tokens that it should not.
    pub(crate) fn aws_error(&self) -> Option<AwsError> {
        match self {
            Self::IssuerSpelling { .. } => Some(AwsError::NoProvider),
            Self::KeysSlow { .. } | Self::KeysPrivate(_) => Some(AwsError::KeyRetrieval),
            Self::KeysDisclosed(_) => None,
        }
    }

    /// A person should look at it. A name may have other addresses outside, so private ones are worth no more than a word.
    pub(crate) fn is_finding(&self) -> bool {
        !matches!(self, Self::KeysPrivate(_))
    }
}

/// `iss` of the tokens: what the document says, or what is known of EKS before there is one.
fn own_spelling(issuer: &Issuer, documents: &Documents) -> Option<Box<str>> {
    documents.issuer.clone().or_else(|| eks_token_issuer(issuer).map(Into::into))
}

/// The class of the worst finding among `problems`.
pub(crate) fn worst(problems: &[Problem]) -> Option<Class> {
    problems.iter().filter(|problem| problem.is_finding()).map(Problem::class).max()
}

/// Each kind of problem once, with the worst class it has here: a document can be slow as well as the other.
pub(crate) fn by_name(problems: &[Problem]) -> BTreeMap<ProblemName, Class> {
    let mut found = BTreeMap::new();
    for problem in problems {
        let class = found.entry(problem.name()).or_insert(problem.class());
        *class = problem.class().max(*class);
    }
    found
}

/// In words, with what AWS makes of it.
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::IssuerSpelling { listed, own, difference } if !is_taken_by_iam(own) => write!(
                f,
                "spelled {listed}, but its tokens say {own} (the difference: {difference}), a URL that IAM takes for no provider; \
                 STS compares to the letter, finds no provider and refuses every token: the issuer must say {listed} instead"
            ),
            Self::IssuerSpelling { listed, own, .. } if self.is_of_another() => write!(
                f,
                "made for {listed}, where the discovery document is that of {own}; STS finds no provider for {own} and refuses \
                 every token, unless there is another"
            ),
            Self::IssuerSpelling { listed, own, difference } => write!(
                f,
                "spelled {listed}, but its tokens say {own} (the difference: {difference}); STS compares to the letter, finds \
                 no provider and refuses every token: IAM needs a provider for {own}"
            ),
            Self::KeysSlow { document, took, arrived } => write!(
                f,
                "the {} {} {:.1} s{}; AWS STS gives up after {} s and refuses the token",
                document.object(),
                if *arrived { "took" } else { "had not arrived after" },
                took.as_secs_f64(),
                if *arrived { " to arrive" } else { "" },
                STS_PATIENCE.as_secs()
            ),
            Self::KeysPrivate(endpoint) => write!(
                f,
                "{} has only private addresses here; unless it has others outside, AWS cannot reach it to get the keys",
                endpoint.host()
            ),
            Self::KeysDisclosed(keys) => write!(
                f,
                "the JWKS publishes the private key of {}: anybody can forge tokens; replace {} at once",
                counted(*keys, "signing key"),
                if *keys == 1 { "it" } else { "them" }
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::{Details, Origin};

    const ISSUER: &str = "https://a.example/x";

    fn documents(own: Option<&str>, disclosed: Option<usize>) -> Documents {
        Documents { issuer: own.map(Into::into), disclosed_keys: disclosed, ..Documents::default() }
    }

    fn timings(seconds: &[(Phase, f64)]) -> Timings {
        let mut timings = Timings::default();
        for (phase, seconds) in seconds {
            timings.set(*phase, Duration::from_secs_f64(*seconds));
        }
        timings
    }

    fn names(problems: &[Problem]) -> Vec<&'static str> {
        problems.iter().map(|problem| problem.name().into_str()).collect()
    }

    #[test]
    fn of_an_issuer() {
        use Phase::{Connect, Discovery, Jwks, Tls};
        let private: Endpoint = "keys.example".parse().unwrap();
        for (case, own, disclosed, seconds, shares_endpoint, is_private, found) in [
            ("nothing known", None, None, &[][..], false, false, &[][..]),
            ("all well", Some(ISSUER), Some(0), &[(Discovery, 0.1), (Jwks, 5.0)], true, false, &[]),
            ("a slow document", Some(ISSUER), None, &[(Discovery, 5.1)], true, false, &["keys_slow"]),
            ("two of them", None, None, &[(Discovery, 6.0), (Jwks, 6.0)], true, false, &["keys_slow"; 2]),
            (
                "with its connection",
                None,
                None,
                &[(Connect, 1.0), (Tls, 2.0), (Jwks, 2.5)],
                true,
                false,
                &["keys_slow"],
            ),
            ("with another's", None, None, &[(Connect, 1.0), (Tls, 2.0), (Jwks, 2.5)], false, false, &[]),
            ("a slow resolver", None, None, &[(Phase::Resolve, 9.0), (Jwks, 0.1)], true, false, &[]),
            ("private addresses", None, None, &[], false, true, &["keys_private"]),
            ("private keys", None, Some(2), &[], true, false, &["keys_disclosed"]),
            (
                "all at once",
                Some("https://a.example/X"),
                Some(1),
                &[(Jwks, 7.0)],
                true,
                true,
                &["keys_slow", "keys_private", "keys_disclosed"],
            ),
        ] {
            let evidence = Evidence {
                documents: &documents(own, disclosed),
                timings: &timings(seconds),
                shares_endpoint,
                private: if is_private { vec![&private] } else { Vec::new() },
            };
            assert_eq!(names(&Problem::of_issuer(&evidence)), found, "{case}");
        }
    }

    #[test]
    fn a_document_that_was_given_up_was_slow_if_sts_gives_up_earlier() {
        for (document, waited, words) in [
            (
                Phase::Jwks,
                10,
                Some(
                    "the JWKS had not arrived after 10.0 s; AWS STS gives up after 5 s and refuses the token",
                ),
            ),
            (Phase::Jwks, 3, None),
            (Phase::Discovery, 6, Some("the discovery document had not arrived after 6.0 s;")),
            (Phase::Tls, 10, None),
        ] {
            let mut timings = Timings::default();
            timings.give_up(document, Duration::from_secs(waited));
            let documents = documents(None, None);
            let evidence = Evidence {
                documents: &documents,
                timings: &timings,
                shares_endpoint: true,
                private: Vec::new(),
            };
            let told: Vec<String> = Problem::of_issuer(&evidence).iter().map(ToString::to_string).collect();
            assert_eq!(told.len(), usize::from(words.is_some()), "{document}: {told:?}");
            assert!(words.is_none_or(|words| told[0].starts_with(words)), "{document}: {told:?}");
        }
    }

    #[test]
    fn of_a_url_that_somebody_has_typed() {
        for (typed, own, needed) in [
            (ISSUER, None, None),
            (ISSUER, Some(ISSUER), None),
            (ISSUER, Some("https://a.example/x/"), None),
            (ISSUER, Some("https://b.example"), None),
            (ISSUER, Some("https://a.example/X"), Some("IAM needs a provider for https://a.example/X")),
            (ISSUER, Some("https://a.example/x "), Some("the issuer must say https://a.example/x instead")),
            (ISSUER, Some("http://a.example/x"), Some("the issuer must say https://a.example/x instead")),
            (ISSUER, Some("a.example/x"), Some("the issuer must say https://a.example/x instead")),
            (
                "https://oidc-eks.eu-west-1.api.aws/id/A",
                None,
                Some("IAM needs a provider for https://oidc.eks.eu-west-1.amazonaws.com/id/A"),
            ),
        ] {
            let problem = Problem::of_url(&typed.parse().unwrap(), &documents(own, None));
            let told = problem.map(|problem| problem.to_string());
            assert_eq!(told.is_some(), needed.is_some(), "{typed} {own:?}: {told:?}");
            assert!(told.zip(needed).is_none_or(|(told, needed)| told.ends_with(needed)), "{typed} {own:?}");
        }
    }

    #[test]
    fn of_a_provider() {
        let iam = |arn: &str| {
            Origin::Iam(format!("arn:aws:iam::123456789012:oidc-provider/{arn}").parse().unwrap())
        };
        let slow =
            || vec![Problem::KeysSlow { document: Phase::Jwks, took: Duration::from_secs(6), arrived: true }];
        for (case, origin, url, own, found) in [
            ("spelled alike", iam("a.example/x"), None, Some(ISSUER), &["keys_slow"][..]),
            ("a slash too many", iam("a.example/x/"), None, Some(ISSUER), &["issuer_spelling", "keys_slow"]),
            (
                "what IAM tells counts",
                iam("a.example/x"),
                Some("A.example/x"),
                Some(ISSUER),
                &["issuer_spelling", "keys_slow"],
            ),
            ("IAM's scheme is no difference", iam("a.example/x"), Some(ISSUER), Some(ISSUER), &["keys_slow"]),
            ("nothing told yet", iam("a.example/x/"), None, None, &["keys_slow"]),
            ("no provider of IAM's", Origin::File, None, Some("https://a.example/x/"), &["keys_slow"]),
            (
                "another issuer's",
                iam("a.example/x"),
                None,
                Some("https://b.example"),
                &["issuer_spelling", "keys_slow"],
            ),
        ] {
            let details = Details { url: url.map(Into::into), ..Details::default() };
            let provider = Provider { origin, issuer: ISSUER.parse().unwrap(), details: Some(details) };
            let problems = Problem::of_provider(&provider, &documents(own, None), slow());
            assert_eq!(names(&problems), found, "{case}");
            let failing = found.len() > 1;
            assert_eq!(
                worst(&problems),
                Some(if failing { Class::Failing } else { Class::AtRisk }),
                "{case}"
            );
        }
    }

    #[test]
    fn each_name_once_and_a_note_is_no_finding() {
        let slow = |seconds| Problem::KeysSlow {
            document: Phase::Jwks,
            took: Duration::from_secs(seconds),
            arrived: true,
        };
        let private = Problem::KeysPrivate("keys.example".parse().unwrap());
        let found = by_name(&[slow(6), slow(7), private.clone()]);
        assert_eq!(
            found.into_iter().collect::<Vec<_>>(),
            [(ProblemName::KeysSlow, Class::AtRisk), (ProblemName::KeysPrivate, Class::AtRisk)]
        );
        assert_eq!(worst(&[private]), None);
        assert_eq!(worst(&[]), None);
    }

    #[test]
    fn strangers_choose_their_spelling() {
        let odd = "https://a.example/\u{1b}[2J\u{202e}x\n";
        for (listed, own) in [("a.example", odd), (odd, "https://a.example")] {
            let problem = Problem::spelling(listed, own).unwrap();
            assert!(!problem.to_string().chars().any(|c| c.is_control() || c == '\u{202e}'), "{problem}");
        }
    }
}
