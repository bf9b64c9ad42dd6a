//! Addresses to listen on, as they are written: the forms that Prometheus' exporters take (those of Go's `net.Listen`), one
//! or a list of them. Pure; `web/listen.rs` binds them.

use std::fmt;
use std::net::IpAddr;

use serde::de::{Error as _, SeqAccess, Visitor};
use serde::ser::SerializeSeq as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// At least one address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ListenAddresses(Vec<ListenAddress>);

/// One address and port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ListenAddress {
    pub host: ListenHost,
    pub port: Port,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ListenHost {
    /// Nothing before the port: every address of this machine, of both families.
    Every,
    Ip(IpAddr),
    /// A name, or an address with a zone (`fe80::1%eth0`), which only the system can read.
    Name(String),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Port {
    Number(u16),
    /// Of `/etc/services`, such as `http`.
    Service(String),
}

/// Why something is no address to listen on.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ListenAddressError {
    #[error("is empty; write an address such as 127.0.0.1:10190, or :10190 for every address")]
    Empty,
    #[error("is a URL; write its host and port alone, such as 127.0.0.1:10190")]
    Url,
    #[error("unix sockets are taken from systemd (socket activation) and cannot be named here")]
    UnixSocket,
    #[error("several addresses are written as a list: [\"127.0.0.1:10190\", \"[::1]:10190\"]")]
    Several,
    #[error("the port is missing; write {0}")]
    NoPort(String),
    #[error("an IPv6 address is written in brackets: {0}")]
    NoBrackets(String),
    #[error("`{0}` is not an IP address")]
    NotAnAddress(String),
    #[error("`{0}` is not a host name")]
    NotAName(String),
    #[error("`{0}` is not a port: a number up to 65535, or the name of a service")]
    NotAPort(String),
}

impl ListenAddresses {
    pub(crate) fn iter(&self) -> impl Iterator<Item = &ListenAddress> {
        self.0.iter()
    }
}

impl std::str::FromStr for ListenAddress {
    type Err = ListenAddressError;

    fn from_str(text: &str) -> Result<Self, ListenAddressError> {
        use ListenAddressError as E;
        let text = text.trim();
        match text.as_bytes() {
            [] => return Err(E::Empty),
            [b'/' | b'@' | b'.', ..] => return Err(E::UnixSocket),
            _ if text.starts_with("unix:") => return Err(E::UnixSocket),
            _ if text.contains("://") => return Err(E::Url),
            _ if text.contains(',') => return Err(E::Several),
            _ => {}
        }
        let (host, port) = host_and_port(text)?;
        if port.is_empty() {
            return Err(E::NoPort(format!("{text}10190")));
        }
        Ok(Self { host, port: Port::read(port)? })
    }
}

fn host_and_port(text: &str) -> Result<(ListenHost, &str), ListenAddressError> {
    use ListenAddressError as E;
    if let Some(rest) = text.strip_prefix('[') {
        let (host, after) = rest.split_once(']').ok_or_else(|| E::NotAnAddress(text.to_owned()))?;
        let port = after.strip_prefix(':').ok_or_else(|| E::NoPort(format!("[{host}]:10190")))?;
        return Ok((bracketed(host)?, port));
    }
    let (host, port) = text.rsplit_once(':').ok_or_else(|| E::NoPort(with_port(text)))?;
    if host.contains(':') {
        let is_address = text.parse::<IpAddr>().is_ok();
        let meant = if is_address { format!("[{text}]:10190") } else { format!("[{host}]:{port}") };
        return Err(E::NoBrackets(meant));
    }
    Ok((bare(host)?, port))
}

/// What was likely meant where there is no colon.
fn with_port(text: &str) -> String {
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        format!(":{text} for every address, or 127.0.0.1:{text}")
    } else {
        format!("{text}:10190")
    }
}

