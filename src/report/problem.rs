//! A problem as plain data, and remarks on documents that are none.

use serde::Serialize;

use super::shown::{shown, shown_if_any};
use crate::endpoint::MAX_URL_BYTES;
use crate::issuer::Issuer;
use crate::poll::Documents;
use crate::printable::printable;
use crate::spelling::{is_same, is_taken_by_iam};
use crate::verdict::{AwsError, Class, Problem, ProblemName};

/// A problem.
#[derive(Debug, Serialize)]
pub(crate) struct ProblemReport {
    /// As in `oidc_provider_problem`.
    #[serde(serialize_with = "shown")]
    pub problem: ProblemName,
    #[serde(serialize_with = "shown")]
    pub class: Class,
    /// What STS answers where it has come true.
    #[serde(serialize_with = "shown_if_any")]
    pub aws_error: Option<AwsError>,
    /// For people.
    pub detail: String,
    /// A person should look at it.
    #[serde(skip)]
    pub is_finding: bool,
}

impl From<&Problem> for ProblemReport {
    fn from(problem: &Problem) -> Self {
        Self {
            problem: problem.name(),
            class: problem.class(),
            aws_error: problem.aws_error(),
            detail: problem.to_string(),
            is_finding: problem.class() != Class::Unknown || matches!(problem, Problem::Intercepted(_)),
        }
    }
}

impl ProblemReport {
    /// By name and in words.
    #[must_use]
    pub(crate) fn note(&self) -> String {
        format!("{}: {}", self.problem, self.detail)
    }

    pub(super) fn is_of_spelling(&self) -> bool {
        self.problem == ProblemName::IssuerSpelling
    }

    /// Each of them.
    #[must_use]
    pub(crate) fn all(problems: &[Problem]) -> Vec<Self> {
        problems.iter().map(Self::from).collect()
    }
}

/// What matters to whoever makes a provider, and no longer once there is one.
pub(super) fn before_creation(documents: &Documents) -> Option<String> {
    (documents.has_response_types == Some(false)).then(|| {
        "the discovery document lacks response_types_supported, so IAM refuses to create a provider for this issuer".to_owned()
    })
}

/// The issuer's own spelling, where it is another than the canonical form, which is shown here. No word on the document of
/// another issuer: that is a failed poll.
pub(super) fn own_spelling(issuer: &Issuer, documents: &Documents) -> Option<String> {
    let own = documents.issuer.as_deref().filter(|own| *own != issuer.as_str() && is_same(own, issuer))?;
    let needed = if is_taken_by_iam(own) {
        "and the provider's URL in IAM must be that to the letter".to_owned()
    } else {
        format!("a URL that IAM takes for no provider: the issuer must say {issuer} instead")
    };
    Some(format!("tokens of this issuer say {}, {needed}", printable(own, MAX_URL_BYTES)))
}
