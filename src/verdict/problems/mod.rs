//! Problems: what makes STS refuse the tokens of an issuer, or will, or keeps anybody from telling. Judged here and nowhere else.
//! Pure; time is an argument, since dates pass while nothing is polled.

mod chains;
mod keys;
mod list;
mod spelling;
mod words;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::time::Duration;

use strum::{Display, EnumDiscriminants, EnumIter, IntoStaticStr};

use super::health::Health;
use super::judge::{Coverage, Unknown};
use crate::chain::{ChainStatus, Thumbprint};
use crate::clock::Timestamp;
use crate::endpoint::Endpoint;
use crate::poll::{Phase, PollError};
use crate::spelling::Difference;

pub(crate) use chains::EndpointEvidence;
pub(crate) use keys::KeyEvidence;
pub(crate) use list::ProviderEvidence;
pub(crate) use spelling::{of_listed, of_url};

/// Where a problem begins.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// A root CA that has fewer days left is one.
    pub root_ca_days: f64,
    /// A leaf that has fewer days left, and over two thirds of its life behind it, is one.
    pub leaf_days: f64,
    /// Evidence that is older tells nothing of now.
    pub stale_after: Duration,
    /// Polls in a row without the keys.
    pub failed_polls: u32,
    /// STS waits no longer for a document.
    pub slow: Duration,
    /// How long an observation counts.
    pub window: Duration,
    /// How long a provider that IAM no longer lists is missed.
    pub missing_for: Duration,
}

/// As the settings have it by default.
impl Default for Rules {
    fn default() -> Self {
        Self {
            root_ca_days: 30.0,
            leaf_days: 7.0,
            stale_after: Duration::from_mins(30),
            failed_polls: 3,
            slow: Duration::from_secs(5),
            window: Duration::from_hours(24),
            missing_for: Duration::from_hours(24),
        }
    }
}

impl Rules {
    /// A root CA that ends then has few days left.
    pub(crate) fn is_root_ca_expiring(&self, ends: Timestamp, now: Timestamp) -> bool {
        ends.days_from(now) < self.root_ca_days
    }

    /// A leaf of these dates is late in its renewal. One that lives for days only is always renewed in its last days.
    pub(crate) fn is_leaf_late(&self, begins: Timestamp, ends: Timestamp, now: Timestamp) -> bool {
        let (life, gone) = (ends.since(begins), now.since(begins));
        ends.days_from(now) < self.leaf_days && gone > life * 2 / 3
    }
}

