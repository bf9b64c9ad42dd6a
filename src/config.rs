//! Typed settings: embedded defaults, then the file, then the environment; strict about keys and values.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use config::{Config, Environment, File, FileFormat, Value};
use serde::{Deserialize, Serialize};

use crate::chain::Thumbprint;
use crate::issuer::Issuer;

const DEFAULTS: &str = include_str!("../config/default.toml");
/// `OIDC_EXPORTER__POLL__INTERVAL` overrides `poll.interval`.
const ENVIRONMENT_PREFIX: &str = "OIDC_EXPORTER";
/// Keys that hold lists; in the environment their items are separated by commas.
const LISTS: [&str; 2] = ["trust.ca_files", "aws.audiences"];
/// Longest of any duration: what a timer and a dashboard can still show.
const MAX_DURATION: Duration = Duration::from_hours(24 * 366);

/// Everything that can be set. `config/default.toml` says what each key means.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The HTTP listener.
    pub web: Web,
    /// How issuers are polled.
    pub poll: Poll,
    /// Whose roots are trusted.
    pub trust: Trust,
    /// The IAM account.
    pub aws: Aws,
    /// What is logged, and how.
    pub log: Log,
    /// Issuers named in the file.
    pub issuers: Vec<IssuerEntry>,
}

/// `[web]`
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Web {
    /// Address and port to listen on.
    pub listen: SocketAddr,
}

/// `[poll]`
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Poll {
    /// From the start of one round to the start of the next.
    #[serde(with = "humantime_serde")]
    pub interval: Duration,
    /// Limit of each of: resolving, connecting, the TLS handshake.
    #[serde(with = "humantime_serde")]
    pub connect_timeout: Duration,
    /// Limit of each of: the discovery document, the JWKS.
    #[serde(with = "humantime_serde")]
    pub request_timeout: Duration,
    /// Limit of the whole poll of one issuer.
    #[serde(with = "humantime_serde")]
    pub timeout: Duration,
    /// Issuers polled at the same time.
    pub concurrency: usize,
    /// How long an observation counts.
    #[serde(with = "humantime_serde")]
    pub window: Duration,
    /// Rounds after which an address's former chain stops counting.
    pub settle_rounds: u32,
    /// Whether issuers may be on this machine.
    pub allow_loopback: bool,
    /// Addresses that stand in for DNS, by host name.
    pub resolve: BTreeMap<String, Vec<IpAddr>>,
}

/// `[trust]`
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Trust {
    /// Trust Mozilla's roots.
    pub mozilla: bool,
    /// Trust this machine's roots.
    pub system: bool,
    /// PEM files of further roots.
    pub ca_files: Vec<PathBuf>,
}

/// `[aws]`
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Aws {
    /// Whether IAM is read at all.
    pub enabled: bool,
    /// From one reading of IAM to the next.
    #[serde(with = "humantime_serde")]
    pub interval: Duration,
    /// Limit of one call, retries included.
    #[serde(with = "humantime_serde")]
    pub timeout: Duration,
    /// Client ids that every provider must hold.
    pub audiences: BTreeSet<String>,
}

/// `[log]`
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Log {
    /// The least severe level that is logged.
    pub level: LogLevel,
    /// One line of text or one JSON object per event.
    pub format: LogFormat,
}

/// Levels of `tracing`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs)]
pub enum LogLevel {
    Error,
    Warn,
    Info,
    Debug,
    Trace,
}

/// How log lines are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs)]
pub enum LogFormat {
    Text,
    Json,
}

/// `[[issuers]]`
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct IssuerEntry {
    /// The issuer's URL, as tokens have it in `iss`.
    pub url: Issuer,
    /// Thumbprints that the served chains are compared with; empty: just watch.
    #[serde(default)]
    pub thumbprints: BTreeSet<Thumbprint>,
    /// Client ids that this issuer's providers must hold, beside `aws.audiences`.
    #[serde(default)]
    pub audiences: BTreeSet<String>,
}

/// What is wrong with the configuration; the message names the file or the environment, and the key.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The file cannot be read.
    #[error("{path}: {error}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        error: std::io::Error,
    },
    /// Not TOML.
    #[error("{path}: {message}")]
    Syntax {
        /// The file.
        path: PathBuf,
        /// Line, column and reason.
        message: String,
    },
    /// An unknown key, or a value of the wrong form.
    #[error("{origin}: {key}: {message}")]
    Key {
        /// File or environment.
        origin: String,
        /// Dotted path of the key.
        key: String,
        /// What is wrong.
        message: String,
    },
    /// A value of the right form that cannot work.
    #[error("{origin}: {key}: {message}")]
    Value {
        /// File or environment.
        origin: String,
        /// Dotted path of the key.
        key: &'static str,
        /// What is wrong.
        message: String,
    },
}

