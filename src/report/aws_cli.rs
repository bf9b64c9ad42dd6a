//! A plan as the `aws` command that carries it out.

use std::fmt;

use serde::{Serialize, Serializer};

use crate::issuer::Issuer;
use crate::provider::ProviderArn;
use crate::spelling::{is_taken_by_iam, without_scheme};
use crate::verdict::Plan;

/// `aws iam update-open-id-connect-provider-thumbprint` with its arguments. `ACCOUNT_ID` is left for the reader.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Command {
    arn: String,
    plan: Plan,
}

impl Command {
    /// For this provider, which IAM lists.
    pub(super) fn for_provider(arn: &ProviderArn, plan: Plan) -> Self {
        Self { arn: arn.to_string(), plan }
    }

    /// For the provider that `issuer` needs: spelled as in its tokens, when that is known.
    pub(super) fn for_issuer(issuer: &Issuer, own: Option<&str>, plan: Plan) -> Self {
        let own = own.filter(|own| is_taken_by_iam(own));
        let spelled = own.and_then(|own| Some((own, own.parse::<Issuer>().ok()?)));
        let (url, host) = match &spelled {
            Some((own, parsed)) => (*own, parsed.endpoint().host()),
            None => (issuer.as_str(), issuer.endpoint().host()),
        };
        let (partition, url) = (partition(host), without_scheme(url));
        Self { arn: format!("arn:{partition}:iam::ACCOUNT_ID:oidc-provider/{url}"), plan }
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

/// DNS suffixes of AWS's other partitions (the SDKs' `partitions.json`).
const PARTITIONS: [(&str, &[&str]); 6] = [
    ("aws-cn", &[".amazonaws.com.cn", ".amazonwebservices.com.cn"]),
    ("aws-eusc", &[".amazonaws.eu", ".amazonwebservices.eu"]),
    ("aws-iso-f", &[".csp.hci.ic.gov", ".aws.hci.ic.gov"]),
    ("aws-iso", &[".c2s.ic.gov", ".aws.ic.gov"]),
    ("aws-iso-b", &[".sc2s.sgov.gov", ".aws.scloud"]),
    ("aws-iso-e", &[".cloud.adc-e.uk", ".cloud-aws.adc-e.uk"]),
];

/// The partition of AWS that hosts this issuer, where its name tells (AWS general reference, "Service endpoints"); else
/// the usual one.
fn partition(host: &str) -> &'static str {
    let under = |suffixes: &[&str]| suffixes.iter().any(|suffix| host.ends_with(suffix));
    if let Some((partition, _)) = PARTITIONS.iter().find(|(_, suffixes)| under(suffixes)) {
        partition
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
            ("oidc.eks.us-iso-east-1.c2s.ic.gov", "aws-iso"),
            ("oidc.eks.us-isob-east-1.sc2s.sgov.gov", "aws-iso-b"),
            ("oidc.eks.eu-isoe-west-1.cloud.adc-e.uk", "aws-iso-e"),
            ("oidc.eks.us-isof-south-1.csp.hci.ic.gov", "aws-iso-f"),
            ("us-gov-fans.example.com", "aws"),
            ("amazonaws.com.cn.example.com", "aws"),
        ] {
            assert_eq!(partition(host), expected, "{host}");
        }
    }

    #[test]
    fn the_arn_is_spelled_as_aws_needs_it() {
        let plan = || Plan { thumbprints: Vec::new(), unvouched: Vec::new() };
        let arn = |issuer: &str, own| Command::for_issuer(&issuer.parse().unwrap(), own, plan()).arn;
        for (issuer, own, expected) in [
            ("https://a.example/x/", None, "arn:aws:iam::ACCOUNT_ID:oidc-provider/a.example/x"),
            (
                "https://a.example/x",
                Some("https://a.example/x/"),
                "arn:aws:iam::ACCOUNT_ID:oidc-provider/a.example/x/",
            ),
            (
                "https://a.example/x",
                Some("https://A.example:443/x"),
                "arn:aws:iam::ACCOUNT_ID:oidc-provider/A.example:443/x",
            ),
            (
                "https://oidc-eks.cn-north-1.api.amazonwebservices.com.cn/id/A",
                Some("https://oidc.eks.cn-north-1.amazonaws.com.cn/id/A"),
                "arn:aws-cn:iam::ACCOUNT_ID:oidc-provider/oidc.eks.cn-north-1.amazonaws.com.cn/id/A",
            ),
            // IAM takes these for no provider.
            (
                "https://a.example/x",
                Some("HTTPS://a.example/x"),
                "arn:aws:iam::ACCOUNT_ID:oidc-provider/a.example/x",
            ),
            (
                "https://a.example/x",
                Some("https:\\\\a.example/x"),
                "arn:aws:iam::ACCOUNT_ID:oidc-provider/a.example/x",
            ),
            // What a terminal would take for an order, or a shell for another word, is nobody's URL.
            (
                "https://a.example/x",
                Some("https://a.exa\nmple/x"),
                "arn:aws:iam::ACCOUNT_ID:oidc-provider/a.example/x",
            ),
            (
                "https://a.example/x",
                Some(" https://a.example/x"),
                "arn:aws:iam::ACCOUNT_ID:oidc-provider/a.example/x",
            ),
        ] {
            assert_eq!(arn(issuer, own), expected);
        }
        let listed = "arn:aws-us-gov:iam::123456789012:oidc-provider/A.example/x//";
        assert_eq!(Command::for_provider(&listed.parse().unwrap(), plan()).arn, listed);
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
