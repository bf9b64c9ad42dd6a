//! Socket activation, by systemd's own `systemd-socket-activate`.

use std::net::{SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use super::ONE_ROUND;
use crate::support::daemon::get::exchange;
use crate::support::daemon::{Daemon, get, wait_for};
use crate::support::process::{PROGRAM, run};
use crate::support::server::own_address;
use crate::support::watch::Watch;

/// A daemon that is started by the first connection to one of these sockets; `names` are theirs.
fn activate(watch: &Watch, sockets: &[impl ToString], names: &str) -> Command {
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
        let sockets = [own_address(), own_address()];
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
    let sockets = [own_address(), own_address()];
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
    let sockets = [own_address(), own_address()];
    let knocked = knock(sockets[0]);
    let run = run(&mut activate(&watch, &sockets, "http:htpp"));
    knocked.join().unwrap();
    assert_eq!(run.code, 1, "{}", run.err);
    assert!(run.err.contains("socket 2 is named `htpp`"), "{}", run.err);
}

fn get_at(socket: &Path, path: &str) -> u16 {
    exchange(UnixStream::connect(socket).unwrap(), "x", "GET", path, &[]).unwrap().status
}

#[test]
fn unix_sockets_are_served_beside_tcp() {
    let watch = unbindable();
    let tcp = own_address();
    let [http, health] = ["http.sock", "health.sock"].map(|name| watch.directory().join(name));
    let sockets = [tcp.to_string(), http.display().to_string(), health.display().to_string()];
    let knocked = knock(tcp);
    let daemon = Daemon::start(activate(&watch, &sockets, "http:http:health"));
    knocked.join().unwrap();
    assert_eq!(get(tcp, "/-/healthy", &[]).status, 200);
    for (path, everything, health_alone) in [("/-/healthy", 200, 200), ("/metrics", 200, 404)] {
        assert_eq!([get_at(&http, path), get_at(&health, path)], [everything, health_alone], "{path}");
    }
    daemon.wait_log(&format!("listen=unix:{}", http.display()));
    daemon.wait_log(&format!("health_listen=unix:{}", health.display()));
    assert!(daemon.terminate().success());
}

#[test]
fn a_refusal_at_a_unix_socket_is_told_as_that() {
    let watch = unbindable();
    let file = watch.directory().join("web.yml");
    let hash = bcrypt::hash("secret", 4).unwrap();
    std::fs::write(&file, format!("basic_auth_users: {{sre: {hash}}}\n")).unwrap();
    // It gets no environment of ours.
    let toml = watch
        .settings
        .toml()
        .replace("[web]\n", &format!("[web]\nconfig_file = {:?}\n", file.display().to_string()));
    std::fs::write(watch.file(), toml).unwrap();
    let (tcp, unix) = (own_address(), watch.directory().join("http.sock"));
    let command = activate(&watch, &[tcp.to_string(), unix.display().to_string()], "http:http");
    let knocked = knock(tcp);
    let daemon = Daemon::start(command);
    knocked.join().unwrap();
    assert_eq!(get_at(&unix, "/metrics"), 401);
    daemon.wait_log("reason=login");
    assert_eq!(daemon.logged("peer=\"unix socket\""), 1, "{}", daemon.log());
}
