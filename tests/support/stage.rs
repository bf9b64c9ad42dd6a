//! The demo's fleet, set for a test whose own thread may block.

use tokio::runtime::Runtime;

use super::daemon::{Daemon, TempDir};
use super::lab::{Lab, LabIssuer};
use super::watch::{PATIENT, Watch};

/// The fleet; it runs on threads of its own.
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

    /// A daemon that watches what this IAM lists.
    pub fn watch(&self, iam: &str) -> Watch {
        let watch = Watch::new(&PATIENT).trust(&self.lab.write_ca(self.directory.path())).iam_at(iam);
        let watch = self.lab.issuers.iter().fold(watch, Watch::resolve);
        watch.env("OIDC_EXPORTER__AWS__INTERVAL", "10s")
    }

    /// The daemon, ready, with the lab's own IAM.
    pub fn daemon(&self) -> Daemon {
        let daemon = self.watch(&self.lab.iam.url()).start();
        daemon.wait_ready();
        daemon
    }
}
