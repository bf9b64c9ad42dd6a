//! Whom the server refuses is seen: in the log with address and reason, and in a counter. Each way is taken for real.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use oidc_thumbprint_exporter::refusal::Refusal;
use rustls::version::TLS12;
use strum::IntoEnumIterator as _;

use super::{ISSUER, QUIET, watch_with};
use crate::support::daemon::{Daemon, Exposition, get, wait_for};
use crate::support::https::Https;
use crate::support::watch::Watch;
use crate::support::web_certificates::{Ca, dns, write_server};

const REFUSALS: &str = "oidc_exporter_http_refusals_total";

fn count(metrics: &Exposition, refusal: Refusal) -> f64 {
    metrics.value(REFUSALS, &[("reason", &refusal.to_string())]).unwrap()
}

/// The lines about this refusal.
fn lines(daemon: &Daemon, refusal: Refusal) -> Vec<String> {
    let of_reason = format!("reason={refusal}");
    let log = daemon.log();
    log.lines()
        .filter(|line| line.split_whitespace().any(|word| word == of_reason))
        .map(str::to_owned)
        .collect()
}

/// Waits until this refusal is counted once more, and gives its last line.
fn wait_refused(daemon: &Daemon, scrape: &impl Fn() -> Exposition, refusal: Refusal, before: f64) -> String {
    wait_for(&refusal.to_string(), || (count(&scrape(), refusal) > before).then_some(()));
    wait_for("its line", || lines(daemon, refusal).pop())
}

