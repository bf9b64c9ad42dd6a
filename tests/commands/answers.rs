//! Answers as servers send them, byte by byte over TLS, and what is said of those that are not read.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};

use super::{inspect_lab, start};
use crate::support::lab::behaviour::rsa_key;
use crate::support::lab::{Behaviour, ByHand, End, LabIssuer, chains};

const HOST: &str = "host.oidc.test";
const DISCOVERY: &str = "/.well-known/openid-configuration";
const KEYS: &str = "/keys";

/// What `inspect` says when this is the answer at `path`: nothing when it was read.
fn said(issuer: &LabIssuer, path: &'static str, bytes: Vec<u8>, end: End) -> String {
    issuer.behave(Behaviour::ByHand(ByHand { path, bytes, end }));
    let run = inspect_lab(issuer, &["--output", "json", "--timeout", "5s", issuer.url()]);
    let report = run.json();
    assert_ne!(report["endpoints"][0]["chains"][0], serde_json::Value::Null, "{run:?}");
    report["error"]["detail"].as_str().unwrap_or_default().to_owned()
}

/// A whole answer with these headers.
fn whole(headers: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 200 OK\r\n{headers}Content-Length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

fn coded(coding: &str, body: &[u8]) -> Vec<u8> {
    whole(&format!("Content-Encoding: {coding}\r\n"), body)
}

fn gzip(input: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(input).unwrap();
    encoder.finish().unwrap()
}

fn zlib(input: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(input).unwrap();
    encoder.finish().unwrap()
}

fn raw_deflate(input: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(input).unwrap();
    encoder.finish().unwrap()
}

fn zstd(input: &[u8]) -> Vec<u8> {
    zstd::encode_all(input, 0).unwrap()
}

/// gzip as a transfer coding, under the chunks (RFC 9112, section 7).
fn chunked_gzip(input: &[u8]) -> Vec<u8> {
    let packed = gzip(input);
    let head = format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n{:x}\r\n", packed.len());
    [head.as_bytes(), &packed, b"\r\n0\r\n\r\n"].concat()
}

#[tokio::test(flavor = "multi_thread")]
async fn codings_that_nobody_asked_for() {
    let issuer = start(HOST, chains::good).await;
    let text = issuer.document(KEYS);
    let text = text.as_bytes();
    let zeros = vec![0; 100 << 20];
    let (first, second) = text.split_at(9);
    for (case, bytes, told) in [
        ("gzip", coded("gzip", &gzip(text)), ""),
        ("x-gzip", coded("X-GZip", &gzip(text)), ""),
        ("two members", coded("gzip", &[gzip(first), gzip(second)].concat()), ""),
        ("deflate", coded("deflate", &zlib(text)), ""),
        ("deflate without header", coded("deflate", &raw_deflate(text)), ""),
        ("zstd", coded("zstd", &zstd(text)), ""),
        ("gzip over deflate", coded("deflate, gzip", &gzip(&zlib(text))), ""),
        ("identity", coded("identity", text), ""),
        ("a transfer coding", chunked_gzip(text), ""),
        ("an empty header", coded("", text), ""),
        ("a charset", coded("utf-8", text), ""),
        ("what S3 keeps of an upload", coded("aws-chunked", text), ""),
        (
            "br",
            coded("br", b"\x8b\x05\x80{}\x03"),
            "JWKS: the answer has the content coding `br`, which is not read here",
        ),
        ("compress", coded("compress", b"\x1f\x9d\x90"), "the content coding `compress`"),
        ("not packed at all", coded("gzip", text), "has the content coding gzip, but is not valid gzip data"),
        (
            "cut short",
            coded("gzip", &gzip(text)[..40]),
            "JWKS: the answer is cut short: its gzip data have no end",
        ),
        (
            "followed by something",
            coded("gzip", &[&gzip(text), &b"<!-- 3 ms -->"[..]].concat()),
            "or is followed by something else",
        ),
        (
            "a bomb",
            coded("gzip", &gzip(&zeros)),
            "JWKS: the answer is larger than 1048576 bytes once decoded",
        ),
        (
            "gzip that no header tells of",
            whole("", &gzip(text)),
            "JWKS: is gzip data that no Content-Encoding header tells of",
        ),
    ] {
        let said = said(&issuer, KEYS, bytes, End::Open);
        assert_eq!(said.is_empty(), told.is_empty(), "{case}: {said}");
        assert!(said.contains(told), "{case}: {said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn where_answers_end() {
    let issuer = start(HOST, chains::good).await;
    let text = issuer.document(DISCOVERY);
    let until_the_end = |version: &str, body: &str| format!("{version} 200 OK\r\n\r\n{body}").into_bytes();
    let half = &text[..text.len() / 2];
    let promised = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{half}", text.len()).into_bytes();
    let chunk = format!("{:x}\r\n{text}\r\n", text.len());
    let chunked = |rest: &str| format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{chunk}{rest}");
    let cut_short = "discovery document: the server closed the connection in the middle of its answer";
    for (case, bytes, end, told) in [
        ("HTTP/1.0, close_notify", until_the_end("HTTP/1.0", &text), End::CloseNotify, ""),
        ("HTTP/1.0, FIN alone", until_the_end("HTTP/1.0", &text), End::Fin, ""),
        ("HTTP/1.1, FIN alone", until_the_end("HTTP/1.1", &text), End::Fin, ""),
        (
            "half, FIN alone",
            until_the_end("HTTP/1.0", half),
            End::Fin,
            "discovery document: EOF while parsing",
        ),
        ("half of Content-Length, FIN alone", promised.clone(), End::Fin, cut_short),
        ("half of Content-Length, close_notify", promised, End::CloseNotify, cut_short),
        ("whole chunks", chunked("0\r\n\r\n").into_bytes(), End::Open, ""),
        ("no last chunk", chunked("").into_bytes(), End::Fin, cut_short),
        (
            "a chunk of no size",
            chunked("size\r\n").into_bytes(),
            End::Open,
            "the answer is not chunked as its headers say",
        ),
        ("nothing", Vec::new(), End::CloseNotify, "the server closed the connection before it answered"),
        ("nothing, FIN alone", Vec::new(), End::Fin, "the server closed the connection before it answered"),
        ("reset", Vec::new(), End::Reset, "discovery document: the server reset the connection"),
        ("not HTTP", b"SSH-2.0-OpenSSH_9.2\r\n".to_vec(), End::Fin, "the answer is not valid HTTP/1"),
    ] {
        let said = said(&issuer, DISCOVERY, bytes, end);
        assert_eq!(said.is_empty(), told.is_empty(), "{case}: {said}");
        assert!(said.contains(told), "{case}: {said}");
        assert!(!said.contains("docs.rs") && !said.contains("close_notify"), "{case}: {said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn heads_and_bodies_that_are_odd() {
    let issuer = start(HOST, chains::good).await;
    let text = issuer.document(KEYS);
    let plain = text.as_bytes();
    let early = b"HTTP/1.1 103 Early Hints\r\nLink: </k>\r\n\r\n".to_vec();
    let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let status = |line: &str| format!("HTTP/1.1 {line}\r\nContent-Length: 0\r\n\r\n").into_bytes();
    for (case, bytes, told) in [
        ("a folded header", whole("X-A: b\r\n\tc\r\n", plain), ""),
        ("a space before the colon", whole("Server : old\r\n", plain), ""),
        ("a line that is no header", whole("served in 3 ms\r\n", plain), ""),
        ("early hints", [early, whole("", plain)].concat(), ""),
        (
            "text/plain, UTF-16 by name alone",
            whole("Content-Type: text/plain; charset=utf-16\r\n", plain),
            "",
        ),
        ("byte order mark", whole("", &[b"\xef\xbb\xbf", plain].concat()), ""),
        ("line ends of Windows", whole("", &[b"\r\n", plain, b"\r\n"].concat()), ""),
        ("UTF-16", whole("", &[b"\xff\xfe", &wide[..]].concat()), "JWKS: is UTF-16 or UTF-32 text"),
        ("HTML", whole("", b"<!doctype html><title>Sign in</title>"), "JWKS: is HTML or XML, not JSON"),
        ("empty", whole("", b""), "JWKS: is empty"),
        ("NUL at the end", whole("", &[plain, b"\0"].concat()), "JWKS: trailing characters"),
        ("no content", b"HTTP/1.1 204 No Content\r\n\r\n".to_vec(), "JWKS: HTTP status 204 No Content"),
        ("a part", status("206 Partial Content"), "JWKS: HTTP status 206 Partial Content"),
        ("a redirect", status("307 Temporary Redirect\r\nLocation: /k"), "JWKS: HTTP status 307 Temporary"),
        ("a status of its own", status("520 Whatever"), "JWKS: HTTP status 520"),
    ] {
        let said = said(&issuer, KEYS, bytes, End::Open);
        assert_eq!(said.is_empty(), told.is_empty(), "{case}: {said}");
        assert!(said.contains(told), "{case}: {said}");
        assert!(!said.contains("AWS"), "{case}: {said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_set_without_a_usable_key_says_why() {
    let issuer = start(HOST, chains::good).await;
    let mut for_encryption = rsa_key("1");
    for_encryption["use"] = "enc".into();
    let mut without_kid = rsa_key("2");
    without_kid.as_object_mut().unwrap().remove("kid");
    let keys = serde_json::json!({"keys": [for_encryption, without_kid, null]}).to_string();
    assert_eq!(
        said(&issuer, KEYS, whole("", keys.as_bytes()), End::Open),
        "JWKS: contains no usable key among its 3 keys: 1 not an object, 1 without kid, 1 not for signatures"
    );
}

/// Media types and codings, as a server sees them.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_asked_for() {
    let issuer = start(HOST, chains::good).await;
    let text = issuer.document(KEYS);
    issuer.behave(Behaviour::ByHand(ByHand {
        path: KEYS,
        bytes: whole("", text.as_bytes()),
        end: End::Open,
    }));
    let run = inspect_lab(&issuer, &[issuer.url()]);
    assert_eq!(run.code, 0, "{run:?}");
    let heads = issuer.heads();
    assert_eq!(heads.len(), 2, "{heads:?}");
    for head in heads {
        for header in [
            "\r\nAccept: application/json, application/jwk-set+json, */*;q=0.1\r\n",
            "\r\nAccept-Encoding: identity\r\n",
        ] {
            assert!(head.contains(header), "{head}");
        }
    }
}
