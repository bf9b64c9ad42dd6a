//! Host patterns: a name, or one with stars in it. The one place that says what a star stands for.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::endpoint::host as canonical_host;

/// A host on any port. A `*` in the place of a label stands for one or more labels: `*.example.com` is every host below that
/// name, and not the name itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostPattern(Box<str>);

/// Why a text is not a host pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a host such as oidc.example.com, or *.example.com for every host below it")]
pub struct HostPatternError;

const STAR: &str = "*";

impl HostPattern {
    /// Whether `host`, canonical as [`crate::endpoint::Endpoint::host`] has it, is one of them.
    #[must_use]
    pub fn matches(&self, host: &str) -> bool {
        fits(&self.0, host)
    }
}

/// Whether `host` fits `pattern`, both in lower case.
pub(crate) fn fits(pattern: &str, host: &str) -> bool {
    let (pattern, host): (Vec<&str>, Vec<&str>) = (pattern.split('.').collect(), host.split('.').collect());
    if host.contains(&"") {
        return false;
    }
    let (mut next, mut at) = (0, 0);
    // The last star, and the first label that it took: it takes one more where what follows it does not fit.
    let mut star: Option<(usize, usize)> = None;
    while at < host.len() {
        match (pattern.get(next), &mut star) {
            (Some(&STAR), _) => {
                star = Some((next, at));
                next += 1;
                at += 1;
            }
            (Some(label), _) if *label == host[at] => {
                next += 1;
                at += 1;
            }
            (_, Some((place, took))) => {
                *took += 1;
                next = *place + 1;
                at = *took + 1;
            }
            (_, None) => return false,
        }
    }
    next == pattern.len()
}

impl FromStr for HostPattern {
    type Err = HostPatternError;

    fn from_str(text: &str) -> Result<Self, HostPatternError> {
        // A letter stands in for each star, so that what is left is held against the rules for hosts.
        let stars: Vec<bool> = text.split('.').map(|label| label == STAR).collect();
        let host: Vec<&str> = text.split('.').map(|label| if label == STAR { "x" } else { label }).collect();
        let host = host.join(".");
        let host = canonical_host(&host).map_err(|_| HostPatternError)?;
        if !stars.contains(&true) {
            return Ok(Self(host.into()));
        }
        let labels: Vec<&str> = host.split('.').collect();
        // More or fewer where one label has become two, or a dot at the end has gone.
        let is_dotted = text.ends_with('.');
        if host.parse::<IpAddr>().is_ok() || labels.len() + usize::from(is_dotted) != stars.len() {
            return Err(HostPatternError);
        }
        // Of `oidc.*` and `10.*`, anybody can have a name.
        if stars[labels.len() - 1] {
            return Err(HostPatternError);
        }
        let labels = labels.iter().zip(stars).map(|(label, star)| if star { STAR } else { *label });
        Ok(Self(labels.collect::<Vec<_>>().join(".").into()))
    }
}

impl fmt::Display for HostPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
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
            ("*.Example.com.", "a.example.com", true),
            ("oidc.*.example.com", "oidc.eu.example.com", true),
            ("oidc.*.example.com", "oidc.eu.west.example.com", true),
            ("oidc.*.example.com", "oidc.example.com", false),
            ("oidc.*.example.com", "oidc.eu.example.com.evil.test", false),
            // The first place that fits need not be the right one.
            ("*.s3.*.example.com", "a.s3.b.s3.eu.example.com", true),
            ("*.s3.*.example.com", "s3.eu.example.com", false),
            ("*.a.b", "a.b.a.b", true),
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
            "*.*",
            "a.*",
            "a.*.",
            "10.*",
            "*.",
            ".",
            "a*.example.com",
            "**.example.com",
            "*..example.com",
            "https://a.example",
            "a.example/x",
            "a.example:8443",
            "u@a.example",
            "*.192.0.2.1",
            "192.0.2.*",
            "a b",
            "*.2001:db8::1",
        ] {
            assert_eq!(text.parse::<HostPattern>(), Err(HostPatternError), "{text}");
        }
    }
}
