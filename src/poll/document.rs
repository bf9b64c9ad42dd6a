//! The two documents of an issuer, read as far as they matter here. Pure.

use enum_map::EnumMap;
use serde::Deserialize;
use serde_json::value::RawValue;
use url::Url;

use super::error::{DiscoveryError, JwksError};
use super::json::{object, shown, text};
use super::key::{Key, KeyKind, Unusable};
use crate::endpoint::parse_https;
use crate::issuer::Issuer;
use crate::spelling::is_same;

/// AWS takes 1 to 100 keys of each kind (IAM user guide, "Create an `OpenID` Connect identity provider").
const MAX_KEYS_OF_A_KIND: usize = 100;

/// What the documents of an issuer tell beside where and what the keys are; of each, as it was last got.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Documents {
    /// `issuer` of the discovery document, to the letter: tokens carry it as `iss`. Made safe where it is another issuer's.
    pub issuer: Option<Box<str>>,
    /// The discovery document has `response_types_supported`, and names one.
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
    /// `response_types_supported` is there, and names one.
    pub has_response_types: bool,
}

/// The members of a discovery document that are used (OpenID Connect Discovery 1.0, section 3).
#[derive(Deserialize)]
#[serde(expecting = "an object with the members of a discovery document")]
struct Members {
    issuer: String,
    jwks_uri: String,
}

/// IAM makes no provider for an issuer whose document lacks this.
#[derive(Deserialize)]
struct ResponseTypes {
    response_types_supported: Vec<String>,
}

/// Reads the discovery document of `issuer`.
///
/// # Errors
/// Not JSON, for another issuer, or a `jwks_uri` that is not https.
pub fn discovery(document: &[u8], issuer: &Issuer) -> Result<Discovery, DiscoveryError> {
    let text = text(document);
    let members: Members = object(document, &text)?;
    if !is_same(&members.issuer, issuer) {
        return Err(DiscoveryError::OtherIssuer(shown(&members.issuer)));
    }
    let response_types = object(document, &text).map(|types: ResponseTypes| types.response_types_supported);
    Ok(Discovery {
        jwks_uri: parse_https(&members.jwks_uri)?,
        issuer: members.issuer.into(),
        has_response_types: response_types.is_ok_and(|types| !types.is_empty()),
    })
}

/// A JWKS (RFC 7517, section 5). What an entry holds is looked at one by one: an odd one spoils no other.
#[derive(Deserialize)]
#[serde(expecting = "an object with the member keys")]
struct Jwks<'a> {
    #[serde(borrow)]
    keys: Vec<&'a RawValue>,
}

/// The keys of a JWKS.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KeySet {
    /// Those that AWS could use.
    usable: EnumMap<KeyKind, usize>,
    /// The others.
    unusable: EnumMap<Unusable, usize>,
    /// Those that hold private members, usable or not.
    pub disclosed: usize,
}

impl KeySet {
    /// How many keys AWS could use.
    ///
    /// # Errors
    /// When there is none, or more of a kind than AWS takes.
    pub fn usable(&self) -> Result<usize, JwksError> {
        if let Some((kind, count)) = self.usable.into_iter().find(|(_, count)| *count > MAX_KEYS_OF_A_KIND) {
            return Err(JwksError::TooManyKeys { count, kind });
        }
        match self.usable.values().sum() {
            0 => Err(JwksError::NoUsableKey(self.unusable)),
            usable => Ok(usable),
        }
    }
}

/// Reads a JWKS.
///
/// # Errors
/// When it is not JSON, or holds no list of keys.
pub fn key_set(document: &[u8]) -> Result<KeySet, JwksError> {
    let text = text(document);
    let jwks: Jwks<'_> = object(document, &text)?;
    let mut set = KeySet::default();
    for entry in jwks.keys {
        let key = Key::read(entry);
        match key.as_ref().map_or(Err(Unusable::NotAnObject), Key::usable) {
            Ok(kind) => set.usable[kind] += 1,
            Err(why) => set.unusable[why] += 1,
        }
        set.disclosed += usize::from(key.is_some_and(|key| key.is_disclosed()));
    }
    Ok(set)
}

