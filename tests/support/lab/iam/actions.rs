//! What IAM and STS do on a call, and their refusals, word for word where AWS's words are known.

use std::collections::BTreeMap;

use hyper::StatusCode;

use super::xml::{Element, element, members, text};
use super::{Call, Fault, Provider, State};

/// An error as AWS answers it.
pub struct Refusal {
    pub status: StatusCode,
    pub code: &'static str,
    pub message: String,
}

fn refusal(status: u16, code: &'static str, message: impl Into<String>) -> Refusal {
    Refusal { status: StatusCode::from_u16(status).unwrap(), code, message: message.into() }
}

/// Does what the call asks for.
pub fn perform(call: &Call, state: &mut State) -> Result<Vec<Element>, Refusal> {
    if call.action != "AssumeRoleWithWebIdentity" && call.access_key.is_empty() {
        return Err(refusal(403, "MissingAuthenticationToken", "Request is missing Authentication Token"));
    }
    match call.action.as_str() {
        "ListOpenIDConnectProviders" => Ok(list(state)),
        "GetOpenIDConnectProvider" => find(call, state).map(get),
        "UpdateOpenIDConnectProviderThumbprint" => update(call, state),
        "AssumeRoleWithWebIdentity" => Ok(assume_role(state)),
        action => Err(refusal(
            400,
            "InvalidAction",
            format!("Could not find operation {action} for version 2010-05-08"),
        )),
    }
}

fn list(state: &State) -> Vec<Element> {
    let arns = state.providers.keys().map(|arn| element("member", vec![text("Arn", arn)]));
    vec![element("OpenIDConnectProviderList", arns.collect())]
}

fn get(provider: &Provider) -> Vec<Element> {
    let tag =
        |(key, value): (&String, &String)| element("member", vec![text("Key", key), text("Value", value)]);
    vec![
        members("ThumbprintList", &provider.thumbprints),
        text("CreateDate", "2024-02-29T12:34:56Z"),
        text("Url", &provider.url),
        members("ClientIDList", &provider.client_ids),
        element("Tags", provider.tags.iter().map(tag).collect()),
    ]
}

/// Replaces the list. The two refusals about its length are AWS's words; those about one entry are the Smithy
/// constraint of the API's model (40 characters; no word about hex digits).
fn update(call: &Call, state: &mut State) -> Result<Vec<Element>, Refusal> {
    find(call, state)?;
    let list = listed(&call.form, "ThumbprintList.member.");
    if list.is_empty() {
        return Err(refusal(400, "InvalidInput", "Thumbprint list must contain at least one entry."));
    }
    if list.iter().any(|thumbprint| thumbprint.chars().count() != 40) {
        let message = format!(
            "1 validation error detected: Value '[{}]' at 'thumbprintList' failed to satisfy constraint: Member must \
             satisfy constraint: [Member must have length less than or equal to 40, Member must have length greater \
             than or equal to 40]",
            list.join(", ")
        );
        return Err(refusal(400, "ValidationError", message));
    }
    if list.len() > 5 {
        return Err(refusal(400, "InvalidInput", "Thumbprint list must contain fewer than 5 entries."));
    }
    if let Some(provider) = state.providers.get_mut(call.arn()) {
        provider.thumbprints = list.iter().map(|thumbprint| thumbprint.to_lowercase()).collect();
    }
    Ok(Vec::new())
}

/// Temporary credentials for whoever asks.
fn assume_role(state: &State) -> Vec<Element> {
    let arn = format!("arn:aws:sts::{}:assumed-role/exporter/lab", state.account);
    vec![
        text("SubjectFromWebIdentityToken", "system:serviceaccount:monitoring:exporter"),
        text("Audience", "sts.amazonaws.com"),
        element(
            "AssumedRoleUser",
            vec![text("Arn", &arn), text("AssumedRoleId", "AROALABLABLABLABLABLA:lab")],
        ),
        element(
            "Credentials",
            vec![
                text("AccessKeyId", "ASIALABLABLABLABLABL"),
                text("SecretAccessKey", "a-secret-of-the-lab"),
                text("SessionToken", "a-session-of-the-lab"),
                text("Expiration", "2099-01-01T00:00:00Z"),
            ],
        ),
    ]
}

fn find<'a>(call: &Call, state: &'a State) -> Result<&'a Provider, Refusal> {
    state.providers.get(call.arn()).ok_or_else(|| no_such_entity(call))
}

fn no_such_entity(call: &Call) -> Refusal {
    refusal(404, "NoSuchEntity", format!("OpenIDConnect Provider not found for arn {}", call.arn()))
}

/// The members of a list of the query protocol: `Name.member.1`, `Name.member.2`, and so on.
fn listed(form: &BTreeMap<String, String>, prefix: &str) -> Vec<String> {
    (1..).map_while(|n| form.get(&format!("{prefix}{n}")).cloned()).collect()
}

/// The refusal of a fault. Those faults that are no XML answer have one that is not sent.
pub fn failure(fault: Fault, call: &Call, state: &State) -> Refusal {
    match fault {
        Fault::AccessDenied => {
            let resource = match call.arn() {
                "" => format!("arn:aws:iam::{}:oidc-provider/*", state.account),
                arn => arn.to_owned(),
            };
            let action = &call.action;
            let message = format!(
                "User: arn:aws:iam::{}:user/lab is not authorized to perform: iam:{action} on resource: {resource} \
                 because no identity-based policy allows the iam:{action} action",
                state.account
            );
            refusal(403, "AccessDenied", message)
        }
        Fault::Throttled => refusal(400, "Throttling", "Rate exceeded"),
        Fault::InvalidIdentityToken => refusal(
            400,
            "InvalidIdentityToken",
            "OpenIDConnect provider's HTTPS certificate doesn't match configured thumbprint",
        ),
        Fault::ExpiredToken => {
            refusal(403, "ExpiredToken", "The security token included in the request is expired")
        }
        Fault::NoSuchEntity => no_such_entity(call),
        Fault::ServerError | Fault::NotXml | Fault::Huge | Fault::Hang | Fault::CloseConnection => {
            refusal(500, "ServiceFailure", "The request processing has failed because of an unknown error.")
        }
    }
}
