//! What the web server shows of the state: to people, in a real browser; to programs, as JSON; and to those who ask for a
//! poll of their own.

mod api;
mod hostile;
mod look;
mod probe;

use crate::support::daemon::Daemon;
use crate::support::lab::Lab;
use crate::support::watch::Watch;

/// One round that lasts, so that what is asked twice is answered alike.
const ONE_ROUND: [&str; 4] =
    ["interval = \"1h\"", "timeout = \"10s\"", "connect_timeout = \"3s\"", "request_timeout = \"3s\""];

/// The fleet of the demo, and a daemon that has seen it once.
struct Stage {
    lab: Lab,
    daemon: Daemon,
    _watch: Watch,
}

impl Stage {
    async fn set() -> Self {
        let lab = Lab::start().await;
        let watch = lab.issuers.iter().fold(Watch::new(&ONE_ROUND), Watch::resolve).iam(&lab.iam);
        let roots = lab.write_ca(watch.directory());
        let watch = watch.trust(&roots);
        let daemon = watch.start();
        daemon.wait_metrics("the first round", |metrics| {
            let polled = metrics.all("oidc_issuer_last_poll_timestamp_seconds", &[]).count();
            polled == lab.issuers.len()
        });
        Self { lab, daemon, _watch: watch }
    }
}

/// A text as the value of a query parameter.
fn encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}
