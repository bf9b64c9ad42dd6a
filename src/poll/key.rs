//! One entry of a JWKS: whether AWS could verify a token with it, or why not. Pure.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use enum_map::Enum;
use serde::Deserialize;
use serde_json::value::RawValue;
use strum::{Display, EnumIter, IntoStaticStr};

/// The kinds of keys that AWS takes, by their `kty` (RFC 7518, section 6.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum, EnumIter, IntoStaticStr, Display)]
#[strum(serialize_all = "UPPERCASE", const_into_str)]
pub enum KeyKind {
    Rsa,
    /// Elliptic curve.
    Ec,
}

/// Why an entry is no key that AWS could use; in words, after a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum, Display)]
pub enum Unusable {
    #[strum(to_string = "not an object")]
    NotAnObject,
    #[strum(to_string = "neither RSA nor EC")]
    Kind,
    #[strum(to_string = "without kid")]
    NoKid,
    /// `use` is another than `sig`.
    #[strum(to_string = "not for signatures")]
    Usage,
    /// AWS was seen to refuse tokens of keys that have the member, whatever its value.
    #[strum(to_string = "with key_ops")]
    KeyOps,
    /// AWS takes RS256, RS384, RS512, ES256, ES384 and ES512.
    #[strum(to_string = "not for RS256 to RS512 or ES256 to ES512")]
    Algorithm,
    #[strum(to_string = "not on P-256, P-384 or P-521")]
    Curve,
    /// Missing, zero, or not in base64url.
    #[strum(to_string = "with malformed numbers")]
    Numbers,
}

/// Members of private and symmetric keys (RFC 7518, sections 6.2.2, 6.3.2 and 6.4.1).
const PRIVATE: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// base64url as RFC 7515 (section 2) has it, and with padding, which decoders forgive.
const BASE64URL: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// An entry of a JWKS (RFC 7517, section 4). Each member is read by itself, so that an odd one spoils nothing else; of
/// members of the same name the last one counts, which section 4 allows.
#[derive(Debug, Default, Deserialize)]
#[serde(transparent)]
pub(super) struct Key<'a> {
    #[serde(borrow)]
    members: BTreeMap<String, &'a RawValue>,
}

impl<'a> Key<'a> {
    /// The members of `entry`; `None` when it is no object.
    pub(super) fn read(entry: &'a RawValue) -> Option<Self> {
        serde_json::from_str(entry.get()).ok()
    }

    /// Its kind, when AWS could verify a token with it.
    ///
    /// # Errors
    /// The first thing that is in the way.
    pub(super) fn usable(&self) -> Result<KeyKind, Unusable> {
        let kind = match self.text("kty").as_deref() {
            Some("RSA") => KeyKind::Rsa,
            Some("EC") => KeyKind::Ec,
            _ => return Err(Unusable::Kind),
        };
        // The empty string is a kid: what STS wants is the member.
        if self.text("kid").is_none() {
            return Err(Unusable::NoKid);
        }
        if self.is_there("use") && self.text("use").as_deref() != Some("sig") {
            return Err(Unusable::Usage);
        }
        if self.is_there("key_ops") {
            return Err(Unusable::KeyOps);
        }
        let (algorithms, numbers) = match kind {
            KeyKind::Rsa => (&["RS256", "RS384", "RS512"][..], ["n", "e"]),
            KeyKind::Ec => (self.algorithm_of_curve()?, ["x", "y"]),
        };
        let is_one_of_them = self.text("alg").is_some_and(|alg| algorithms.contains(&alg.as_str()));
        if self.is_there("alg") && !is_one_of_them {
            return Err(Unusable::Algorithm);
        }
        if numbers.into_iter().all(|member| self.is_number(member)) {
            Ok(kind)
        } else {
            Err(Unusable::Numbers)
        }
    }

