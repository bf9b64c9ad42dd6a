//! Values of variables and profiles that cannot be right. The values themselves are never shown.

use std::fmt;

use aws_config::profile::Profile;
use aws_types::os_shim_internal::Env;
use url::Url;

/// One of them.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum BadValue {
    /// An environment file keeps its quotes, and a secret of Kubernetes that was made with `echo` ends with a line feed.
    #[error("{0} holds a quote, a space, a line feed or another character that belongs into none")]
    StrangeCharacter(Place),
    #[error("{0} is set and empty; unset it")]
    Empty(&'static str),
    #[error("{0} is no region such as eu-west-1")]
    Region(Place),
    #[error("{0} is no URL such as https://iam.example.com")]
    Endpoint(Place),
}

/// Where a value stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Variable(&'static str),
    Profile { profile: String, key: &'static str },
}

impl BadValue {
    /// Credentials have no part in it: no call can be made at all.
    pub(super) fn is_of_the_way(&self) -> bool {
        matches!(self, Self::Region(_) | Self::Endpoint(_))
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Variable(name) => f.write_str(name),
            Self::Profile { profile, key } => write!(f, "{key} of profile \"{profile}\""),
        }
    }
}

const REGIONS: [&str; 2] = ["AWS_REGION", "AWS_DEFAULT_REGION"];
const ENDPOINTS: [&str; 3] = ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_IAM", "AWS_ENDPOINT_URL_STS"];
const METADATA: [&str; 1] = ["AWS_EC2_METADATA_SERVICE_ENDPOINT"];

/// Those of the environment.
pub(super) fn of_variables(env: &Env) -> Vec<BadValue> {
    const SECRETS: [&str; 4] = [
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN",
    ];
    // To the SDK, these are then set to nothing, and not left out.
    const NOT_EMPTY: [&str; 8] = [
        "AWS_ENDPOINT_URL",
        "AWS_ENDPOINT_URL_IAM",
        "AWS_ENDPOINT_URL_STS",
        "AWS_REGION",
        "AWS_PROFILE",
        "AWS_CONFIG_FILE",
        "AWS_SHARED_CREDENTIALS_FILE",
        "AWS_WEB_IDENTITY_TOKEN_FILE",
    ];
    let holds = |name: &str, is_bad: &dyn Fn(&str) -> bool| env.get(name).is_ok_and(|value| is_bad(&value));
    let named = |names: &[&'static str], is_bad: &dyn Fn(&str) -> bool| {
        names.iter().copied().filter(|name| holds(name, is_bad)).map(Place::Variable).collect::<Vec<_>>()
    };
    let strange = named(&SECRETS, &is_strange).into_iter().map(BadValue::StrangeCharacter);
    let empty = NOT_EMPTY.into_iter().filter(|name| holds(name, &str::is_empty)).map(BadValue::Empty);
    let regions = named(&REGIONS, &|value| !value.is_empty() && !is_region(value));
    let is_no_endpoint = |value: &str| !value.is_empty() && !is_endpoint(value);
    let endpoints = [named(&ENDPOINTS, &is_no_endpoint), named(&METADATA, &is_no_endpoint)].concat();
    strange
        .chain(empty)
        .chain(regions.into_iter().map(BadValue::Region))
        .chain(endpoints.into_iter().map(BadValue::Endpoint))
        .collect()
}

/// Those of a profile, as far as no variable stands in for them.
pub(super) fn of_profile(env: &Env, profile: &Profile) -> Vec<BadValue> {
    const SECRETS: [&str; 3] = ["aws_access_key_id", "aws_secret_access_key", "aws_session_token"];
    let place = |key| Place::Profile { profile: profile.name().to_owned(), key };
    let is_open = |names: &[&str]| names.iter().all(|name| env.get(name).is_err());
    let bad = |key: &str, is_right: fn(&str) -> bool| profile.get(key).is_some_and(|value| !is_right(value));
    let mut found = Vec::new();
    for key in SECRETS.into_iter().filter(|key| profile.get(key).is_some_and(is_strange)) {
        found.push(BadValue::StrangeCharacter(place(key)));
    }
    if is_open(&REGIONS) && bad("region", is_region) {
        found.push(BadValue::Region(place("region")));
    }
    if is_open(&ENDPOINTS) && bad("endpoint_url", is_endpoint) {
        found.push(BadValue::Endpoint(place("endpoint_url")));
    }
    found
}

fn is_strange(value: &str) -> bool {
    value.contains(|c: char| !c.is_ascii_graphic() || matches!(c, '"' | '\''))
}

/// It becomes a label of a host name.
fn is_region(value: &str) -> bool {
    let is_label = |value: &str| value.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    (1..=63).contains(&value.len()) && is_label(value) && !value.starts_with('-') && !value.ends_with('-')
}

/// The SDK is stricter than a browser: it trims nothing.
fn is_endpoint(value: &str) -> bool {
    let url = Url::parse(value);
    url.is_ok_and(|url| matches!(url.scheme(), "http" | "https"))
        && !value.contains(|c: char| c.is_whitespace() || c.is_control())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regions_and_endpoints() {
        for (value, is_right) in
            [("eu-west-1", true), ("", false), ("eu west 1", false), ("\"x\"", false), ("eu-west-1\n", false)]
        {
            assert_eq!(is_region(value), is_right, "{value:?}");
        }
        for (value, is_right) in [
            ("https://iam.example.com", true),
            ("http://127.0.0.1:4566/x", true),
            ("localhost:4566", false),
            ("iam.example.com", false),
            ("ftp://iam.example.com", false),
            ("http://127.0.0.1:4566 ", false),
        ] {
            assert_eq!(is_endpoint(value), is_right, "{value:?}");
        }
    }
}