impl Settings {
    /// Reads and checks the settings.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn load(file: Option<&Path>) -> Result<Self, SettingsError> {
        Self::layered(file, Environment::with_prefix(ENVIRONMENT_PREFIX))
    }

    fn layered(file: Option<&Path>, environment: Environment) -> Result<Self, SettingsError> {
        let mut builder = Config::builder().add_source(File::from_str(DEFAULTS, FileFormat::Toml));
        if let Some(path) = file {
            std::fs::read(path).map_err(|error| SettingsError::Io { path: path.to_owned(), error })?;
            builder = builder.add_source(File::from(path).format(FileFormat::Toml));
        }
        let environment = LISTS.iter().fold(
            environment
                .prefix_separator("__")
                .separator("__")
                .try_parsing(true)
                .ignore_empty(true)
                .list_separator(","),
            |environment, key| environment.with_list_parse_key(key),
        );
        let whole = builder.add_source(environment).build().map_err(|error| SettingsError::Syntax {
            path: file.map(Path::to_owned).unwrap_or_default(),
            message: syntax_message(error),
        })?;
        let origin = Origins { whole: &whole, file };
        let settings: Self = whole.clone().try_deserialize().map_err(|error| origin.explain(error))?;
        settings.check().map_err(|(key, message)| SettingsError::Value {
            origin: origin.of(key),
            key,
            message,
        })?;
        Ok(settings)
    }

    /// What serde cannot see: values that do not go together.
    fn check(&self) -> Result<(), (&'static str, String)> {
        let poll = &self.poll;
        let durations = [
            ("poll.interval", poll.interval),
            ("poll.connect_timeout", poll.connect_timeout),
            ("poll.request_timeout", poll.request_timeout),
            ("poll.timeout", poll.timeout),
            ("poll.window", poll.window),
            ("aws.interval", self.aws.interval),
            ("aws.timeout", self.aws.timeout),
        ];
        for (key, duration) in durations {
            if duration.is_zero() || duration > MAX_DURATION {
                return Err((key, "must be longer than 0s and at most 366 days".to_owned()));
            }
        }
        let at_most = |key, value: Duration, limit_key, limit: Duration| {
            let (shown, limit_shown) = (humantime::format_duration(value), humantime::format_duration(limit));
            let message = format!("{shown} is longer than {limit_key} ({limit_shown})");
            if value > limit { Err((key, message)) } else { Ok(()) }
        };
        at_most("poll.timeout", poll.timeout, "poll.interval", poll.interval)?;
        at_most("poll.connect_timeout", poll.connect_timeout, "poll.timeout", poll.timeout)?;
        at_most("poll.request_timeout", poll.request_timeout, "poll.timeout", poll.timeout)?;
        at_most("poll.interval", poll.interval, "poll.window", poll.window)?;
        at_most("aws.timeout", self.aws.timeout, "aws.interval", self.aws.interval)?;
        if !(1..=1024).contains(&poll.concurrency) {
            return Err(("poll.concurrency", "must be from 1 to 1024".to_owned()));
        }
        if poll.settle_rounds == 0 {
            return Err(("poll.settle_rounds", "must be at least 1".to_owned()));
        }
        if let Some((host, _)) = poll.resolve.iter().find(|(_, addresses)| addresses.is_empty()) {
            return Err(("poll.resolve", format!("{host} has no address")));
        }
        let mut seen = BTreeSet::new();
        if let Some(twice) = self.issuers.iter().find(|entry| !seen.insert(&entry.url)) {
            return Err(("issuers", format!("{} is listed twice", twice.url)));
        }
        if self.issuers.is_empty() && !self.aws.enabled {
            let message = "nothing to watch: name an issuer in [[issuers]], or set aws.enabled = true";
            return Err(("issuers", message.to_owned()));
        }
        Ok(())
    }
}

/// Tells where a value came from.
struct Origins<'a> {
    whole: &'a Config,
    file: Option<&'a Path>,
}

impl Origins<'_> {
    fn explain(&self, error: config::ConfigError) -> SettingsError {
        use config::ConfigError as E;
        let (key, message) = match error {
            E::At { error, key, .. } => (key.unwrap_or_default(), error.to_string()),
            E::Type { unexpected, expected, key, .. } => {
                (key.unwrap_or_default(), format!("{unexpected} where {expected} belongs"))
            }
            E::NotFound(key) => (key, "is missing".to_owned()),
            other => (String::new(), other.to_string()),
        };
        // serde names an unknown field in the message and leaves the path at the table that holds it.
        let unknown = message.strip_prefix("unknown field `").and_then(|rest| rest.split('`').next());
        let key = match unknown {
            Some(field) if key.is_empty() => field.to_owned(),
            Some(field) => format!("{key}.{field}"),
            None => key,
        };
        SettingsError::Key { origin: self.of(&key), key, message }
    }

    /// The file that set `key`, or the environment.
    fn of(&self, key: &str) -> String {
        let file =
            || self.file.map_or_else(|| "built-in defaults".to_owned(), |path| path.display().to_string());
        let value = self.whole.get::<Value>(key).ok();
        match value.as_ref().and_then(Value::origin) {
            Some("the environment") => {
                format!("environment {ENVIRONMENT_PREFIX}__{}", key.replace('.', "__").to_uppercase())
            }
            _ => file(),
        }
    }
}

/// The TOML parser's own words, without the path that the error names already.
fn syntax_message(error: config::ConfigError) -> String {
    match error {
        config::ConfigError::FileParse { cause, .. } => cause.to_string(),
        other => other.to_string(),
    }
}
