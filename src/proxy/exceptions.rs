//! What no proxy carries: the entries of `NO_PROXY`, by the rules of curl and Go. Pure.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;
use std::sync::LazyLock;

use ipnet::IpNet;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use url::Host;

use crate::endpoint::Endpoint;
use crate::printable::printable;

/// Whatever is set: this machine, and where cloud providers answer with credentials (the address policy of polls refuses
/// these too).
const ALWAYS: &str = "localhost 127.0.0.0/8 ::1 0.0.0.0 :: 169.254.0.0/16 fe80::/10 fd00:ec2::/32 fd20:ce::254 \
    100.100.100.200 168.63.129.16 metadata.google.internal instance-data.ec2.internal";

/// Characters shown of what is no entry.
const MAX_SHOWN_CHARS: usize = 100;

/// One entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exception {
    hosts: Hosts,
    /// On this port alone.
    port: Option<u16>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Hosts {
    /// `*`
    All,
    /// `example.com` and `.example.com`, which are the same to curl: the name, and every host below it.
    Domain(String),
    /// `*.example.com`: every host below it, as for Go.
    Below(String),
    /// An address or a network.
    Network(IpNet),
}

/// Why a text is no such entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected a host such as example.com (which stands for the hosts below it too), *.example.com, an IP address, a network \
     such as 10.0.0.0/8, each perhaps with a port, or *"
)]
pub struct ExceptionError;

impl Exception {
    /// The entries of a list, parted by commas or spaces; and those that are none.
    #[must_use]
    pub fn list(text: &str) -> (Vec<Self>, Vec<String>) {
        let (mut exceptions, mut others) = (Vec::new(), Vec::new());
        for entry in text.split(|c: char| c == ',' || c.is_whitespace()).filter(|entry| !entry.is_empty()) {
            match entry.parse() {
                Ok(exception) => exceptions.push(exception),
                Err(ExceptionError) => others.push(shown(entry)),
            }
        }
        (exceptions, others)
    }

    /// Those that hold whatever is set.
    pub(super) fn always() -> &'static [Self] {
        static EXCEPTIONS: LazyLock<Vec<Exception>> = LazyLock::new(|| Exception::list(ALWAYS).0);
        &EXCEPTIONS
    }

    /// Whether `endpoint` is one of them. Names are not resolved: a network covers only hosts that are addresses.
    #[must_use]
    pub fn covers(&self, endpoint: &Endpoint) -> bool {
        let host = endpoint.host();
        let is_below = |domain: &str| {
            let above = host.strip_suffix(domain).and_then(|above| above.strip_suffix('.'));
            above.is_some_and(|above| !above.is_empty())
        };
        self.port.is_none_or(|port| port == endpoint.port())
            && match &self.hosts {
                Hosts::All => true,
                Hosts::Domain(domain) => host == domain || is_below(domain),
                Hosts::Below(domain) => is_below(domain),
                Hosts::Network(network) => {
                    endpoint.ip().is_some_and(|address| network.contains(&address.to_canonical()))
                }
            }
    }
}

impl FromStr for Exception {
    type Err = ExceptionError;

    fn from_str(text: &str) -> Result<Self, ExceptionError> {
        let text = text.trim();
        if let Some(network) = network(text) {
            return Ok(Self { hosts: Hosts::Network(network), port: None });
        }
        let (host, port) = match text.rsplit_once(':') {
            Some((host, port)) => (host, Some(port.parse().map_err(|_| ExceptionError)?)),
            None => (text, None),
        };
        let hosts = match network(host) {
            Some(network) if port.is_some() => Hosts::Network(network),
            _ if host == "*" => Hosts::All,
            _ => match host.strip_prefix("*.") {
                Some(domain) => Hosts::Below(self::domain(domain)?),
                None => Hosts::Domain(self::domain(host.strip_prefix('.').unwrap_or(host))?),
            },
        };
        Ok(Self { hosts, port })
    }
}

/// An address or a network, in brackets or not.
fn network(text: &str) -> Option<IpNet> {
    let text = match text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((inside, rest)) if rest.is_empty() || rest.starts_with('/') => format!("{inside}{rest}"),
        // A port follows.
        Some(_) => return None,
        None => text.to_owned(),
    };
    if let Ok(network) = text.parse::<IpNet>() {
        return Some(network.trunc());
    }
    let address: IpAddr = text.parse().ok()?;
    Some(address.to_canonical().into())
}

/// A name in the form that [`Endpoint::host`] has. Quotes and semicolons are no part of one, though a URL takes them.
fn domain(text: &str) -> Result<String, ExceptionError> {
    let is_of_names = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    match Host::parse(text.strip_suffix('.').unwrap_or(text)) {
        Ok(Host::Domain(name)) if name.chars().all(is_of_names) && !name.split('.').any(str::is_empty) => {
            Ok(name)
        }
        _ => Err(ExceptionError),
    }
}

