//! What is watched, and what is expected of it: in come the configuration file and what IAM lists, out go issuers and
//! providers. Pure; nothing here knows how an issuer is polled.

mod file;
mod iam;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

pub use file::FileTargets;
pub(crate) use iam::IamTargets;

use crate::clock::Timestamp;
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

    /// Nobody misses for longer than `missing_for` what IAM no longer lists, nor what it lists and cannot be watched, nor what the
    /// file does without.
    pub fn forget_missing(&mut self, at: Timestamp, missing_for: Duration, unusable: &BTreeSet<&str>) {
        let file = &self.file;
        self.iam.forget_missing(|arn, provider| {
            provider.missing_since.is_none_or(|since| at.since(since) >= missing_for)
                || file.does_without(&provider.issuer)
                || unusable.contains(arn.as_str())
        });
    }

    /// The issuers that must have a provider, and that IAM lists none for.
    #[must_use]
    pub fn without_provider(&self) -> BTreeSet<Issuer> {
        let listed: BTreeSet<&Issuer> = self.iam.issuers().collect();
        self.file.requiring().filter(|issuer| !listed.contains(issuer)).cloned().collect()
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
            missing_since: None,
        }
    }

    #[test]
    fn what_is_gone_is_missed_for_a_while() {
        let arn = |id: &str| format!("arn:aws:iam::123456789012:oidc-provider/{id}.example");
        let listed = |ids: &[&str]| -> Vec<Provider> {
            ids.iter().map(|id| provider(&arn(id), &format!("https://{id}.example"))).collect()
        };
        let minute = |minutes: i64| Timestamp::from_seconds(60 * minutes);
        let entries = serde_json::json!([
            { "url": "https://c.example", "requires_provider": false },
            { "url": "https://d.example", "requires_provider": true },
            { "url": "https://e.example" },
        ]);
        let entries: Vec<IssuerEntry> = serde_json::from_value(entries).unwrap();
        let mut targets = Targets { file: FileTargets::new(&entries), iam: IamTargets::default() };
        let missed = |targets: &Targets| -> Vec<(String, i64)> {
            let missing = targets.iam.providers().filter_map(|of| Some((of, of.missing_since?)));
            missing
                .map(|(of, since)| (of.issuer.endpoint().host().to_owned(), since.seconds() / 60))
                .collect()
        };
        let b = arn("b");
        let missing = |host: &str, since: i64| (format!("{host}.example"), since);
        for (at, ids, unusable, wanted) in [
            (0, &["a", "b", "c"][..], None, vec![]),
            (1, &["b"], None, vec![missing("a", 1)]),
            (2, &[], Some(&*b), vec![missing("a", 1)]),
            (3, &["b"], None, vec![missing("a", 1)]),
            (4, &[], None, vec![missing("a", 1), missing("b", 4)]),
            (7, &["a"], None, vec![missing("b", 4)]),
            (9, &["a"], None, vec![]),
        ] {
            targets.iam.replace(listed(ids), minute(at));
            targets.forget_missing(minute(at), Duration::from_mins(5), &unusable.into_iter().collect());
            assert_eq!(missed(&targets), wanted, "minute {at}");
            assert_eq!(targets.iam.by_arn().len(), ids.len());
        }
        let without: Vec<String> = targets.without_provider().iter().map(ToString::to_string).collect();
        assert_eq!(without, ["https://d.example"]);
        targets.iam.replace(listed(&["d"]), minute(10));
        assert!(targets.without_provider().is_empty());
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
        targets.iam.replace(listed, Timestamp::from_seconds(0));
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
