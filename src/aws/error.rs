//! Why IAM could not be read: the closed set of reasons that becomes a label, and how SDK errors map to it.

use std::error::Error;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_iam::config::http::HttpResponse;
use aws_sdk_iam::error::{ProvideErrorMetadata, SdkError};
use enum_map::Enum;
use strum::{Display, EnumIter, IntoStaticStr};

use crate::printable::printable;

/// The value of the label `reason` of `oidc_account_poll_failures_total`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum, EnumIter, IntoStaticStr, Display)]
#[strum(serialize_all = "snake_case", const_into_str)]
pub enum AccountReason {
    /// No credentials, or they are not accepted.
    Credentials,
    /// The credentials have expired.
    ExpiredToken,
    /// AWS STS refused our own web identity: perhaps because of the very mismatch that is watched for.
    InvalidIdentityToken,
    /// The credentials may not make this call.
    AccessDenied,
    /// Too many calls; the SDK had tried again before.
    Throttled,
    /// No answer in time.
    Timeout,
    /// No connection, or it broke off.
    Connect,
    /// IAM answered with an error of its own.
    Service,
    /// An answer that cannot be understood.
    Response,
}

impl AccountReason {
    /// By the code of an error answer (IAM API reference, "Common Errors").
    fn of_code(code: &str) -> Self {
        match code {
            "AccessDenied" | "AccessDeniedException" | "UnauthorizedOperation" | "OptInRequired" => {
                Self::AccessDenied
            }
            "Throttling" | "ThrottlingException" | "RequestLimitExceeded" | "TooManyRequestsException" => {
                Self::Throttled
            }
            "ExpiredToken" | "ExpiredTokenException" | "RequestExpired" => Self::ExpiredToken,
            "InvalidIdentityToken" | "InvalidIdentityTokenException" => Self::InvalidIdentityToken,
            "InvalidClientTokenId"
            | "SignatureDoesNotMatch"
            | "IncompleteSignature"
            | "NotAuthorized"
            | "MissingAuthenticationToken"
            | "UnrecognizedClientException" => Self::Credentials,
            _ => Self::Service,
        }
    }

    /// By the HTTP status of an error answer that holds no code: something between here and IAM gave it.
    fn of_status(status: u16) -> Self {
        match status {
            401 | 403 => Self::AccessDenied,
            429 => Self::Throttled,
            500..=599 => Self::Service,
            _ => Self::Response,
        }
    }
}

/// A failed call of IAM.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{call}: {reason}: {detail}")]
pub struct AccountError {
    /// The action, such as `iam:ListOpenIDConnectProviders`.
    pub call: &'static str,
    /// The closed reason.
    pub reason: AccountReason,
    /// In words, for logs and people.
    pub detail: String,
}

/// Characters kept of what a service says.
const MAX_DETAIL_CHARS: usize = 300;

impl AccountError {
    /// Of a call whose answer cannot be understood.
    #[must_use]
    pub fn response(call: &'static str, detail: &str) -> Self {
        Self { call, reason: AccountReason::Response, detail: printable(detail, MAX_DETAIL_CHARS) }
    }

    /// From what the SDK says.
    #[must_use]
    pub fn from_sdk<E>(call: &'static str, error: &SdkError<E, HttpResponse>) -> Self
    where
        E: ProvideErrorMetadata + Error + Send + Sync + 'static,
    {
        let (reason, detail) = match error {
            SdkError::ServiceError(context) => {
                let error = context.err();
                if let Some(code) = error.code() {
                    let message = error.message().unwrap_or_default();
                    (AccountReason::of_code(code), format!("{code}: {message}"))
                } else {
                    let status = context.raw().status().as_u16();
                    (AccountReason::of_status(status), format!("HTTP {status} without an error code"))
                }
            }
            SdkError::TimeoutError(_) => (AccountReason::Timeout, "no answer in time".to_owned()),
            SdkError::ResponseError(_) => {
                (AccountReason::Response, "the answer cannot be understood".to_owned())
            }
            SdkError::DispatchFailure(failure) if failure.is_timeout() => {
                (AccountReason::Timeout, "no connection in time".to_owned())
            }
            other => of_causes(other),
        };
        Self { call, reason, detail: printable(&detail, MAX_DETAIL_CHARS) }
    }
}

/// Credentials are fetched inside the call, so their errors hide among its causes.
fn of_causes(error: &(dyn Error + 'static)) -> (AccountReason, String) {
    let causes = || {
        let mut next = Some(error);
        std::iter::from_fn(move || {
            let cause = next?;
            next = cause.source();
            Some(cause)
        })
    };
    let innermost = causes().last().map(ToString::to_string).unwrap_or_default();
    let Some(credentials) = causes().find_map(|cause| cause.downcast_ref::<CredentialsError>()) else {
        return (AccountReason::Connect, innermost);
    };
    // The provider that failed gives its error a type of its own; AWS's code is in its text.
    let has = |word: &str| causes().any(|cause| format!("{cause} {cause:?}").contains(word));
    if has("InvalidIdentityToken") {
        let detail = "AWS STS refused the web identity token that this daemon itself uses";
        return (AccountReason::InvalidIdentityToken, detail.to_owned());
    }
    match credentials {
        _ if has("ExpiredToken") => (AccountReason::ExpiredToken, "the credentials have expired".to_owned()),
        CredentialsError::ProviderTimedOut(_) => {
            (AccountReason::Credentials, "the credentials were not got in time".to_owned())
        }
        CredentialsError::CredentialsNotLoaded(_) => (
            AccountReason::Credentials,
            "no credentials in the environment, profile, container or instance metadata".to_owned(),
        ),
        CredentialsError::InvalidConfiguration(_) => {
            (AccountReason::Credentials, "the AWS configuration files are not valid".to_owned())
        }
        _ => (AccountReason::Credentials, innermost),
    }
}
