//! What the web server shows of the state: to people, in a real browser; to programs, as JSON; and to those who ask for a
//! poll of their own.

mod api;
mod hostile;
mod intercepted;
mod look;
mod probe;

use crate::support::daemon::Daemon;
use crate::support::stage::Stage;

/// One round that lasts, so that what is asked twice is answered alike.
const ONE_ROUND: [&str; 4] =
    ["interval = \"1h\"", "timeout = \"10s\"", "connect_timeout = \"3s\"", "request_timeout = \"3s\""];

/// The fleet of the demo, and a daemon that has seen it once.
fn seen_once() -> (Stage, Daemon) {
    let stage = Stage::set();
    let daemon = stage.watch(&stage.lab.iam.url()).env("OIDC_EXPORTER__POLL__INTERVAL", "1h").start();
    daemon.wait_metrics("the first round", |metrics| {
        let polled = metrics.all("oidc_issuer_last_poll_timestamp_seconds", &[]).count();
        polled == stage.lab.issuers.len()
    });
    (stage, daemon)
}

/// A text as the value of a query parameter.
fn encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}
