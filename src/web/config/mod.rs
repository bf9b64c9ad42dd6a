//! The web configuration file, `web.config_file`: TLS, client certificates, login, headers and a rate limit, in the
//! format that all Prometheus exporters share (`promtool check web-config` tells whether it is well-formed). In go files,
//! out come the rules in force. Nothing here knows what is served under them.

mod client_certificate;
mod error;
mod file;
mod live;
mod names;
mod pem;
mod rules;
mod source;
mod tls;

pub(crate) use error::WebConfigError;
pub(crate) use live::LiveConfig;
pub use rules::WebConfig;
