//! Socket activation, by systemd's own `systemd-socket-activate`.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::Command;
use std::time::Duration;

use super::{ONE_ROUND, Site};
use crate::support::daemon::{Daemon, get, run_to_end, wait_for};

fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

/// A daemon that is started by the first connection to one of these sockets; `names` are theirs.
fn activate(site: &Site, sockets: &[SocketAddr], names: &str) -> Command {
    let mut command = Command::new("systemd-socket-activate");
    for socket in sockets {
        command.arg("--listen").arg(socket.to_string());
    }
    command.arg(format!("--fdname={names}")).arg(env!("CARGO_BIN_EXE_oidc-thumbprint-exporter"));
    command.arg("--config").arg(site.file()).arg("run");
    command
}

/// Connects as soon as there is a listener.
fn knock(socket: SocketAddr) -> std::thread::JoinHandle<()> {
    std::thread::spawn(move || {
        let stream = wait_for("systemd-socket-activate to listen", || TcpStream::connect(socket).ok());
        std::thread::sleep(Duration::from_millis(100));
        drop(stream);
    })
}

fn site() -> Site {
    let mut site = Site::new(&ONE_ROUND);
    site.settings.issuers.push(("https://127.0.0.7:1".to_owned(), Vec::new()));
    // Were it bound, that would fail: nobody may.
    site.settings.listen = Some("192.0.2.1:9".to_owned());
    site.settings.write(site.directory.path());
    site
}

#[test]
fn every_socket_named_http_answers_in_place_of_the_address_that_is_set() {
    let site = site();
    for names in ["http:http", "a.socket:b.socket"] {
        let sockets = [free_address(), free_address()];
        let knocked = knock(sockets[1]);
        let daemon = Daemon::start(activate(&site, &sockets, names));
        knocked.join().unwrap();
        for socket in sockets {
            assert_eq!(get(socket, "/-/healthy", &[]).status, 200, "{names}: {}", daemon.log());
        }
        assert!(daemon.terminate().success(), "{names}");
    }
}

#[test]
fn the_socket_named_health_shows_no_more_than_health() {
    let site = site();
    let sockets = [free_address(), free_address()];
    let knocked = knock(sockets[0]);
    let daemon = Daemon::start(activate(&site, &sockets, "http:health"));
    knocked.join().unwrap();
    let status = |socket, path| get(socket, path, &[]).status;
    for (path, everything, health) in
        [("/-/healthy", 200, 200), ("/metrics", 200, 404), ("/-/reload", 405, 404)]
    {
        assert_eq!([status(sockets[0], path), status(sockets[1], path)], [everything, health], "{path}");
    }
    assert!(daemon.terminate().success());
}

#[test]
fn a_name_that_is_not_known_ends_it_with_1_and_the_name() {
    let site = site();
    let sockets = [free_address(), free_address()];
    let knocked = knock(sockets[0]);
    let (code, _, errors) = run_to_end(activate(&site, &sockets, "http:htpp"));
    knocked.join().unwrap();
    assert_eq!(code, Some(1), "{errors}");
    assert!(errors.contains("socket 2 is named `htpp`"), "{errors}");
}
