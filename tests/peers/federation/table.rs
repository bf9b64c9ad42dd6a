//! What STS and we say in each state.

use super::scenes::State;
use super::seaweedfs::NO_PROVIDER;

pub struct Row {
    pub state: State,
    pub sts: Sts,
    pub health: Health,
    pub problems: &'static [&'static str],
    /// Why one of us accepts and the other does not.
    pub differs: Option<Differs>,
}

/// What STS answers to the token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sts {
    Accepts,
    /// With these words in its message.
    Refuses(&'static str),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Health {
    Healthy,
    AtRisk,
    Failing,
    /// `check` has no row for it.
    NoProvider,
}

impl Health {
    pub fn word(self) -> Option<&'static str> {
        match self {
            Self::Healthy => Some("healthy"),
            Self::AtRisk => Some("at_risk"),
            Self::Failing => Some("failing"),
            Self::NoProvider => None,
        }
    }
}

#[derive(Clone, Copy, Debug)]
#[expect(dead_code, reason = "the reasons are for people")]
pub enum Differs {
    /// `SeaweedFS` is not AWS.
    NotAws(&'static str),
    /// One request sees less than we do.
    OneOfMany(&'static str),
    /// Our health leaves open what AWS does.
    Open(&'static str),
}

const UNTRUSTED: Sts = Sts::Refuses("certificate signed by unknown authority");
const THUMBPRINT: Sts = Sts::Refuses("thumbprint did not match any configured allowlist entry");
const EXPIRED: Sts = Sts::Refuses("certificate has expired");

const ORDER: Differs =
    Differs::NotAws("it builds a path of its own from what is served; AWS goes by the order");
const CLIENTS: Differs = Differs::Open(
    "clients refuse the chain; AWS does not say whether it does where it relies on thumbprints",
);

const fn row(
    state: State,
    sts: Sts,
    health: Health,
    problems: &'static [&'static str],
    differs: Option<Differs>,
) -> Row {
    Row { state, sts, health, problems, differs }
}

use Health::{AtRisk, Failing, Healthy, NoProvider};
use State as S;
use Sts::{Accepts, Refuses};

#[rustfmt::skip]
pub const TABLE: &[Row] = &[
    row(S::Right, Accepts, Healthy, &[], None),
    row(S::LastServedIsIntermediate, Accepts, Healthy, &[], None),
    row(S::UntrustedRoot, UNTRUSTED, Healthy, &[],
        Some(Differs::NotAws("it verifies with its system's roots beside; AWS relies on thumbprints alone where no public root ends the chain"))),
    row(S::Wrong, THUMBPRINT, Failing, &["thumbprint_mismatch"], None),
    row(S::TwoAddressesThisListed, Accepts, Failing, &["thumbprint_partial"],
        Some(Differs::OneOfMany("it asked the address that is covered; the next row has a request to the one that is not"))),
    row(S::TwoAddressesOtherListed, THUMBPRINT, Failing, &["thumbprint_partial"], None),
    row(S::LeafListed, Accepts, AtRisk, &["leaf_pinned"], None),
    row(S::RootNotServed, Accepts, Failing, &["thumbprint_mismatch"],
        Some(Differs::NotAws("it compares with the root that it found in its own store; AWS with what is served"))),
    row(S::ExpiredLeaf, EXPIRED, Failing, &["certificate_expired"], None),
    row(S::ExpiredIntermediate, EXPIRED, Failing, &["root_ca_expired", "certificate_expired"], None),
    row(S::ExpiredRoot, EXPIRED, Failing, &["root_ca_expired", "certificate_expired"], None),
    row(S::WrongOrder, Accepts, Failing, &["chain_order"], Some(ORDER)),
    row(S::UnrelatedAtEnd, Accepts, Failing, &["chain_order"], Some(ORDER)),
    row(S::WrongHost, Refuses("certificate is valid for elsewhere.example.test"), AtRisk, &["chain_invalid"], Some(CLIENTS)),
    row(S::NotYetValid, EXPIRED, AtRisk, &["chain_invalid"], Some(CLIENTS)),
    row(S::Incomplete, UNTRUSTED, Failing, &["chain_order", "chain_invalid"], None),
    row(S::OneOfFive, Accepts, AtRisk, &["list_full"], None),
    row(S::AudienceMissing, Refuses("InvalidParameterValue: failed to validate web identity token: invalid token audience"),
        Failing, &["audience_missing"], None),
    row(S::OtherSpelling, Refuses(NO_PROVIDER), Failing, &["issuer_spelling"], None),
    row(S::Absent, Refuses(NO_PROVIDER), NoProvider, &[], None),
    row(S::AbsentAndNamed, Refuses(NO_PROVIDER), Healthy, &[],
        Some(Differs::Open("that is the health of the issuer, which has no provider here; who only watches one need not have a provider"))),
    row(S::AbsentAndRequired, Refuses(NO_PROVIDER), Failing, &["provider_missing"], None),
    row(S::KeysUnreachable, Refuses("jwks.json\": EOF"), Failing, &["keys_unreachable", "not_observed"], None),
    row(S::JwksRefused, Refuses("JWKS endpoint returned status: 500"), Failing, &["keys_unreachable"], None),
    row(S::JwksWithoutKeys, Refuses("not found in JWKS after refresh"), Failing, &["keys_unusable"], None),
    // Nothing is at the address that it tries instead of the document's.
    row(S::OtherIssuer, Refuses("JWKS endpoint returned status: 404"), Failing, &["issuer_spelling", "keys_unusable", "not_observed"], None),
    row(S::KeysRefused, Refuses("JWKS endpoint returned status: 503"), Failing, &["keys_unreachable", "not_observed"], None),
];
