//! Hosts in settings: patterns (a name, or everything below one), and a table of addresses by name.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::endpoint::host as canonical_host;

/// `oidc.example.com` for that host, or `*.example.com` for every host below that name, and not for the name itself. On any
/// port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HostPattern {
    host: String,
    below: bool,
}

/// Why a text is not a host pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a host such as oidc.example.com, or *.example.com for every host below it")]
pub(crate) struct HostPatternError;

impl HostPattern {
    /// Whether `host`, canonical as [`crate::endpoint::Endpoint::host`] has it, is one of them.
    #[must_use]
    pub(crate) fn matches(&self, host: &str) -> bool {
        if self.below {
            let above = host.strip_suffix(&self.host).and_then(|above| above.strip_suffix('.'));
            above.is_some_and(|above| !above.is_empty())
        } else {
            host == self.host
        }
    }
}

impl FromStr for HostPattern {
    type Err = HostPatternError;

    fn from_str(text: &str) -> Result<Self, HostPatternError> {
        let (host, below) = text.strip_prefix("*.").map_or((text, false), |host| (host, true));
        let host = canonical_host(host).map_err(|_| HostPatternError)?;
        if below && host.parse::<IpAddr>().is_ok() {
            return Err(HostPatternError);
        }
        Ok(Self { host, below })
    }
}

impl fmt::Display for HostPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", if self.below { "*." } else { "" }, self.host)
    }
}

impl<'de> Deserialize<'de> for HostPattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(|error| serde::de::Error::custom(format!("`{text}`: {error}")))
    }
}

impl Serialize for HostPattern {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Addresses by host name, each name in the one form in which it is looked up. Two spellings of one name are a mistake: one
/// of them would count for nothing.
pub(super) fn addresses_by_name<'de, D>(deserializer: D) -> Result<BTreeMap<String, Vec<IpAddr>>, D::Error>
where
    D: Deserializer<'de>,
{
    let mut table = BTreeMap::new();
    for (spelled, addresses) in BTreeMap::<String, Vec<IpAddr>>::deserialize(deserializer)? {
        let name = canonical_host(&spelled)
            .map_err(|error| serde::de::Error::custom(format!("`{spelled}`: {error}")))?;
        match table.entry(name) {
            Entry::Vacant(entry) => drop(entry.insert(addresses)),
            Entry::Occupied(entry) => {
                let twice = format!("`{spelled}`: {} is there twice, spelled differently", entry.key());
                return Err(serde::de::Error::custom(twice));
            }
        }
    }
    Ok(table)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_matches() {
        for (pattern, host, matches) in [
            ("oidc.example.com", "oidc.example.com", true),
            ("OIDC.Example.com.", "oidc.example.com", true),
            ("oidc.example.com", "x.oidc.example.com", false),
            ("*.example.com", "a.example.com", true),
            ("*.example.com", "a.b.example.com", true),
            ("*.example.com", "example.com", false),
            ("*.example.com", ".example.com", false),
            ("*.example.com", "notexample.com", false),
            ("*.example.com", "example.com.evil.test", false),
            ("*.b\u{fc}cher.example", "a.xn--bcher-kva.example", true),
            ("192.0.2.1", "192.0.2.1", true),
            ("2001:DB8::1", "2001:db8::1", true),
            ("[2001:DB8::1]", "2001:db8::1", true),
        ] {
            assert_eq!(pattern.parse::<HostPattern>().unwrap().matches(host), matches, "{pattern} {host}");
        }
    }

    #[test]
    fn what_is_no_pattern() {
        for text in [
            "",
            "*",
            "*.",
            ".",
            "a.*.example.com",
            "**.example.com",
            "https://a.example",
            "a.example/x",
            "a.example:8443",
            "u@a.example",
            "*.192.0.2.1",
            "a b",
            "*.2001:db8::1",
        ] {
            assert_eq!(text.parse::<HostPattern>(), Err(HostPatternError), "{text}");
        }
    }
}
