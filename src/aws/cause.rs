//! What stands in the SDK's errors, to be said behind our own sentence: of a chain of causes, those that name something.

use std::error::Error;

use aws_config::imds::client::error::ImdsError;
use aws_config::meta::ProviderChainError;
use aws_credential_types::provider::error::{CredentialsError, TokenError};
use aws_sdk_iam::config::http::HttpResponse;
use aws_sdk_iam::error::{ErrorMetadata, ProvideErrorMetadata, SdkError};
use aws_sdk_sts::operation::assume_role::AssumeRoleError;
use aws_sdk_sts::operation::assume_role_with_web_identity::AssumeRoleWithWebIdentityError;

/// An error, its cause, the cause of that...
pub(super) fn causes<'a>(
    error: &'a (dyn Error + 'static),
) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    let mut next = Some(error);
    std::iter::from_fn(move || {
        let cause = next?;
        next = cause.source();
        Some(cause)
    })
}

/// The last of the causes.
pub(super) fn innermost(error: &(dyn Error + 'static)) -> String {
    causes(error).last().map(ToString::to_string).unwrap_or_default()
}

/// Code and message of what AWS answered, when that is among the causes.
pub(super) fn answer(error: &(dyn Error + 'static)) -> Option<(String, String)> {
    causes(error).find_map(|cause| {
        let metadata = match cause.downcast_ref::<ErrorMetadata>() {
            Some(metadata) => metadata,
            None => sts_call(cause)?.1?,
        };
        Some((metadata.code()?.to_owned(), metadata.message().unwrap_or_default().to_owned()))
    })
}

/// The call of STS that failed, and what STS answered, if it did.
fn sts_call<'a>(cause: &'a (dyn Error + 'static)) -> Option<(&'static str, Option<&'a ErrorMetadata>)> {
    if let Some(error) = cause.downcast_ref::<SdkError<AssumeRoleError, HttpResponse>>() {
        return Some(("sts:AssumeRole", error.as_service_error().map(ProvideErrorMetadata::meta)));
    }
    let error = cause.downcast_ref::<SdkError<AssumeRoleWithWebIdentityError, HttpResponse>>()?;
    Some(("sts:AssumeRoleWithWebIdentity", error.as_service_error().map(ProvideErrorMetadata::meta)))
}

/// Why credentials are not there, on one line. A chain of providers tells of each that it tried.
pub(super) fn why_not(error: &CredentialsError) -> String {
    let chain =
        || causes(error).find_map(|cause| cause.downcast_ref::<ProviderChainError<CredentialsError>>());
    if let Some(chain) = chain() {
        // One without a cause was not asked for anything.
        let attempts = chain.attempts().iter().filter(|attempt| attempt.error().source().is_some());
        let told = attempts.map(|attempt| format!("{}: {}", attempt.name(), why_not(attempt.error())));
        return told.collect::<Vec<_>>().join("; ");
    }
    let call = causes(error).find_map(sts_call).map(|(call, _)| call);
    if let Some((code, message)) = answer(error) {
        return format!("{}{code}: {message}", call.map(|call| format!("{call}: ")).unwrap_or_default());
    }
    if let Some(call) = call {
        return format!("{call}: {}", innermost(error));
    }
    // An answer is printed with all its headers and its body.
    if let Some(ImdsError::ErrorResponse(answer)) = causes(error).find_map(|cause| cause.downcast_ref()) {
        return format!("instance metadata answered HTTP {}", answer.response().status().as_u16());
    }
    // The outermost names what was tried, the innermost why it failed; the SDK's own headings say neither.
    let is_heading =
        |cause: &(dyn Error + 'static)| cause.is::<CredentialsError>() || cause.is::<TokenError>();
    let named: Vec<String> =
        causes(error).filter(|cause| !is_heading(*cause)).map(ToString::to_string).collect();
    let text = match named.as_slice() {
        [] => error.to_string(),
        [only] => only.clone(),
        [first, .., last] if first.contains(last.as_str()) => first.clone(),
        [first, .., last] => format!("{first}: {last}"),
    };
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
