//! The two documents of an issuer, read as far as they matter here. Pure.

use serde::Deserialize;
use strum::IntoEnumIterator as _;
use url::Url;

use super::error::{DiscoveryError, JwksError, KeyKind};
use crate::endpoint::parse_https;
use crate::issuer::Issuer;
use crate::printable::printable;
use crate::spelling::is_same;

/// AWS takes 1 to 100 keys of each kind (IAM user guide, "Create an `OpenID` Connect identity provider").
const MAX_KEYS_OF_A_KIND: usize = 100;

/// What the documents of an issuer tell beside where and what the keys are; of each, as it was last got.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Documents {
    /// `issuer` of the discovery document, to the letter: tokens carry it as `iss`. Made safe where it is another issuer's.
    pub issuer: Option<Box<str>>,
    /// The discovery document has `response_types_supported`.
    pub has_response_types: Option<bool>,
    /// Keys of the JWKS that hold private members.
    pub disclosed_keys: Option<usize>,
}

impl Documents {
    /// With what `newer` tells in the place of what was known before.
    pub fn update(&mut self, newer: Self) {
        let Self { issuer, has_response_types, disclosed_keys } = newer;
        self.issuer = issuer.or(self.issuer.take());
        self.has_response_types = has_response_types.or(self.has_response_types);
        self.disclosed_keys = disclosed_keys.or(self.disclosed_keys);
    }
}

/// A discovery document that is one of the issuer's, however it spells that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Discovery {
    /// As the document spells it.
    pub issuer: Box<str>,
    /// Where the keys are.
    pub jwks_uri: Url,
    /// `response_types_supported` is there.
    pub has_response_types: bool,
}

/// The members of a discovery document that are used (OpenID Connect Discovery 1.0, section 3).
#[derive(Deserialize)]
struct Members {
    issuer: String,
    jwks_uri: String,
    response_types_supported: Option<serde::de::IgnoredAny>,
}

/// Reads the discovery document of `issuer`.
///
/// # Errors
/// Not JSON, for another issuer, or a `jwks_uri` that is not https.
pub fn discovery(document: &[u8], issuer: &Issuer) -> Result<Discovery, DiscoveryError> {
    let document: Members =
        serde_json::from_slice(document).map_err(|error| DiscoveryError::Json(shown(&error.to_string())))?;
    if !is_same(&document.issuer, issuer) {
        return Err(DiscoveryError::OtherIssuer(shown(&document.issuer)));
    }
    Ok(Discovery {
        jwks_uri: parse_https(&document.jwks_uri)?,
        issuer: document.issuer.into(),
        has_response_types: document.response_types_supported.is_some(),
    })
}

/// Characters of a stranger's text that are shown. Errors of serde repeat a whole string of the document.
const MAX_SHOWN_CHARS: usize = 200;

fn shown(text: &str) -> String {
    printable(text, MAX_SHOWN_CHARS)
}

#[derive(Deserialize)]
struct Jwks {
    keys: Vec<Jwk>,
}

/// A JSON Web Key (RFC 7517, section 4) as far as AWS looks at it. Members of other types make a key unusable,
/// not the set unreadable.
#[derive(Deserialize)]
struct Jwk {
    #[serde(default)]
    kty: serde_json::Value,
    #[serde(default)]
    kid: serde_json::Value,
    #[serde(default, rename = "use")]
    usage: Option<serde_json::Value>,
    #[serde(default)]
    n: serde_json::Value,
    #[serde(default)]
    e: serde_json::Value,
    #[serde(default)]
    x: serde_json::Value,
    #[serde(default)]
    y: serde_json::Value,
    /// The private exponent of RSA, or the private key of an elliptic curve (RFC 7518, section 6).
    #[serde(default)]
    d: serde_json::Value,
}

/// The keys of a JWKS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeySet {
    /// Those that AWS could use.
    pub usable: usize,
    /// Those that hold private members.
    pub disclosed: usize,
}

impl Jwk {
    fn is_for_signatures(&self) -> bool {
        is_text(&self.kid) && self.usage.as_ref().is_none_or(|usage| usage == "sig")
    }

    fn is(&self, kind: KeyKind) -> bool {
        let members = match kind {
            KeyKind::Rsa => [&self.n, &self.e],
            KeyKind::Ec => [&self.x, &self.y],
        };
        self.kty == kind.into_str() && members.into_iter().all(is_text)
    }
}

fn is_text(value: &serde_json::Value) -> bool {
    value.as_str().is_some_and(|text| !text.is_empty())
}