fn bracketed(text: &str) -> Result<ListenHost, ListenAddressError> {
    let (address, zone) = text.split_once('%').map_or((text, None), |(address, zone)| (address, Some(zone)));
    let ip: IpAddr = address.parse().map_err(|_| ListenAddressError::NotAnAddress(text.to_owned()))?;
    Ok(match zone {
        Some(zone) if ip.is_ipv6() && is_name(zone) => ListenHost::Name(text.to_owned()),
        Some(_) => return Err(ListenAddressError::NotAnAddress(text.to_owned())),
        None => ListenHost::Ip(ip.to_canonical()),
    })
}

fn bare(text: &str) -> Result<ListenHost, ListenAddressError> {
    match text.parse() {
        Ok(ip) => Ok(ListenHost::Ip(ip)),
        Err(_) if text.is_empty() => Ok(ListenHost::Every),
        Err(_) if text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') => {
            Err(ListenAddressError::NotAnAddress(text.to_owned()))
        }
        Err(_) if is_name(text) => Ok(ListenHost::Name(text.to_owned())),
        Err(_) => Err(ListenAddressError::NotAName(text.to_owned())),
    }
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '.' | '_'))
}

impl Port {
    fn read(text: &str) -> Result<Self, ListenAddressError> {
        let is_service = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'+' | b'.');
        match text.parse() {
            // `+80` would be read as 80.
            Ok(number) if !text.starts_with('+') => Ok(Self::Number(number)),
            _ if text.bytes().any(|byte| byte.is_ascii_alphabetic()) && text.bytes().all(is_service) => {
                Ok(Self::Service(text.to_owned()))
            }
            _ => Err(ListenAddressError::NotAPort(text.to_owned())),
        }
    }
}

impl fmt::Display for Port {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Service(name) => f.write_str(name),
        }
    }
}

impl fmt::Display for ListenAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, port } = self;
        match host {
            ListenHost::Every => write!(f, ":{port}"),
            ListenHost::Ip(IpAddr::V6(ip)) => write!(f, "[{ip}]:{port}"),
            ListenHost::Ip(IpAddr::V4(ip)) => write!(f, "{ip}:{port}"),
            ListenHost::Name(name) if name.contains('%') => write!(f, "[{name}]:{port}"),
            ListenHost::Name(name) => write!(f, "{name}:{port}"),
        }
    }
}

/// A string, or a list of strings.
impl<'de> Deserialize<'de> for ListenAddresses {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OneOrMany;

        impl<'de> Visitor<'de> for OneOrMany {
            type Value = ListenAddresses;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an address such as \"127.0.0.1:10190\" or \":10190\", or a list of them")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<ListenAddresses, E> {
                Ok(ListenAddresses(vec![read(text)?]))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<ListenAddresses, A::Error> {
                let mut addresses = Vec::new();
                while let Some(text) = items.next_element::<String>()? {
                    addresses.push(read(&text)?);
                }
                if addresses.is_empty() {
                    return Err(A::Error::custom("the list is empty"));
                }
                Ok(ListenAddresses(addresses))
            }
        }

        deserializer.deserialize_any(OneOrMany)
    }
}

fn read<E: serde::de::Error>(text: &str) -> Result<ListenAddress, E> {
    text.parse().map_err(|error| E::custom(format!("`{text}`: {error}")))
}

impl Serialize for ListenAddresses {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if let [only] = self.0.as_slice() {
            return serializer.collect_str(only);
        }
        let mut list = serializer.serialize_seq(Some(self.0.len()))?;
        for address in &self.0 {
            list.serialize_element(&address.to_string())?;
        }
        list.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Result<String, String> {
        let address: Result<ListenAddress, _> = text.parse();
        address.map(|address| address.to_string()).map_err(|error| error.to_string())
    }

