//! Host and port that serve a discovery document or a JWKS, and the one way in which a text becomes an https URL.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;
use std::sync::Arc;

use rustls::pki_types::ServerName;
use serde::Serialize;
use strum::{Display, IntoStaticStr};
use url::{Host, Url};

/// Host and port that serve a discovery document or a JWKS.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Endpoint {
    host: Arc<str>,
    port: u16,
}

/// What an endpoint serves for an issuer; the value of the label `use`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoStaticStr, Display, Serialize)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case", const_into_str)]
pub enum EndpointUse {
    Discovery,
    Jwks,
}

/// Why a text is not the URL of an issuer or a JWKS.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UrlError {
    /// Not a URL at all.
    #[error("not a URL: {0}")]
    Syntax(#[from] url::ParseError),
    /// Another scheme than https.
    #[error("the URL must start with https://")]
    NotHttps,
    #[error("the URL has no host")]
    NoHost,
    /// Two dots side by side, or nothing but a dot: no DNS name (RFC 1035, section 2.3.1).
    #[error("the host name has an empty label (two dots in a row)")]
    EmptyLabel,
    /// `user:password@` in the URL.
    #[error("the URL must not contain a user name or password")]
    Credentials,
    /// `?query` or `#fragment` in an issuer URL.
    #[error("the URL must have no query and no fragment")]
    QueryOrFragment,
    /// What an issuer serves, in place of the issuer.
    #[error("this is the URL of a discovery document; leave out /.well-known/openid-configuration")]
    DiscoveryDocument,
    /// Port 0 cannot be connected to.
    #[error("port 0 is not valid")]
    PortZero,
    /// Longer than [`MAX_URL_BYTES`].
    #[error("the URL is longer than {MAX_URL_BYTES} bytes")]
    TooLong,
}

/// IAM takes issuer URLs of 1 to 255 characters; other URLs get the customary limit of HTTP servers.
pub const MAX_URL_BYTES: usize = 2048;

/// Parses a URL that must be https and name a host: a `jwks_uri`, or the base of an issuer.
///
/// # Errors
/// Names what is wrong with the text; never repeats a user name or password.
pub fn parse_https(text: &str) -> Result<Url, UrlError> {
    if text.len() > MAX_URL_BYTES {
        return Err(UrlError::TooLong);
    }
    let url = Url::parse(text)?;
    // Names in Unicode and percent-encoding make it longer.
    if url.as_str().len() > MAX_URL_BYTES {
        return Err(UrlError::TooLong);
    }
    if url.scheme() != "https" {
        return Err(UrlError::NotHttps);
    }
    match url.host() {
        None => return Err(UrlError::NoHost),
        Some(Host::Domain(name)) if without_root(name).split('.').any(str::is_empty) => {
            return Err(UrlError::EmptyLabel);
        }
        Some(_) => {}
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(UrlError::Credentials);
    }
    if url.port() == Some(0) {
        return Err(UrlError::PortZero);
    }
    Ok(url)
}

/// `text`, which may hold URLs, without the user names and passwords before their hosts.
#[must_use]
pub(crate) fn without_credentials(text: &str) -> String {
    let ends = |letter: char| letter.is_whitespace() || "/?#\"'<>".contains(letter);
    text.split_inclusive(ends).fold(String::new(), |before, part| match part.rsplit_once('@') {
        Some((user, host)) if before.ends_with("//") || (before.is_empty() && user.contains(':')) => {
            format!("{before}...@{host}")
        }
        _ => before + part,
    })
}

/// A DNS name without the dot that stands for the root.
fn without_root(name: &str) -> &str {
    name.strip_suffix('.').unwrap_or(name)
}

impl Endpoint {
    /// The endpoint of a URL that [`parse_https`] accepted; port 443 unless given.
    ///
    /// # Errors
    /// [`UrlError::NoHost`] when the URL names none.
    pub fn of(url: &Url) -> Result<Self, UrlError> {
        let host = match url.host() {
            Some(Host::Domain(name)) => without_root(name).to_owned(),
            Some(Host::Ipv4(address)) => address.to_string(),
            Some(Host::Ipv6(address)) => address.to_string(),
            None => String::new(),
        };
        if host.is_empty() {
            return Err(UrlError::NoHost);
        }
        Ok(Self { host: host.into(), port: url.port().unwrap_or(443) })
    }

    /// The endpoint at an address.
    #[must_use]
    pub fn at(address: IpAddr, port: u16) -> Self {
        Self { host: address.to_string().into(), port }
    }

