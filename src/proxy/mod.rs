//! Which way out: in go the settings and the environment, out comes [`Egress`], which knows for every endpoint whether a
//! proxy carries the connection. Issuers and AWS are reached by the same rule; nothing here connects.

mod credentials;
mod exceptions;
mod url;

use std::env::VarError;
use std::path::PathBuf;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub use credentials::{Credentials, CredentialsError};
pub use exceptions::Exception;
pub use url::{ProxyChoice, ProxyUrl, ProxyUrlError};

use crate::endpoint::Endpoint;

/// The proxy for https, as curl has it: the protocol's own variable before the one for all, lower case before upper.
/// `HTTP_PROXY` is for plain http, which is spoken with credentials endpoints alone, and they are no proxy's business.
const PROXY_VARIABLES: [&str; 4] = ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"];
const NO_PROXY_VARIABLES: [&str; 2] = ["no_proxy", "NO_PROXY"];

/// A proxy, and what is needed to use it.
#[derive(Clone, Debug)]
pub struct ProxyServer {
    /// Where it is.
    pub url: ProxyUrl,
    /// What it is told when it asks who we are.
    pub credentials: Option<Credentials>,
}

/// The way out for every endpoint.
#[derive(Clone, Debug, Default)]
pub struct Egress {
    server: Option<Arc<ProxyServer>>,
    exceptions: Arc<[Exception]>,
    not_understood: Option<NotUnderstood>,
}

/// Entries of a variable that are left out, as others leave them out: not a reason to watch nothing, but one for a warning.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("environment: {variable}: not understood and ignored: {}", .entries.join(", "))]
pub(crate) struct NotUnderstood {
    variable: &'static str,
    entries: Arc<[String]>,
}

impl ProxyServer {
    /// The URL with user name and password, as other programs want it: a secret.
    pub(crate) fn secret_url(&self) -> String {
        let scheme = self.url.scheme();
        let userinfo = self.credentials.as_ref().map(|credentials| credentials.userinfo() + "@");
        format!("{scheme}://{}{}", userinfo.unwrap_or_default(), self.url.endpoint)
    }
}

/// `[proxy]`; the default leaves all to the environment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProxySettings {
    /// Where it is, or where to look for it.
    pub url: ProxyChoice,
    /// What goes straight. Empty: what the environment says.
    pub no_proxy: Vec<Exception>,
    /// A file with `user:password`. Empty: none.
    pub credentials_file: PathBuf,
}