/// One thing that makes, or will make, STS refuse tokens, or that keeps anybody from telling.
#[derive(Clone, Debug, PartialEq, EnumDiscriminants)]
#[strum_discriminants(name(ProblemName), vis(pub))]
#[strum_discriminants(doc = "The value of the label `problem`.")]
#[strum_discriminants(derive(PartialOrd, Ord, Hash, EnumIter, IntoStaticStr, Display))]
#[strum_discriminants(strum(serialize_all = "snake_case", const_into_str))]
pub(crate) enum Problem {
    /// No chain that is served holds what the provider lists.
    ThumbprintMismatch { enforced: Option<bool> },
    /// Some do, and some do not.
    ThumbprintPartial { coverage: Coverage, enforced: Option<bool> },
    /// A certificate that AWS compares is past its date, listed or not.
    RootCaExpired { endpoint: Endpoint, thumbprint: Thumbprint, ended: Timestamp, enforced: Option<bool> },
    /// It soon will be.
    RootCaExpiring { endpoint: Endpoint, thumbprint: Thumbprint, ends: Timestamp },
    /// The leaf is past its date, or no path without such a certificate is left.
    CertificateExpired { endpoint: Endpoint, ended: Timestamp },
    /// The leaf is late in its renewal.
    CertificateExpiring { endpoint: Endpoint, ends: Timestamp },
    /// Served in another order than that of the path, or with certificates beside it.
    ChainOrder { endpoint: Endpoint, status: ChainStatus, enforced: Option<bool> },
    /// Clients refuse the chain for another reason, or it cannot be checked.
    ChainInvalid { endpoint: Endpoint, status: ChainStatus },
    /// Only the leaf is listed.
    LeafPinned,
    /// The documents could not be got in so many polls.
    KeysUnreachable { polls: u32, error: PollError },
    /// A document was got and is of no use.
    KeysUnusable(PollError),
    /// A document took longer than STS waits, the connection included.
    KeysSlow { document: Phase, took: Duration, arrived: bool, limit: Duration },
    /// A host has private addresses only.
    KeysPrivate(Endpoint),
    /// So many keys of the JWKS hold private members.
    KeysDisclosed(usize),
    /// The provider's URL is not the document's `issuer` to the letter.
    IssuerSpelling { listed: Box<str>, own: Box<str>, difference: Difference },
    /// The provider does not allow an audience that is required.
    AudienceMissing(Box<str>),
    /// IAM listed the provider until then, or lists none for an issuer that must have one.
    ProviderMissing { since: Option<Timestamp> },
    /// Addresses of a host that answers otherwise give no connection.
    AddressFailing { endpoint: Endpoint, failed: usize },
    /// Listed for a whole window, and served at no time.
    ListUnused(Vec<Thumbprint>),
    /// There is no room for another thumbprint.
    ListFull,
    /// So many entries are no thumbprints.
    ListMalformed(usize),
    /// Nothing was seen yet, or not everything.
    NotObserved(Unknown),
    /// IAM did not say what the provider lists.
    ProviderUnread,
    /// A proxy answers in the issuer's place.
    Intercepted(Endpoint),
    /// The newest evidence is old.
    Stale { endpoint: Endpoint, newest: Timestamp },
}

/// How bad a problem is: what it makes of the health of an issuer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, EnumIter, IntoStaticStr, Display)]
#[strum(serialize_all = "snake_case", const_into_str)]
pub enum Class {
    /// Tokens may be refused, now and then or soon, or accepted that should not be.
    AtRisk,
    /// Nobody can tell.
    Unknown,
    /// STS refuses tokens.
    Failing,
}

/// What STS answers (STS API reference, `AssumeRoleWithWebIdentity`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Display)]
pub enum AwsError {
    #[strum(to_string = "OpenIDConnect provider's HTTPS certificate doesn't match configured thumbprint")]
    Thumbprint,
    #[strum(to_string = "Couldn't retrieve verification key from your identity provider")]
    KeyRetrieval,
    #[strum(to_string = "No OpenIDConnect provider found in your account")]
    NoProvider,
    #[strum(to_string = "Incorrect token audience")]
    Audience,
}

/// What is known of an issuer.
pub(crate) struct IssuerEvidence<'a> {
    pub keys: KeyEvidence<'a>,
    /// Those that are known so far.
    pub endpoints: Vec<EndpointEvidence<'a>>,
    /// AWS relies on thumbprints here, as far as that is known.
    pub enforced: Option<bool>,
    /// Why not everything was seen; nothing when it was.
    pub unseen: Option<Unknown>,
    /// It must have a provider, and IAM lists none.
    pub lacks_provider: bool,
}

/// Those of an issuer, whoever lists it.
pub(crate) fn of_issuer(evidence: &IssuerEvidence<'_>, rules: &Rules, now: Timestamp) -> Vec<Problem> {
    let IssuerEvidence { keys, endpoints, enforced, unseen, lacks_provider } = evidence;
    let of_chains =
        endpoints.iter().flat_map(|endpoint| chains::of_endpoint(endpoint, *enforced, rules, now));
    let mut found: Vec<Problem> = of_chains.collect();
    found.extend(keys::of_documents(keys, rules));
    found.extend(unseen.map(Problem::NotObserved));
    found.extend(lacks_provider.then_some(Problem::ProviderMissing { since: None }));
    found
}

