//! A plan as the `aws` command that carries it out.

use std::fmt;

use serde::{Serialize, Serializer};

use crate::issuer::Issuer;
use crate::verdict::Plan;

/// `aws iam update-open-id-connect-provider-thumbprint` with its arguments. `ACCOUNT_ID` is left for the reader.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Command {
    arn: String,
    plan: Plan,
}

impl Command {
    /// For the provider of `issuer`.
    pub(super) fn new(issuer: &Issuer, plan: Plan) -> Self {
        let url = issuer.as_str().trim_start_matches("https://");
        let partition = partition(issuer.endpoint().host());
        Self { arn: format!("arn:{partition}:iam::ACCOUNT_ID:oidc-provider/{url}"), plan }
    }

    /// For the provider of this ARN, whatever its spelling.
    pub(super) fn name_provider(&mut self, arn: String) {
        self.arn = arn;
    }

    /// The command in parts, each for a line of its own.
    #[must_use]
    pub(crate) fn parts(&self) -> [String; 3] {
        let thumbprints: Vec<String> = self.plan.thumbprints.iter().map(ToString::to_string).collect();
        [
            "aws iam update-open-id-connect-provider-thumbprint".to_owned(),
            format!("--open-id-connect-provider-arn {}", quoted(&self.arn)),
            format!("--thumbprint-list {}", thumbprints.join(" ")),
        ]
    }
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
