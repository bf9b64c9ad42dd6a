//! Providers that IAM lists and that cannot be watched: each is named, and none speaks for the others.

use serde::{Serialize, Serializer};

use crate::endpoint::UrlError;
use crate::printable::printable;
use crate::provider::ArnError;

/// Characters shown of an ARN that is too long.
const MAX_ARN_CHARS: usize = 512;

/// An OIDC provider that IAM lists and that cannot be watched.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize)]
#[error("{provider_arn}: {reason}")]
pub struct UnusableProvider {
    /// As IAM gave it, made printable.
    pub provider_arn: String,
    #[serde(serialize_with = "shown")]
    pub reason: UnusableReason,
}

fn shown<S: Serializer>(reason: &UnusableReason, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(reason)
}

/// Why a provider cannot be watched.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnusableReason {
    #[error(transparent)]
    Arn(#[from] ArnError),
    #[error(transparent)]
    Url(#[from] UrlError),
    #[error("IAM listed it without an ARN")]
    NoArn,
}

impl UnusableProvider {
    pub(super) fn new(arn: &str, reason: UnusableReason) -> Self {
        Self { provider_arn: printable(arn, MAX_ARN_CHARS), reason }
    }
}