/// Those of a provider: its own, then its issuer's.
pub(crate) fn of_provider(
    evidence: &ProviderEvidence<'_>,
    keys: &KeyEvidence<'_>,
    of_issuer: Vec<Problem>,
    rules: &Rules,
    now: Timestamp,
) -> Vec<Problem> {
    let provider = evidence.provider;
    let mut found = if provider.missing_since.is_some() {
        vec![Problem::ProviderMissing { since: provider.missing_since }]
    } else {
        let spelling = provider.iam_url().and_then(|url| of_listed(url, &provider.issuer, keys.documents));
        spelling.into_iter().chain(list::of_list(evidence, rules, now)).collect()
    };
    for problem in of_issuer {
        if !found.contains(&problem) {
            found.push(problem);
        }
    }
    found
}

impl Problem {
    pub(crate) fn name(&self) -> ProblemName {
        self.into()
    }

    /// Where AWS relies on public roots, what is wrong with thumbprints and with the certificates that they are of is harmless as
    /// long as it does.
    pub(crate) fn class(&self) -> Class {
        match self {
            Self::ThumbprintMismatch { enforced }
            | Self::ThumbprintPartial { enforced, .. }
            | Self::RootCaExpired { enforced, .. } => {
                if *enforced == Some(false) {
                    Class::AtRisk
                } else {
                    Class::Failing
                }
            }
            Self::ChainOrder { enforced, .. } => {
                if *enforced == Some(true) {
                    Class::Failing
                } else {
                    Class::AtRisk
                }
            }
            Self::CertificateExpired { .. }
            | Self::KeysUnreachable { .. }
            | Self::KeysUnusable(_)
            | Self::IssuerSpelling { .. }
            | Self::AudienceMissing(_)
            | Self::ProviderMissing { .. } => Class::Failing,
            Self::NotObserved(_) | Self::ProviderUnread | Self::Intercepted(_) | Self::Stale { .. } => {
                Class::Unknown
            }
            Self::RootCaExpiring { .. }
            | Self::CertificateExpiring { .. }
            | Self::ChainInvalid { .. }
            | Self::LeafPinned
            | Self::KeysSlow { .. }
            | Self::KeysPrivate(_)
            | Self::KeysDisclosed(_)
            | Self::AddressFailing { .. }
            | Self::ListUnused(_)
            | Self::ListFull
            | Self::ListMalformed(_) => Class::AtRisk,
        }
    }

    /// What STS answers where the problem has come true.
    pub(crate) fn aws_error(&self) -> Option<AwsError> {
        self.name().aws_error()
    }
}

impl ProblemName {
    /// What STS answers where the problem has come true; nothing where it takes tokens that it should not, or nobody knows.
    #[must_use]
    pub const fn aws_error(self) -> Option<AwsError> {
        match self {
            Self::ThumbprintMismatch
            | Self::ThumbprintPartial
            | Self::RootCaExpired
            | Self::RootCaExpiring
            | Self::ChainOrder
            | Self::LeafPinned => Some(AwsError::Thumbprint),
            Self::CertificateExpired
            | Self::CertificateExpiring
            | Self::ChainInvalid
            | Self::KeysUnreachable
            | Self::KeysUnusable
            | Self::KeysSlow
            | Self::KeysPrivate
            | Self::AddressFailing => Some(AwsError::KeyRetrieval),
            Self::IssuerSpelling | Self::ProviderMissing => Some(AwsError::NoProvider),
            Self::AudienceMissing => Some(AwsError::Audience),
            Self::KeysDisclosed
            | Self::ListUnused
            | Self::ListFull
            | Self::ListMalformed
            | Self::NotObserved
            | Self::ProviderUnread
            | Self::Intercepted
            | Self::Stale => None,
        }
    }
}

/// Each kind of problem once, with the worst class it has here: an endpoint can have it as well as the other.
pub(crate) fn by_name(problems: &[Problem]) -> BTreeMap<ProblemName, Class> {
    let mut found = BTreeMap::new();
    for problem in problems {
        let class = found.entry(problem.name()).or_insert(problem.class());
        *class = problem.class().max(*class);
    }
    found
}

/// What the problems make of the health.
pub(crate) fn health(problems: &[Problem]) -> Health {
    problems.iter().map(|problem| Health::from(problem.class())).max().unwrap_or(Health::Healthy)
}
