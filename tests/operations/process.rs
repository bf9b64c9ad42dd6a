//! The process: how it starts, how it ends, and what it says when it cannot start.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};

use crate::support::daemon::{TempDir, get, wait_for};
use crate::support::process::{Run, configured, run};
use crate::support::server::own_address;
use crate::support::watch::{BRISK, Watch};

/// An issuer that is never reached: loopback, where nothing listens.
const ISSUER: &str = "https://127.0.0.7:1";

#[test]
fn a_port_that_is_taken_ends_it_with_1_and_the_address() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let directory = TempDir::new();
    let file = directory.path().join("config.toml");
    std::fs::write(&file, format!("[web]\nlisten = {address:?}\n[[issuers]]\nurl = {ISSUER:?}\n")).unwrap();
    let Run { code, err: error, .. } = run(&mut configured(&file, &["run"]));
    assert_eq!(code, 1, "{error}");
    assert!(error.contains(&format!("cannot listen on {address}")), "{error}");
}

#[test]
fn a_configuration_that_is_wrong_ends_it_with_2_the_file_and_the_key() {
    let issuer = format!("[[issuers]]\nurl = {ISSUER:?}\n");
    let directory = TempDir::new();
    let file = directory.path().join("config.toml");
    for (text, told) in [
        ("[poll]\nintervall = \"5m\"\n", "poll.intervall"),
        ("[poll]\ninterval = \"-5m\"\n", "poll.interval"),
        ("[poll]\ninterval = \"0s\"\n", "poll.interval"),
        ("[poll]\nconcurrency = 0\n", "poll.concurrency"),
        ("[web]\nlisten = \"nowhere\"\n", "web.listen"),
        ("[trust]\nca_files = [\"no-such-roots.pem\"]\n", "trust.ca_files"),
        ("[[issuers]]\nurl = \"http://a.example\"\n", "issuers"),
        ("[[issuers]]\nurl = \"https://a.example\"\nthumbprints = [\"abc\"]\n", "thumbprint"),
        ("poll = 5\n", "poll"),
        ("[poll\n", "TOML"),
    ] {
        let whole = if text.contains("[[issuers]]") { text.to_owned() } else { text.to_owned() + &issuer };
        std::fs::write(&file, whole).unwrap();
        for arguments in [&["run"][..], &["config", "check"]] {
            let Run { code, err: error, .. } = run(&mut configured(&file, arguments));
            assert_eq!(code, 2, "{arguments:?} {text}: {error}");
            assert!(error.contains(told), "{arguments:?} {text}: {error}");
            let names_file =
                error.contains(&file.display().to_string()) || error.contains("no-such-roots.pem");
            assert!(names_file, "{arguments:?} {text}: {error}");
            assert_eq!(
                error.trim_end().lines().filter(|line| line.contains("oidc-thumbprint-exporter")).count(),
                1
            );
        }
    }
    let missing = directory.path().join("missing.toml");
    let Run { code, err: error, .. } = run(&mut configured(&missing, &["run"]));
    assert_eq!(code, 2, "{error}");
    assert!(error.contains(&missing.display().to_string()), "{error}");
}

#[test]
fn sigterm_and_sigint_end_it_with_0_while_clients_are_connected() {
    for signal in ["TERM", "INT"] {
        // Of its own, so that nobody else answers there after the end.
        let address = own_address();
        let mut watch = Watch::new(&BRISK).url(ISSUER);
        watch.settings.listen = Some(address.to_string());
        let mut daemon = watch.start();
        // One client that has never asked, one that has asked and stays, one that has asked for half a page.
        let _silent = TcpStream::connect(address).unwrap();
        let mut kept = TcpStream::connect(address).unwrap();
        kept.write_all(b"GET /-/healthy HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
        assert!(kept.read(&mut [0; 64]).unwrap() > 0);
        let mut half = TcpStream::connect(address).unwrap();
        half.write_all(b"GET /metrics HTTP/1.1\r\nHost:").unwrap();

        daemon.signal(signal);
        assert_eq!(daemon.wait().code(), Some(0), "{signal}: {}", daemon.log());
        daemon.wait_log("stopping");
        assert!(TcpStream::connect(address).is_err(), "{signal}");
    }
}

#[test]
fn sigkill_leaves_nothing_to_repair() {
    // Of its own, so that nobody else takes the port in between.
    let address = own_address();
    let mut watch = Watch::new(&BRISK).url(ISSUER);
    watch.settings.listen = Some(address.to_string());
    let mut first = watch.start();
    // A connection that the kill breaks off, so that the port has one to remember.
    let _open = TcpStream::connect(address).unwrap();
    assert_eq!(get(address, "/-/healthy", &[]).status, 200);
    first.signal("KILL");
    assert_eq!(first.wait().code(), None, "ended by a signal");

    let second = watch.start();
    assert_eq!(second.address(), address);
    wait_for("its first result", || (second.get("/-/ready").status == 200).then_some(()));
    assert_eq!(second.terminate().code(), Some(0));
}