/// What is no entry, as it can be shown: before an `@` could stand a password.
fn shown(entry: &str) -> String {
    let shown = entry.rsplit_once('@').map(|(_, host)| format!("...@{host}"));
    printable(&shown.unwrap_or_else(|| entry.to_owned()), MAX_SHOWN_CHARS)
}

impl fmt::Display for Exception {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.hosts, self.port) {
            (Hosts::All, _) => f.write_str("*")?,
            (Hosts::Domain(domain), _) => f.write_str(domain)?,
            (Hosts::Below(domain), _) => write!(f, "*.{domain}")?,
            (Hosts::Network(network), port) => {
                let alone = network.prefix_len() == network.max_prefix_len();
                let text = if alone { network.addr().to_string() } else { network.to_string() };
                if port.is_some() { write!(f, "[{text}]")? } else { f.write_str(&text)? }
            }
        }
        self.port.map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}

impl<'de> Deserialize<'de> for Exception {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(|error| serde::de::Error::custom(format!("`{}`: {error}", shown(&text))))
    }
}

impl Serialize for Exception {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_straight() {
        for (entry, endpoint, straight) in [
            ("example.com", "example.com", true),
            ("example.com", "a.b.example.com", true),
            ("example.com", "notexample.com", false),
            ("example.com", "example.com.evil.test", false),
            ("EXAMPLE.com.", "a.Example.COM.", true),
            (".example.com", "example.com", true),
            (".example.com", "a.example.com", true),
            ("*.example.com", "a.b.example.com", true),
            ("*.example.com", "example.com", false),
            ("b\u{fc}cher.example", "xn--bcher-kva.example", true),
            ("my_host", "my_host", true),
            ("com", "example.com", true),
            ("*", "example.com", true),
            ("*", "192.0.2.1", true),
            ("*:8443", "example.com:8443", true),
            ("*:8443", "example.com", false),
            ("example.com:8443", "a.example.com:8443", true),
            ("example.com:8443", "a.example.com", false),
            ("example.com:443", "example.com", true),
            ("192.0.2.1", "192.0.2.1", true),
            ("192.0.2.1", "192.0.2.10", false),
            ("192.0.2.1:8443", "192.0.2.1:8443", true),
            ("192.0.2.1:8443", "192.0.2.1", false),
            ("10.0.0.0/8", "10.1.2.3", true),
            ("10.1.2.3/8", "10.9.9.9", true),
            ("10.0.0.0/8", "11.1.2.3", false),
            ("10.0.0.0/8", "10.example.com", false),
            ("0.0.0.0/0", "192.0.2.1", true),
            ("2001:db8::1", "[2001:db8::1]", true),
            ("[2001:DB8:0::1]", "[2001:db8::1]:8443", true),
            ("[2001:db8::1]:8443", "[2001:db8::1]:8443", true),
            ("[2001:db8::1]:8443", "[2001:db8::1]", false),
            ("2001:db8::/32", "[2001:db8:1::1]", true),
            ("[2001:db8::]/32", "[2001:db8:1::1]", true),
            ("192.0.2.1", "[::ffff:192.0.2.1]", true),
            ("::ffff:192.0.2.1", "192.0.2.1", true),
        ] {
            let entry: Exception = entry.parse().unwrap();
            let endpoint: Endpoint = endpoint.parse().unwrap();
            assert_eq!(entry.covers(&endpoint), straight, "{entry} {endpoint}");
            // What is shown is read as the same.
            assert_eq!(entry.to_string().parse(), Ok(entry));
        }
    }

    #[test]
    fn what_is_no_entry() {
        for text in [
            "",
            ".",
            "*.",
            "a*.example",
            "10.0.0.*",
            "10.0.0.0/99",
            "https://a.example",
            "a.example/x",
            "a..b",
            "a.example:port",
            "a.example:99999",
            "a b",
            "'a.example'",
            "a.example;b.example",
            "user:secret@a.example",
        ] {
            assert_eq!(text.parse::<Exception>(), Err(ExceptionError), "{text}");
        }
    }

    #[test]
    fn a_list_is_parted_by_commas_and_spaces() {
        let shown = |text: &str| {
            Exception::list(text).0.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(
            shown(" a.example , .b.example:8443,, 10.0.0.0/8\tc "),
            "a.example b.example:8443 10.0.0.0/8 c"
        );
        assert_eq!(shown("<local>, a.example"), "a.example");
        assert_eq!(shown(""), "");
        assert_eq!(Exception::always().len(), ALWAYS.split_whitespace().count());
    }
}
