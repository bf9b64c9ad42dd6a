//! Targets of an IAM account: the issuer of every OIDC provider that it lists, or has listed until lately.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::clock::Timestamp;
use crate::issuer::Issuer;
use crate::provider::{Origin, Provider, ProviderArn};

/// Providers by ARN.
type ByArn = BTreeMap<ProviderArn, Arc<Provider>>;

/// The providers that IAM listed last, and those that it no longer does.
#[derive(Clone, Debug, Default)]
pub struct IamTargets {
    listed: ByArn,
    missing: ByArn,
}

impl IamTargets {
    /// Takes in a listing, which replaces the one before. What is gone from it is missing from now on.
    pub fn replace(&mut self, providers: impl IntoIterator<Item = Provider>, at: Timestamp) {
        let before = std::mem::replace(&mut self.listed, by_arn(providers));
        for (arn, provider) in before {
            let missing = || Arc::new(Provider { missing_since: Some(at), ..Provider::clone(&provider) });
            self.missing.entry(arn).or_insert_with(missing);
        }
        let all: BTreeSet<_> = self.listed.values().map(|listed| served(listed)).collect();
        self.missing.retain(|_, missing| !all.contains(&served(missing)));
    }

    /// What an earlier process knew.
    pub fn restore(&mut self, providers: impl IntoIterator<Item = Provider>) {
        let (missing, listed) = by_arn(providers).into_iter().partition(|(_, of)| of.missing_since.is_some());
        *self = Self { listed, missing };
    }

    /// Lets go of those that nobody needs to miss.
    pub fn forget_missing(&mut self, is_forgotten: impl Fn(&ProviderArn, &Provider) -> bool) {
        self.missing.retain(|arn, provider| !is_forgotten(arn, provider));
    }

    /// The issuers, one for each provider.
    pub fn issuers(&self) -> impl Iterator<Item = &Issuer> {
        self.providers().map(|provider| &provider.issuer)
    }

    /// The providers, those that are listed by ARN, then those that are missing.
    pub fn providers(&self) -> impl Iterator<Item = &Arc<Provider>> {
        self.listed.values().chain(self.missing.values())
    }

    /// Those that are listed, to be asked by ARN.
    #[must_use]
    pub fn by_arn(&self) -> &BTreeMap<ProviderArn, Arc<Provider>> {
        &self.listed
    }
}

/// Whom a provider serves. STS finds another one of the same in its place, as far as their spelling allows: that is judged of what is
/// listed.
fn served(provider: &Provider) -> (&Issuer, &str) {
    (&provider.issuer, provider.origin.account_label())
}

fn by_arn(providers: impl IntoIterator<Item = Provider>) -> ByArn {
    let of_iam = |provider: Provider| match &provider.origin {
        Origin::Iam(arn) => Some((arn.clone(), Arc::new(provider))),
        Origin::File => None,
    };
    providers.into_iter().filter_map(of_iam).collect()
}
