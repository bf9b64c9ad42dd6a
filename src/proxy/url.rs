//! Where a proxy is.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use url::Url;

use super::credentials::{Credentials, CredentialsError};
use crate::endpoint::{Endpoint, UrlError};

/// Scheme, host and port of a proxy, and nothing secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProxyUrl {
    /// The proxy itself speaks TLS.
    pub is_tls: bool,
    /// Its host and port.
    pub endpoint: Endpoint,
}

/// What `proxy.url` chooses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ProxyChoice {
    /// Empty: what the environment names, if it does.
    #[default]
    Environment,
    /// `none`: no proxy, although the environment may name one.
    None,
    /// This one.
    Url(ProxyUrl),
}

/// Why a text is not the URL of a proxy. The text can hold a password, so it is not repeated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProxyUrlError {
    #[error("not a URL: {0} (special characters in the user name or password must be percent-encoded)")]
    Syntax(url::ParseError),
    #[error("a proxy's URL must not contain control characters")]
    Control,
    #[error("SOCKS proxies are not supported: use an http:// or https:// proxy")]
    Socks,
    #[error("a proxy's URL must start with http:// or https://")]
    Scheme,
    /// A path, as of a PAC file, is no proxy.
    #[error("a proxy's URL must end after host and port")]
    Path,
    /// A slash or backslash of a name or a password begins the path; what stands before it is no host.
    #[error("special characters in the user name or password must be percent-encoded")]
    NotEncoded,
    #[error("{0}")]
    Endpoint(#[from] UrlError),
    #[error("user name and password do not belong here: put them into proxy.credentials_file")]
    Credentials,
    #[error("user name and password: {0}")]
    Unusable(#[from] CredentialsError),
}

impl ProxyUrl {
    pub(super) const fn scheme(&self) -> &'static str {
        if self.is_tls { "https" } else { "http" }
    }

    /// `http://user:password@host:port`; without a scheme it is `http`, as for curl. The port is 80 or 443 unless given.
    pub(super) fn with_credentials(text: &str) -> Result<(Self, Option<Credentials>), ProxyUrlError> {
        let text = text.trim();
        // A parser of URLs leaves tabs and line breaks out.
        if text.contains(char::is_control) {
            return Err(ProxyUrlError::Control);
        }
        let url = if text.contains("://") { Url::parse(text) } else { Url::parse(&format!("http://{text}")) };
        let url = url.map_err(ProxyUrlError::Syntax)?;
        let is_tls = match url.scheme() {
            "http" => false,
            "https" => true,
            socks if socks.starts_with("socks") => return Err(ProxyUrlError::Socks),
            _ => return Err(ProxyUrlError::Scheme),
        };
        if !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some() {
            let is_torn = text.contains('@') && url.username().is_empty();
            return Err(if is_torn { ProxyUrlError::NotEncoded } else { ProxyUrlError::Path });
        }
        let (host, port) = (url.host_str().unwrap_or_default(), url.port_or_known_default().unwrap_or(80));
        let endpoint: Endpoint = format!("{host}:{port}").parse()?;
        let credentials = if url.username().is_empty() && url.password().is_none() {
            None
        } else {
            Some(Credentials::of_url(&url)?)
        };
        Ok((Self { is_tls, endpoint }, credentials))
    }
}

impl FromStr for ProxyChoice {
    type Err = ProxyUrlError;

    fn from_str(text: &str) -> Result<Self, ProxyUrlError> {
        match text.trim() {
            "" => Ok(Self::Environment),
            "none" => Ok(Self::None),
            text => match ProxyUrl::with_credentials(text)? {
                (url, None) => Ok(Self::Url(url)),
                (_, Some(_)) => Err(ProxyUrlError::Credentials),
            },
        }
    }
}

impl fmt::Display for ProxyUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme(), self.endpoint)
    }
}

impl fmt::Display for ProxyChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Environment => Ok(()),
            Self::None => f.write_str("none"),
            Self::Url(url) => url.fmt(f),
        }
    }
}

impl<'de> Deserialize<'de> for ProxyChoice {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl Serialize for ProxyChoice {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_of_a_proxy() {
        for (text, shown, told) in [
            ("http://proxy:3128", "http://proxy:3128", None),
            (" HTTP://Proxy.Example.:3128/ ", "http://proxy.example:3128", None),
            ("proxy:3128", "http://proxy:3128", None),
            ("proxy", "http://proxy:80", None),
            ("https://proxy", "https://proxy:443", None),
            ("http://[2001:db8::1]:3128", "http://[2001:db8::1]:3128", None),
            ("http://user:pass@proxy:3128", "http://proxy:3128", Some("dXNlcjpwYXNz")),
            ("user:pass@proxy:3128", "http://proxy:3128", Some("dXNlcjpwYXNz")),
            ("http://user:p%40s%3As@proxy:3128", "http://proxy:3128", Some("dXNlcjpwQHM6cw==")),
            ("http://user:p@ss@proxy:3128", "http://proxy:3128", Some("dXNlcjpwQHNz")),
            ("http://user@proxy:3128", "http://proxy:3128", Some("dXNlcjo=")),
        ] {
            let (url, credentials) = ProxyUrl::with_credentials(text).unwrap();
            let basic = credentials.as_ref().map(|told| told.basic().to_str().unwrap().to_owned());
            assert_eq!(url.to_string(), shown, "{text}");
            assert_eq!(basic, told.map(|token| format!("Basic {token}")), "{text}");
            assert!(!format!("{url:?} {credentials:?}").contains("pass"), "{text}");
        }
    }

    #[test]
    fn what_the_setting_takes() {
        for (text, choice) in [
            ("", Ok("")),
            ("none", Ok("none")),
            ("proxy:3128", Ok("http://proxy:3128")),
            ("http://user:secret@proxy:3128", Err(ProxyUrlError::Credentials)),
            ("socks5://proxy", Err(ProxyUrlError::Socks)),
            ("socks://proxy", Err(ProxyUrlError::Socks)),
            ("file:///etc/proxy", Err(ProxyUrlError::Scheme)),
            ("http://proxy/wpad.dat", Err(ProxyUrlError::Path)),
            ("http://CORP\\user:secret@proxy:3128", Err(ProxyUrlError::NotEncoded)),
            ("user:12/secret@proxy:3128", Err(ProxyUrlError::NotEncoded)),
            ("user:12#secret@proxy:3128", Err(ProxyUrlError::NotEncoded)),
            ("http://user:sec\tret@proxy:3128", Err(ProxyUrlError::Control)),
            ("http://proxy:0", Err(ProxyUrlError::Endpoint(UrlError::PortZero))),
            ("http://a..b", Err(ProxyUrlError::Endpoint(UrlError::EmptyLabel))),
            ("http://", Err(ProxyUrlError::Syntax(url::ParseError::EmptyHost))),
        ] {
            let parsed = text.parse::<ProxyChoice>().map(|choice| choice.to_string());
            assert_eq!(parsed, choice.map(str::to_owned), "{text}");
        }
    }
}
