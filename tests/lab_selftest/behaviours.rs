//! That each behaviour does what it says, seen by a plain client that reads whatever comes.

use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt, Empty};
use hyper::Request;
use hyper::body::{Bytes, Incoming};
use hyper_util::rt::TokioIo;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::{ClientConfig, RootCertStore};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::support::lab::{Behaviour, LabIssuer, Wire, behaviour};

/// More than any document that ends here.
const ENOUGH: usize = 3 << 20;

/// What the client sees of each document: the discovery document, then the JWKS.
const SEEN: [(&str, &str, &str); 36] = [
    ("good", "200 whole, jwks_uri", "200 whole, 2 keys"),
    ("other_issuer", "200 whole, issuer differs, jwks_uri", "200 whole, 2 keys"),
    ("issuer_missing", "200 whole, issuer differs, jwks_uri", "200 whole, 2 keys"),
    ("discovery_not_json", "200 whole, not JSON", "200 whole, 2 keys"),
    ("discovery_empty", "200 whole, not JSON", "200 whole, 2 keys"),
    ("discovery_nested", "200 whole, nested", "200 whole, 2 keys"),
    ("jwks_uri_missing", "200 whole, no jwks_uri", "200 whole, 2 keys"),
    ("jwks_uri_not_a_string", "200 whole, no jwks_uri", "200 whole, 2 keys"),
    ("jwks_uri_http", "200 whole, jwks_uri http://keys.oidc.test/keys", "200 whole, 2 keys"),
    ("jwks_uri_metadata", "200 whole, jwks_uri https://169.254.169.254/keys", "200 whole, 2 keys"),
    ("discovery_redirect", "302 to https://other.oidc.test/", "200 whole, 2 keys"),
    ("discovery_404", "404", "200 whole, 2 keys"),
    ("discovery_500", "500", "200 whole, 2 keys"),
    ("discovery_503", "503", "200 whole, 2 keys"),
    ("discovery_too_large", "200 2097152 bytes, length told", "200 whole, 2 keys"),
    ("discovery_too_large_chunked", "200 too large, chunked", "200 whole, 2 keys"),
    ("discovery_endless", "200 endless", "200 whole, 2 keys"),
    ("discovery_one_byte_a_second", "200 slow", "200 whole, 2 keys"),
    ("discovery_header_bomb", "200 10000 header fields", "200 whole, 2 keys"),
    ("discovery_truncated", "200 cut off", "200 whole, 2 keys"),
    ("jwks_not_json", "200 whole, jwks_uri", "200 whole, not JSON"),
    ("jwks_nested", "200 whole, jwks_uri", "200 whole, nested"),
    ("jwks_redirect", "200 whole, jwks_uri", "302 to https://other.oidc.test/keys"),
    ("jwks_404", "200 whole, jwks_uri", "404"),
    ("jwks_503", "200 whole, jwks_uri", "503"),
    ("jwks_too_large", "200 whole, jwks_uri", "200 2097152 bytes, length told"),
    ("jwks_too_large_chunked", "200 whole, jwks_uri", "200 too large, chunked"),
    ("jwks_endless", "200 whole, jwks_uri", "200 endless"),
    ("jwks_one_byte_a_second", "200 whole, jwks_uri", "200 slow"),
    ("jwks_header_bomb", "200 whole, jwks_uri", "200 10000 header fields"),
    ("jwks_truncated", "200 whole, jwks_uri", "200 cut off"),
    ("jwks_keys_missing", "200 whole, jwks_uri", "200 whole, no keys"),
    ("jwks_no_keys", "200 whole, jwks_uri", "200 whole, 0 keys"),
    ("jwks_without_kid", "200 whole, jwks_uri", "200 whole, 2 keys, 0 with kid"),
    ("jwks_symmetric_only", "200 whole, jwks_uri", "200 whole, 1 keys, 1 symmetric"),
    ("jwks_101_rsa_keys", "200 whole, jwks_uri", "200 whole, 101 keys"),
];