#[cfg(test)]
mod tests {
    use super::super::json::JsonError;
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
        let array = r#"["https://a.example/x","https://a.example/k"]"#;
        assert_eq!(discovered(array), Err(DiscoveryError::Json(JsonError::NotAnObject)));
    }

    #[test]
    fn response_types() {
        let issuer: Issuer = "https://a.example".parse().unwrap();
        for (member, has_them) in [
            ("", false),
            (r#","response_types_supported":null"#, false),
            (r#","response_types_supported":[]"#, false),
            (r#","response_types_supported":{}"#, false),
            (r#","response_types_supported":"id_token""#, false),
            (r#","response_types_supported":[1]"#, false),
            (r#","response_types_supported":["id_token"]"#, true),
            (r#","response_types_supported":["code","code id_token"]"#, true),
        ] {
            let text =
                format!(r#"{{"issuer":"https://a.example","jwks_uri":"https://a.example/k"{member}}}"#);
            let read = discovery(text.as_bytes(), &issuer).map(|document| document.has_response_types);
            assert_eq!(read, Ok(has_them), "{member}");
        }
    }

    const RSA: &str = r#"{"kty":"RSA","kid":"a","use":"sig","n":"AQ","e":"AQAB"}"#;
    const EC: &str = r#"{"kty":"EC","kid":"b","crv":"P-256","x":"AQ","y":"AQ"}"#;

    fn set(keys: &[&str]) -> KeySet {
        key_set(format!(r#"{{"keys":[{}]}}"#, keys.join(",")).as_bytes()).unwrap()
    }

    #[test]
    fn key_sets() {
        assert_eq!(set(&[RSA, EC]).usable(), Ok(2));
        // Whatever is odd about an entry is odd about it alone (RFC 7517, section 5).
        let deep = format!("{}{}", "[".repeat(500), "]".repeat(500));
        let deep_member = format!(r#"{{"kty":"RSA","kid":"a","n":{deep},"e":"AQAB"}}"#);
        for odd in [
            "null",
            "1",
            "\"text\"",
            "[]",
            "{}",
            &deep,
            &deep_member,
            r#"{"kty":1,"kid":[],"use":{}}"#,
            r#"{"kty":"RSA","kid":"\ud800","n":"AQ","e":"AQAB"}"#,
            r#"{"kty":"RSA","kid":"a","n":1e999,"e":"AQAB"}"#,
        ] {
            assert!(matches!(set(&[odd]).usable(), Err(JwksError::NoUsableKey(_))), "{odd:.60}");
            assert_eq!(set(&[odd, RSA]).usable(), Ok(1), "{odd:.60}");
        }
        assert_eq!(set(&[RSA; 101]).usable(), Err(JwksError::TooManyKeys { count: 101, kind: KeyKind::Rsa }));
        assert_eq!(set(&[RSA; 100]).usable(), Ok(100));
        assert_eq!(set(&[[RSA; 100], [EC; 100]].concat()).usable(), Ok(200));
        assert_eq!(set(&[&[RSA][..], &["{\"kty\":\"RSA\"}"; 101]].concat()).usable(), Ok(1));
        let bomb = "[".repeat(100_000);
        for text in ["", "{}", "[]", r#"{"keys":{}}"#, r#"{"keys":null}"#, r#"[[{"kty":"RSA"}]]"#, &bomb] {
            assert!(matches!(key_set(text.as_bytes()), Err(JwksError::Json(_))), "{text:.20}");
        }
    }

    #[test]
    fn a_set_without_a_usable_key_says_why() {
        let words = |keys: &[&str]| set(keys).usable().unwrap_err().to_string();
        assert_eq!(words(&[]), "contains no usable key: it is empty");
        assert_eq!(
            words(&[r#"{"kty":"RSA","n":"AQ","e":"AQAB"}"#]),
            "contains no usable key among its 1 key: 1 without kid"
        );
        let encryption = RSA.replace("sig", "enc");
        assert_eq!(
            words(&[&encryption, &encryption, "null"]),
            "contains no usable key among its 3 keys: 1 not an object, 2 not for signatures"
        );
        // One of each, and many of them, still fit on a line.
        let all = JwksError::NoUsableKey(EnumMap::from_fn(|_: Unusable| 100_000));
        assert!(all.to_string().len() <= 300, "{all}");
    }

    #[test]
    fn disclosed_keys_are_counted_usable_or_not() {
        let disclosed = RSA.replace("\"n\"", "\"d\":\"AQ\",\"n\"");
        let symmetric = r#"{"kty":"oct","k":"AQ"}"#;
        assert_eq!(set(&[RSA, &disclosed, EC]).disclosed, 1);
        assert_eq!(set(&[symmetric, "null"]).disclosed, 1);
        assert!(set(&[symmetric]).usable().is_err());
    }
}