/// Why the proxy that is set cannot be used. Credentials are never repeated.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ProxyError {
    #[error("environment: {variable}: {error}")]
    Url { variable: &'static str, error: ProxyUrlError },
    #[error("environment: {variable}: not UTF-8")]
    NotText { variable: &'static str },
    #[error("proxy.credentials_file: {path}: {error}")]
    Credentials { path: PathBuf, error: CredentialsError },
}

impl Egress {
    /// No proxy at all.
    #[must_use]
    pub fn direct() -> Self {
        Self::default()
    }

    /// Through this proxy, but for the exceptions.
    #[must_use]
    pub fn through(server: ProxyServer, exceptions: Vec<Exception>) -> Self {
        Self { server: Some(Arc::new(server)), exceptions: exceptions.into(), not_understood: None }
    }

    /// By the settings, and by the variables of the environment where those leave it open.
    ///
    /// # Errors
    /// When a variable that counts holds no proxy's URL, or the credentials file cannot be used.
    pub(crate) fn new(
        settings: &ProxySettings,
        environment: impl Fn(&str) -> Result<String, VarError>,
    ) -> Result<Self, ProxyError> {
        let from_file = Credentials::of_file(&settings.credentials_file)
            .map_err(|error| ProxyError::Credentials { path: settings.credentials_file.clone(), error })?;
        let (url, credentials) = match &settings.url {
            ProxyChoice::None => return Ok(Self::direct()),
            ProxyChoice::Url(url) => (url.clone(), from_file),
            ProxyChoice::Environment => match first(&PROXY_VARIABLES, &environment)? {
                None => return Ok(Self::direct()),
                Some((variable, text)) => {
                    let (url, written) = ProxyUrl::with_credentials(&text)
                        .map_err(|error| ProxyError::Url { variable, error })?;
                    (url, from_file.or(written))
                }
            },
        };
        let server = ProxyServer { url, credentials };
        if !settings.no_proxy.is_empty() {
            return Ok(Self::through(server, settings.no_proxy.clone()));
        }
        let Some((variable, text)) = first(&NO_PROXY_VARIABLES, &environment)? else {
            return Ok(Self::through(server, Vec::new()));
        };
        let (exceptions, others) = Exception::list(&text);
        let not_understood = (!others.is_empty()).then(|| NotUnderstood { variable, entries: others.into() });
        Ok(Self { not_understood, ..Self::through(server, exceptions) })
    }

    /// What somebody should mend.
    pub(crate) fn warning(&self) -> Option<&NotUnderstood> {
        self.not_understood.as_ref()
    }

    /// The proxy that carries connections to `endpoint`, if any. Loopback, link-local and metadata addresses go straight,
    /// whatever is set: no proxy gets there, and what is said to them is for nobody else.
    #[must_use]
    pub fn proxy_for(&self, endpoint: &Endpoint) -> Option<&ProxyServer> {
        let server = self.server.as_deref()?;
        let is_excepted = Exception::always()
            .iter()
            .chain(self.exceptions.iter())
            .any(|exception| exception.covers(endpoint));
        (!is_excepted).then_some(server)
    }

    /// The proxy, if there is one at all.
    #[must_use]
    pub fn server(&self) -> Option<&ProxyServer> {
        self.server.as_deref()
    }
}

/// The first of these variables that is there and holds something, as curl looks for it.
fn first(
    variables: &[&'static str],
    environment: impl Fn(&str) -> Result<String, VarError>,
) -> Result<Option<(&'static str, String)>, ProxyError> {
    for variable in variables.iter().copied() {
        match environment(variable) {
            Ok(text) if text.trim().is_empty() => {}
            Ok(text) => return Ok(Some((variable, text))),
            Err(VarError::NotPresent) => {}
            Err(VarError::NotUnicode(_)) => return Err(ProxyError::NotText { variable }),
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `name=value` for each variable; the proxy's URL with what it is told, and whether `a.example` goes through it.
    fn egress(choice: &str, no_proxy: &str, variables: &[(&str, &str)]) -> Result<Egress, String> {
        let settings = ProxySettings {
            url: choice.parse().unwrap(),
            no_proxy: Exception::list(no_proxy).0,
            credentials_file: PathBuf::new(),
        };
        let environment = |name: &str| {
            let found = variables.iter().find(|(variable, _)| *variable == name);
            found.map(|(_, value)| (*value).to_owned()).ok_or(VarError::NotPresent)
        };
        Egress::new(&settings, environment).map_err(|error| error.to_string())
    }

    fn shown(egress: &Egress) -> String {
        let endpoint: Endpoint = "a.example".parse().unwrap();
        egress.proxy_for(&endpoint).map(|server| server.url.to_string()).unwrap_or_default()
    }

    #[test]
    fn who_wins() {
        for (case, choice, no_proxy, variables, proxy) in [
            ("nothing is set", "", "", &[][..], ""),
            ("upper case", "", "", &[("HTTPS_PROXY", "http://up:1")], "http://up:1"),
            ("lower case", "", "", &[("https_proxy", "http://low:1")], "http://low:1"),
            (
                "both cases",
                "",
                "",
                &[("HTTPS_PROXY", "http://up:1"), ("https_proxy", "low:1")],
                "http://low:1",
            ),
            ("empty is not set", "", "", &[("https_proxy", " "), ("HTTPS_PROXY", "up:1")], "http://up:1"),
            ("for all", "", "", &[("ALL_PROXY", "all:1")], "http://all:1"),
            (
                "for https before all",
                "",
                "",
                &[("all_proxy", "all:1"), ("HTTPS_PROXY", "up:1")],
                "http://up:1",
            ),
            (
                "unused is not read",
                "",
                "",
                &[("all_proxy", "socks://x:1"), ("HTTPS_PROXY", "up:1")],
                "http://up:1",
            ),
            (
                "plain http is another matter",
                "",
                "",
                &[("HTTP_PROXY", "http://x:1"), ("http_proxy", "x:1")],
                "",
            ),
            ("the setting wins", "http://set:1", "", &[("https_proxy", "http://low:1")], "http://set:1"),
            ("none", "none", "", &[("https_proxy", "http://low:1")], ""),
            ("not to this host", "", "", &[("https_proxy", "low:1"), ("NO_PROXY", "b, a.example")], ""),
            (
                "lower case of it",
                "",
                "",
                &[("https_proxy", "low:1"), ("NO_PROXY", "*"), ("no_proxy", "b")],
                "http://low:1",
            ),
            (
                "its setting wins",
                "",
                "b.example",
                &[("https_proxy", "low:1"), ("no_proxy", "*")],
                "http://low:1",
            ),
            ("its setting alone", "", "*", &[("https_proxy", "low:1")], ""),
            ("its variable with a set proxy", "http://set:1", "", &[("no_proxy", "example")], ""),
        ] {
            assert_eq!(shown(&egress(choice, no_proxy, variables).unwrap()), proxy, "{case}");
        }
    }

    #[test]
    fn entries_that_are_not_understood_are_told() {
        let warned = |text: &str| {
            let variables = [("HTTPS_PROXY", "proxy:3128"), ("NO_PROXY", text)];
            egress("", "", &variables).unwrap().warning().map(ToString::to_string)
        };
        assert_eq!(warned("a.example,10.0.0.0/8"), None);
        let told = "environment: NO_PROXY: not understood and ignored: 10.0.0.*, <local>";
        assert_eq!(warned("10.0.0.* a.example,<local>").as_deref(), Some(told));
    }

    #[test]
    fn a_bad_variable_is_named_and_not_repeated() {
        for (variable, value, message) in [
            (
                "HTTPS_PROXY",
                "socks5h://user:secret@proxy:1080",
                "environment: HTTPS_PROXY: SOCKS proxies are not supported: use an http:// or https:// proxy",
            ),
            (
                "https_proxy",
                "http://user:sec#ret@proxy:3128",
                "environment: https_proxy: not a URL: invalid port number (special characters in the user name or \
                 password must be percent-encoded)",
            ),
            (
                "all_proxy",
                "ftp://user:secret@proxy",
                "environment: all_proxy: a proxy's URL must start with http:// or https://",
            ),
            (
                "ALL_PROXY",
                "http://user:secret@proxy/x",
                "environment: ALL_PROXY: a proxy's URL must end after host and port",
            ),
        ] {
            assert_eq!(egress("", "", &[(variable, value)]).unwrap_err(), message, "{value}");
        }
        let error = ProxyError::Credentials { path: "/run/proxy".into(), error: CredentialsError::Format };
        assert!(error.to_string().starts_with("proxy.credentials_file: /run/proxy: "), "{error}");
    }

    #[test]
    fn what_never_goes_through_a_proxy() {
        let egress = egress("http://proxy:1", "", &[]).unwrap();
        for (endpoint, goes) in [
            ("a.example", true),
            ("10.0.0.1", true),
            ("[2001:db8::1]:8443", true),
            ("localhost", false),
            ("LOCALHOST.:8443", false),
            ("x.localhost", false),
            ("127.0.0.1", false),
            ("127.8.9.1", false),
            ("[::1]", false),
            ("[::ffff:127.0.0.1]", false),
            ("169.254.169.254", false),
            ("2852039166", false),
            ("169.254.170.2", false),
            ("169.254.170.23", false),
            ("[fd00:ec2::254]", false),
            ("[fd00:ec2::23]", false),
            ("[fe80::1]", false),
            ("100.100.100.200", false),
            ("metadata.google.internal", false),
        ] {
            let endpoint: Endpoint = endpoint.parse().unwrap();
            assert_eq!(egress.proxy_for(&endpoint).is_some(), goes, "{endpoint}");
        }
    }
}
