//! The web configuration file changes while the daemon runs.

use std::io::{Read as _, Write as _};
use std::os::unix::fs::symlink;
use std::path::Path;

use rustls::HandshakeKind;

use super::watch_with;
use crate::support::daemon::{Daemon, get, swap, wait_for};
use crate::support::https::Https;
use crate::support::web_certificates::{Ca, dns, write_server};

const LOADED: &str = "web configuration loaded";
const REFUSED: &str = "changed web configuration rejected";
const SUCCESSFUL: &str = "oidc_exporter_web_config_last_reload_successful";

fn header(daemon: &Daemon) -> Option<String> {
    daemon.get("/-/healthy").header("x-xss-protection").map(str::to_owned)
}

fn with_header(value: &str) -> String {
    format!("http_server_config:\n  headers:\n    X-XSS-Protection: \"{value}\"\n")
}

fn wait_header(daemon: &Daemon, value: &str) {
    wait_for(value, || (header(daemon).as_deref() == Some(value)).then_some(()));
}

#[test]
fn a_change_is_taken_over_and_a_bad_one_is_refused_once() {
    let watch = watch_with(&with_header("1"));
    let file = watch.directory().join("web.yml");
    let daemon = watch.start();
    let successful = |daemon: &Daemon| daemon.metrics().value(SUCCESSFUL, &[]);
    assert_eq!((header(&daemon).as_deref(), successful(&daemon)), (Some("1"), Some(1.0)));

    swap(&file, "http_server_config:\n  header: {}\n");
    daemon.wait_log(REFUSED);
    assert_eq!((header(&daemon).as_deref(), successful(&daemon)), (Some("1"), Some(0.0)));
    daemon.wait_log("header");

    swap(&file, &with_header("2"));
    wait_for("success", || (successful(&daemon) == Some(1.0)).then_some(()));
    assert_eq!(header(&daemon).as_deref(), Some("2"));

    std::fs::remove_file(&file).unwrap();
    daemon.wait_logged(REFUSED, 2);
    assert_eq!((header(&daemon).as_deref(), successful(&daemon)), (Some("2"), Some(0.0)));
    // Back as it was: that is what is in force, and it counts as taken over.
    swap(&file, &with_header("2"));
    wait_for("success", || (successful(&daemon) == Some(1.0)).then_some(()));
    daemon.wait_logged(LOADED, 3);
    assert_eq!(daemon.logged(REFUSED), 2, "{}", daemon.log());
}

/// Kubernetes mounts a `ConfigMap` as symbolic links through `..data`, and swaps that one.
#[test]
fn a_swapped_directory_is_seen_through_the_links() {
    let watch = watch_with("");
    let root = watch.directory().to_owned();
    for name in ["first", "second"] {
        std::fs::create_dir(root.join(name)).unwrap();
        std::fs::write(root.join(name).join("web.yml"), with_header(name)).unwrap();
    }
    let file = root.join("web.yml");
    std::fs::remove_file(&file).unwrap();
    symlink("first", root.join("..data")).unwrap();
    symlink(Path::new("..data").join("web.yml"), &file).unwrap();
    let daemon = watch.start();
    wait_header(&daemon, "first");
    symlink("second", root.join("..data_tmp")).unwrap();
    std::fs::rename(root.join("..data_tmp"), root.join("..data")).unwrap();
    wait_header(&daemon, "second");
}

#[test]
fn a_file_that_lost_its_content_opens_no_door() {
    let ca = Ca::new("Lab Server CA");
    let hash = bcrypt::hash("c", 4).unwrap();
    let users = format!("basic_auth_users:\n  sre: {hash}\n");
    let watch = watch_with(&users);
    let daemon = watch.start();
    swap(&watch.directory().join("web.yml"), "");
    daemon.wait_log(REFUSED);
    assert_eq!(daemon.get("/metrics").status, 401);

    let watch = watch_with("tls_server_config:\n  cert_file: server.pem\n  key_file: server.key\n");
    write_server(watch.directory(), &ca.server());
    let daemon = watch.start();
    swap(&watch.directory().join("web.yml"), "");
    daemon.wait_log(REFUSED);
    assert_eq!(Https::new(&ca, None).get(daemon.address(), "/-/healthy", &[]).unwrap().status, 200);
}