    /// A DNS name without a trailing dot, or an IP address without brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The host, when it is an address and needs no DNS.
    #[must_use]
    pub fn ip(&self) -> Option<IpAddr> {
        self.host.parse().ok()
    }

    /// The name to ask for (SNI) and to check the certificate against; `None` for a host that TLS cannot name.
    #[must_use]
    pub fn server_name(&self) -> Option<ServerName<'static>> {
        ServerName::try_from(self.host.to_string()).ok()
    }
}

/// Why a text is not a host alone.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HostError {
    #[error("not a host: {0}")]
    Syntax(#[from] UrlError),
    #[error("expected a host such as oidc.example.com, with no scheme, port, path or wildcard")]
    NotAlone,
}

/// A host in the form that [`Endpoint::host`] has: a name in lower case, in ASCII (IDNA), without a dot at the end; or an
/// address, with or without brackets.
///
/// # Errors
/// When it is no host, or has something beside it.
pub fn host(text: &str) -> Result<String, HostError> {
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    if let Ok(address) = bare.parse::<Ipv6Addr>() {
        return Ok(address.to_string());
    }
    if text.contains(['/', ':', '?', '#', '@', '*', '\\']) {
        return Err(HostError::NotAlone);
    }
    let endpoint: Endpoint = text.parse()?;
    Ok(endpoint.host().to_owned())
}

impl FromStr for Endpoint {
    type Err = UrlError;

    /// `host`, `host:port`, `[ipv6]:port`.
    fn from_str(text: &str) -> Result<Self, UrlError> {
        let url = parse_https(&format!("https://{text}"))?;
        if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
            return Err(UrlError::QueryOrFragment);
        }
        Self::of(&url)
    }
}

/// `host:port`, IPv6 addresses in brackets: the value of the label `endpoint`.
impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_have_a_port_and_brackets() {
        for (text, shown) in [
            ("a.example", "a.example:443"),
            ("A.example.:8443", "a.example:8443"),
            ("[::1]:8443", "[::1]:8443"),
            ("127.0.0.1:80", "127.0.0.1:80"),
        ] {
            assert_eq!(text.parse::<Endpoint>().map(|e| e.to_string()), Ok(shown.to_owned()), "{text}");
        }
        assert!("a.example/path".parse::<Endpoint>().is_err());
    }

    #[test]
    fn credentials_are_left_out() {
        for (text, shown) in [
            ("https://user:p@ss@a.example:8443/x", "https://...@a.example:8443/x"),
            ("url = \u{201c}http://user:secret@proxy\u{201d}\n", "url = \u{201c}http://...@proxy\u{201d}\n"),
            ("user:secret@a.example", "...@a.example"),
            ("me@work.pem", "me@work.pem"),
            ("https://a.example/x/@b", "https://a.example/x/@b"),
            ("https://a.example/x", "https://a.example/x"),
        ] {
            assert_eq!(without_credentials(text), shown);
        }
    }

    #[test]
    fn hosts() {
        for (text, name) in [
            ("oidc.example.com", "oidc.example.com"),
            ("OIDC.Example.com", "oidc.example.com"),
            ("oidc.example.com.", "oidc.example.com"),
            ("b\u{fc}cher.example", "xn--bcher-kva.example"),
            ("B\u{dc}CHER.example.", "xn--bcher-kva.example"),
            ("xn--bcher-kva.example", "xn--bcher-kva.example"),
            ("localhost", "localhost"),
            ("a_b.example", "a_b.example"),
            ("192.0.2.1", "192.0.2.1"),
            ("127.1", "127.0.0.1"),
            ("2001:DB8:0::1", "2001:db8::1"),
            ("[2001:db8::1]", "2001:db8::1"),
        ] {
            assert_eq!(host(text).as_deref(), Ok(name), "{text}");
        }
        for (text, error) in [
            ("[::1]:443", HostError::NotAlone),
            ("https://a.example", HostError::NotAlone),
            ("a.example:443", HostError::NotAlone),
            ("a.example/x", HostError::NotAlone),
            ("*.example.com", HostError::NotAlone),
            ("a..example", HostError::Syntax(UrlError::EmptyLabel)),
            (".", HostError::Syntax(UrlError::EmptyLabel)),
        ] {
            assert_eq!(host(text), Err(error), "{text}");
        }
        assert!(matches!(host(""), Err(HostError::Syntax(_))));
        assert!(matches!(host("a b"), Err(HostError::Syntax(_))));
    }
}
