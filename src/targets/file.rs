//! Targets of the configuration file: `[[issuers]]`, with the thumbprints that are expected of some.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::config::IssuerEntry;
use crate::issuer::Issuer;
use crate::provider::{Details, Origin, Provider};

/// What the configuration file says of issuers.
#[derive(Clone, Debug, Default)]
pub struct FileTargets {
    /// Each issuer, with the audiences that its providers must allow.
    issuers: BTreeMap<Issuer, BTreeSet<String>>,
    /// Where it says so, whether an issuer must have a provider in IAM.
    requirements: BTreeMap<Issuer, bool>,
    expectations: Vec<Arc<Provider>>,
}

impl FileTargets {
    /// Of the entries of the file.
    #[must_use]
    pub fn new(entries: &[IssuerEntry]) -> Self {
        Self {
            issuers: entries.iter().map(|entry| (entry.url.clone(), entry.audiences.clone())).collect(),
            requirements: entries
                .iter()
                .filter_map(|entry| Some((entry.url.clone(), entry.requires_provider?)))
                .collect(),
            expectations: entries.iter().filter_map(expectation).map(Arc::new).collect(),
        }
    }

    /// One issuer, of which nothing is expected.
    #[must_use]
    pub fn watching(issuer: Issuer) -> Self {
        Self { issuers: BTreeMap::from([(issuer, BTreeSet::new())]), ..Self::default() }
    }

    /// The issuers.
    pub fn issuers(&self) -> impl Iterator<Item = &Issuer> {
        self.issuers.keys()
    }

    /// The issuers that the file expects thumbprints of, as providers.
    pub fn expectations(&self) -> impl Iterator<Item = &Arc<Provider>> {
        self.expectations.iter()
    }

    /// The issuers that must have a provider in IAM.
    pub fn requiring(&self) -> impl Iterator<Item = &Issuer> {
        self.requirements.iter().filter(|(_, required)| **required).map(|(issuer, _)| issuer)
    }

    /// Nobody misses a provider of this issuer.
    #[must_use]
    pub fn does_without(&self, issuer: &Issuer) -> bool {
        self.requirements.get(issuer) == Some(&false)
    }

    /// The audiences that the providers of each issuer must allow.
    #[must_use]
    pub fn audiences(&self) -> &BTreeMap<Issuer, BTreeSet<String>> {
        &self.issuers
    }
}

/// The thumbprints that the file expects of an issuer, as a provider.
fn expectation(entry: &IssuerEntry) -> Option<Provider> {
    let details = Details { thumbprints: entry.thumbprints.clone(), ..Details::default() };
    (!entry.thumbprints.is_empty()).then(|| Provider {
        origin: Origin::File,
        issuer: entry.url.clone(),
        details: Some(details),
        missing_since: None,
    })
}
