//! What is watched, and what is expected of it: in come the configuration file and what IAM lists, out go issuers and
//! providers. Pure; nothing here knows how an issuer is polled.

mod file;
mod iam;

use std::collections::BTreeSet;
use std::sync::Arc;

pub use file::FileTargets;
pub(crate) use iam::IamTargets;

use crate::issuer::Issuer;
use crate::provider::Provider;

/// Everything that is watched, by source.
#[derive(Clone, Debug, Default)]
pub struct Targets {
    /// From the configuration file.
    pub file: FileTargets,
    /// From IAM.
    pub iam: IamTargets,
}

impl Targets {
    /// Every issuer that a source names, once.
    #[must_use]
    pub fn issuers(&self) -> BTreeSet<&Issuer> {
        self.file.issuers().chain(self.iam.issuers()).collect()
    }

    /// Every provider: IAM's by ARN, then what the file expects.
    pub fn providers(&self) -> impl Iterator<Item = &Arc<Provider>> {
        self.iam.providers().chain(self.file.expectations())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::IssuerEntry;
    use crate::provider::{Details, Origin};

    fn provider(arn: &str, issuer: &str) -> Provider {
        Provider {
            origin: Origin::Iam(arn.parse().unwrap()),
            issuer: issuer.parse().unwrap(),
            details: Some(Details::default()),
        }
    }

    #[test]
    fn an_issuer_of_two_sources_is_watched_once_and_each_expectation_counts() {
        let listed = [("b", "https://b.example"), ("a", "https://a.example")];
        let listed = listed
            .map(|(id, url)| provider(&format!("arn:aws:iam::123456789012:oidc-provider/{id}.example"), url));
        let thumbprint = "9e99a48a9960b14926bb7f3b02e22da2b0ab7280";
        let entries = serde_json::json!([
            { "url": "https://b.example", "thumbprints": [thumbprint] },
            { "url": "https://c.example" },
        ]);
        let entries: Vec<IssuerEntry> = serde_json::from_value(entries).unwrap();
        let mut targets = Targets { file: FileTargets::new(&entries), iam: IamTargets::default() };
        targets.iam.replace(listed);
        let issuers: Vec<&str> = targets.issuers().into_iter().map(Issuer::as_str).collect();
        assert_eq!(issuers, ["https://a.example", "https://b.example", "https://c.example"]);
        let providers: Vec<String> = targets.providers().map(ToString::to_string).collect();
        assert_eq!(
            providers,
            [
                "arn:aws:iam::123456789012:oidc-provider/a.example",
                "arn:aws:iam::123456789012:oidc-provider/b.example",
                "file: https://b.example",
            ]
        );
    }
}
