//! What somebody expects of an issuer: an IAM OIDC provider, or the thumbprints of a file.

use std::collections::BTreeSet;
use std::fmt;

use crate::chain::Thumbprint;
use crate::clock::Timestamp;
use crate::issuer::Issuer;

/// Stands for ARN and account id of expectations that come from the configuration file.
pub const FROM_FILE: &str = "file";

/// An IAM OIDC provider, or the like from the configuration file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Provider {
    /// `arn:aws:iam::123456789012:oidc-provider/HOST/PATH`, or [`FROM_FILE`].
    pub arn: String,
    /// Twelve digits, or [`FROM_FILE`].
    pub account_id: String,
    /// The issuer it trusts.
    pub issuer: Issuer,
    /// What it lists; `None` when it could not be read yet.
    pub details: Option<Details>,
}

/// What `GetOpenIDConnectProvider` tells.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Details {
    /// The thumbprints that are well formed.
    pub thumbprints: BTreeSet<Thumbprint>,
    /// How many entries are no thumbprints at all; they match nothing.
    pub malformed: usize,
    /// Audiences.
    pub client_ids: BTreeSet<String>,
    /// When it was made.
    pub created: Option<Timestamp>,
}

/// Why an ARN is not that of an OIDC provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the ARN of an OIDC provider: arn:PARTITION:iam::ACCOUNT:oidc-provider/URL is expected")]
pub struct ArnError;

/// The account id and the issuer URL, without scheme, that a provider's ARN holds
/// (IAM user guide, "IAM identifiers").
///
/// # Errors
/// [`ArnError`].
pub fn split_arn(arn: &str) -> Result<(&str, &str), ArnError> {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let &["arn", partition, "iam", "", account, resource] = parts.as_slice() else { return Err(ArnError) };
    let url = resource.strip_prefix("oidc-provider/").filter(|url| !url.is_empty()).ok_or(ArnError)?;
    let is_account = account.len() == 12 && account.bytes().all(|digit| digit.is_ascii_digit());
    if is_account && !partition.is_empty() { Ok((account, url)) } else { Err(ArnError) }
}

/// The ARN; for an expectation of the file, the issuer too.
impl fmt::Display for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.arn == FROM_FILE { write!(f, "{FROM_FILE}: {}", self.issuer) } else { f.write_str(&self.arn) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arns() {
        for (arn, split) in [
            (
                "arn:aws:iam::123456789012:oidc-provider/a.example/id/X",
                Ok(("123456789012", "a.example/id/X")),
            ),
            (
                "arn:aws-cn:iam::123456789012:oidc-provider/a.example:8443",
                Ok(("123456789012", "a.example:8443")),
            ),
            ("arn:aws:iam::123456789012:oidc-provider/", Err(ArnError)),
            ("arn:aws:iam::12345678901:oidc-provider/a", Err(ArnError)),
            ("arn:aws:iam::12345678901x:oidc-provider/a", Err(ArnError)),
            ("arn:aws:iam::123456789012:saml-provider/a", Err(ArnError)),
            ("arn:aws:iam:eu-west-1:123456789012:oidc-provider/a", Err(ArnError)),
            ("arn::iam::123456789012:oidc-provider/a", Err(ArnError)),
            ("", Err(ArnError)),
        ] {
            assert_eq!(split_arn(arn), split, "{arn}");
        }
    }
}
