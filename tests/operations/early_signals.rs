//! Signals that come before the daemon is ready.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use super::ONE_ROUND;
use crate::support::daemon::{PATIENCE, wait_for};
use crate::support::watch::Watch;

/// A start that takes its time.
fn many_issuers() -> Watch {
    let issuer = |number| format!("[[issuers]]\nurl = \"https://127.0.0.7:1/{number}\"\n");
    let more: String = (0..5000).map(issuer).collect();
    Watch::new(&ONE_ROUND).url("https://127.0.0.7:1").toml(&more)
}

/// Killed when it is dropped.
pub(super) struct Running(pub Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Waits until a process would not end by the signal of this number.
pub(super) fn wait_caught(pid: u32, number: u32) {
    let start = Instant::now();
    let is_caught = || {
        let text = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
        let mask = text.lines().find_map(|line| line.strip_prefix("SigCgt:"))?.trim();
        (u64::from_str_radix(mask, 16).ok()? >> (number - 1) & 1 == 1).then_some(())
    };
    // Without a pause: it is about milliseconds.
    while is_caught().is_none() {
        assert!(start.elapsed() < PATIENCE, "signal {number} is never taken");
    }
}

/// Starts it, and sends a signal as soon as it would not end by it; with its log.
fn signalled(watch: &Watch, number: u32, name: &str) -> (Running, PathBuf) {
    let log = watch.directory().join("log");
    let stderr = std::fs::File::create(&log).unwrap();
    let mut command = Command::new("env");
    command.arg(format!("--default-signal={name}"));
    let program = watch.command(&["run"]);
    command.arg(program.get_program()).args(program.get_args()).stdout(Stdio::null()).stderr(stderr);
    let child = command.spawn().unwrap();
    wait_caught(child.id(), number);
    let kill = Command::new("kill").args([&format!("-{name}"), &child.id().to_string()]).status();
    assert!(kill.unwrap().success());
    (Running(child), log)
}

#[test]
fn a_sighup_before_anything_is_ready_is_a_reload_afterwards() {
    let watch = many_issuers();
    let (mut running, log) = signalled(&watch, 1, "HUP");
    let told = |text: &str| std::fs::read_to_string(&log).unwrap().contains(text);
    assert!(!told("started"), "it was taken before the configuration was read");
    wait_for("the reload", || told("configuration reloaded").then_some(()));
    assert!(running.0.try_wait().unwrap().is_none());
}

#[test]
fn sigterm_and_sigint_before_anything_is_ready_end_it_with_0() {
    for (number, name) in [(15, "TERM"), (2, "INT")] {
        let watch = many_issuers();
        let (mut running, _) = signalled(&watch, number, name);
        let status = wait_for("its end", || running.0.try_wait().unwrap());
        assert_eq!(status.code(), Some(0), "{name}");
    }
}