#[tokio::test(flavor = "multi_thread")]
async fn every_bad_document_is_bad_in_the_way_it_says() {
    let mut all = vec![("good", Behaviour::Good)];
    all.extend(behaviour::all_bad().into_iter().filter(|(_, bad)| !matches!(bad, Behaviour::Wire(_))));
    assert_eq!(all.iter().map(|(name, _)| *name).collect::<Vec<_>>(), SEEN.map(|(name, _, _)| name));
    let mut running = JoinSet::new();
    for ((name, behaviour), (_, discovery, jwks)) in all.into_iter().zip(SEEN) {
        running.spawn(async move {
            let issuer = LabIssuer::good("host.oidc.test").await;
            issuer.behave(behaviour);
            assert_eq!(see(&issuer, "/.well-known/openid-configuration").await, discovery, "{name}");
            assert_eq!(see(&issuer, "/keys").await, jwks, "{name}");
        });
    }
    while let Some(done) = running.join_next().await {
        done.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn behaviour_changes_while_the_issuer_runs_and_other_paths_are_not_found() {
    let issuer = LabIssuer::good("host.oidc.test").await;
    assert_eq!(see(&issuer, "/keys").await, "200 whole, 2 keys");
    issuer.behave(Behaviour::keys(Vec::new()));
    assert_eq!(see(&issuer, "/keys").await, "200 whole, 0 keys");
    issuer.behave(Behaviour::Good);
    assert_eq!(see(&issuer, "/keys").await, "200 whole, 2 keys");
    assert_eq!(see(&issuer, "/").await, "404");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_bad_connection_is_bad_in_the_way_it_says() {
    let issuer = LabIssuer::good("host.oidc.test").await;
    for (name, behaviour) in behaviour::all_bad() {
        let Behaviour::Wire(wire) = behaviour else { continue };
        issuer.behave(behaviour);
        match wire {
            // Both ends would wait for ever; that nothing comes cannot be seen, only not be contradicted.
            Wire::Silence => {
                let nothing = timeout(Duration::from_secs(2), first_bytes(&issuer, 1)).await;
                assert!(nothing.is_err(), "{name}: {nothing:?}");
            }
            Wire::PlainHttp => assert_eq!(first_bytes(&issuer, 12).await.unwrap(), b"HTTP/1.1 400", "{name}"),
            Wire::Garbage => assert!(first_bytes(&issuer, 512).await.unwrap()[0] >= 0x80, "{name}"),
            Wire::Alert => {
                assert_eq!(first_bytes(&issuer, 7).await.unwrap(), [21, 3, 3, 0, 2, 2, 40], "{name}");
            }
            Wire::OneByteASecond => assert_eq!(first_bytes(&issuer, 3).await.unwrap(), [22, 3, 3], "{name}"),
            Wire::Reset => {
                let error = first_bytes(&issuer, 1).await.unwrap_err();
                assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset, "{name}");
            }
            Wire::CloseAfterHandshake => {
                let mut tls = handshake(&issuer).await;
                let mut nothing = Vec::new();
                let _ = tls.read_to_end(&mut nothing).await;
                assert_eq!((nothing.len(), issuer.handshakes()), (0, 1), "{name}");
            }
        }
    }
}

/// The first so many bytes that come in answer to something like a `ClientHello`.
async fn first_bytes(issuer: &LabIssuer, count: usize) -> std::io::Result<Vec<u8>> {
    let mut tcp = TcpStream::connect(issuer.sockets()[0]).await?;
    tcp.write_all(&[22, 3, 1, 0, 200]).await?;
    let mut bytes = vec![0; count];
    tcp.read_exact(&mut bytes).await?;
    Ok(bytes)
}

async fn handshake(issuer: &LabIssuer) -> TlsStream<TcpStream> {
    let mut roots = RootCertStore::empty();
    for anchor in issuer.anchors() {
        roots.add(anchor).unwrap();
    }
    let config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let tcp = TcpStream::connect(issuer.sockets()[0]).await.unwrap();
    let name = issuer.host().to_owned().try_into().unwrap();
    TlsConnector::from(Arc::new(config)).connect(name, tcp).await.unwrap()
}

/// One GET, in the words of [`SEEN`].
async fn see(issuer: &LabIssuer, path: &str) -> String {
    let (mut client, connection) = hyper::client::conn::http1::Builder::new()
        .max_headers(20_000)
        .max_buf_size(4 << 20)
        .handshake(TokioIo::new(handshake(issuer).await))
        .await
        .unwrap();
    let connection = tokio::spawn(connection);
    let request = Request::get(path).header("host", issuer.endpoint()).body(Empty::<Bytes>::new()).unwrap();
    let response = client.send_request(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let field = |name: &str| parts.headers.get(name).map(|value| value.to_str().unwrap());
    let fields = parts.headers.keys().filter(|name| name.as_str().starts_with("x-bomb-")).count();
    let seen = match (parts.status.as_u16(), field("location"), fields) {
        (status, Some(location), _) => format!("{status} to {location}"),
        (200, None, 0) => format!("200 {}", read(body, field("content-length"), issuer.url()).await),
        (200, None, fields) => format!("200 {fields} header fields"),
        (status, None, _) => status.to_string(),
    };
    connection.abort();
    seen
}

async fn read(mut body: Incoming, told: Option<&str>, issuer: &str) -> String {
    let (mut bytes, mut frames) = (Vec::new(), 0);
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame else { return "cut off".to_owned() };
        bytes.extend_from_slice(frame.data_ref().unwrap());
        frames += 1;
        if bytes.len() > ENOUGH {
            return "endless".to_owned();
        }
        if frames == 3 && bytes.len() == 3 {
            return "slow".to_owned();
        }
    }
    match told {
        Some(length) if bytes.len() > 1 << 20 => format!("{length} bytes, length told"),
        None if bytes.len() > 1 << 20 => "too large, chunked".to_owned(),
        _ => format!("whole, {}", describe(&bytes, issuer)),
    }
}

fn describe(body: &[u8], issuer: &str) -> String {
    if body.starts_with(b"[[[[") {
        return "nested".to_owned();
    }
    let Ok(document) = serde_json::from_slice::<Value>(body) else { return "not JSON".to_owned() };
    if let Some(keys) = document["keys"].as_array() {
        let with = |member: &str, value: Option<&str>| {
            keys.iter()
                .filter(|key| key[member].is_string() && value.is_none_or(|value| key[member] == value))
                .count()
        };
        return match (keys.len(), with("kid", None), with("kty", Some("oct"))) {
            (all, _, symmetric) if symmetric > 0 => format!("{all} keys, {symmetric} symmetric"),
            (all, kid, _) if kid < all => format!("{all} keys, {kid} with kid"),
            (all, ..) => format!("{all} keys"),
        };
    }
    let differs = if document["issuer"] == issuer { "" } else { "issuer differs, " };
    match document["jwks_uri"].as_str() {
        Some(uri) if uri.starts_with(issuer) => format!("{differs}jwks_uri"),
        Some(uri) => format!("{differs}jwks_uri {uri}"),
        None if document["issuer"].is_string() => format!("{differs}no jwks_uri"),
        None => "no keys".to_owned(),
    }
}
