//! TLS and client certificates.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use rcgen::SanType;
use rustls::version::{TLS12, TLS13};

use super::{ISSUER, QUIET, watch_with};
use crate::support::daemon::get::request;
use crate::support::daemon::{Daemon, get, wait_for};
use crate::support::https::Https;
use crate::support::process::run;
use crate::support::watch::Watch;
use crate::support::web_certificates::{Ca, Pair, dns, self_signed_client, write_server};

const TLS: &str = "tls_server_config:\n  cert_file: server.pem\n  key_file: server.key\n";

/// A daemon with these lines under `tls_server_config`, beside its certificate; `client_ca.pem` holds this text.
fn serve(ca: &Ca, more: &str, client_ca: &str) -> (Watch, Daemon) {
    let watch = watch_with(&format!("{TLS}{more}"));
    write_server(watch.directory(), &ca.server());
    std::fs::write(watch.directory().join("client_ca.pem"), client_ca).unwrap();
    let daemon = watch.start();
    (watch, daemon)
}

fn status(client: &Https, address: SocketAddr) -> Option<u16> {
    client.get(address, "/-/healthy", &[]).ok().map(|answer| answer.status)
}

#[test]
fn https_in_both_versions_and_nothing_in_the_clear() {
    let ca = Ca::new("Lab Server CA");
    let (_watch, daemon) = serve(&ca, "", "");
    for version in [&TLS12, &TLS13] {
        let client = Https::with_versions(&ca, None, &[version]);
        assert_eq!(status(&client, daemon.address()), Some(200));
    }
    let other = Https::new(&Ca::new("Another CA"), None);
    assert_eq!(status(&other, daemon.address()), None, "the client checks the server");
    let clear = std::panic::catch_unwind(|| get(daemon.address(), "/-/healthy", &[]).status);
    assert_ne!(clear.ok(), Some(200));
}

#[test]
fn versions_and_cipher_suites_are_those_of_the_file() {
    let ca = Ca::new("Lab Server CA");
    let suite = "  max_version: TLS12\n  cipher_suites: [TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384]\n";
    for (more, tls12, tls13) in [("  min_version: TLS13\n", None, Some(200)), (suite, Some(200), None)] {
        let (_watch, daemon) = serve(&ca, more, "");
        for (version, wanted) in [(&TLS12, tls12), (&TLS13, tls13)] {
            let client = Https::with_versions(&ca, None, &[version]);
            assert_eq!(status(&client, daemon.address()), wanted, "{more} {version:?}");
        }
        let mut stream = Https::new(&ca, None).connect(daemon.address());
        stream.conn.complete_io(&mut stream.sock).unwrap();
        if tls12.is_some() {
            let chosen = stream.conn.negotiated_cipher_suite().unwrap().suite();
            assert_eq!(chosen, rustls::CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384);
        }
    }
}

#[test]
fn each_policy_lets_in_whom_it_should() {
    let (server_ca, client_ca) = (Ca::new("Lab Server CA"), Ca::new("Lab Client CA"));
    let pinned = self_signed_client(30);
    let pinned_expired = self_signed_client(-1);
    let trusted = client_ca.pem() + &pinned.certificate + &pinned_expired.certificate;
    let scraper = vec![dns("scraper.example")];
    let clients: [(&str, Option<Pair>); 7] = [
        ("none", None),
        ("issued", Some(client_ca.client(scraper.clone()))),
        ("foreign", Some(Ca::new("Foreign CA").client(scraper.clone()))),
        ("expired", Some(client_ca.expired_client())),
        ("server's", Some(client_ca.server())),
        ("pinned", Some(pinned)),
        ("pinned, expired", Some(pinned_expired)),
    ];
    let all = clients.each_ref().map(|(name, _)| *name);
    let with_ca = "\n  client_ca_file: client_ca.pem\n";
    for (more, let_in) in [
        ("NoClientCert\n".to_owned(), &all[..]),
        ("RequestClientCert\n".to_owned(), &all),
        ("RequireAnyClientCert\n".to_owned(), &all[1..]),
        (format!("VerifyClientCertIfGiven{with_ca}"), &["none", "issued", "pinned"]),
        (format!("RequireAndVerifyClientCert{with_ca}"), &["issued", "pinned"]),
    ] {
        let (_watch, daemon) = serve(&server_ca, &format!("  client_auth_type: {more}"), &trusted);
        for (name, pair) in &clients {
            for version in [&TLS12, &TLS13] {
                let client = Https::with_versions(&server_ca, pair.as_ref(), &[version]);
                let wanted = let_in.contains(name).then_some(200);
                assert_eq!(status(&client, daemon.address()), wanted, "{more} {name} {version:?}");
            }
        }
    }
}

