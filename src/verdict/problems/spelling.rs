//! STS looks for a provider by the `iss` of the token, to the letter.

use super::Problem;
use crate::endpoint::MAX_URL_BYTES;
use crate::issuer::Issuer;
use crate::poll::Documents;
use crate::printable::printable;
use crate::spelling::{Difference, eks_token_issuer, is_taken_by_iam, with_scheme};

/// What IAM calls the provider is `listed`.
pub(crate) fn of_listed(listed: &str, issuer: &Issuer, documents: &Documents) -> Option<Problem> {
    difference(listed, &own_spelling(issuer, documents)?)
}

/// What a provider for `issuer`, as somebody has typed it, would have: the canonical form tells nothing of slashes, and the
/// document of another issuer is a failed poll.
pub(crate) fn of_url(issuer: &Issuer, documents: &Documents) -> Option<Problem> {
    let own = own_spelling(issuer, documents)?;
    let is_forgiven = is_taken_by_iam(&own) && own.parse::<Issuer>().as_ref() == Ok(issuer);
    difference(issuer.as_str(), &own).filter(|problem| !is_forgiven && !problem.is_of_another())
}

/// `iss` of the tokens: what the document says, or what is known of EKS before there is one.
fn own_spelling(issuer: &Issuer, documents: &Documents) -> Option<Box<str>> {
    documents.issuer.clone().or_else(|| eks_token_issuer(issuer).map(Into::into))
}

fn difference(listed: &str, own: &str) -> Option<Problem> {
    let difference = Difference::between(listed, own)?;
    let shown = |url: &str| printable(url, MAX_URL_BYTES).into();
    Some(Problem::IssuerSpelling { listed: shown(&with_scheme(listed)), own: shown(own), difference })
}

impl Problem {
    pub(super) fn is_of_another(&self) -> bool {
        matches!(self, Self::IssuerSpelling { difference: Difference::Other, .. })
    }
}
