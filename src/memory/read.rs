//! Bytes of a file to what it keeps. What must hold beside its form: it can come from this program, on this machine, before now.

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
    fn of_json(bytes: &[u8], error: &serde_json::Error) -> Self {
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
    /// Reads what [`Self::bytes`] wrote.
    ///
    /// # Errors
    /// When it is not such a file, of another version, from the future, or holds what was never written.
    pub fn read(bytes: &[u8], now: Timestamp) -> Result<Self, Refusal> {
        if bytes.len() > MAX_STATE_BYTES {
            return Err(Refusal::TooLarge);
        }
        let memory: Self = serde_json::from_slice(bytes).map_err(|error| Refusal::of_json(bytes, &error))?;
        memory.check(now)?;
        Ok(memory)
    }

    /// The first thing that this program would not have written.
    fn check(&self, now: Timestamp) -> Result<(), Refusal> {
        if self.version != VERSION {
            return Err(Refusal::Version(self.version));
        }
        let latest = now.plus(MAX_AHEAD);
        if let Some(Moment(at)) = self.times().find(|time| time.0 > latest) {
            return Err(Refusal::Future(at));
        }
        self.check_certificates()?;
        self.check_chains()?;
        for (Canonical(endpoint), kept) in &self.endpoints {
            self.check_endpoint(&endpoint.to_string(), kept)?;
        }
        for (Canonical(arn), provider) in &self.providers {
            let url = provider.details.as_ref().and_then(|details| details.url.as_ref());
            if Issuer::from_iam(url.map_or(arn.url(), |url| url.as_str())).is_err() {
                return Err(Refusal::Provider(printable(arn.as_str(), MAX_SHOWN)));
            }
        }
        Ok(())
    }

    fn times(&self) -> impl Iterator<Item = Moment> {
        let issuers = self.issuers.values().flat_map(|kept| [&kept.last_success, &kept.thumbprint_changed]);
        let missing = self.providers.values().map(|kept| &kept.missing_since);
        let of_issuers = self.issuers.values().flat_map(|kept| [&kept.health, &kept.health_for_file]);
        let healths = of_issuers.chain(self.providers.values().map(|kept| &kept.health));
        let since = healths.flatten().map(|kept| kept.0.since);
        let account = self.account.iter().map(|kept| &kept.last_success);
        let endpoints = self.endpoints.values().map(|kept| &kept.tls12_asked);
        let observations = self.endpoints.values().flat_map(|kept| &kept.observations);
        let observed = observations.flat_map(|kept| [&kept.first_seen, &kept.last_seen]);
        let optional = issuers.chain(account).chain(endpoints).chain(missing).flatten();
        let all = optional.chain(observed).chain([&self.written]);
        all.map(|time| time.0).chain(since)
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

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::bounded::MAX_ENTRIES;
    use super::super::fixture::{ARN, ISSUER, minute, snapshot};
    use super::super::format::KeptObservation;
    use super::super::text::Way;
    use super::*;

    fn refusal(bytes: &[u8]) -> String {
        Memory::read(bytes, minute(3)).unwrap_err().to_string()
    }

    fn whole() -> Value {
        serde_json::from_slice(&Memory::of(&snapshot(), minute(3)).bytes().unwrap()).unwrap()
    }

    /// The file with one value in place of another.
    fn with(path: &str, value: Value) -> Value {
        let mut file = whole();
        *file.pointer_mut(path).unwrap_or_else(|| panic!("no {path}")) = value;
        file
    }

    #[test]
    fn what_this_program_did_not_write_here_before_now_is_refused() {
        let issuer = format!("/issuers/{}", ISSUER.replace('/', "~1"));
        let provider = format!("/providers/{}/details", ARN.replace('/', "~1"));
        let observations = "/endpoints/a.example:443/observations";
        let later = json!("2025-11-24T16:04:00.124Z");
        let many = vec![whole()["endpoints"]["a.example:443"]["observations"][0].clone(); 2];
        let id = chain_of(&many[0]);
        for (path, value, told) in [
            ("/version", json!(2), "of version 2; this program reads version 1"),
            ("/version", json!(0), "of version 0"),
            ("/version", json!("1"), "not a state file: invalid type: string"),
            ("/written", later.clone(), "from the future (2025-11-24T16:04:00Z)"),
            (&format!("{issuer}/last_success"), later.clone(), "from the future"),
            (&format!("{issuer}/thumbprint_changed"), later.clone(), "from the future"),
            ("/account/last_success", later.clone(), "from the future"),
            ("/endpoints/a.example:443/tls12_asked", later.clone(), "from the future"),
            (&format!("{observations}/0/last_seen"), later.clone(), "from the future"),
            (&format!("{observations}/0/first_seen"), json!("2025-11-24T16:03:00.123Z"), "seen last before"),
            (&format!("{observations}/0/last_seen"), json!(1_764_000_000), "invalid type: integer"),
            (&format!("{observations}/0/looks_absent"), json!(-1), "invalid value: integer `-1`"),
            (&format!("{observations}/0/chain"), json!("0".repeat(64)), "names a chain that is not there"),
            (
                &format!("{observations}/0/via"),
                json!("169.254.169.254"),
                "never connected to: 169.254.169.254",
            ),
            (&format!("{observations}/0/via"), json!("::ffff:169.254.170.2"), "never connected to"),
            (&format!("{observations}/0/via"), json!("a.example"), "invalid IP address"),
            (
                observations,
                json!(many),
                "a.example:443 has more observations than are kept, or one of them twice",
            ),
            (&format!("/chains/{id}"), json!([]), "is empty, or names a certificate"),
            (&format!("/chains/{id}/1"), json!("f".repeat(64)), "is empty, or names a certificate"),
            (&format!("/chains/{id}"), whole()["chains"][other(&id)].clone(), "have another SHA-256"),
            (&format!("/certificates/{}", Fingerprint::of(b"a")), json!("Yg=="), "have another SHA-256"),
            (&format!("/certificates/{}", Fingerprint::of(b"a")), json!("Y"), "not base64"),
            (
                &format!("{issuer}/jwks_endpoint"),
                json!("A.example:443"),
                "not in the form in which it is written",
            ),
            (&format!("{issuer}/documents/issuer"), json!("a\u{1b}[2J"), "not printable"),
            (&format!("{provider}/client_ids"), json!(["x".repeat(1 << 20)]), "too long, or not printable"),
            (
                &format!("{provider}/url"),
                json!("user:password@a.example"),
                "is for no issuer that can be watched",
            ),
            (&format!("{provider}/thumbprints"), json!(["AB".repeat(20)]), "not in the form"),
            ("/issuers", json!([]), "invalid type: sequence"),
            ("/issuers", json!({"https://a.example/": whole()["issuers"][ISSUER]}), "not in the form"),
            ("/endpoints", json!(null), "invalid type: null"),
        ] {
            let told_of = refusal(with(path, value).to_string().as_bytes());
            assert!(told_of.contains(told) && told_of.len() < 400, "{path}: {told_of}");
        }
    }

    fn chain_of(observation: &Value) -> String {
        observation["chain"].as_str().unwrap().to_owned()
    }

    /// A chain of other certificates.
    fn other(id: &str) -> String {
        whole()["chains"].as_object().unwrap().keys().find(|other| *other != id).unwrap().clone()
    }

    #[test]
    fn bytes_that_are_no_such_file_are_refused() {
        let whole = Memory::of(&snapshot(), minute(3)).bytes().unwrap();
        for end in (0..whole.len() - 2).step_by(13) {
            assert!(refusal(&whole[..end]).starts_with("not a state file: EOF"), "{end}");
        }
        let nested = format!("{{\"x\": {}", "[".repeat(1 << 20));
        let long = format!(
            "{{\"version\": 1, \"written\": \"{}\"}}",
            "\u{202e}\n".escape_default().to_string().repeat(9999)
        );
        let many = (0..=MAX_ENTRIES)
            .map(|number| format!("\"https://{number}.example\": {{\"is_complete\": true}}"));
        let many = format!("{{\"issuers\": {{{}}}}}", many.collect::<Vec<_>>().join(","));
        for (bytes, told) in [
            (many.as_bytes(), "more than 100000 entries"),
            (nested.as_bytes(), "not a state file: EOF"),
            (nested.replace('x', "issuers").as_bytes(), "invalid type: sequence"),
            (long.as_bytes(), "not a state file"),
            (b"\xff\xfe{", "not a state file"),
            (b"{\"version\": 7}", "of version 7"),
            (b"{\"version\": 7, \"issuers\": 3}", "of version 7"),
            (&vec![b' '; MAX_STATE_BYTES + 1], "larger than 48 MiB"),
        ] {
            let told_of = refusal(bytes);
            assert!(told_of.contains(told) && told_of.len() < 400, "{told_of}");
            assert!(!told_of.chars().any(char::is_control), "{told_of:?}");
        }
    }

    #[test]
    fn a_clock_that_was_set_back_a_little_is_no_other_machine() {
        let bytes = Memory::of(&snapshot(), minute(3)).bytes().unwrap();
        for (now, is_taken) in
            [(minute(3), true), (minute(2), true), (minute(1), false), (minute(-999), false)]
        {
            assert_eq!(Memory::read(&bytes, now).is_ok(), is_taken, "{now}");
        }
    }

    #[test]
    fn more_observations_than_are_kept_are_refused() {
        let mut memory = Memory::of(&snapshot(), minute(3));
        for (count, is_taken) in [(MAX_OBSERVATIONS, true), (MAX_OBSERVATIONS + 1, false)] {
            let kept = memory.endpoints.values_mut().next().unwrap();
            let one = kept.observations[0].clone();
            let via = |number: usize| {
                Way(IpAddr::from((0x0a00_0000 + u32::try_from(number).unwrap()).to_be_bytes()).into())
            };
            kept.observations = (0..count)
                .map(|number| KeptObservation { via: Canonical(via(number)), ..one.clone() })
                .collect();
            assert_eq!(memory.check(minute(3)).is_ok(), is_taken, "{count}");
        }
    }
}