/// As in Go, the system's roots stand in for client CAs that are not named.
#[test]
fn without_client_cas_those_of_the_system_vouch() {
    let (server_ca, client_ca) = (Ca::new("Lab Server CA"), Ca::new("Lab Client CA"));
    let issued = client_ca.client(vec![dns("scraper.example")]);
    let foreign = Ca::new("Foreign CA").client(vec![dns("scraper.example")]);
    let clients = [("none", None), ("issued", Some(&issued)), ("foreign", Some(&foreign))];
    for (policy, roots, let_in) in [
        ("VerifyClientCertIfGiven", client_ca.pem(), &["none", "issued"][..]),
        ("RequireAndVerifyClientCert", client_ca.pem(), &["issued"]),
        ("VerifyClientCertIfGiven", String::new(), &["none"]),
        ("RequireAndVerifyClientCert", String::new(), &[]),
    ] {
        let watch = watch_with(&format!("{TLS}  client_auth_type: {policy}\n"));
        write_server(watch.directory(), &server_ca.server());
        let file = watch.directory().join("system.pem");
        std::fs::write(&file, &roots).unwrap();
        let watch = watch.env("SSL_CERT_FILE", file).env("SSL_CERT_DIR", "/nonexistent");
        let daemon = watch.start();
        for (name, pair) in clients {
            for version in [&TLS12, &TLS13] {
                let client = Https::with_versions(&server_ca, pair, &[version]);
                let wanted = let_in.contains(&name).then_some(200);
                assert_eq!(status(&client, daemon.address()), wanted, "{policy} {roots} {name} {version:?}");
            }
        }
        daemon.wait_log("any CA that this system trusts");
    }
}

/// OpenSSL as the client, since rustls has no P-521 of its own.
#[test]
fn curves_are_those_of_the_file() {
    let ca = Ca::new("Lab Server CA");
    let (_watch, daemon) = serve(&ca, "  curve_preferences: [CurveP521]\n", "");
    let address = daemon.address().to_string();
    for (version, group, told) in [
        ("-tls1_3", "P-521", Some("secp521r1")),
        ("-tls1_2", "P-521", Some("secp521r1")),
        ("-tls1_3", "P-256:P-521", Some("secp521r1")),
        ("-tls1_3", "P-256", None),
        ("-tls1_2", "X25519", None),
    ] {
        let arguments = ["s_client", "-connect", &address, "-groups", group, version];
        let said = run(std::process::Command::new("openssl").args(arguments)).said();
        assert_eq!(said.contains("Server Temp Key"), told.is_some(), "{version} {group}: {said}");
        assert!(told.is_none_or(|told| said.contains(told)), "{version} {group}: {said}");
    }
}

#[test]
fn a_listed_name_of_any_kind_lets_in_and_a_similar_one_does_not() {
    let (server_ca, client_ca) = (Ca::new("Lab Server CA"), Ca::new("Lab Client CA"));
    let more = "  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: client_ca.pem\n  \
        client_allowed_sans: [scraper.example, 'spiffe://lab/prometheus', sre@lab.example, 192.0.2.7, '2001:db8::7']\n";
    let (_watch, daemon) = serve(&server_ca, more, &client_ca.pem());
    let uri = |text: &str| SanType::URI(text.try_into().unwrap());
    let mail = |text: &str| SanType::Rfc822Name(text.try_into().unwrap());
    let ip = |text: &str| SanType::IpAddress(text.parse().unwrap());
    for (name, let_in) in [
        (dns("scraper.example"), true),
        (dns("a.scraper.example"), false),
        (dns("scraper.example.evil.example"), false),
        (dns("*.example"), false),
        (uri("spiffe://lab/prometheus"), true),
        (uri("spiffe://lab/prometheus2"), false),
        (mail("sre@lab.example"), true),
        (ip("192.0.2.7"), true),
        (ip("2001:db8::7"), true),
        (ip("192.0.2.8"), false),
        (SanType::IpAddress(IpAddr::V4(Ipv4Addr::LOCALHOST)), false),
    ] {
        let client = Https::new(&server_ca, Some(&client_ca.client(vec![name.clone()])));
        assert_eq!(status(&client, daemon.address()).is_some(), let_in, "{name:?}");
    }
    let several = client_ca.client(vec![dns("a.example"), dns("scraper.example")]);
    assert_eq!(status(&Https::new(&server_ca, Some(&several)), daemon.address()), Some(200));
    let nameless = client_ca.client(Vec::new());
    assert_eq!(status(&Https::new(&server_ca, Some(&nameless)), daemon.address()), None);
}

#[test]
fn health_checks_are_answered_on_their_own_listener_to_anybody() {
    let (server_ca, client_ca) = (Ca::new("Lab Server CA"), Ca::new("Lab Client CA"));
    let more = "  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: client_ca.pem\n";
    let watch = watch_with(&format!("{TLS}{more}")).env("OIDC_EXPORTER__WEB__HEALTH_LISTEN", "127.0.0.1:0");
    write_server(watch.directory(), &server_ca.server());
    std::fs::write(watch.directory().join("client_ca.pem"), client_ca.pem()).unwrap();
    let daemon = watch.start();
    daemon.wait_log("health_listen=");
    let log = daemon.log();
    let health: SocketAddr =
        log.split_once("health_listen=").unwrap().1.split_whitespace().next().unwrap().parse().unwrap();
    assert_eq!(get(health, "/-/healthy", &[]).status, 200);
    wait_for("readiness", || (get(health, "/-/ready", &[]).status == 200).then_some(()));
    for path in ["/metrics", "/", "/-/reload", "/probe"] {
        assert_eq!(get(health, path, &[]).status, 404, "{path}");
    }
    assert_eq!(request(health, "POST", "/-/healthy", &[]).status, 405);
}

#[test]
fn without_a_file_there_is_no_second_listener() {
    let daemon = Watch::new(&QUIET).url(ISSUER).start();
    daemon.wait_ready();
    assert!(!daemon.log().contains("health_listen"), "{}", daemon.log());
    assert_eq!(daemon.metrics().value("oidc_exporter_web_config_last_reload_successful", &[]), None);
}
