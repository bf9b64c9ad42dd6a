//! The canonical issuer URL, parsed once: with it come its discovery document and the endpoint that serves that.

use std::borrow::Borrow;
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use url::Url;

use crate::endpoint::{Endpoint, MAX_URL_BYTES, UrlError, parse_https};

/// An OIDC issuer URL in canonical form: `https://host[:port][/path]`, host in lower case, no
/// trailing slash, no query, no fragment (OpenID Connect Discovery 1.0, section 2). Cheap to clone; two are equal when
/// their texts are.
#[derive(Clone)]
pub struct Issuer(Arc<Parts>);

struct Parts {
    text: Box<str>,
    discovery: Url,
    endpoint: Endpoint,
}

const WELL_KNOWN: &str = "/.well-known/openid-configuration";

/// The issuer whose discovery document has this URL, as text; `None` when it is another URL.
#[must_use]
pub fn of_discovery_url(url: &str) -> Option<&str> {
    url.trim_end_matches('/').strip_suffix(WELL_KNOWN)
}

impl Issuer {
    /// The URL as text, without a trailing slash.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0.text
    }

    /// `<issuer>/.well-known/openid-configuration` (OpenID Connect Discovery 1.0, section 4).
    #[must_use]
    pub fn discovery_url(&self) -> &Url {
        &self.0.discovery
    }

    /// The endpoint that serves the discovery document.
    #[must_use]
    pub fn endpoint(&self) -> &Endpoint {
        &self.0.endpoint
    }

    /// From the `Url` of `GetOpenIDConnectProvider` or the tail of a provider ARN, which IAM gives without scheme.
    ///
    /// # Errors
    /// As [`parse_https`].
    pub fn from_iam(url: &str) -> Result<Self, UrlError> {
        let url = url.trim();
        let has_scheme = url.split_once("://").is_some_and(|(scheme, _)| !scheme.contains('/'));
        if has_scheme { url.parse() } else { format!("https://{url}").parse() }
    }

    /// From what somebody wrote down to be watched. The URL of a discovery document is no issuer: every poll would fail.
    ///
    /// # Errors
    /// As [`parse_https`], and when it is the URL of a discovery document.
    pub(crate) fn to_watch(text: &str) -> Result<Self, UrlError> {
        match of_discovery_url(text.trim()) {
            Some(_) => Err(UrlError::DiscoveryDocument),
            None => text.parse(),
        }
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
        let discovery = parse_https(&format!("{canonical}{WELL_KNOWN}"))?;
        let endpoint = Endpoint::of(&url)?;
        Ok(Self(Arc::new(Parts { text: canonical.into(), discovery, endpoint })))
    }
}

impl PartialEq for Issuer {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Issuer {}

impl PartialOrd for Issuer {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Issuer {
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_str().cmp(other.as_str())
    }
}

impl Hash for Issuer {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

/// Lets a map be asked by text.
impl Borrow<str> for Issuer {
    fn borrow(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Display for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Issuer {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::to_watch(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

impl Serialize for Issuer {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
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
            ("https://.", UrlError::EmptyLabel),
            ("https://a..example", UrlError::EmptyLabel),
            // Without its dots it would be an address.
            ("https://169.254.169.254..", UrlError::EmptyLabel),
            ("https://a.example:0", UrlError::PortZero),
            ("a.example", UrlError::Syntax(url::ParseError::RelativeUrlWithoutBase)),
        ] {
            assert_eq!(text.parse::<Issuer>(), Err(error), "{text}");
        }
        let long = format!("https://a.example/{}", "x".repeat(MAX_URL_BYTES));
        assert_eq!(long.parse::<Issuer>(), Err(UrlError::TooLong));
    }

    #[test]
    fn a_discovery_document_is_no_issuer_to_watch() {
        let refused = Err(UrlError::DiscoveryDocument);
        for text in [
            "https://a.example/.well-known/openid-configuration",
            " https://a.example/x/.well-known/openid-configuration/ ",
        ] {
            assert_eq!(Issuer::to_watch(text), refused, "{text}");
            // IAM may list one all the same.
            assert!(text.parse::<Issuer>().is_ok(), "{text}");
        }
        assert!(Issuer::to_watch("https://a.example/.well-known").is_ok());
    }

    #[test]
    fn iam_gives_no_scheme() {
        let issuer = Issuer::from_iam("oidc.eks.eu-west-1.amazonaws.com/id/ABC").map(|i| i.to_string());
        assert_eq!(issuer.as_deref(), Ok("https://oidc.eks.eu-west-1.amazonaws.com/id/ABC"));
        // Servers that speak its API may.
        for (url, issuer) in [
            ("HTTPS://a.example/x", Ok("https://a.example/x")),
            (" a.example/x\n", Ok("https://a.example/x")),
            ("http://a.example/x", Err(UrlError::NotHttps)),
            ("a.example/x://y", Ok("https://a.example/x://y")),
        ] {
            let parsed = Issuer::from_iam(url);
            assert_eq!(parsed.as_ref().map(Issuer::as_str), issuer.as_ref().copied(), "{url}");
        }
    }
}
