//! Standard error that nobody reads, or that takes nothing: lines are lost and counted, and nothing waits for them.

use std::fs::File;
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use crate::support::daemon::{Exposition, get, wait_for};
use crate::support::server::own_address;
use crate::support::watch::Watch;

const ISSUER: &str = "https://127.0.0.7:1";
const DROPPED: &str = "oidc_exporter_log_lines_dropped_total";
/// Rounds that follow each other closely.
const FAST: [&str; 4] =
    ["interval = \"200ms\"", "timeout = \"5s\"", "connect_timeout = \"5s\"", "request_timeout = \"5s\""];
/// A process that shall end has so long: far less than a service manager waits before it kills.
const SOON: Duration = Duration::from_secs(15);

/// Killed when it is dropped.
struct Running {
    child: Child,
    address: SocketAddr,
}

impl Running {
    fn start(watch: &mut Watch, stderr: Stdio) -> Self {
        let address = own_address();
        watch.settings.listen = Some(address.to_string());
        let child = watch.command(&["run"]).stdout(Stdio::null()).stderr(stderr).spawn().unwrap();
        let running = Self { child, address };
        wait_for("it to listen", || std::net::TcpStream::connect(address).ok());
        running
    }

    fn metrics(&self) -> Exposition {
        get(self.address, "/metrics", &[]).text().parse().unwrap()
    }

    fn wait(&self, what: &str, wanted: impl Fn(&Exposition) -> bool) -> Exposition {
        wait_for(what, || Some(self.metrics()).filter(&wanted))
    }

    fn terminate(&mut self) -> (ExitStatus, Duration) {
        let start = Instant::now();
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        let status = wait_for("its end", || self.child.try_wait().unwrap());
        (status, start.elapsed())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A stream that takes nothing more until its other end is read.
fn full() -> (UnixStream, Stdio) {
    let (reader, mut writer) = UnixStream::pair().unwrap();
    writer.set_nonblocking(true).unwrap();
    for piece in [4096, 1] {
        while writer.write(&vec![b'\n'; piece]).is_ok() {}
    }
    assert_eq!(writer.write(b"\n").unwrap_err().kind(), ErrorKind::WouldBlock);
    writer.set_nonblocking(false).unwrap();
    (reader, Stdio::from(OwnedFd::from(writer)))
}

fn polls(metrics: &Exposition) -> f64 {
    metrics.all("oidc_issuer_polls_total", &[]).map(|sample| sample.value).sum()
}

#[test]
fn polls_and_scrapes_go_on_and_sigterm_is_obeyed() {
    let mut watch = Watch::new(&FAST).url(ISSUER).toml("[log]\nlevel = \"trace\"\n");
    let (_reader, stderr) = full();
    let mut running = Running::start(&mut watch, stderr);
    let before = polls(&running.metrics());
    running.wait("further polls", |metrics| polls(metrics) >= before + 5.0);
    assert_eq!(get(running.address, "/-/healthy", &[]).status, 200);
    let (status, took) = running.terminate();
    assert_eq!(status.code(), Some(0));
    assert!(took < SOON, "{took:?}");
}

#[test]
fn what_the_queue_does_not_hold_is_counted_and_told_once_lines_are_read_again() {
    // A line tells of each of them, and holds its URL: more than the queue does.
    let issuer = |number| format!("[[issuers]]\nurl = \"{ISSUER}/{}/{number}\"\n", "x".repeat(1900));
    let issuers: String = (0..500).map(issuer).collect();
    let mut watch = Watch::new(&FAST).url(ISSUER).toml(&issuers);
    let (mut reader, stderr) = full();
    let mut running = Running::start(&mut watch, stderr);
    let dropped = |metrics: &Exposition| metrics.value(DROPPED, &[]).unwrap();
    running.wait("lost lines", |metrics| dropped(metrics) > 0.0);

    let reading = std::thread::spawn(move || {
        let mut text = String::new();
        reader.read_to_string(&mut text).unwrap();
        text
    });
    // Until nothing is lost any more.
    let mut last = -1.0;
    wait_for("all lines to be read", || {
        let now = dropped(&running.metrics());
        std::thread::sleep(Duration::from_millis(500));
        std::mem::replace(&mut last, now).eq(&now).then_some(())
    });
    assert_eq!(running.terminate().0.code(), Some(0));
    let text = reading.join().unwrap();
    let told = text.lines().filter(|line| line.contains("log lines were dropped"));
    let told: Vec<f64> = told
        .map(|line| line.split_once("lines=").unwrap().1.split_whitespace().next().unwrap().parse().unwrap())
        .collect();
    assert!(!told.is_empty() && told.len() <= 6, "{told:?}");
    assert!(told.iter().sum::<f64>() <= last && told[0] > 0.0, "{told:?} of {last}");
    assert!(text.lines().last().unwrap().contains("stopping"), "the last lines are written");
}

#[test]
fn a_reader_that_has_gone_and_a_disk_that_is_full_cost_lines_alone() {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let full_disk = File::options().write(true).open("/dev/full").unwrap();
    for (what, stderr) in [("gone", Stdio::from(writer)), ("full", Stdio::from(full_disk))] {
        let mut watch = Watch::new(&FAST).url(ISSUER);
        let mut running = Running::start(&mut watch, stderr);
        // It has told at least that it started, and that the issuer is down.
        running.wait(what, |metrics| metrics.value(DROPPED, &[]) >= Some(2.0) && polls(metrics) >= 2.0);
        assert_eq!(running.terminate().0.code(), Some(0), "{what}");
    }
}

#[test]
fn a_daemon_that_cannot_start_ends_though_nobody_reads_why() {
    let watch = Watch::new(&FAST).url("http://not-https.example");
    let (_reader, stderr) = full();
    let mut child = watch.command(&["run"]).stderr(stderr).spawn().unwrap();
    let status = wait_for("its end", || child.try_wait().unwrap());
    assert_eq!(status.code(), Some(2));
}
