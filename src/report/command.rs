//! The command that makes IAM list what is served; or why it had better not be run. Pure.

use std::fmt;

use serde::{Serialize, Serializer};

use super::{ChainReport, EndpointReport};
use crate::chain::{ChainStatus, Thumbprint};
use crate::issuer::{Endpoint, Issuer};

/// IAM API reference, `UpdateOpenIDConnectProviderThumbprint`.
const MAX_THUMBPRINTS: usize = 5;

/// `aws iam update-open-id-connect-provider-thumbprint` with its arguments. `ACCOUNT_ID` is left for the reader.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// The provider.
    pub arn: String,
    /// The list that takes the place of the provider's, each thumbprint once.
    pub thumbprints: Vec<Thumbprint>,
}

/// Why the command would do harm, or could not be run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Withheld {
    /// There may be a second host, whose thumbprint the list would lack.
    #[error("the host of jwks_uri is not known, and its thumbprint must be in the list too")]
    JwksHostUnknown,
    /// The list would lack a thumbprint.
    #[error("no chain of {0} was seen, and its thumbprint must be in the list too")]
    NotSeen(String),
    /// The thumbprint is that of a proxy.
    #[error("{0} seems to be answered by a proxy between here and the issuer, and AWS sees another chain")]
    Intercepted(String),
    /// Another host's certificates.
    #[error("the certificate of {0} is for other names, so this may not be the issuer's own chain")]
    NameMismatch(String),
    /// The thumbprint will not outlive the mending of the order.
    #[error(
        "the last certificate that {0} serves does not end the path of its leaf: mend the served order first"
    )]
    Misplaced(String),
    /// More than IAM takes.
    #[error("{0} different root CAs are served, and IAM takes {MAX_THUMBPRINTS} thumbprints at most")]
    TooMany(usize),
}

impl Command {
    /// For the provider of `issuer`, whose discovery endpoint is `discovery`.
    ///
    /// # Errors
    /// A list that is not whole, not of the issuer's own chains, or too long.
    pub(super) fn new(
        issuer: &Issuer,
        discovery: &Endpoint,
        endpoints: &[EndpointReport],
    ) -> Result<Self, Withheld> {
        if !endpoints.iter().any(|endpoint| endpoint.serves.contains(&"jwks")) {
            return Err(Withheld::JwksHostUnknown);
        }
        let mut thumbprints = Vec::new();
        for EndpointReport { endpoint, chains, .. } in endpoints {
            if chains.is_empty() {
                return Err(Withheld::NotSeen(endpoint.clone()));
            }
            for chain in chains {
                check(chain, endpoint)?;
                if !thumbprints.contains(&chain.thumbprint) {
                    thumbprints.push(chain.thumbprint);
                }
            }
        }
        if thumbprints.len() > MAX_THUMBPRINTS {
            return Err(Withheld::TooMany(thumbprints.len()));
        }
        let url = issuer.as_str().trim_start_matches("https://");
        let partition = partition(discovery.host());
        Ok(Self { arn: format!("arn:{partition}:iam::ACCOUNT_ID:oidc-provider/{url}"), thumbprints })
    }

    /// The command in parts, each for a line of its own.
    #[must_use]
    pub fn parts(&self) -> [String; 3] {
        let thumbprints: Vec<String> = self.thumbprints.iter().map(ToString::to_string).collect();
        [
            "aws iam update-open-id-connect-provider-thumbprint".to_owned(),
            format!("--open-id-connect-provider-arn {}", quoted(&self.arn)),
            format!("--thumbprint-list {}", thumbprints.join(" ")),
        ]
    }
}

fn check(chain: &ChainReport, endpoint: &str) -> Result<(), Withheld> {
    let is = |status: ChainStatus| chain.statuses.contains(&status.as_str());
    if is(ChainStatus::Intercepted) {
        return Err(Withheld::Intercepted(endpoint.to_owned()));
    }
    if is(ChainStatus::NameMismatch) {
        return Err(Withheld::NameMismatch(endpoint.to_owned()));
    }
    if chain.root_ends_path { Ok(()) } else { Err(Withheld::Misplaced(endpoint.to_owned())) }
}

/// What the reader should think of before running the command.
pub(super) fn cautions(discovery: &Endpoint, endpoints: &[EndpointReport]) -> Vec<String> {
    let mut cautions = Vec::new();
    for EndpointReport { endpoint, addresses, .. } in endpoints {
        let unseen = addresses.iter().filter(|address| address.chain.is_none()).count();
        if unseen > 0 {
            cautions.push(format!(
                "{unseen} of {} addresses of {endpoint} served no chain: if they have another root CA, the list lacks it",
                addresses.len()
            ));
        }
    }
    // IAM API reference, CreateOpenIDConnectProvider: "The URL should not contain a port number."
    if discovery.port() != 443 {
        cautions.push("by its documentation, IAM takes no provider URL with a port".to_owned());
    }
    cautions
}

/// The partition of AWS that hosts this issuer, where its name tells (AWS general reference, "Service endpoints"); else
/// the usual one.
fn partition(host: &str) -> &'static str {
    let under = |suffixes: &[&str]| suffixes.iter().any(|suffix| host.ends_with(suffix));
    if under(&[".amazonaws.com.cn", ".amazonwebservices.com.cn"]) {
        "aws-cn"
    } else if under(&[".amazonaws.eu", ".amazonwebservices.eu"]) {
        "aws-eusc"
    } else if under(&[".amazonaws.com", ".api.aws"]) && host.split('.').any(|l| l.starts_with("us-gov-")) {
        "aws-us-gov"
    } else {
        "aws"
    }
}

/// Fit for a POSIX shell: a URL may hold characters that mean something there.
fn quoted(text: &str) -> String {
    if text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.:/%@+=,".contains(&byte)) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

/// The command on one line.
impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.parts().join(" "))
    }
}

impl Serialize for Command {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_partition_is_in_the_name_of_aws_hosts_only() {
        for (host, expected) in [
            ("oidc.eks.eu-west-1.amazonaws.com", "aws"),
            ("token.actions.githubusercontent.com", "aws"),
            ("oidc.eks.cn-north-1.amazonaws.com.cn", "aws-cn"),
            ("oidc-eks.cn-north-1.api.amazonwebservices.com.cn", "aws-cn"),
            ("oidc.eks.us-gov-west-1.amazonaws.com", "aws-us-gov"),
            ("oidc-eks.us-gov-east-1.api.aws", "aws-us-gov"),
            ("oidc.eks.eusc-de-east-1.amazonaws.eu", "aws-eusc"),
            ("us-gov-fans.example.com", "aws"),
            ("amazonaws.com.cn.example.com", "aws"),
        ] {
            assert_eq!(partition(host), expected, "{host}");
        }
    }

    #[test]
    fn arguments_are_safe_to_paste() {
        for (text, expected) in [
            (
                "arn:aws:iam::ACCOUNT_ID:oidc-provider/a/X-1%20",
                "arn:aws:iam::ACCOUNT_ID:oidc-provider/a/X-1%20",
            ),
            ("a/$(reboot)", "'a/$(reboot)'"),
            ("a/b;c'd&e", r"'a/b;c'\''d&e'"),
            ("a/~b!c*", "'a/~b!c*'"),
        ] {
            assert_eq!(quoted(text), expected);
        }
    }
}
