//! What is set of the proxy: in the configuration, and in the environment where that leaves it open.

use std::env::VarError;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::credentials::{Credentials, CredentialsError};
use super::egress::{Egress, ProxyServer};
use super::exceptions::Exception;
use super::url::{ProxyChoice, ProxyUrl, ProxyUrlError};

/// The proxy for https, as curl has it: the protocol's own variable before the one for all, lower case before upper.
/// `HTTP_PROXY` is for plain http, which is spoken with credentials endpoints alone, and they are no proxy's business.
const PROXY_VARIABLES: [&str; 4] = ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"];
const NO_PROXY_VARIABLES: [&str; 2] = ["no_proxy", "NO_PROXY"];

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

impl ProxySettings {
    /// The way out by these settings, and by the variables of the environment where they leave it open.
    ///
    /// # Errors
    /// When a variable that counts holds no proxy's URL, or the credentials file cannot be used.
    pub(crate) fn egress(
        &self,
        environment: impl Fn(&str) -> Result<String, VarError>,
    ) -> Result<Egress, ProxyError> {
        let from_file = Credentials::of_file(&self.credentials_file)
            .map_err(|error| ProxyError::Credentials { path: self.credentials_file.clone(), error })?;
        let (url, credentials) = match &self.url {
            ProxyChoice::None => return Ok(Egress::direct()),
            ProxyChoice::Url(url) => (url.clone(), from_file),
            ProxyChoice::Environment => match first(&PROXY_VARIABLES, &environment)? {
                None => return Ok(Egress::direct()),
                Some((variable, text)) => {
                    let (url, written) = ProxyUrl::with_credentials(&text)
                        .map_err(|error| ProxyError::Url { variable, error })?;
                    (url, from_file.or(written))
                }
            },
        };
        let server = ProxyServer { url, credentials };
        if !self.no_proxy.is_empty() {
            return Ok(Egress::through(server, self.no_proxy.clone()));
        }
        let Some((variable, text)) = first(&NO_PROXY_VARIABLES, &environment)? else {
            return Ok(Egress::through(server, Vec::new()));
        };
        let (exceptions, others) = Exception::list(&text);
        let egress = Egress::through(server, exceptions);
        if others.is_empty() {
            return Ok(egress);
        }
        // Others leave such entries out, too: a reason for a warning, and none to watch nothing.
        let others = others.join(", ");
        Ok(egress.warn(&format!("environment: {variable}: not understood and ignored: {others}")))
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
    use crate::endpoint::Endpoint;

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
        settings.egress(environment).map_err(|error| error.to_string())
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
            egress("", "", &variables).unwrap().warning().map(str::to_owned)
        };
        assert_eq!(warned("a.example,10.0.0.0/8"), None);
        let told = "environment: NO_PROXY: not understood and ignored: 10.0.0.*, <local>, ...@a.example";
        assert_eq!(warned("10.0.0.* a.example,<local>,http://user:secret@a.example").as_deref(), Some(told));
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
}
