//! The rules that a web configuration makes for a listener, each value checked.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use hyper::header::{HeaderName, HeaderValue};
use rustls::ServerConfig;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use tokio_util::sync::CancellationToken;

use super::client_certificate;
use super::error::WebConfigError;
use super::file::{HttpSection, RateLimitSection, given, go_duration};
use super::names::{Fault, fault};
use super::source::Source;
use super::tls;
use crate::plural::counted;
use crate::web::auth::Users;
use crate::web::rate_limit::RateLimit;

/// The headers that can be set, and the values that some of them must have (the toolkit's list).
const HEADERS: [(&str, &[&str]); 5] = [
    ("Content-Security-Policy", &[]),
    ("Strict-Transport-Security", &[]),
    ("X-Content-Type-Options", &["nosniff"]),
    ("X-Frame-Options", &["deny", "sameorigin"]),
    ("X-XSS-Protection", &[]),
];

/// The rules for a listener. The default has none: plain HTTP for everybody.
#[derive(Debug, Default)]
pub struct WebConfig {
    pub(in crate::web) tls: Option<Arc<ServerConfig>>,
    /// A client that shows a certificate is vouched for by a client CA.
    pub(in crate::web) verifies_clients: bool,
    pub(in crate::web) users: Option<Users>,
    pub(in crate::web) headers: Vec<(HeaderName, HeaderValue)>,
    pub(in crate::web) rate_limit: Option<RateLimit>,
    /// Cancelled when other rules are in force; connections end then, so that none outlives its client's CA.
    pub(in crate::web) superseded: CancellationToken,
    /// What was asked for and is not done, for a person to read.
    pub warnings: Vec<String>,
}

impl WebConfig {
    /// Reads and checks a file and those that it names.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn read(path: &Path) -> Result<Self, WebConfigError> {
        Self::build(&Source::read(path)?)
    }

    pub(super) fn build(source: &Source) -> Result<Self, WebConfigError> {
        Self::from_source(source).map_err(|Fault { key, message }| WebConfigError::Value {
            path: source.path.clone(),
            key,
            message,
        })
    }

    fn from_source(source: &Source) -> Result<Self, Fault> {
        let file = &source.file;
        let crypto = aws_lc_rs::default_provider();
        let users = users(file.basic_auth_users.as_ref(), &crypto)?;
        let mut warnings = source.warnings.clone();
        let locked_out = users.iter().flat_map(Users::locked_out);
        warnings.extend(locked_out.map(|name| {
            format!("basic_auth_users: nobody can log in as {name:?}: no password has that hash, or the name a colon")
        }));
        file.tls_server_config.as_ref().map_or(Ok(()), tls::check_names)?;
        let section = file.tls_server_config.as_ref().filter(|section| section.is_enabled());
        let tls = match section {
            Some(section) => Some(Arc::new(tls::server_config(section, source, crypto, &mut warnings)?)),
            None => None,
        };
        if file.http_server_config.as_ref().is_some_and(|section| section.http2 == Some(true)) {
            warnings.push(
                "http_server_config.http2: HTTP/2 is not spoken; every client gets HTTP/1.1".to_owned(),
            );
        }
        if users.is_some() && tls.is_none() {
            warnings.push("basic_auth_users without TLS: passwords are sent in the clear".to_owned());
        }
        Ok(Self {
            tls,
            verifies_clients: section.is_some_and(client_certificate::verifies),
            users,
            headers: headers(file.http_server_config.as_ref(), &mut warnings)?,
            rate_limit: rate_limit(file.rate_limit.as_ref(), &mut warnings)?,
            superseded: CancellationToken::new(),
            warnings,
        })
    }

    /// One line for the log.
    #[must_use]
    pub fn summary(&self) -> String {
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        match &self.users {
            Some(users) => format!("{scheme}, {} may log in", counted(users.count(), "user")),
            None => format!("{scheme}, no login"),
        }
    }
}

fn users(
    section: Option<&BTreeMap<String, Option<String>>>,
    crypto: &CryptoProvider,
) -> Result<Option<Users>, Fault> {
    let Some(section) = section.filter(|section| !section.is_empty()) else { return Ok(None) };
    let hashes =
        section.iter().map(|(name, hash)| (name.clone(), hash.clone().unwrap_or_default())).collect();
    let users = Users::new(hashes, crypto);
    users
        .map(Some)
        .map_err(|(name, error)| fault("basic_auth_users", format!("the value of {name:?} {error}")))
}

fn headers(
    section: Option<&HttpSection>,
    warnings: &mut Vec<String>,
) -> Result<Vec<(HeaderName, HeaderValue)>, Fault> {
    const KEY: &str = "http_server_config.headers";
    let mut headers = Vec::new();
    for (name, value) in section.and_then(|section| section.headers.as_ref()).into_iter().flatten() {
        let Some((_, allowed)) = HEADERS.iter().find(|(known, _)| known == name) else {
            let known = HEADERS.map(|(name, _)| name).join(", ");
            return Err(fault(KEY, format!("{name}: must be one of {known}")));
        };
        let value = value.as_deref().unwrap_or_default();
        if !allowed.is_empty() && !allowed.contains(&value) {
            return Err(fault(KEY, format!("{name}: {value:?}: must be one of {}", allowed.join(", "))));
        }
        // A line feed would end the header; Go's server sends a space too.
        let sendable = value.trim().replace(char::is_control, " ");
        if sendable != value {
            warnings
                .push(format!("{KEY}: {name}: control characters are sent as spaces, and none at its ends"));
        }
        let pair = (HeaderName::try_from(name), HeaderValue::try_from(&sendable));
        let (Ok(name), Ok(value)) = pair else {
            return Err(fault(KEY, format!("{name}: {value:?} is not a valid header value")));
        };
        if !value.is_empty() {
            headers.push((name, value));
        }
    }
    Ok(headers)
}

/// As `golang.org/x/time/rate` has it: no interval, or a negative one, is no limit, and without a burst nothing gets through.
fn rate_limit(
    section: Option<&RateLimitSection>,
    warnings: &mut Vec<String>,
) -> Result<Option<RateLimit>, Fault> {
    let Some(section) = section else { return Ok(None) };
    let Some(text) = given(section.interval.as_ref()) else { return Ok(None) };
    let Some(interval) = go_duration(text) else {
        return Err(fault("rate_limit.interval", format!("{text:?} is not a duration such as 1s or 100ms")));
    };
    let burst = section.burst.unwrap_or(0.0);
    if !burst.is_finite() {
        return Err(fault("rate_limit.burst", "is not a number of requests"));
    }
    if text.starts_with('-') {
        warnings.push(format!("rate_limit.interval: {text} is negative, so nothing is limited"));
    }
    if interval.is_zero() {
        return Ok(None);
    }
    if interval < Duration::from_micros(1) {
        warnings
            .push(format!("rate_limit.interval: {text} is a number of nanoseconds, so nothing is limited"));
    }
    if burst < 1.0 {
        warnings.push("rate_limit.burst: less than 1, so every request is refused but those for /-/healthy and /-/ready".to_owned());
    }
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a cast saturates")]
    let burst = burst as u32;
    Ok(Some(RateLimit::new(interval, burst)))
}
