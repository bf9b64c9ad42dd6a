//! HTTP/2 is not spoken, which is said where it is asked for, and breaks nothing.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::Command;

use super::{ISSUER, QUIET, watch_with};
use crate::support::process::run;
use crate::support::watch::Watch;
use crate::support::web_certificates::{Ca, write_server};

const NOT_SPOKEN: &str = "http_server_config.http2: HTTP/2 is not spoken; every client gets HTTP/1.1";

#[test]
fn a_file_that_asks_for_it_is_told_and_curl_gets_what_it_wants_over_http_1() {
    let ca = Ca::new("Lab Server CA");
    for (section, told) in [
        ("http_server_config: {http2: true}\n", true),
        ("http_server_config: {http2: false}\n", false),
        ("", false),
    ] {
        let watch = watch_with(&format!(
            "tls_server_config: {{cert_file: server.pem, key_file: server.key}}\n{section}"
        ));
        write_server(watch.directory(), &ca.server());
        let check = run(&mut watch.command(&["config", "check"]));
        assert_eq!((check.code, check.err.contains(NOT_SPOKEN)), (0, told), "{section}: {}", check.err);
        let daemon = watch.start();
        assert_eq!(daemon.logged(NOT_SPOKEN), usize::from(told), "{section}: {}", daemon.log());
        let url = format!("https://{}/-/healthy", daemon.address());
        let arguments = ["--silent", "--insecure", "--http2", "--write-out", "%{http_version}", &url];
        assert_eq!(run(Command::new("curl").args(arguments)).out, "healthy\n1.1", "{section}");
    }
}

#[test]
fn who_speaks_nothing_else_is_refused_with_a_reason() {
    let ca = Ca::new("Lab Server CA");
    let watch = watch_with("tls_server_config: {cert_file: server.pem, key_file: server.key}\n");
    write_server(watch.directory(), &ca.server());
    let daemon = watch.start();
    let address = daemon.address().to_string();
    let arguments = ["s_client", "-connect", &address, "-alpn", "h2"];
    assert_ne!(run(Command::new("openssl").args(arguments)).code, 0);
    daemon.wait_log("the client speaks no HTTP/1.1, and nothing else is spoken here");

    let daemon = Watch::new(&QUIET).url(ISSUER).start();
    let mut stream = TcpStream::connect(daemon.address()).unwrap();
    // The preface, and an empty SETTINGS frame (RFC 9113, section 3.4).
    stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").unwrap();
    let mut answer = Vec::new();
    // It may be reset, since the frame is not read.
    let _ = stream.read_to_end(&mut answer);
    assert!(answer.is_empty(), "{answer:?}");
    daemon.wait_log("the client speaks HTTP/2, and only HTTP/1.1 is spoken here");
    assert_eq!(daemon.get("/-/healthy").status, 200);
}
