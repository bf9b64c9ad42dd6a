//! What an issuer does when it is asked: well, or badly on one of its layers.

use std::time::Duration;

use serde_json::{Value, json};

use super::by_hand::ByHand;

/// The behaviour of one issuer, exchangeable while it runs.
#[derive(Clone, Debug, Default)]
pub enum Behaviour {
    /// Everything is as it should be.
    #[default]
    Good,
    /// The connection goes wrong before any HTTP.
    Wire(Wire),
    /// The discovery document is answered so; the JWKS is good.
    Discovery(Reply),
    /// The JWKS is answered so; the discovery document is good.
    Jwks(Reply),
    /// One document is answered byte by byte; the other is good.
    ByHand(ByHand),
}

/// What happens on a TCP connection instead of TLS with HTTP in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wire {
    /// Accepts, and says nothing.
    Silence,
    /// Answers the `ClientHello` in plain HTTP.
    PlainHttp,
    /// Answers the `ClientHello` with bytes that are no TLS record.
    Garbage,
    /// Answers the `ClientHello` with the fatal alert `handshake_failure` (RFC 8446, 6.2).
    Alert,
    /// Reads the `ClientHello`, then resets the connection.
    Reset,
    /// Begins a long TLS record and sends one byte of it a second.
    OneByteASecond,
    /// Completes the handshake, then closes.
    CloseAfterHandshake,
}

/// How a document is answered over HTTP.
#[derive(Clone, Debug)]
pub enum Reply {
    /// The good document with one member replaced, or removed if there is no value.
    Member(&'static str, Option<Value>),
    /// This text as the body, with status 200.
    Text(String),
    /// This status and an HTML body.
    Status(u16),
    /// 302 to this URL.
    Redirect(String),
    /// A good beginning and 2 MiB in all, with Content-Length.
    TooLarge,
    /// The same in chunks, without Content-Length.
    TooLargeChunked,
    /// A good beginning and then spaces without end, as fast as they are taken.
    Endless,
    /// The good document, one byte a second.
    OneByteASecond,
    /// The headers at once, and the good document after a pause.
    After(Duration),
    /// 10,000 header fields before the good document.
    HeaderBomb,
    /// The headers, half of the body that Content-Length promises, then the connection closes.
    Truncated,
}

impl Behaviour {
    /// A discovery document with one member replaced.
    pub fn discovery_with(member: &'static str, value: impl Into<Value>) -> Self {
        Self::Discovery(Reply::Member(member, Some(value.into())))
    }

    /// A discovery document without this member.
    pub fn discovery_without(member: &'static str) -> Self {
        Self::Discovery(Reply::Member(member, None))
    }

    /// A JWKS with these keys.
    pub fn keys(keys: Vec<Value>) -> Self {
        Self::Jwks(Reply::Member("keys", Some(keys.into())))
    }
}

/// Every bad behaviour by name, for tests that meet them all.
pub fn all_bad() -> Vec<(&'static str, Behaviour)> {
    use Behaviour::{Discovery, Jwks, Wire as OnWire};
    vec![
        ("other_issuer", Behaviour::discovery_with("issuer", "https://other.oidc.test")),
        ("issuer_missing", Behaviour::discovery_without("issuer")),
        ("discovery_not_json", Discovery(Reply::Text("<html>Sign in</html>".to_owned()))),
        ("discovery_empty", Discovery(Reply::Text(String::new()))),
        ("discovery_nested", Discovery(Reply::Text(nested()))),
        ("jwks_uri_missing", Behaviour::discovery_without("jwks_uri")),
        ("jwks_uri_not_a_string", Behaviour::discovery_with("jwks_uri", json!({"url": 1}))),
        ("jwks_uri_http", Behaviour::discovery_with("jwks_uri", "http://keys.oidc.test/keys")),
        ("jwks_uri_metadata", Behaviour::discovery_with("jwks_uri", "https://169.254.169.254/keys")),
        ("discovery_redirect", Discovery(Reply::Redirect("https://other.oidc.test/".to_owned()))),
        ("discovery_404", Discovery(Reply::Status(404))),
        ("discovery_500", Discovery(Reply::Status(500))),
        ("discovery_503", Discovery(Reply::Status(503))),
        ("discovery_too_large", Discovery(Reply::TooLarge)),
        ("discovery_too_large_chunked", Discovery(Reply::TooLargeChunked)),
        ("discovery_endless", Discovery(Reply::Endless)),
        ("discovery_one_byte_a_second", Discovery(Reply::OneByteASecond)),
        ("discovery_header_bomb", Discovery(Reply::HeaderBomb)),
        ("discovery_truncated", Discovery(Reply::Truncated)),
        ("jwks_not_json", Jwks(Reply::Text("-----BEGIN PUBLIC KEY-----".to_owned()))),
        ("jwks_nested", Jwks(Reply::Text(nested()))),
        ("jwks_redirect", Jwks(Reply::Redirect("https://other.oidc.test/keys".to_owned()))),
        ("jwks_404", Jwks(Reply::Status(404))),
        ("jwks_503", Jwks(Reply::Status(503))),
        ("jwks_too_large", Jwks(Reply::TooLarge)),
        ("jwks_too_large_chunked", Jwks(Reply::TooLargeChunked)),
        ("jwks_endless", Jwks(Reply::Endless)),
        ("jwks_one_byte_a_second", Jwks(Reply::OneByteASecond)),
        ("jwks_header_bomb", Jwks(Reply::HeaderBomb)),
        ("jwks_truncated", Jwks(Reply::Truncated)),
        ("jwks_keys_missing", Jwks(Reply::Member("keys", None))),
        ("jwks_no_keys", Behaviour::keys(Vec::new())),
        ("jwks_without_kid", Behaviour::keys(vec![without_kid(rsa_key("1")), without_kid(ec_key("2"))])),
        ("jwks_symmetric_only", Behaviour::keys(vec![symmetric_key("1")])),
        ("jwks_101_rsa_keys", Behaviour::keys((0..101).map(|n| rsa_key(&n.to_string())).collect())),
        ("silence", OnWire(Wire::Silence)),
        ("plain_http", OnWire(Wire::PlainHttp)),
        ("garbage", OnWire(Wire::Garbage)),
        ("tls_alert", OnWire(Wire::Alert)),
        ("reset", OnWire(Wire::Reset)),
        ("tls_one_byte_a_second", OnWire(Wire::OneByteASecond)),
        ("close_after_handshake", OnWire(Wire::CloseAfterHandshake)),
    ]
}

/// JSON that nests 100,000 arrays: a parser without a limit overflows its stack.
pub fn nested() -> String {
    "[".repeat(100_000)
}

/// An RSA key as a JWK (RFC 7517); the modulus is made up, 2048 bits long.
pub fn rsa_key(kid: &str) -> Value {
    let n = format!("u{}Q", "Lab1".repeat(85));
    json!({"kty": "RSA", "kid": kid, "use": "sig", "alg": "RS256", "n": n, "e": "AQAB"})
}

/// An EC key as a JWK; the point is the example of RFC 7517, appendix A.1.
pub fn ec_key(kid: &str) -> Value {
    json!({
        "kty": "EC", "kid": kid, "use": "sig", "alg": "ES256", "crv": "P-256",
        "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
        "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM",
    })
}

/// A symmetric key as a JWK, which no issuer should publish.
pub fn symmetric_key(kid: &str) -> Value {
    json!({"kty": "oct", "kid": kid, "use": "sig", "alg": "HS256", "k": "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0"})
}

fn without_kid(mut key: Value) -> Value {
    if let Some(members) = key.as_object_mut() {
        members.remove("kid");
    }
    key
}
