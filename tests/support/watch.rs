//! The real program, set to watch issuers of the lab.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::daemon::{Daemon, Settings, TempDir, aws_environment};
use super::lab::{FakeIam, LabIssuer};
use super::process::{Run, configured, run};

/// For tests that wait for rounds. The limits are far longer, so that no poll of a good issuer fails on a busy machine.
pub const BRISK: [&str; 5] = [
    "interval = \"1s\"",
    "timeout = \"10s\"",
    "connect_timeout = \"5s\"",
    "request_timeout = \"5s\"",
    "settle_looks = 4",
];

/// For tests that ask why a poll failed: only what never comes is late.
pub const PATIENT: [&str; 5] = [
    "interval = \"10s\"",
    "timeout = \"10s\"",
    "connect_timeout = \"3s\"",
    "request_timeout = \"3s\"",
    "concurrency = 64",
];

/// What the program is told before it starts, and in a file that can be written again.
pub struct Watch {
    pub settings: Settings,
    environment: Vec<(OsString, Option<OsString>)>,
    iam: Option<String>,
    directory: TempDir,
}

impl Watch {
    /// These lines of `[poll]`, and nothing to watch yet.
    pub fn new(poll: &[&str]) -> Self {
        Self {
            settings: Settings {
                poll: poll.iter().map(ToString::to_string).collect(),
                ..Settings::default()
            },
            environment: Vec::new(),
            iam: None,
            directory: TempDir::new(),
        }
    }

    /// Names this issuer in the file, with these expected thumbprints; with none it is just watched.
    pub fn issuer(mut self, issuer: &LabIssuer, thumbprints: &[String]) -> Self {
        self.settings.issuers.push((issuer.url().to_owned(), thumbprints.to_vec()));
        self.resolve(issuer)
    }

    /// Names this URL in the file.
    pub fn url(mut self, url: &str) -> Self {
        self.settings.issuers.push((url.to_owned(), Vec::new()));
        self
    }

    /// Tells the addresses of the issuer's hosts, so that IAM can name it.
    pub fn resolve(mut self, issuer: &LabIssuer) -> Self {
        for host in issuer.hosts() {
            self.settings.resolve.insert(host.host().to_owned(), host.addresses());
        }
        self
    }

    /// More TOML at the end of the file.
    pub fn toml(mut self, more: &str) -> Self {
        self.settings.more.push_str(more);
        self
    }

    /// Tells the addresses of a host.
    pub fn addresses(mut self, host: &str, addresses: &[&str]) -> Self {
        let addresses = addresses.iter().map(|address| address.parse().unwrap());
        self.settings.resolve.insert(host.to_owned(), addresses.collect());
        self
    }

    /// Trusts the roots in this file beside the public ones.
    pub fn trust(mut self, file: &Path) -> Self {
        self.settings.ca_files.push(file.to_owned());
        self
    }

    /// Reads IAM.
    pub fn iam(self, iam: &FakeIam) -> Self {
        self.iam_at(&iam.url())
    }

    /// Reads the IAM at this URL.
    pub fn iam_at(mut self, url: &str) -> Self {
        self.settings.aws = true;
        self.iam = Some(url.to_owned());
        self
    }

    /// One variable of its environment, such as `OIDC_EXPORTER__POLL__WINDOW`.
    pub fn env(mut self, key: &str, value: impl Into<OsString>) -> Self {
        self.environment.push((key.into(), Some(value.into())));
        self
    }

    /// Takes one variable out of its environment, such as one of those that [`Self::iam`] sets.
    pub fn without(mut self, key: &str) -> Self {
        self.environment.push((key.into(), None));
        self
    }

    /// The directory of its configuration, for other files that it needs.
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// The configuration.
    pub fn file(&self) -> PathBuf {
        self.directory().join("config.toml")
    }

    /// Writes the configuration as it is now.
    pub fn write(&self) -> PathBuf {
        self.settings.write(self.directory())
    }

    /// The program with all this, the configuration written, and these arguments.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = configured(&self.write(), arguments);
        if let Some(iam) = &self.iam {
            aws_environment(&mut command, iam);
        }
        for (key, value) in &self.environment {
            match value {
                Some(value) => command.env(key, value),
                None => command.env_remove(key),
            };
        }
        command
    }

    /// Starts the daemon and waits until it listens. Its files stay as long as `self` does.
    pub fn start(&self) -> Daemon {
        Daemon::start(self.command(&["run"]))
    }

    /// `check` with these arguments, to its end.
    pub fn check(&self, arguments: &[&str]) -> Run {
        run(self.command(&["check"]).args(arguments))
    }
}
