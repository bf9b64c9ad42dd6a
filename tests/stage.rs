//! The demo's fleet, set for a test, and the daemon that watches it.

use std::path::Path;
use std::process::Command;

use tokio::runtime::Runtime;

use crate::daemon::{Daemon, Settings, TempDir, aws_environment};
use crate::lab::{Lab, LabIssuer};

/// The fleet. The test itself may block: the fleet has threads of its own.
pub struct Stage {
    pub lab: Lab,
    pub directory: TempDir,
    pub runtime: Runtime,
}

impl Stage {
    pub fn set() -> Self {
        let runtime = Runtime::new().unwrap();
        let lab = runtime.block_on(Lab::start());
        Self { lab, directory: TempDir::new(), runtime }
    }

    pub fn issuer(&self, name: &str) -> &LabIssuer {
        self.lab.issuer(name)
    }

    /// The daemon, ready, with the lab's own IAM.
    pub fn daemon(&self) -> Daemon {
        let daemon = Daemon::start(self.command(&self.lab.iam.url()));
        daemon.wait_ready();
        daemon
    }

    /// A daemon that reads the IAM at this URL: soon again, but with time for each answer and for retries.
    pub fn command(&self, iam: &str) -> Command {
        let settings = Settings {
            poll: ["interval", "timeout", "connect_timeout", "request_timeout"]
                .map(|key| format!("{key} = \"10s\""))
                .to_vec(),
            resolve: self.lab.resolve_table(),
            ca_files: vec![self.lab.write_ca(self.directory.path())],
            aws: true,
            ..Settings::default()
        };
        let mut command = self::command(&settings.write(self.directory.path()));
        aws_environment(&mut command, iam);
        command.env("OIDC_EXPORTER__AWS__INTERVAL", "10s").env("OIDC_EXPORTER__AWS__TIMEOUT", "10s");
        command
    }
}

/// The daemon with this configuration file, and no service manager.
pub fn command(config: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_oidc-thumbprint-exporter"));
    command.arg("--config").arg(config).arg("run");
    command.env_remove("NOTIFY_SOCKET").env_remove("WATCHDOG_USEC").env_remove("WATCHDOG_PID");
    command
}
