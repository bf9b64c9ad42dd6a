//! Targets of an IAM account: the issuer of every OIDC provider that it lists.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::issuer::Issuer;
use crate::provider::{Origin, Provider, ProviderArn};

/// The providers that IAM listed last, by ARN.
#[derive(Clone, Debug, Default)]
pub struct IamTargets(BTreeMap<ProviderArn, Arc<Provider>>);

impl IamTargets {
    /// Takes in a listing, which replaces the one before.
    pub fn replace(&mut self, providers: impl IntoIterator<Item = Provider>) {
        self.0 = providers
            .into_iter()
            .filter_map(|provider| match &provider.origin {
                Origin::Iam(arn) => Some((arn.clone(), Arc::new(provider))),
                Origin::File => None,
            })
            .collect();
    }

    /// The issuers, one for each provider.
    pub fn issuers(&self) -> impl Iterator<Item = &Issuer> {
        self.0.values().map(|provider| &provider.issuer)
    }

    /// The providers, by ARN.
    pub fn providers(&self) -> impl Iterator<Item = &Arc<Provider>> {
        self.0.values()
    }

    /// The same, to be asked by ARN.
    #[must_use]
    pub fn by_arn(&self) -> &BTreeMap<ProviderArn, Arc<Provider>> {
        &self.0
    }
}
