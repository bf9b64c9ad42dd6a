//! The daemon under a service manager, played by the socket that systemd would listen on (man page `sd_notify`).

use std::os::unix::net::UnixDatagram;
use std::time::{Duration, Instant};

use crate::support::daemon::PATIENCE;
use crate::support::stage::Stage;

/// Receives until `wanted` accepts what has come in all.
fn receive_until(
    socket: &UnixDatagram,
    seen: &mut Vec<String>,
    what: &str,
    wanted: impl Fn(&[String]) -> bool,
) {
    let start = Instant::now();
    while !wanted(seen) {
        assert!(start.elapsed() < PATIENCE, "no {what}: {seen:?}");
        let mut buffer = [0; 4096];
        let length = socket.recv(&mut buffer).unwrap_or_else(|error| panic!("no {what}: {error}: {seen:?}"));
        seen.extend(String::from_utf8(buffer[..length].to_vec()).unwrap().lines().map(str::to_owned));
    }
}

fn count(seen: &[String], message: &str) -> usize {
    seen.iter().filter(|line| *line == message).count()
}

#[test]
fn it_is_told_ready_status_watchdog_and_stopping() {
    let stage = Stage::set();
    let path = stage.directory.path().join("notify");
    let socket = UnixDatagram::bind(&path).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    let watchdog = Duration::from_millis(600);
    let watch = stage.watch(&stage.lab.iam.url()).env("NOTIFY_SOCKET", &path);
    let mut daemon = watch.env("WATCHDOG_USEC", watchdog.as_micros().to_string()).start();

    let mut seen = Vec::new();
    receive_until(&socket, &mut seen, "READY=1", |seen| count(seen, "READY=1") == 1);
    let told = "STATUS=8 providers, 8 issuers: 1 mismatch, 1 partial, 1 unknown, 2 issuers down; last poll ";
    receive_until(&socket, &mut seen, told, |seen| seen.iter().any(|line| line.starts_with(told)));
    let before = count(&seen, "WATCHDOG=1");
    receive_until(&socket, &mut seen, "WATCHDOG=1", |seen| count(seen, "WATCHDOG=1") >= before + 5);
    assert_eq!(count(&seen, "STOPPING=1"), 0);

    daemon.signal("TERM");
    receive_until(&socket, &mut seen, "STOPPING=1", |seen| count(seen, "STOPPING=1") == 1);
    assert!(daemon.wait().success());
    assert_eq!((count(&seen, "READY=1"), count(&seen, "STOPPING=1")), (1, 1), "{seen:?}");
}

#[test]
fn without_it_the_daemon_runs_and_stops_as_well() {
    let stage = Stage::set();
    let watch = stage.watch(&stage.lab.iam.url());
    let daemon = watch.without("NOTIFY_SOCKET").without("WATCHDOG_USEC").start();
    daemon.wait_ready();
    assert!(daemon.terminate().success());
}

#[test]
fn a_socket_that_nobody_reads_does_no_harm() {
    let stage = Stage::set();
    let watch = stage.watch(&stage.lab.iam.url()).env("WATCHDOG_USEC", "600000");
    let daemon = watch.env("NOTIFY_SOCKET", stage.directory.path().join("nobody")).start();
    daemon.wait_ready();
    assert!(daemon.terminate().success());
}
