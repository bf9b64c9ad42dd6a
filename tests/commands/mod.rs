//! `inspect` and `check` as people and scripts meet them: processes with an exit code and two streams.

mod answers;
mod check;
mod exit;
mod files;
mod outputs;
mod procedure;
mod targets;
mod terminal;
mod update;

use std::ffi::OsStr;

use crate::support::daemon::TempDir;
use crate::support::lab::pem::pem;
use crate::support::lab::{Chain, Lab, LabIssuer, Spec};
use crate::support::process::{Run, program, run};
use crate::support::watch::Watch;

/// Nothing but what is put there, to be polled without haste.
fn watch() -> Watch {
    let poll = ["interval", "timeout", "connect_timeout", "request_timeout"];
    let poll = poll.map(|key| format!("{key} = \"10s\""));
    Watch::new(&poll.each_ref().map(String::as_str))
}

/// The demo's fleet and its IAM.
fn watch_fleet(lab: &Lab) -> Watch {
    let watch = lab.issuers.iter().fold(watch().iam(&lab.iam), Watch::resolve);
    let roots = lab.write_ca(watch.directory());
    watch.trust(&roots)
}

/// `inspect` with these arguments, on nothing of the lab.
fn inspect(arguments: &[impl AsRef<OsStr>]) -> Run {
    run(program(&["inspect"]).args(arguments))
}

/// `inspect` with these arguments, where this issuer's hosts and roots are known.
fn inspect_lab(issuer: &LabIssuer, arguments: &[&str]) -> Run {
    let directory = TempDir::new();
    run(program(&lab_arguments(issuer, &directory)).args(arguments))
}

/// `inspect`, with what makes this issuer's hosts and roots known.
fn lab_arguments(issuer: &LabIssuer, directory: &TempDir) -> Vec<String> {
    let mut arguments =
        ["inspect", "--allow-loopback", "--private-host", "*.oidc.test"].map(str::to_owned).to_vec();
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
async fn start(host: &str, chain: impl Fn(&str) -> Chain) -> LabIssuer {
    LabIssuer::start(Spec::new(host, chain(host))).await
}
