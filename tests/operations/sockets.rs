//! Socket activation, by systemd's own `systemd-socket-activate`.

use std::net::{SocketAddr, TcpStream};
use std::process::Command;
use std::time::Duration;

use super::ONE_ROUND;
use crate::support::daemon::{Daemon, get, wait_for};
use crate::support::process::{PROGRAM, run};
use crate::support::server::free_address;
use crate::support::watch::Watch;

/// A daemon that is started by the first connection to one of these sockets; `names` are theirs.
fn activate(watch: &Watch, sockets: &[SocketAddr], names: &str) -> Command {
    let mut command = Command::new("systemd-socket-activate");
    for socket in sockets {
        command.arg("--listen").arg(socket.to_string());
    }
    command.arg(format!("--fdname={names}")).arg(PROGRAM);
    command.arg("--config").arg(watch.file()).arg("run");
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

fn unbindable() -> Watch {
    let mut watch = Watch::new(&ONE_ROUND).url("https://127.0.0.7:1");
    // Were it bound, that would fail: nobody may.
    watch.settings.listen = Some("192.0.2.1:9".to_owned());
    watch.write();
    watch
}

#[test]
fn every_socket_named_http_answers_in_place_of_the_address_that_is_set() {
    let watch = unbindable();
    for names in ["http:http", "a.socket:b.socket"] {
        let sockets = [free_address(), free_address()];
        let knocked = knock(sockets[1]);
        let daemon = Daemon::start(activate(&watch, &sockets, names));
        knocked.join().unwrap();
        for socket in sockets {
            assert_eq!(get(socket, "/-/healthy", &[]).status, 200, "{names}: {}", daemon.log());
        }
        assert!(daemon.terminate().success(), "{names}");
    }
}

#[test]
fn the_socket_named_health_shows_no_more_than_health() {
    let watch = unbindable();
    let sockets = [free_address(), free_address()];
    let knocked = knock(sockets[0]);
    let daemon = Daemon::start(activate(&watch, &sockets, "http:health"));
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
    let watch = unbindable();
    let sockets = [free_address(), free_address()];
    let knocked = knock(sockets[0]);
    let run = run(&mut activate(&watch, &sockets, "http:htpp"));
    knocked.join().unwrap();
    assert_eq!(run.code, 1, "{}", run.err);
    assert!(run.err.contains("socket 2 is named `htpp`"), "{}", run.err);
}
