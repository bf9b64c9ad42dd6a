//! The audiences that providers must allow.

use std::collections::{BTreeMap, BTreeSet};

use crate::issuer::Issuer;
use crate::provider::{Origin, Provider};

/// Audiences that are required of providers.
#[derive(Clone, Debug, Default)]
pub struct Audiences {
    /// Of every provider.
    pub everywhere: BTreeSet<String>,
    /// Of the providers of one issuer, beside those.
    pub by_issuer: BTreeMap<Issuer, BTreeSet<String>>,
}

/// An audience that is required of a provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequiredAudience<'a> {
    /// The client id.
    pub audience: &'a str,
    /// The provider lists it.
    pub is_allowed: bool,
}

impl Audiences {
    /// Each audience that is required of an IAM provider. Nothing while it is not known what that one allows.
    pub fn required_of<'a>(&'a self, provider: &'a Provider) -> impl Iterator<Item = RequiredAudience<'a>> {
        let details = match provider.origin {
            Origin::Iam(_) => provider.details.as_ref(),
            Origin::File => None,
        };
        details.into_iter().flat_map(move |details| {
            let own = self.by_issuer.get(&provider.issuer).into_iter().flatten();
            let required: BTreeSet<&String> = own.chain(&self.everywhere).collect();
            required.into_iter().map(|audience| RequiredAudience {
                audience,
                is_allowed: details.client_ids.contains(audience),
            })
        })
    }
}