#[test]
fn a_renewed_certificate_is_served_once_its_key_is_there() {
    let (old_ca, new_ca) = (Ca::new("Old CA"), Ca::new("New CA"));
    let watch = watch_with("tls_server_config:\n  cert_file: server.pem\n  key_file: server.key\n");
    write_server(watch.directory(), &old_ca.server());
    let daemon = watch.start();
    let [old, new] = [&old_ca, &new_ca].map(|ca| Https::new(ca, None));
    let pair = new_ca.server();
    swap(&watch.directory().join("server.pem"), &pair.certificate);
    daemon.wait_log(REFUSED);
    assert_eq!(old.get(daemon.address(), "/-/healthy", &[]).unwrap().status, 200);
    swap(&watch.directory().join("server.key"), &pair.key);
    wait_for("the new certificate", || new.get(daemon.address(), "/-/healthy", &[]).ok());
    assert!(old.get(daemon.address(), "/-/healthy", &[]).is_err());
}

#[test]
fn a_changed_client_ca_ends_sessions_and_connections_of_the_old_one() {
    let (server_ca, old_ca, new_ca) = (Ca::new("Server CA"), Ca::new("Old CA"), Ca::new("New CA"));
    let watch = watch_with(
        "tls_server_config:\n  cert_file: server.pem\n  key_file: server.key\n  \
         client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: client_ca.pem\n",
    );
    write_server(watch.directory(), &server_ca.server());
    let client_ca = watch.directory().join("client_ca.pem");
    std::fs::write(&client_ca, old_ca.pem()).unwrap();
    let daemon = watch.start();

    let scraper = || vec![dns("scraper.example")];
    let pair = old_ca.client(scraper());
    let clients = [&rustls::version::TLS12, &rustls::version::TLS13]
        .map(|version| Https::with_versions(&server_ca, Some(&pair), &[version]));
    for client in &clients {
        let kinds = [(); 2].map(|()| client.get_and_kind(daemon.address()).unwrap());
        assert_eq!(kinds, [(200, HandshakeKind::Full), (200, HandshakeKind::Resumed)]);
    }
    let mut kept = clients[1].connect(daemon.address());
    kept.write_all(b"GET /-/healthy HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    assert!(kept.read(&mut [0; 4096]).unwrap() > 0);

    swap(&client_ca, &new_ca.pem());
    daemon.wait_logged(LOADED, 2);
    let ended = std::io::copy(&mut kept, &mut std::io::sink());
    assert!(
        ended.is_ok() || ended.unwrap_err().kind() != std::io::ErrorKind::WouldBlock,
        "the connection stays"
    );
    for client in &clients {
        assert!(client.get_and_kind(daemon.address()).is_err(), "a session of the old CA lives on");
    }
    let client = Https::new(&server_ca, Some(&new_ca.client(scraper())));
    assert_eq!(client.get(daemon.address(), "/-/healthy", &[]).unwrap().status, 200);
}

#[test]
fn a_changed_password_is_no_longer_remembered() {
    let file = |password: &str| format!("basic_auth_users:\n  sre: {}\n", bcrypt::hash(password, 4).unwrap());
    let watch = watch_with(&file("old"));
    let daemon = watch.start();
    // "sre:old" and "sre:new".
    let status = |token: &str| get(daemon.address(), "/", &[&format!("Authorization: Basic {token}")]).status;
    assert_eq!((status("c3JlOm9sZA=="), status("c3JlOm5ldw==")), (200, 401));
    swap(&watch.directory().join("web.yml"), &file("new"));
    wait_for("the new password", || (status("c3JlOm5ldw==") == 200).then_some(()));
    assert_eq!(status("c3JlOm9sZA=="), 401);
}
