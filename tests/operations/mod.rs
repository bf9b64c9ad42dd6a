//! Day 2: reloads, signals, the service manager, what hangs, and what is left in the log.

mod blind;
mod early_signals;
mod hanging;
mod logs;
mod notify;
mod process;
mod reload;
mod restarts;
mod sockets;
mod stuck_log;
mod watched_files;

use crate::support::daemon::get::request;
use crate::support::daemon::{Answer, Daemon, wait_for};
use crate::support::watch::Watch;

/// One round at the start; what is polled after that is polled because of a reload.
const ONE_ROUND: [&str; 4] =
    ["interval = \"12h\"", "timeout = \"10s\"", "connect_timeout = \"5s\"", "request_timeout = \"5s\""];

/// Writes what is set, tells the daemon, and waits until it has taken notice.
fn reload(watch: &Watch, daemon: &Daemon) {
    watch.write();
    hang_up(daemon);
}

/// SIGHUP, and the outcome in the log.
fn hang_up(daemon: &Daemon) {
    let before = attempts(daemon);
    daemon.signal("HUP");
    wait_for("a reload", || (attempts(daemon) > before).then_some(()));
}

fn attempts(daemon: &Daemon) -> usize {
    daemon.logged("configuration reloaded") + daemon.logged("new configuration rejected")
}

fn post_reload(daemon: &Daemon) -> Answer {
    request(daemon.address(), "POST", "/-/reload", &[])
}
