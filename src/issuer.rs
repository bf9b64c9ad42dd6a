//! The canonical issuer URL, and the TLS endpoint behind a URL.

use std::borrow::Borrow;
use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;
use std::sync::Arc;

use rustls::pki_types::ServerName;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use url::{Host, Url};

/// An OIDC issuer URL in canonical form: `https://host[:port][/path]`, host in lower case, no
/// trailing slash, no query, no fragment (`OpenID` Connect Discovery 1.0, section 2).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Issuer(Arc<str>);

/// Host and port that serve a discovery document or a JWKS.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Endpoint {
    host: Arc<str>,
    port: u16,
}

/// Why a text is not the URL of an issuer or a JWKS.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UrlError {
    /// Not a URL at all.
    #[error("not a URL: {0}")]
    Syntax(#[from] url::ParseError),
    /// Another scheme than https.
    #[error("the scheme must be https")]
    NotHttps,
    /// No host.
    #[error("the URL has no host")]
    NoHost,
    /// `user:password@` in the URL.
    #[error("the URL must not hold a user name or password")]
    Credentials,
    /// `?query` or `#fragment` in an issuer URL.
    #[error("an issuer URL has no query and no fragment")]
    QueryOrFragment,
    /// Port 0 cannot be connected to.
    #[error("port 0 is not a port")]
    PortZero,
    /// Longer than [`MAX_URL_BYTES`].
    #[error("the URL is longer than {MAX_URL_BYTES} bytes")]
    TooLong,
}

/// IAM takes issuer URLs of 1 to 255 characters; other URLs get the customary limit of HTTP servers.
pub const MAX_URL_BYTES: usize = 2048;

const WELL_KNOWN: &str = "/.well-known/openid-configuration";

/// Parses a URL that must be https and name a host: a `jwks_uri`, or the base of an issuer.
///
/// # Errors
/// Names what is wrong with the text; never repeats a user name or password.
pub fn parse_https(text: &str) -> Result<Url, UrlError> {
    if text.len() > MAX_URL_BYTES {
        return Err(UrlError::TooLong);
    }
    let url = Url::parse(text)?;
    if url.scheme() != "https" {
        return Err(UrlError::NotHttps);
    }
    if url.host_str().is_none_or(|host| host.trim_end_matches('.').is_empty()) {
        return Err(UrlError::NoHost);
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(UrlError::Credentials);
    }
    if url.port() == Some(0) {
        return Err(UrlError::PortZero);
    }
    Ok(url)
}

impl Issuer {
    /// The URL as text, without a trailing slash.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// `<issuer>/.well-known/openid-configuration` (`OpenID` Connect Discovery 1.0, section 4).
    #[must_use]
    pub fn discovery_url(&self) -> String {
        format!("{}{WELL_KNOWN}", self.0)
    }

    /// From the `Url` of `GetOpenIDConnectProvider` or the tail of a provider ARN, which IAM gives without scheme.
    ///
    /// # Errors
    /// As [`parse_https`].
    pub fn from_iam(url: &str) -> Result<Self, UrlError> {
        if url.starts_with("https://") { url.parse() } else { format!("https://{url}").parse() }
    }
}

impl FromStr for Issuer {
    type Err = UrlError;

    fn from_str(text: &str) -> Result<Self, UrlError> {
        let url = parse_https(text.trim())?;
        if url.query().is_some() || url.fragment().is_some() {
            return Err(UrlError::QueryOrFragment);
        }
        let canonical = url.as_str().trim_end_matches('/');
        // Percent-encoding makes it longer, and the URL of the discovery document is a URL too.
        if canonical.len() + WELL_KNOWN.len() > MAX_URL_BYTES {
            return Err(UrlError::TooLong);
        }
        Ok(Self(canonical.into()))
    }
}

/// Lets a map be asked by text.
impl Borrow<str> for Issuer {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Issuer {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl Serialize for Issuer {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl Endpoint {
    /// The endpoint of a URL that [`parse_https`] accepted; port 443 unless given.
    ///
    /// # Errors
    /// [`UrlError::NoHost`] when the URL names none.
    pub fn of(url: &Url) -> Result<Self, UrlError> {
        let host = match url.host() {
            Some(Host::Domain(name)) => name.trim_end_matches('.').to_owned(),
            Some(Host::Ipv4(address)) => address.to_string(),
            Some(Host::Ipv6(address)) => address.to_string(),
            None => String::new(),
        };
        if host.is_empty() {
            return Err(UrlError::NoHost);
        }
        Ok(Self { host: host.into(), port: url.port().unwrap_or(443) })
    }

    /// A DNS name without a trailing dot, or an IP address without brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The TCP port.
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
    fn issuers_are_canonical() {
        for (text, canonical) in [
            ("https://Token.Actions.GithubUserContent.com", "https://token.actions.githubusercontent.com"),
            ("https://tenant.auth0.com/", "https://tenant.auth0.com"),
            ("https://a.example:443/realms/Main/", "https://a.example/realms/Main"),
            ("https://a.example:8443", "https://a.example:8443"),
            (" https://a.example/x ", "https://a.example/x"),
            ("https://[2001:DB8::1]:8443/x", "https://[2001:db8::1]:8443/x"),
            ("https://b\u{fc}cher.example", "https://xn--bcher-kva.example"),
        ] {
            assert_eq!(text.parse::<Issuer>().map(|i| i.to_string()), Ok(canonical.to_owned()), "{text}");
        }
    }

    #[test]
    fn other_texts_are_refused_by_name() {
        for (text, error) in [
            ("http://a.example", UrlError::NotHttps),
            ("https://user:secret@a.example", UrlError::Credentials),
            ("https://a.example/?x=1", UrlError::QueryOrFragment),
            ("https://a.example/#x", UrlError::QueryOrFragment),
            ("https://", UrlError::Syntax(url::ParseError::EmptyHost)),
            ("https://.", UrlError::NoHost),
            ("https://a.example:0", UrlError::PortZero),
            ("a.example", UrlError::Syntax(url::ParseError::RelativeUrlWithoutBase)),
        ] {
            assert_eq!(text.parse::<Issuer>(), Err(error), "{text}");
        }
        let long = format!("https://a.example/{}", "x".repeat(MAX_URL_BYTES));
        assert_eq!(long.parse::<Issuer>(), Err(UrlError::TooLong));
    }

    #[test]
    fn iam_gives_no_scheme() {
        let issuer = Issuer::from_iam("oidc.eks.eu-west-1.amazonaws.com/id/ABC").map(|i| i.to_string());
        assert_eq!(issuer.as_deref(), Ok("https://oidc.eks.eu-west-1.amazonaws.com/id/ABC"));
    }

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
}