fn bytes(address: SocketAddr, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(bytes).unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

#[test]
fn each_way_of_tls_and_login_has_its_reason_and_no_secret_is_told() {
    let (server_ca, client_ca, other_ca) = (Ca::new("Server CA"), Ca::new("Client CA"), Ca::new("Other CA"));
    let hash = bcrypt::hash("right-password", 4).unwrap();
    let watch = watch_with(&format!(
        "tls_server_config: {{cert_file: server.pem, key_file: server.key, client_ca_file: ca.pem, \
         client_auth_type: RequireAndVerifyClientCert, min_version: TLS13}}\n\
         basic_auth_users: {{a-user-name: {hash}}}\n"
    ));
    write_server(watch.directory(), &server_ca.server());
    std::fs::write(watch.directory().join("ca.pem"), client_ca.pem()).unwrap();
    let daemon = watch.start();
    let address = daemon.address();
    let scraper = vec![dns("scraper.example")];
    let known = client_ca.client(scraper.clone());
    let client = Https::new(&server_ca, Some(&known));
    let login = |pair: &str| format!("Authorization: Basic {}", STANDARD.encode(pair));
    let good = login("a-user-name:right-password");
    let scrape =
        || -> Exposition { client.get(address, "/metrics", &[&good]).unwrap().text().parse().unwrap() };

    let metrics = scrape();
    for refusal in Refusal::iter() {
        assert_eq!(count(&metrics, refusal).to_bits(), 0.0_f64.to_bits(), "{refusal}: there from the start");
    }
    // What only opens and closes is nobody's refusal.
    for _ in 0..3 {
        drop(TcpStream::connect(address).unwrap());
    }

    let refuse = |what: &str, refusal: Refusal, told: &str, ask: &dyn Fn()| {
        let before = count(&scrape(), refusal);
        ask();
        let line = wait_refused(&daemon, &scrape, refusal, before);
        assert!(line.contains("peer=127.0.0.1:") && line.contains(told), "{what}: {line}");
    };
    let plain = |request: &str| {
        let answer = bytes(address, request.as_bytes());
        assert!(answer.starts_with("HTTP/1.1 400 Bad Request\r\n"), "{answer}");
        assert!(answer.contains("Client sent an HTTP request to an HTTPS server. Use https://"), "{answer}");
    };
    refuse("plain HTTP", Refusal::PlainHttp, "plain HTTP", &|| {
        plain("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
    });
    refuse("no certificate", Refusal::ClientCertificate, "certificate", &|| {
        assert!(Https::new(&server_ca, None).get(address, "/metrics", &[&good]).is_err());
    });
    refuse("another CA", Refusal::ClientCertificate, "UnknownIssuer", &|| {
        let client = Https::new(&server_ca, Some(&other_ca.client(scraper.clone())));
        assert!(client.get(address, "/metrics", &[&good]).is_err());
    });
    refuse("our certificate", Refusal::TlsHandshake, "the client gave up with UnknownCA", &|| {
        assert!(Https::new(&other_ca, Some(&known)).get(address, "/metrics", &[&good]).is_err());
    });
    refuse("an old version", Refusal::TlsHandshake, "Tls12", &|| {
        let client = Https::with_versions(&server_ca, Some(&known), &[&TLS12]);
        assert!(client.get(address, "/metrics", &[&good]).is_err());
    });
    refuse("no TLS at all", Refusal::TlsHandshake, "message", &|| {
        drop(bytes(address, b"\x00\x01\x02\x03\x04\x05\x06"));
    });
    refuse("broken off", Refusal::TlsHandshake, "the client closed the connection", &|| {
        drop(TcpStream::connect(address).unwrap().write_all(&[0x16, 3, 1, 2, 0, 1]));
    });
    refuse("no login", Refusal::Login, "nothing was sent", &|| {
        assert_eq!(client.get(address, "/metrics", &[]).unwrap().status, 401);
    });
    for pair in ["a-user-name:wrong-password", "b-user-name:right-password"] {
        refuse(pair, Refusal::Login, "what was sent is not right", &|| {
            assert_eq!(client.get(address, "/metrics", &[&login(pair)]).unwrap().status, 401);
        });
    }
    let metrics = scrape();
    let counted: Vec<f64> =
        [Refusal::PlainHttp, Refusal::ClientCertificate, Refusal::TlsHandshake, Refusal::Login]
            .map(|refusal| count(&metrics, refusal))
            .to_vec();
    assert_eq!(counted, [1.0, 2.0, 4.0, 3.0], "{}", daemon.log());
    for secret in ["user-name", "password", &STANDARD.encode("a-user-name"), "$2b$"] {
        let lines: Vec<String> = Refusal::iter().flat_map(|refusal| lines(&daemon, refusal)).collect();
        let told = lines.iter().filter(|line| !line.contains("no user name and password"));
        assert!(!told.clone().any(|line| line.contains(secret)), "{secret}: {lines:?}");
    }
}

#[test]
fn the_same_about_one_client_is_told_six_times_an_hour_and_always_counted() {
    let hash = bcrypt::hash("right", 4).unwrap();
    let daemon = watch_with(&format!("basic_auth_users: {{sre: {hash}}}\n")).start();
    for _ in 0..20 {
        assert_eq!(daemon.get("/metrics").status, 401);
    }
    let header = format!("Authorization: Basic {}", STANDARD.encode("sre:right"));
    let scrape = || -> Exposition { get(daemon.address(), "/metrics", &[&header]).text().parse().unwrap() };
    assert_eq!(count(&scrape(), Refusal::Login).to_bits(), 20.0_f64.to_bits());
    let lines = lines(&daemon, Refusal::Login);
    assert_eq!(lines.len(), 6, "{lines:?}");
    assert!(lines[5].contains("further messages about it are held back"), "{lines:?}");
    // Another reason has lines of its own.
    bytes(daemon.address(), b"nonsense\r\n\r\n");
    wait_refused(&daemon, &scrape, Refusal::BadRequest, 0.0);
}

#[test]
fn requests_that_are_none_or_come_too_often_or_too_slowly() {
    let daemon = watch_with("rate_limit: {interval: 1h, burst: 30}\n").start();
    let address = daemon.address();
    let scrape = || daemon.metrics();
    // Begun first: it takes ten seconds.
    let mut slow = TcpStream::connect(address).unwrap();
    slow.write_all(b"GET /metrics HTTP/1.1\r\n").unwrap();
    let long = format!("GET / HTTP/1.1\r\nX: {}\r\n\r\n", "x".repeat(20_000));
    for (number, request) in
        [&b"\x01\x02\r\n\r\n"[..], b"GET / HTTP/3.7\r\n\r\n", long.as_bytes()].iter().enumerate()
    {
        bytes(address, request);
        wait_refused(&daemon, &scrape, Refusal::BadRequest, f64::from(u8::try_from(number).unwrap()));
    }
    let before = count(&scrape(), Refusal::BadRequest);
    // Half a request, and its client goes.
    drop(TcpStream::connect(address).unwrap().write_all(b"GET / HT"));
    wait_refused(&daemon, &scrape, Refusal::BadRequest, before);
    wait_for("the slow one to be ended", || (slow.read(&mut [0; 64]).ok()? == 0).then_some(()));
    daemon.wait_log("the client was too slow");
    assert!(
        lines(&daemon, Refusal::TooSlow)[0].contains("no whole request came in time"),
        "{}",
        daemon.log()
    );
    wait_for("the rate limit", || (daemon.get("/metrics").status == 429).then_some(()));
    daemon.wait_log("reason=rate_limit");
}

#[test]
fn more_connections_than_there_are_places() {
    let daemon = Watch::new(&QUIET).url(ISSUER).start();
    let idle: Vec<TcpStream> = (0..600).map(|_| TcpStream::connect(daemon.address()).unwrap()).collect();
    wait_refused(&daemon, &|| daemon.metrics(), Refusal::TooManyConnections, 50.0);
    assert_eq!(lines(&daemon, Refusal::TooManyConnections).len(), 6, "{}", daemon.log());
    drop(idle);
}
