//! Why IAM could not be read: the closed set of reasons that becomes a label, and how SDK errors map to it.

use std::any::Any;
use std::error::Error;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_iam::config::http::HttpResponse;
use aws_sdk_iam::error::{ProvideErrorMetadata, SdkError};
use aws_types::os_shim_internal::Env;
use enum_map::Enum;
use strum::{Display, EnumIter, IntoStaticStr};

use super::cause::{answer, causes, innermost, why_not};
use super::profile::{Finding, findings};
use crate::plural::counted;
use crate::printable::printable;

/// The value of the label `reason` of `oidc_account_poll_failures_total`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum, EnumIter, IntoStaticStr, Display)]
#[strum(serialize_all = "snake_case", const_into_str)]
pub enum AccountReason {
    /// No credentials, or they are not accepted.
    Credentials,
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
    /// An empty list, where there were providers a moment ago: it is believed when it has come several times.
    Emptied,
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
#[error("{call}: {reason}: {}", shown(said))]
pub struct AccountError {
    /// The action, such as `iam:ListOpenIDConnectProviders`.
    pub call: &'static str,
    pub reason: AccountReason,
    /// For logs and people: our own sentence, then what was found on this machine, then what the SDK or the service says.
    said: Vec<String>,
}

/// Our own sentence, and what stands behind it.
fn shown(said: &[String]) -> String {
    match said {
        [] => String::new(),
        [ours] => ours.clone(),
        [ours, rest @ ..] => format!("{ours}: {}", rest.join("; ")),
    }
}

/// Characters kept of what the SDK or a service says, and of what was found.
const MAX_CHARS: usize = 500;

impl AccountError {
    /// IAM lists nothing, where it listed so many providers before; believed after so many readings.
    #[must_use]
    pub(crate) fn emptied(before: usize, readings: u32) -> Self {
        let said = format!(
            "lists no OIDC provider, where it listed {}; believed when {readings} readings in a row say so",
            counted(before, "provider")
        );
        Self { call: "iam:ListOpenIDConnectProviders", reason: AccountReason::Emptied, said: vec![said] }
    }

    /// From what the SDK says.
    #[must_use]
    pub fn from_sdk<E>(call: &'static str, error: &SdkError<E, HttpResponse>) -> Self
    where
        E: ProvideErrorMetadata + Error + Send + Sync + 'static,
    {
        let ours = |text: &str| vec![text.to_owned()];
        let (reason, said) = match error {
            SdkError::ServiceError(context) => {
                let error = context.err();
                if let Some(code) = error.code() {
                    let message = error.message().unwrap_or_default();
                    (AccountReason::of_code(code), vec![format!("{code}: {message}")])
                } else {
                    let status = context.raw().status().as_u16();
                    (AccountReason::of_status(status), vec![format!("HTTP {status} without an error code")])
                }
            }
            SdkError::TimeoutError(_) => (AccountReason::Timeout, ours("timed out waiting for a response")),
            SdkError::ResponseError(_) => (
                AccountReason::Response,
                vec!["the response could not be parsed".to_owned(), innermost(error)],
            ),
            SdkError::DispatchFailure(failure) if failure.is_timeout() => {
                (AccountReason::Timeout, ours("timed out connecting"))
            }
            other => of_causes(other),
        };
        Self { call, reason, said: said.iter().map(|text| printable(text, MAX_CHARS)).collect() }
    }

    /// Of a call in which the SDK panicked.
    pub(super) fn broke_off(call: &'static str, panic: &(dyn Any + Send)) -> Self {
        let literal = panic.downcast_ref::<&str>().map(ToString::to_string);
        let said = literal.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default();
        let ours = "the AWS SDK cannot work with the credentials or the endpoint that are set".to_owned();
        let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
        Self { call, reason: AccountReason::Credentials, said: vec![ours, printable(&said, MAX_CHARS)] }
    }

    /// The credentials are what failed.
    #[must_use]
    fn is_of_credentials(&self) -> bool {
        matches!(
            self.reason,
            AccountReason::Credentials | AccountReason::ExpiredToken | AccountReason::InvalidIdentityToken
        )
    }

    /// Files of this machine can have a part in it, and may have been mended since they were read.
    #[must_use]
    pub(super) fn may_be_of_files(&self) -> bool {
        self.is_of_credentials() || self.reason == AccountReason::Connect
    }

    /// With the proxy of a call that ran out of time, and with what is found on this machine, behind our sentence and before the SDK's: the SDK drops names and paths.
    pub(super) async fn explained(mut self, env: &Env, proxy: Option<&String>) -> Self {
        let wanted = |finding: &Finding| match self.reason {
            AccountReason::Timeout => finding.takes_time(),
            AccountReason::Connect => finding.is_of_the_way(),
            _ => self.is_of_credentials(),
        };
        let proxy = proxy.filter(|_| self.reason == AccountReason::Timeout);
        let mut found: Vec<String> =
            proxy.map(|proxy| format!("through the proxy {proxy}")).into_iter().collect();
        found.extend(findings(env).await.iter().filter(|finding| wanted(finding)).map(ToString::to_string));
        if !found.is_empty() {
            self.said.insert(1.min(self.said.len()), printable(&found.join("; "), MAX_CHARS));
        }
        self
    }
}

/// Credentials are fetched inside the call, so their errors hide among its causes. Our sentence comes first, what the SDK
/// says behind it.
fn of_causes(error: &(dyn Error + 'static)) -> (AccountReason, Vec<String>) {
    let Some(credentials) = causes(error).find_map(|cause| cause.downcast_ref::<CredentialsError>()) else {
        return (AccountReason::Connect, vec![innermost(error)]);
    };
    let reason = credentials_reason(error);
    let ours = match (reason, credentials) {
        (AccountReason::InvalidIdentityToken, _) => "AWS STS refused this daemon's own web identity token",
        (AccountReason::ExpiredToken, _) => "the credentials have expired",
        (_, CredentialsError::ProviderTimedOut(_)) => "timed out getting credentials",
        (_, CredentialsError::CredentialsNotLoaded(_)) => {
            "no credentials found in the environment, profile, container or instance metadata"
        }
        (_, CredentialsError::InvalidConfiguration(_)) => "the AWS configuration is not valid",
        _ => "credentials could not be fetched",
    };
    (reason, vec![ours.to_owned(), why_not(credentials)])
}

/// By AWS's own code where it answered. Providers that keep a login in a file have errors of private types: there the
/// variant's name is all that tells that it ran out.
fn credentials_reason(error: &(dyn Error + 'static)) -> AccountReason {
    if let Some((code, _)) = answer(error) {
        return match AccountReason::of_code(&code) {
            AccountReason::Service => AccountReason::Credentials,
            reason => reason,
        };
    }
    let has_expired = causes(error).any(|cause| {
        let text = format!("{cause:?}");
        text.contains("ExpiredToken") || text.contains("TokenExpired")
    });
    if has_expired { AccountReason::ExpiredToken } else { AccountReason::Credentials }
}
