//! Clients that close their side once they have asked, as `nc -N` does: the answer comes all the same.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpStream};

use super::{ISSUER, QUIET, watch_with};
use crate::support::https::Https;
use crate::support::watch::Watch;
use crate::support::web_certificates::{Ca, write_server};

const PAGES: [&str; 5] =
    ["/", "/metrics", "/api/v1/issuers", "/-/healthy", "/probe?target=https://127.0.0.7:1"];

#[test]
fn every_page_is_answered_in_both_versions_of_http_1() {
    let daemon = Watch::new(&QUIET).url(ISSUER).start();
    for version in ["1.0", "1.1"] {
        for page in PAGES {
            let mut stream = TcpStream::connect(daemon.address()).unwrap();
            write!(stream, "GET {page} HTTP/{version}\r\nHost: x\r\n\r\n").unwrap();
            stream.shutdown(Shutdown::Write).unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).unwrap();
            assert!(answer.starts_with(&format!("HTTP/{version} 200 OK\r\n")), "{page}: {answer}");
            assert!(answer.len() > 100, "{page}: {answer}");
        }
    }
}

#[test]
fn over_tls_too() {
    let ca = Ca::new("Lab Server CA");
    let watch = watch_with("tls_server_config:\n  cert_file: server.pem\n  key_file: server.key\n");
    write_server(watch.directory(), &ca.server());
    let daemon = watch.start();
    for page in PAGES {
        let mut stream = Https::new(&ca, None).connect(daemon.address());
        write!(stream, "GET {page} HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
        stream.conn.send_close_notify();
        stream.flush().unwrap();
        stream.sock.shutdown(Shutdown::Write).unwrap();
        let mut answer = String::new();
        // Whether it ends with a notice of its own does not matter here.
        let _ = stream.read_to_string(&mut answer);
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.len() > 100, "{page}: {answer}");
    }
}
