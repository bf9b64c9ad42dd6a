//! Day 2: reloads, the service manager, and what is left in the log.

mod logs;
mod notify;
mod process;
mod reload;
mod sockets;
mod watched_files;

use std::path::PathBuf;

use crate::support::daemon::get::request;
use crate::support::daemon::{Answer, Daemon, Settings, TempDir, aws_environment, wait_for};
use crate::support::lab::{FakeIam, LabIssuer};
use crate::support::watch::program;

/// One round at the start; what is polled after that is polled because of a reload.
const ONE_ROUND: [&str; 4] =
    ["interval = \"12h\"", "timeout = \"10s\"", "connect_timeout = \"5s\"", "request_timeout = \"5s\""];

/// A configuration that can be written again.
struct Site {
    settings: Settings,
    directory: TempDir,
}

impl Site {
    fn new(poll: &[&str]) -> Self {
        let poll = poll.iter().map(ToString::to_string).collect();
        Self { settings: Settings { poll, ..Settings::default() }, directory: TempDir::new() }
    }

    /// Names the issuer in the file, with these expectations.
    fn watch(&mut self, issuer: &LabIssuer, thumbprints: &[String]) {
        self.settings.issuers.push((issuer.url().to_owned(), thumbprints.to_vec()));
        self.resolve(issuer);
    }

    fn resolve(&mut self, issuer: &LabIssuer) {
        for host in issuer.hosts() {
            self.settings.resolve.insert(host.host().to_owned(), host.addresses());
        }
    }

    fn file(&self) -> PathBuf {
        self.directory.path().join("config.toml")
    }

    /// Writes what is set, and starts a daemon with it.
    fn start(&self) -> Daemon {
        self.settings.write(self.directory.path());
        let mut command = program(&self.file());
        command.arg("run");
        Daemon::start(command)
    }

    /// The same with IAM at hand, whether it is to be read or not.
    fn start_with(&self, iam: &FakeIam) -> Daemon {
        self.settings.write(self.directory.path());
        let mut command = program(&self.file());
        command.arg("run");
        aws_environment(&mut command, &iam.url());
        Daemon::start(command)
    }

    /// Writes what is set, tells the daemon, and waits until it has taken notice.
    fn reload(&self, daemon: &Daemon) {
        self.settings.write(self.directory.path());
        hang_up(daemon);
    }
}

/// SIGHUP, and the outcome in the log.
fn hang_up(daemon: &Daemon) {
    let before = attempts(daemon);
    daemon.signal("HUP");
    wait_for("a reload", || (attempts(daemon) > before).then_some(()));
}

fn attempts(daemon: &Daemon) -> usize {
    count(daemon, "configuration reloaded") + count(daemon, "new configuration refused")
}

/// Lines of the log that hold `text`.
fn count(daemon: &Daemon, text: &str) -> usize {
    daemon.log().lines().filter(|line| line.contains(text)).count()
}

fn post_reload(daemon: &Daemon) -> Answer {
    request(daemon.address(), "POST", "/-/reload", &[])
}
