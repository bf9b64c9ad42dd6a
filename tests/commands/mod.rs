//! `inspect` and `check` as people and scripts meet them: processes with an exit code and two streams.

mod check;
mod files;
mod outputs;
mod procedure;
mod targets;
mod terminal;
mod update;

use std::ffi::OsStr;
use std::io::Write as _;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::support::daemon::TempDir;
use crate::support::lab::pem::pem;
use crate::support::lab::{Chain, LabIssuer, Spec};

/// How a run ended.
#[derive(Debug)]
pub struct Run {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Run {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    pub fn lines(&self) -> Vec<&str> {
        self.out.lines().collect()
    }
}

/// The program, with nothing in its environment that changes what it prints.
pub fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_oidc-thumbprint-exporter"));
    command.env_remove("NO_COLOR");
    command
}

/// Runs `command` to its end with this on its standard input.
pub fn run(mut command: Command, input: &[u8]) -> Run {
    let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = piped.spawn().unwrap();
    // A program that does not read its input closes the pipe early.
    let _ = child.stdin.take().unwrap().write_all(input);
    let output = child.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Run { code: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) }
}

/// `inspect` with these arguments, on nothing of the lab.
pub fn inspect(arguments: &[impl AsRef<OsStr>]) -> Run {
    let mut command = program();
    command.arg("inspect").args(arguments);
    run(command, b"")
}

/// `inspect` with these arguments, where this issuer's hosts and roots are known.
pub fn inspect_lab(issuer: &LabIssuer, arguments: &[&str]) -> Run {
    let directory = TempDir::new();
    let mut command = program();
    command.args(lab_arguments(issuer, &directory)).args(arguments);
    run(command, b"")
}

/// `inspect`, with what makes this issuer's hosts and roots known.
pub fn lab_arguments(issuer: &LabIssuer, directory: &TempDir) -> Vec<String> {
    let mut arguments = ["inspect", "--allow-loopback"].map(str::to_owned).to_vec();
    for host in issuer.hosts() {
        for address in host.addresses() {
            arguments.extend(["--resolve".to_owned(), format!("{}={address}", host.host())]);
        }
    }
    let anchors = issuer.anchors();
    if !anchors.is_empty() {
        let file = directory.path().join("roots.pem");
        std::fs::write(&file, pem(&anchors)).unwrap();
        arguments.extend(["--ca-file".to_owned(), file.display().to_string()]);
    }
    arguments
}

/// An issuer at 127.0.0.1 with this chain.
pub async fn start(host: &str, chain: impl Fn(&str) -> Chain) -> LabIssuer {
    LabIssuer::start(Spec::new(host, chain(host))).await
}
