//! What must hold of a file beside its form: it can come from this program, on this machine, before now.

use std::collections::BTreeSet;
use std::io;
use std::net::IpAddr;
use std::time::Duration;

use serde::Deserialize;

use super::format::{KeptEndpoint, MAX_STATE_BYTES, Memory, VERSION};
use super::text::{Canonical, Moment};
use crate::chain::Fingerprint;
use crate::clock::Timestamp;
use crate::issuer::Issuer;
use crate::observe::MAX_OBSERVATIONS;
use crate::poll::AddressPolicy;
use crate::printable::printable;

/// A clock that is set at boot may be behind where it was; more than that is another machine's.
const MAX_AHEAD: Duration = Duration::from_mins(1);
/// Characters of the parser's own words: it repeats what it did not expect.
const MAX_SHOWN: usize = 200;

/// Why a file is left aside.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    #[error("cannot be read: {0}")]
    Io(#[from] io::Error),
    #[error("larger than {} MiB", MAX_STATE_BYTES >> 20)]
    TooLarge,
    /// Torn, or something else altogether.
    #[error("not a state file: {0}")]
    Syntax(String),
    #[error("of version {0}; this program reads version {VERSION}")]
    Version(u64),
    #[error("from the future ({0}); the clock is wrong, or it comes from another machine")]
    Future(Timestamp),
    #[error("an observation at {0} was seen last before it was seen first")]
    Order(String),
    #[error("an observation at {0} names a chain that is not there")]
    NoChain(String),
    #[error("{0} has more observations than are kept, or one of them twice")]
    Observations(String),
    #[error("the chain {0} is empty, or names a certificate that is not there")]
    NoCertificate(String),
    #[error("the bytes of {0} have another SHA-256")]
    Digest(String),
    #[error("holds an address that is never connected to: {0}")]
    Address(IpAddr),
    #[error("the provider {0} is for no issuer that can be watched")]
    Provider(String),
}

impl Refusal {
    /// What a parser complains of can be the form of another version.
    pub(super) fn of_json(bytes: &[u8], error: &serde_json::Error) -> Self {
        #[derive(Deserialize)]
        struct Versioned {
            version: u64,
        }
        match serde_json::from_slice(bytes) {
            Ok(Versioned { version }) if version != VERSION => Self::Version(version),
            _ => Self::Syntax(printable(&error.to_string(), MAX_SHOWN)),
        }
    }
}

impl Memory {
    /// The first thing that this program would not have written.
    pub(super) fn check(&self, now: Timestamp) -> Result<(), Refusal> {
        if self.version != VERSION {
            return Err(Refusal::Version(self.version));
        }
        let latest = now.plus(MAX_AHEAD);
        if let Some(Canonical(Moment(at))) = self.times().find(|time| time.0.0 > latest) {
            return Err(Refusal::Future(*at));
        }
        self.check_certificates()?;
        self.check_chains()?;
        for (Canonical(endpoint), kept) in &self.endpoints {
            self.check_endpoint(&endpoint.to_string(), kept)?;
        }
        let providers = self.account.iter().flat_map(|account| &account.providers);
        for (Canonical(arn), provider) in providers {
            let url = provider.details.as_ref().and_then(|details| details.url.as_ref());
            if Issuer::from_iam(url.map_or(arn.url(), |url| url.as_str())).is_err() {
                return Err(Refusal::Provider(printable(arn.as_str(), MAX_SHOWN)));
            }
        }
        Ok(())
    }

    fn times(&self) -> impl Iterator<Item = &Canonical<Moment>> {
        let issuers = self.issuers.values().flat_map(|kept| [&kept.last_success, &kept.thumbprint_changed]);
        let account = self.account.iter().map(|kept| &kept.last_success);
        let endpoints = self.endpoints.values().map(|kept| &kept.tls12_asked);
        let observations = self.endpoints.values().flat_map(|kept| &kept.observations);
        let observed = observations.flat_map(|kept| [&kept.first_seen, &kept.last_seen]);
        issuers.chain(account).chain(endpoints).flatten().chain(observed).chain([&self.written])
    }

    fn check_certificates(&self) -> Result<(), Refusal> {
        let other = self.certificates.iter().find(|(name, der)| Fingerprint::of(&der.0) != name.0);
        other.map_or(Ok(()), |(name, _)| Err(Refusal::Digest(name.0.to_string())))
    }

    fn check_chains(&self) -> Result<(), Refusal> {
        for (Canonical(id), names) in &self.chains {
            let ders: Option<Vec<&[u8]>> =
                names.iter().map(|name| self.certificates.get(name).map(|der| &*der.0)).collect();
            let Some(ders) = ders.filter(|ders| !ders.is_empty()) else {
                return Err(Refusal::NoCertificate(id.to_string()));
            };
            if Fingerprint::of_list(ders.into_iter()) != *id {
                return Err(Refusal::Digest(id.to_string()));
            }
        }
        Ok(())
    }

    fn check_endpoint(&self, endpoint: &str, kept: &KeptEndpoint) -> Result<(), Refusal> {
        let mut seen = BTreeSet::new();
        for observation in &kept.observations {
            if !self.chains.contains_key(&observation.chain) {
                return Err(Refusal::NoChain(endpoint.to_owned()));
            }
            if observation.first_seen > observation.last_seen {
                return Err(Refusal::Order(endpoint.to_owned()));
            }
            // What is only refused where loopback is not allowed may have been seen before that was set.
            let widest = AddressPolicy { allow_loopback: true };
            if let Some(address) =
                observation.via.0.0.address().filter(|address| widest.admit(*address).is_err())
            {
                return Err(Refusal::Address(address));
            }
            if !seen.insert((&observation.via, &observation.chain)) {
                return Err(Refusal::Observations(endpoint.to_owned()));
            }
        }
        if seen.len() > MAX_OBSERVATIONS {
            return Err(Refusal::Observations(endpoint.to_owned()));
        }
        Ok(())
    }
}
