//! One look at one endpoint, without a daemon.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use oidc_thumbprint_exporter::clock::Clock;
use oidc_thumbprint_exporter::poll::{AddressPolicy, Capture, Limits, Poller, Resolver, Tls, Tunnels};

/// Takes all that these addresses of `host` show, and asks for TLS 1.2 too. Each wait is limited to `limit`.
pub async fn look_within(limit: Duration, host: &str, addresses: &[IpAddr], port: u16) -> Capture {
    Capture::take(&poller(limit, host, addresses), &format!("{host}:{port}").parse().unwrap(), true).await
}

/// The same with all the time that a busy machine needs.
pub async fn look(host: &str, addresses: &[IpAddr], port: u16) -> Capture {
    look_within(PATIENCE, host, addresses, port).await
}

/// The same without the question for TLS 1.2: `openssl s_server` serves one connection after another.
pub async fn look_once(host: &str, addresses: &[IpAddr], port: u16) -> Capture {
    Capture::take(&poller(PATIENCE, host, addresses), &format!("{host}:{port}").parse().unwrap(), false).await
}

const PATIENCE: Duration = Duration::from_secs(30);

fn poller(limit: Duration, host: &str, addresses: &[IpAddr]) -> Poller {
    Poller {
        clock: Clock::system(),
        resolver: Resolver::Table(Arc::new([(host.to_owned(), addresses.to_vec())].into())),
        addresses: AddressPolicy { allow_loopback: true },
        tunnels: Tunnels::none(),
        tls: Tls::default(),
        limits: Limits { connect: limit, request: limit, poll: limit },
    }
}

/// Why the first address gave no connection.
pub fn said(capture: &Capture) -> Option<String> {
    capture.addresses.as_ref().unwrap()[0].failure.as_ref().map(ToString::to_string)
}
