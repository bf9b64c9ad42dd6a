//! More than a hundred thousand mutated documents: each is read, or refused with a reason that is fit for a log line. The mutated
//! certificates are in `tests/chain/hostile.rs`.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder};

use super::properties::{
    ISSUER, certificate_list, coded_document, discovery_document, issuer_url, jwks, pem_file, provider_arn,
    server_flight, state_file,
};
use crate::support::lab::behaviour::{ec_key, rsa_key};
use crate::support::lab::chains::three_deep;
use crate::support::lab::pem::pem;
use crate::support::memory::within_memory;
use crate::support::random::Random;

/// Of each of six kinds of documents.
const MUTATIONS: usize = 20_000;
/// Of lists of certificates, which take longest. Single certificates have a test of their own.
const MUTATED_LISTS: usize = 1_000;

/// Pieces that parsers of such documents trip over.
const PIECES: [&[u8]; 36] = [
    b"\"",
    b"\\",
    b"\\u0000",
    b"\\ud800",
    b"{\"a\":",
    b"[[[[[[[[",
    b"]",
    b"}",
    b",",
    b"null",
    b"-1e999999",
    b"99999999999999999999999999999999999999999",
    b"\x00",
    b"\xff\xfe",
    b"\xc3\x28",
    b"\xe2\x80\xae",
    b"\x1b[2J\x1b]0;title\x07",
    b"\r\n",
    b"-----BEGIN CERTIFICATE-----\n",
    b"-----END CERTIFICATE-----\n",
    b"-----BEGIN PKCS7-----",
    b"BEGIN CERTIFICATE--",
    b"-\0-\0B\0E\0G\0I\0N\0",
    b"\xfe\xff\0a",
    b"\\n",
    b"&#43;<br>%2B=0A",
    b"\x30\x82\x00\x10\x30\x80",
    b"\x30\x80\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02\xa0\x80",
    b"MIIB0TCCAXagAwIBAgIUfTjQMIIB0TCCAXagAwIBAgIUfTjQ",
    b"LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tLS0tLS0t",
    b"=",
    b"://",
    b"user:password@",
    b":0",
    b"%00",
    b"/../",
];

/// One to four changes; every sixteenth time one of them is very long.
fn mutated(seed: &[u8], random: &mut Random) -> Vec<u8> {
    let mut bytes = seed.to_vec();
    for _ in 0..=random.below(4) {
        let at = random.below(bytes.len() + 1);
        let to = at + random.below(bytes.len() - at + 1).min(32);
        match random.below(7) {
            0 if at < bytes.len() => bytes[at] ^= 1 << random.below(8),
            1 => bytes.truncate(at),
            2 => drop(bytes.drain(at..to)),
            // A piece of it once more: members, lines and labels come twice.
            3 => {
                let again = bytes[at..to].to_vec();
                bytes.splice(at..at, again);
            }
            4 => {
                let times = if random.once_in(16) { 500 } else { 1 };
                let piece = PIECES[random.below(PIECES.len())].repeat(times);
                bytes.splice(at..at, piece);
            }
            5 => drop(bytes.splice(at..to, PIECES[random.below(PIECES.len())].iter().copied())),
            _ => {
                let other = random.below(seed.len());
                let length = random.below(seed.len() - other).min(64);
                drop(bytes.splice(at..to, seed[other..other + length].iter().copied()));
            }
        }
    }
    bytes
}

/// Runs `property` on mutations of `seeds` in turn, all of which it must take unchanged. Both sides of it must be met
/// often, or else the mutations prove nothing.
fn hold(seeds: &[Vec<u8>], mutations: usize, property: impl Fn(&[u8]) -> bool) {
    let mut random = Random(0x6f69_6463);
    for seed in seeds {
        assert!(property(seed), "{}", String::from_utf8_lossy(seed));
    }
    let mut is_taken = |count: &usize| property(&mutated(&seeds[count % seeds.len()], &mut random));
    let taken = within_memory(|| (0..mutations).filter(&mut is_taken).count());
    let refused = mutations - taken;
    assert!(taken > mutations / 100 && refused > mutations / 10, "{taken} taken, {refused} refused");
}

#[test]
fn discovery_documents() {
    let small = format!(r#"{{"issuer":"{ISSUER}","jwks_uri":"https://b.example/keys"}}"#);
    let usual = format!(
        r#"{{
  "issuer": "{ISSUER}/",
  "jwks_uri": "https://keys.example:8443/openid/v1/jwks?v=1",
  "authorization_endpoint": "urn:kubernetes:programmatic_authorization",
  "response_types_supported": ["id_token"],
  "nested": {{"a": [1, 2.5e10, null, true, {{"b": "\u00e9\n"}}]}}
}}"#
    );
    hold(&[small.into(), usual.into()], MUTATIONS, discovery_document);
}

