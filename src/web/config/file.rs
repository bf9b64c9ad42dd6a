//! The web configuration file as it is written: the Prometheus exporter-toolkit's format ("Web configuration" in its
//! documentation). Shape only; what the values mean is for the rest of this module.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;

/// The whole file. Whatever is absent or null has its default.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct File {
    pub tls_server_config: Option<TlsSection>,
    pub http_server_config: Option<HttpSection>,
    pub basic_auth_users: Option<BTreeMap<String, Option<String>>>,
    pub rate_limit: Option<RateLimitSection>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct TlsSection {
    pub cert: Option<String>,
    pub key: Option<String>,
    pub client_ca: Option<String>,
    pub cert_file: Option<String>,
    pub key_file: Option<String>,
    pub client_ca_file: Option<String>,
    pub client_auth_type: Option<String>,
    pub client_allowed_sans: Option<Vec<String>>,
    pub cipher_suites: Option<Vec<String>>,
    pub curve_preferences: Option<Vec<String>>,
    pub min_version: Option<String>,
    pub max_version: Option<String>,
    pub prefer_server_cipher_suites: Option<bool>,
}

impl TlsSection {
    /// Whether TLS is on. The other keys alone do not turn it on.
    pub(super) fn is_enabled(&self) -> bool {
        let Self { cert, key, client_ca, cert_file, key_file, client_ca_file, client_auth_type, .. } = self;
        [cert, key, client_ca, cert_file, key_file, client_ca_file, client_auth_type]
            .into_iter()
            .any(|value| given(value.as_ref()).is_some())
    }
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct HttpSection {
    /// Taken and not done: this server speaks HTTP/1.1 alone, which every client of HTTP/2 speaks too.
    pub http2: Option<bool>,
    pub headers: Option<BTreeMap<String, Option<String>>>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RateLimitSection {
    pub interval: Option<String>,
    /// Go takes a whole number written as `5.0`, and a negative one.
    pub burst: Option<f64>,
}

/// The value of a key that is there and not empty.
pub(super) fn given(value: Option<&String>) -> Option<&str> {
    value.map(String::as_str).filter(|value| !value.is_empty())
}

/// A duration as Go writes it: `1s`, `1m30s`, `1.5h`, `0`. A number without a unit is one of nanoseconds, as in YAML for Go. One
/// below zero is zero.
pub(super) fn go_duration(text: &str) -> Option<Duration> {
    const UNITS: [(&str, f64); 8] = [
        ("ns", 1e-9),
        ("us", 1e-6),
        ("µs", 1e-6),
        ("μs", 1e-6),
        ("ms", 1e-3),
        ("s", 1.0),
        ("m", 60.0),
        ("h", 3600.0),
    ];
    if let Ok(nanoseconds) = text.parse::<i64>() {
        return Some(Duration::from_nanos(u64::try_from(nanoseconds).unwrap_or(0)));
    }
    let is_negative = text.starts_with('-');
    let text = text.strip_prefix(['-', '+']).unwrap_or(text);
    let mut seconds = 0.0;
    let mut rest = text;
    while !rest.is_empty() {
        let (number, after) = rest.split_at(rest.find(|c: char| !c.is_ascii_digit() && c != '.')?);
        let end = after.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(after.len());
        let (unit, after) = after.split_at(end);
        let (_, length) = UNITS.iter().find(|(name, _)| *name == unit)?;
        seconds += number.parse::<f64>().ok()? * length;
        rest = after;
    }
    if text.is_empty() {
        return None;
    }
    if is_negative { Some(Duration::ZERO) } else { Duration::try_from_secs_f64(seconds).ok() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        for (text, seconds) in [
            ("1s", Some(1.0)),
            ("1m30s", Some(90.0)),
            ("1.5h", Some(5400.0)),
            ("250ms", Some(0.25)),
            (".5s", Some(0.5)),
            ("10µs", Some(1e-5)),
            ("0", Some(0.0)),
            ("0s", Some(0.0)),
            ("+1s", Some(1.0)),
            ("1000000", Some(1e-3)),
            ("-1s", Some(0.0)),
            ("-5", Some(0.0)),
            ("", None),
            ("-", None),
            ("s", None),
            ("1 s", None),
            ("1d", None),
            ("1.2.3s", None),
            ("9e99s", None),
        ] {
            assert_eq!(go_duration(text), seconds.map(Duration::from_secs_f64), "{text}");
        }
    }
}