    #[test]
    fn the_forms_that_go_takes() {
        for (text, canonical) in [
            ("127.0.0.1:10190", "127.0.0.1:10190"),
            ("0.0.0.0:10190", "0.0.0.0:10190"),
            (":10190", ":10190"),
            (" :10190 ", ":10190"),
            (":0", ":0"),
            (":http", ":http"),
            ("localhost:10190", "localhost:10190"),
            ("node-1.example.com.:https", "node-1.example.com.:https"),
            ("[::]:10190", "[::]:10190"),
            ("[::1]:10190", "[::1]:10190"),
            ("[::ffff:127.0.0.1]:10190", "127.0.0.1:10190"),
            ("[127.0.0.1]:10190", "127.0.0.1:10190"),
            ("[fe80::1%eth0]:10190", "[fe80::1%eth0]:10190"),
            ("127.0.0.1:010190", "127.0.0.1:10190"),
        ] {
            assert_eq!(shown(text).as_deref(), Ok(canonical), "{text}");
            assert_eq!(shown(canonical).as_deref(), Ok(canonical), "{text}");
        }
    }

    #[test]
    fn what_is_refused_says_how_it_is_written() {
        for (text, told) in [
            ("", "write an address such as"),
            ("10190", "write :10190 for every address, or 127.0.0.1:10190"),
            ("localhost", "write localhost:10190"),
            ("127.0.0.1", "write 127.0.0.1:10190"),
            ("localhost:", "write localhost:10190"),
            (":", "write :10190"),
            ("::1", "in brackets: [::1]:10190"),
            ("::", "in brackets: [::]:10190"),
            ("fe80::1%eth0:10190", "in brackets: [fe80::1%eth0]:10190"),
            ("[::1]", "write [::1]:10190"),
            ("[::1]10190", "write [::1]:10190"),
            ("[::1", "`[::1` is not an IP address"),
            ("[localhost]:1", "`localhost` is not an IP address"),
            ("[127.0.0.1%lo]:1", "`127.0.0.1%lo` is not an IP address"),
            ("256.0.0.1:1", "`256.0.0.1` is not an IP address"),
            ("127.1:1", "`127.1` is not an IP address"),
            ("a b:1", "`a b` is not a host name"),
            ("*:10190", "`*` is not a host name"),
            ("127.0.0.1:65536", "`65536` is not a port"),
            ("127.0.0.1:-1", "`-1` is not a port"),
            ("127.0.0.1:+1", "`+1` is not a port"),
            ("127.0.0.1:10190/metrics", "`10190/metrics` is not a port"),
            ("http://127.0.0.1:10190", "is a URL"),
            ("vsock://:10190", "is a URL"),
            ("127.0.0.1:1,127.0.0.1:2", "as a list"),
            ("unix:/run/exporter.sock", "socket activation"),
            ("/run/exporter.sock", "socket activation"),
            ("@exporter", "socket activation"),
        ] {
            let error = shown(text).unwrap_err();
            assert!(error.contains(told), "{text}: {error}");
        }
    }

    #[test]
    fn one_is_a_string_and_several_are_a_list() {
        #[derive(Deserialize, Serialize)]
        struct Web {
            listen: ListenAddresses,
        }
        for (toml, shown) in [
            ("listen = \":1\"", "listen = \":1\"\n"),
            ("listen = [\":1\"]", "listen = \":1\"\n"),
            ("listen = [\"127.0.0.1:1\", \"[::1]:1\"]", "listen = [\"127.0.0.1:1\", \"[::1]:1\"]\n"),
        ] {
            let web: Web = toml::from_str(toml).unwrap();
            assert_eq!(toml::to_string(&web).unwrap(), shown);
        }
        for (toml, told) in [
            ("listen = 10190", "expected an address such as"),
            ("listen = []", "the list is empty"),
            ("listen = [\":1\", \"::1\"]", "`::1`: an IPv6 address is written in brackets"),
        ] {
            let error = toml::from_str::<Web>(toml).err().unwrap().to_string();
            assert!(error.contains(told), "{toml}: {error}");
        }
    }
}