/// Reads a JWKS.
///
/// # Errors
/// Not JSON, no usable key, or more than AWS takes.
pub fn key_set(document: &[u8]) -> Result<KeySet, JwksError> {
    let jwks: Jwks =
        serde_json::from_slice(document).map_err(|error| JwksError::Json(shown(&error.to_string())))?;
    let mut usable = 0;
    for kind in KeyKind::iter() {
        let count = jwks.keys.iter().filter(|key| key.is_for_signatures() && key.is(kind)).count();
        if count > MAX_KEYS_OF_A_KIND {
            return Err(JwksError::TooManyKeys { count, kind });
        }
        usable += count;
    }
    if usable == 0 {
        return Err(JwksError::NoUsableKey(jwks.keys.len()));
    }
    let disclosed = jwks.keys.iter().filter(|key| is_text(&key.d)).count();
    Ok(KeySet { usable, disclosed })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::endpoint::UrlError;

    fn discovered(text: &str) -> Result<String, DiscoveryError> {
        let issuer = "https://a.example/x".parse().unwrap();
        discovery(text.as_bytes(), &issuer).map(|document| document.jwks_uri.to_string())
    }

    #[test]
    fn discovery_documents() {
        let with =
            |issuer: &str, jwks: &str| format!(r#"{{"issuer":"{issuer}","jwks_uri":"{jwks}","x":[1]}}"#);
        assert_eq!(
            discovered(&with("https://a.example/x", "https://b.example:8443/k?v=1")),
            Ok("https://b.example:8443/k?v=1".to_owned())
        );
        assert!(discovered(&with("https://A.example/x/", "https://a.example/k")).is_ok());
        for (issuer, jwks, error) in [
            (
                "https://a.example/y",
                "https://a.example/k",
                DiscoveryError::OtherIssuer("https://a.example/y".into()),
            ),
            ("a\\u001bb", "https://a.example/k", DiscoveryError::OtherIssuer("a\\u{1b}b".into())),
            ("https://a.example/x", "http://a.example/k", DiscoveryError::JwksUri(UrlError::NotHttps)),
        ] {
            assert_eq!(discovered(&with(issuer, jwks)), Err(error));
        }
        for text in
            ["", "[]", "null", "{", r#"{"issuer":"https://a.example/x"}"#, r#"{"issuer":1,"jwks_uri":2}"#]
        {
            assert!(matches!(discovered(text), Err(DiscoveryError::Json(_))), "{text}");
        }
    }

    #[test]
    fn key_sets() {
        let rsa = r#"{"kty":"RSA","kid":"a","use":"sig","n":"AQ","e":"AQAB"}"#;
        let ec = r#"{"kty":"EC","kid":"b","crv":"P-256","x":"AQ","y":"AQ"}"#;
        let set = |keys: &[&str]| {
            key_set(format!(r#"{{"keys":[{}]}}"#, keys.join(",")).as_bytes()).map(|keys| keys.usable)
        };
        assert_eq!(set(&[rsa, ec]), Ok(2));
        for unusable in [
            r#"{"kty":"oct","kid":"a","k":"AQ"}"#,
            r#"{"kty":"RSA","use":"sig","n":"AQ","e":"AQAB"}"#,
            r#"{"kty":"RSA","kid":"a","use":"enc","n":"AQ","e":"AQAB"}"#,
            r#"{"kty":"RSA","kid":"a","e":"AQAB"}"#,
            r#"{"kty":1,"kid":[],"use":{}}"#,
            r#"{"kty":"OKP","kid":"a","crv":"Ed25519","x":"AQ"}"#,
        ] {
            assert_eq!(set(&[unusable]), Err(JwksError::NoUsableKey(1)), "{unusable}");
            assert_eq!(set(&[unusable, rsa]), Ok(1), "{unusable}");
        }
        assert_eq!(set(&[]), Err(JwksError::NoUsableKey(0)));
        assert_eq!(set(&[rsa; 101]), Err(JwksError::TooManyKeys { count: 101, kind: KeyKind::Rsa }));
        assert_eq!(set(&[rsa; 100]), Ok(100));
        let bomb = "[".repeat(100_000);
        for text in ["", "{}", "[]", r#"{"keys":{}}"#, r#"{"keys":[1]}"#, &bomb] {
            assert!(matches!(key_set(text.as_bytes()), Err(JwksError::Json(_))), "{text:.20}");
        }
    }
}