#[test]
fn key_sets() {
    let small = r#"{"keys":[{"kty":"RSA","kid":"a","n":"AQ","e":"AQAB"}]}"#.to_owned();
    let usual =
        serde_json::json!({"keys": [rsa_key("1"), ec_key("2"), {"kty": "OKP", "kid": "3"}]}).to_string();
    let odd = format!("\u{feff}{}", usual.replacen("\"keys\":[", "\"keys\":[null,{\"d\":\"AQ\"},", 1));
    hold(&[small.into(), usual.into(), odd.into()], MUTATIONS, jwks);
}

/// gzip and zstd are told by their checksums to be damaged; plain deflate has none.
#[test]
fn coded_documents() {
    let text = serde_json::json!({"keys": [rsa_key("1"), ec_key("2")]}).to_string();
    let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
    gzip.write_all(text.as_bytes()).unwrap();
    let mut deflate = DeflateEncoder::new(Vec::new(), Compression::default());
    deflate.write_all(text.as_bytes()).unwrap();
    let zstd = zstd::encode_all(text.as_bytes(), 0).unwrap();
    hold(&[gzip.finish().unwrap(), deflate.finish().unwrap(), zstd], MUTATIONS, coded_document);
}

#[test]
fn certificate_files() {
    let chain = three_deep("a.example").served;
    let der = chain[0].to_vec();
    let transcript =
        format!("CONNECTED(00000003)\n---\nCertificate chain\n 0 s:\n{}---\nDONE\n", pem(&chain[1..3]));
    let escaped = format!("chain: \"{}\"\n", pem(&chain[1..3]).replace('\n', "\\n"));
    let utf16 = pem(&chain[..1]).encode_utf16().flat_map(u16::to_le_bytes).collect();
    hold(&[pem(&chain[..1]).into(), transcript.into(), der, escaped.into(), utf16], MUTATIONS, pem_file);
}

#[test]
fn served_lists() {
    let mut list = Vec::new();
    for der in three_deep("a.example").served {
        list.extend(&u32::try_from(der.len()).unwrap().to_be_bytes()[1..]);
        list.extend(&*der);
    }
    hold(&[list], MUTATED_LISTS, certificate_list);
}

#[test]
fn server_flights() {
    let seed = include_bytes!("../fuzz/seeds/server_flight/rsa_key_exchange.bin");
    hold(&[seed.to_vec()], MUTATIONS, server_flight);
}

#[test]
fn state_files() {
    let seed = include_bytes!("../fuzz/seeds/state_file/usual.json");
    hold(&[seed.to_vec()], MUTATIONS / 4, state_file);
}

#[test]
fn provider_arns() {
    let seeds = [
        "arn:aws:iam::123456789012:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE",
        "arn:aws-us-gov:iam::123456789012:oidc-provider/a.example:8443/realms/Main",
        "arn:aws:iam:::oidc-provider/a.example",
    ];
    hold(&seeds.map(Into::into), MUTATIONS, provider_arn);
}

#[test]
fn issuer_urls() {
    let seeds = [
        "https://token.actions.githubusercontent.com",
        "https://[2001:db8::1]:8443/x/",
        "https://b\u{fc}cher.example/%7e/..;a=b/@c",
    ];
    hold(&seeds.map(Into::into), MUTATIONS, issuer_url);
}

#[test]
fn documents_made_to_hurt() {
    let long = "x".repeat(900_000);
    let deep = "[".repeat(100_000);
    for text in [
        format!(r#""{long}""#),
        format!(r#"{{"issuer":"{long}","jwks_uri":"{long}"}}"#),
        format!(r#"{{"issuer":"{ISSUER}","jwks_uri":"https://{long}"}}"#),
        format!(r#"{{"issuer":["{long}"],"jwks_uri":1}}"#),
        format!(r#"{{"issuer":"{}"}}"#, r"\u001b[2J\u0007\u202e".repeat(10_000)),
        format!(r#"{{"issuer":"{ISSUER}","jwks_uri":{deep}"#),
        format!(r#"{{"issuer":"{ISSUER}","issuer":"{ISSUER}","jwks_uri":"https://a.example"}}"#),
        format!(r#"{{"{long}":{deep}"#),
        format!(r#"{{"keys":"{long}"}}"#),
        format!(r#"{{"keys":[{{"kty":"RSA","kid":"a","n":"{long}!","e":"AQAB"}}]}}"#),
        format!(r#"{{"keys":[{{"kty":"EC","kid":"a","crv":{deep}"#),
        format!(r#"{{"keys":[{}]}}"#, vec![r#"{"kty":"oct"}"#; 60_000].join(",")),
        format!(r#"{{"keys":[{{"kty":"RSA","kid":"{long}","kid":1}}]}}"#),
        format!(r#"{{"keys":[{}]}}"#, "9".repeat(900_000)),
        deep,
        long,
    ] {
        let input = text.as_bytes();
        let taken = [discovery_document, jwks, pem_file, provider_arn, issuer_url, state_file]
            .map(|property| property(input));
        assert_eq!(taken, [false; 6], "{text:.60}");
    }
}
