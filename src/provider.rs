//! What somebody expects of an issuer: an IAM OIDC provider, or the thumbprints of the configuration file.

use std::borrow::Borrow;
use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use crate::chain::Thumbprint;
use crate::clock::Timestamp;
use crate::issuer::Issuer;
use crate::printable::is_unprintable;

/// An IAM OIDC provider, or the like from the configuration file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Provider {
    /// Who expects it.
    pub origin: Origin,
    /// The issuer it trusts.
    pub issuer: Issuer,
    /// What it lists; `None` when it could not be read yet.
    pub details: Option<Details>,
    /// IAM listed it before then, and does not since.
    pub missing_since: Option<Timestamp>,
}

impl Provider {
    /// The URL as IAM spells it, without scheme; `None` for what the configuration file expects.
    #[must_use]
    pub fn iam_url(&self) -> Option<&str> {
        let Origin::Iam(arn) = &self.origin else { return None };
        let told = self.details.as_ref().and_then(|details| details.url.as_deref());
        Some(told.unwrap_or_else(|| arn.url()))
    }
}

/// Where a provider comes from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Origin {
    /// The configuration file names the thumbprints.
    File,
    /// IAM lists it.
    Iam(ProviderArn),
}

/// What stands in labels and JSON for the ARN and the account id of what the configuration file expects.
const FILE: &str = "file";

impl Origin {
    /// The value of the label `provider_arn`.
    #[must_use]
    pub fn arn_label(&self) -> &str {
        match self {
            Self::File => FILE,
            Self::Iam(arn) => arn.as_str(),
        }
    }

    /// The value of the label `account_id`.
    #[must_use]
    pub fn account_label(&self) -> &str {
        match self {
            Self::File => FILE,
            Self::Iam(arn) if arn.account_id().is_empty() => ACCOUNT_NOT_KNOWN,
            Self::Iam(arn) => arn.account_id(),
        }
    }
}

/// Stands for the id of an account that no ARN has told.
pub const ACCOUNT_NOT_KNOWN: &str = "unknown";

/// `arn:PARTITION:iam::ACCOUNT:oidc-provider/URL` (IAM user guide, "IAM identifiers").
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProviderArn(Arc<str>);

/// What `GetOpenIDConnectProvider` tells.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Details {
    /// The thumbprints that are well formed.
    pub thumbprints: BTreeSet<Thumbprint>,
    /// How many entries are no thumbprints at all; they match nothing.
    pub malformed: usize,
    /// Audiences.
    pub client_ids: BTreeSet<String>,
    /// The URL as IAM spells it, without scheme.
    pub url: Option<Box<str>>,
    /// When it was made.
    pub created: Option<Timestamp>,
}

/// Why a text is not the ARN of an OIDC provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "not the ARN of an OIDC provider (expected arn:PARTITION:iam::ACCOUNT:oidc-provider/URL, at most {MAX_ARN_BYTES} characters)"
)]
pub struct ArnError;

impl ProviderArn {
    /// The whole ARN.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Twelve digits at AWS. Servers that speak its API have other texts there, or none.
    #[must_use]
    pub fn account_id(&self) -> &str {
        self.0.split(':').nth(4).unwrap_or_default()
    }

    /// The provider's URL as the ARN has it: without scheme, with the trailing slash if there is one.
    #[must_use]
    pub fn url(&self) -> &str {
        self.0.split_once(RESOURCE).map_or("", |(_, url)| url)
    }
}

const RESOURCE: &str = ":oidc-provider/";
/// Longest ARN of IAM (IAM API reference, the type `arnType`). It becomes a label, and an identity is not cut.
pub const MAX_ARN_BYTES: usize = 2048;
/// Longest account of an ARN, which becomes a label too.
const MAX_ACCOUNT_BYTES: usize = 128;

impl FromStr for ProviderArn {
    type Err = ArnError;

    fn from_str(text: &str) -> Result<Self, ArnError> {
        if text.len() > MAX_ARN_BYTES || text.contains(is_unprintable) {
            return Err(ArnError);
        }
        let (head, url) = text.split_once(RESOURCE).ok_or(ArnError)?;
        let parts: Vec<&str> = head.split(':').collect();
        let &["arn", partition, "iam", "", account] = parts.as_slice() else { return Err(ArnError) };
        let is_account =
            account.len() <= MAX_ACCOUNT_BYTES && account.bytes().all(|byte| byte.is_ascii_graphic());
        if !is_account || partition.is_empty() || url.is_empty() {
            return Err(ArnError);
        }
        Ok(Self(text.into()))
    }
}

/// Lets a map be asked by text.
impl Borrow<str> for ProviderArn {
    fn borrow(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Display for ProviderArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for ProviderArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The ARN; for an expectation of the file, the issuer too.
impl fmt::Display for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.origin {
            Origin::File => write!(f, "{FILE}: {}", self.issuer),
            Origin::Iam(arn) => write!(f, "{arn}"),
        }
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
            // SeaweedFS and Ceph have no account, or a tenant's name.
            ("arn:aws:iam:::oidc-provider/a.example", Ok(("", "a.example"))),
            ("arn:aws:iam::tenant-1:oidc-provider/a.example/", Ok(("tenant-1", "a.example/"))),
            ("arn:aws:iam::123456789012:oidc-provider/", Err(ArnError)),
            ("arn:aws:iam::a b:oidc-provider/a", Err(ArnError)),
            ("arn:aws:iam::123456789012:saml-provider/a", Err(ArnError)),
            ("arn:aws:iam:eu-west-1:123456789012:oidc-provider/a", Err(ArnError)),
            ("arn::iam::123456789012:oidc-provider/a", Err(ArnError)),
            ("arn:aws:iam::123456789012:oidc-provider/a.example/\u{202e}x", Err(ArnError)),
            (&format!("arn:aws:iam::123456789012:oidc-provider/{}", "a".repeat(2048)), Err(ArnError)),
            ("", Err(ArnError)),
        ] {
            let parsed = arn.parse::<ProviderArn>();
            let parts = parsed.as_ref().map(|arn| (arn.account_id(), arn.url()));
            assert_eq!(parts.map_err(|error| *error), split, "{arn}");
        }
    }
}
