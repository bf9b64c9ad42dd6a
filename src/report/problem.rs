//! A problem as plain data, and remarks on documents that are none.

use serde::Serialize;

use super::shown::{shown, shown_if_any};
use crate::poll::Documents;
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
            is_finding: problem.is_finding(),
        }
    }
}

impl ProblemReport {
    /// By name and in words.
    #[must_use]
    pub(crate) fn note(&self) -> String {
        format!("{}: {}", self.problem, self.detail)
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
