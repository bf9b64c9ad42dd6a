//! The HTTP server as clients meet it: over real sockets, with other people's programs as judges where there are any.

mod files;
mod formats;
mod half_closed;
mod http2;
mod keys;
mod limits;
mod listening;
mod login;
mod refusals;
mod reload;
mod tls;

use crate::support::watch::Watch;

/// An issuer that is never reached: loopback, where nothing listens.
const ISSUER: &str = "https://127.0.0.7:1";

/// Rounds far apart: these tests are not about polling.
const QUIET: [&str; 4] =
    ["interval = \"1h\"", "timeout = \"1s\"", "connect_timeout = \"1s\"", "request_timeout = \"1s\""];

/// A daemon whose web configuration file is `web.yml` in its own directory.
fn watch_with(web: &str) -> Watch {
    let watch = Watch::new(&QUIET).url(ISSUER);
    let file = watch.directory().join("web.yml");
    std::fs::write(&file, web).unwrap();
    watch.env("OIDC_EXPORTER__WEB__CONFIG_FILE", file)
}