    /// The one algorithm that goes with the curve (RFC 7518, section 3.4).
    fn algorithm_of_curve(&self) -> Result<&'static [&'static str], Unusable> {
        match self.text("crv").as_deref() {
            Some("P-256") => Ok(&["ES256"]),
            Some("P-384") => Ok(&["ES384"]),
            Some("P-521") => Ok(&["ES512"]),
            _ => Err(Unusable::Curve),
        }
    }

    /// It holds what nobody but its owner should know.
    pub(super) fn is_disclosed(&self) -> bool {
        PRIVATE.into_iter().any(|member| self.holds(member))
    }

    /// Serializers write members that they do not have as null, or empty.
    fn holds(&self, member: &str) -> bool {
        self.members.get(member).is_some_and(|raw| !matches!(raw.get(), "null" | "\"\"" | "[]" | "{}"))
    }

    fn is_there(&self, member: &str) -> bool {
        self.members.get(member).is_some_and(|raw| raw.get() != "null")
    }

    fn text(&self, member: &str) -> Option<String> {
        serde_json::from_str(self.members.get(member)?.get()).ok()
    }

    /// A positive number in base64url (RFC 7518, section 2).
    fn is_number(&self, member: &str) -> bool {
        let number = self.text(member).and_then(|text| BASE64URL.decode(text).ok());
        number.is_some_and(|bytes| bytes.iter().any(|byte| *byte != 0))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn rsa() -> Value {
        json!({"kty": "RSA", "kid": "a", "use": "sig", "alg": "RS256", "n": "AQ", "e": "AQAB"})
    }

    fn ec() -> Value {
        json!({"kty": "EC", "kid": "b", "crv": "P-256", "x": "AQ", "y": "AQ"})
    }

    /// `key` with other members; those that are null here are left away.
    fn with(mut key: Value, members: &Value) -> Value {
        for (name, value) in members.as_object().unwrap() {
            match value {
                Value::Null => drop(key.as_object_mut().unwrap().remove(name)),
                value => key[name] = value.clone(),
            }
        }
        key
    }

    fn read(text: &str) -> Result<KeyKind, Unusable> {
        let raw: Box<RawValue> = serde_json::from_str(text).unwrap();
        Key::read(&raw).ok_or(Unusable::NotAnObject)?.usable()
    }

    #[test]
    fn what_aws_could_use() {
        for (key, kind) in [
            (rsa(), KeyKind::Rsa),
            (ec(), KeyKind::Ec),
            (with(rsa(), &json!({"kid": ""})), KeyKind::Rsa),
            (with(rsa(), &json!({"use": null, "alg": null})), KeyKind::Rsa),
            (with(rsa(), &json!({"alg": "RS384"})), KeyKind::Rsa),
            (with(rsa(), &json!({"alg": "RS512", "e": "Aw"})), KeyKind::Rsa),
            (with(rsa(), &json!({"n": "AQ=="})), KeyKind::Rsa),
            (with(rsa(), &json!({"x5c": [1, null], "x5t": {}, "exp": "1e999"})), KeyKind::Rsa),
            (with(ec(), &json!({"alg": "ES256"})), KeyKind::Ec),
            (with(ec(), &json!({"crv": "P-384", "alg": "ES384"})), KeyKind::Ec),
            (with(ec(), &json!({"crv": "P-521", "alg": "ES512"})), KeyKind::Ec),
        ] {
            assert_eq!(read(&key.to_string()), Ok(kind), "{key}");
        }
        for text in [
            r#"{"kty":"RSA","kid":"a","use":null,"alg":null,"key_ops":null,"n":"AQ","e":"AQAB"}"#,
            r#"{"kty":"RSA","kid":1,"kid":"a","n":"AQ","e":"AQAB"}"#,
            r#"{"kty":"RSA","\u006bid":"a","n":"AQ","e":"AQAB","x":"\ud800","y":1e999}"#,
        ] {
            assert_eq!(read(text), Ok(KeyKind::Rsa), "{text}");
        }
    }

    #[test]
    fn what_it_could_not() {
        for (key, why) in [
            (json!(null), Unusable::NotAnObject),
            (json!("text"), Unusable::NotAnObject),
            (json!(1), Unusable::NotAnObject),
            (json!([rsa()]), Unusable::NotAnObject),
            (json!({}), Unusable::Kind),
            (with(rsa(), &json!({"kty": "rsa"})), Unusable::Kind),
            (with(rsa(), &json!({"kty": ["RSA"]})), Unusable::Kind),
            (json!({"kty": "oct", "kid": "a", "k": "AQ"}), Unusable::Kind),
            (json!({"kty": "OKP", "kid": "a", "crv": "Ed25519", "x": "AQ"}), Unusable::Kind),
            (with(rsa(), &json!({"kid": null})), Unusable::NoKid),
            (with(rsa(), &json!({"kid": 1})), Unusable::NoKid),
            (with(rsa(), &json!({"use": "enc"})), Unusable::Usage),
            (with(rsa(), &json!({"use": "SIG"})), Unusable::Usage),
            (with(rsa(), &json!({"use": "jwt-svid"})), Unusable::Usage),
            (with(rsa(), &json!({"use": ["sig"]})), Unusable::Usage),
            (with(rsa(), &json!({"use": null, "key_ops": ["verify"]})), Unusable::KeyOps),
            (with(rsa(), &json!({"key_ops": []})), Unusable::KeyOps),
            (with(rsa(), &json!({"alg": "PS256"})), Unusable::Algorithm),
            (with(rsa(), &json!({"alg": "RS1"})), Unusable::Algorithm),
            (with(rsa(), &json!({"alg": "ES256"})), Unusable::Algorithm),
            (with(rsa(), &json!({"alg": "rs256"})), Unusable::Algorithm),
            (with(rsa(), &json!({"alg": 256})), Unusable::Algorithm),
            (with(ec(), &json!({"alg": "ES256K"})), Unusable::Algorithm),
            (with(ec(), &json!({"alg": "ES384"})), Unusable::Algorithm),
            (with(ec(), &json!({"alg": "ECDH-ES"})), Unusable::Algorithm),
            (with(ec(), &json!({"crv": "secp256k1"})), Unusable::Curve),
            (with(ec(), &json!({"crv": null})), Unusable::Curve),
            (with(rsa(), &json!({"n": null})), Unusable::Numbers),
            (with(rsa(), &json!({"n": ""})), Unusable::Numbers),
            (with(rsa(), &json!({"n": "AA"})), Unusable::Numbers),
            (with(rsa(), &json!({"n": "u+/Q"})), Unusable::Numbers),
            (with(rsa(), &json!({"n": "A"})), Unusable::Numbers),
            (with(rsa(), &json!({"n": "AQ AB"})), Unusable::Numbers),
            (with(rsa(), &json!({"e": 65537})), Unusable::Numbers),
            (with(ec(), &json!({"y": null})), Unusable::Numbers),
        ] {
            assert_eq!(read(&key.to_string()), Err(why), "{key}");
        }
    }

    #[test]
    fn private_members_disclose_a_key_usable_or_not() {
        let is_disclosed = |key: &Value| {
            let raw: Box<RawValue> = serde_json::from_str(&key.to_string()).unwrap();
            Key::read(&raw).unwrap().is_disclosed()
        };
        assert!(!is_disclosed(&rsa()) && !is_disclosed(&ec()));
        for member in PRIVATE {
            for value in [json!("AQ"), json!(1), json!([{"r": "AQ"}]), json!({"r": 1})] {
                assert!(is_disclosed(&json!({ member: value })), "{member} {value}");
            }
            for nothing in [json!(null), json!(""), json!([])] {
                assert!(!is_disclosed(&json!({ member: nothing })), "{member} {nothing}");
            }
        }
    }
}
