//! Embedded defaults, then the file, then the environment; strict about keys and values, and every mistake is
//! reported with the place it was made in.

use std::io;
use std::path::{Path, PathBuf};

use config::{Config, Environment, File, FileFormat, Source as _, Value};

use super::check::Mistake;
use super::settings::Settings;
use crate::endpoint::without_credentials;
use crate::files::read_text;

const DEFAULTS: &str = include_str!("../../config/default.toml");
/// `OIDC_EXPORTER__POLL__INTERVAL` overrides `poll.interval`.
const ENVIRONMENT_PREFIX: &str = "OIDC_EXPORTER";
/// Keys that hold lists; in the environment their items are separated by commas.
const LISTS: [&str; 7] = [
    "web.listen",
    "web.health_listen",
    "probe.allow",
    "proxy.no_proxy",
    "trust.ca_files",
    "trust.private_hosts",
    "aws.audiences",
];

/// What is wrong with the configuration; the message names the file or the environment, and the key.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SettingsError {
    /// The file cannot be read.
    #[error("{path}: {error}")]
    Io {
        path: PathBuf,
        /// What the operating system said.
        error: io::Error,
    },
    #[error("{path}: {message}")]
    Syntax {
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
        message: String,
    },
    /// A value of the right form that cannot work.
    #[error("{origin}: {key}: {message}")]
    Value {
        /// File or environment.
        origin: String,
        /// Dotted path of the key.
        key: &'static str,
        message: String,
    },
}

impl Settings {
    /// Reads and checks settings that a daemon or a round can work with.
    ///
    /// # Errors
    /// When the file cannot be read, a key or a value is wrong, or there is nothing to watch: the first mistake.
    pub(crate) fn load(file: Option<&Path>) -> Result<Self, SettingsError> {
        Self::layered(file, environment(), Self::check_watched)
    }

    /// Reads and checks settings that need not watch anything.
    ///
    /// # Errors
    /// As [`Self::load`].
    pub(crate) fn load_any(file: Option<&Path>) -> Result<Self, SettingsError> {
        Self::layered(file, environment(), |_| Ok(()))
    }

    fn layered(
        file: Option<&Path>,
        environment: Environment,
        check: impl Fn(&Self) -> Result<(), Mistake>,
    ) -> Result<Self, SettingsError> {
        let mut builder = Config::builder().add_source(File::from_str(DEFAULTS, FileFormat::Toml));
        if let Some(path) = file {
            let text = read_text(path).map_err(|error| SettingsError::Io { path: path.to_owned(), error })?;
            builder = builder.add_source(File::from_str(&text, FileFormat::Toml));
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
        settings.check().and_then(|()| check(&settings)).map_err(|Mistake { key, message }| {
            SettingsError::Value { origin: origin.of(key), key, message }
        })?;
        Ok(settings)
    }
}

fn environment() -> Environment {
    Environment::with_prefix(ENVIRONMENT_PREFIX)
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
                (key.unwrap_or_default(), format!("expected {expected}, found {unexpected}"))
            }
            E::NotFound(key) => (key, "is missing".to_owned()),
            other => (String::new(), other.to_string()),
        };
        // The config crate writes `issuers[0]url`.
        let mut key = key.replace(']', "].").replace("..", ".").trim_end_matches('.').to_owned();
        // serde names an unknown field in the message and leaves the path at the table that holds it.
        if let Some(field) = message.strip_prefix("unknown field `").and_then(|rest| rest.split('`').next()) {
            key = if key.is_empty() { field.to_owned() } else { format!("{key}.{field}") };
        }
        let message = message.replace("expected a duration", "expected a duration such as 30s or 5m");
        SettingsError::Key { origin: self.of(&key), key, message }
    }

    /// The variable of the environment that set `key`, or the file.
    fn of(&self, key: &str) -> String {
        let top = self.whole.collect().unwrap_or_default();
        let mut steps = key.split('.');
        let mut value = steps.next().and_then(|step| top.get(step)).cloned();
        for step in steps {
            value = value.and_then(|value| value.into_table().ok()?.remove(step));
        }
        match (value.as_ref().and_then(Value::origin), self.file) {
            (Some("the environment"), _) => {
                format!("environment: {ENVIRONMENT_PREFIX}__{}", key.replace('.', "__").to_uppercase())
            }
            (_, Some(file)) => file.display().to_string(),
            (_, None) => "built-in defaults".to_owned(),
        }
    }
}

/// The TOML parser's own words, without the path that the error names already. It shows the line, which may hold the URL of
/// a proxy with its password.
fn syntax_message(error: config::ConfigError) -> String {
    let message = match error {
        config::ConfigError::FileParse { cause, .. } => cause.to_string(),
        other => other.to_string(),
    };
    without_credentials(message.trim_end())
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::sync::atomic::{AtomicU32, Ordering};

    use std::time::Duration;

    use super::*;
    use crate::files::MAX_FILE_BYTES;
    use crate::listen_address::ListenAddresses;

    /// The settings, or the error with the file's directory taken out.
    fn load(toml: &str, environment: &[(&str, &str)]) -> Result<Settings, String> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let file = std::env::temp_dir().join(format!("oidc-settings-{}-{number}.toml", std::process::id()));
        std::fs::write(&file, toml).unwrap();
        let variables: HashMap<String, String> =
            environment.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        let source = Environment::with_prefix(ENVIRONMENT_PREFIX).source(Some(variables));
        let loaded = Settings::layered(Some(&file), source, Settings::check_watched);
        std::fs::remove_file(&file).unwrap();
        loaded.map_err(|error| error.to_string().replace(file.to_str().unwrap(), "FILE"))
    }

    fn listen(settings: &Settings) -> Vec<String> {
        settings.web.listen.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn defaults_file_environment() {
        let settings = load("[aws]\nenabled = true\n[poll]\nwindow = \"12h\"", &[]).unwrap();
        assert_eq!(settings.poll.window, Duration::from_hours(12));
        assert_eq!(settings.poll.interval, Duration::from_mins(5));
        assert_eq!(listen(&settings), ["127.0.0.1:10190"]);
        let environment = [
            ("OIDC_EXPORTER__POLL__INTERVAL", "2m"),
            ("OIDC_EXPORTER__AWS__ENABLED", "true"),
            ("OIDC_EXPORTER__AWS__AUDIENCES", "sts.amazonaws.com,x"),
            ("OIDC_EXPORTER__POLL__CONCURRENCY", "3"),
            ("OIDC_EXPORTER__TRUST__PRIVATE_HOSTS", "*.corp.example,a.example"),
            ("OIDC_EXPORTER__WEB__LISTEN", ":10190, [::1]:http"),
            ("OIDC_EXPORTER__WEB__HEALTH_LISTEN", "localhost:10191"),
            ("OIDC_EXPORTER__PROXY__URL", "none"),
            ("OIDC_EXPORTER__PROXY__NO_PROXY", "a.example, 10.0.0.0/8,*"),
            ("OIDC_EXPORTER_CONFIG", "not a setting"),
        ];
        let settings = load("[poll]\ninterval = \"9m\"", &environment).unwrap();
        assert_eq!((settings.poll.interval, settings.poll.concurrency), (Duration::from_mins(2), 3));
        assert_eq!(listen(&settings), [":10190", "[::1]:http"]);
        let health: Vec<_> = settings.web.health_listen.iter().flat_map(ListenAddresses::iter).collect();
        assert_eq!(health.len(), 1);
        assert_eq!((settings.aws.audiences.len(), settings.trust.private_hosts.len()), (2, 2));
        assert_eq!((settings.proxy.url.to_string().as_str(), settings.proxy.no_proxy.len()), ("none", 3));
    }

    #[test]
    fn each_mistake_has_one_message_that_names_file_and_key() {
        let issuer = "[[issuers]]\nurl = \"https://a.example\"\n";
        for (toml, message) in [
            (
                "[poll]\nintervall = \"5m\"",
                "FILE: poll.intervall: unknown field `intervall`, expected one of",
            ),
            ("[pol]\n", "FILE: pol: unknown field `pol`, expected one of"),
            (
                "[poll]\ninterval = \"-5m\"",
                "FILE: poll.interval: invalid value: string \"-5m\", expected a duration",
            ),
            (
                "[poll]\ninterval = 300",
                "FILE: poll.interval: invalid value: string \"300\", expected a duration such",
            ),
            ("[poll]\ninterval = \"0s\"", "FILE: poll.interval: must be longer than 0s"),
            ("[poll]\nwindow = \"1m\"", "FILE: poll.interval: must not be longer than poll.window (5m > 1m)"),
            (
                "[poll]\nconcurrency = -1",
                "FILE: poll.concurrency: expected an unsigned 64 bit or less integer, found",
            ),
            ("[poll]\nconcurrency = 0", "FILE: poll.concurrency: must be between 1 and 1024"),
            ("[poll]\nsettle_looks = 0", "FILE: poll.settle_looks: must be at least 1"),
            ("[probe]\nallow = [\"a/b\"]", "FILE: probe.allow[0]: `a/b`: expected a host such as"),
            (
                "[trust]\nprivate_hosts = [\"*\"]",
                "FILE: trust.private_hosts[0]: `*`: expected a host such as",
            ),
            (
                "[proxy]\nurl = \"http://user:secret@proxy:3128\"",
                "FILE: proxy.url: user name and password do not belong here: put them into proxy.credentials_file",
            ),
            ("[proxy]\nurl = \"socks5://proxy:1080\"", "FILE: proxy.url: SOCKS proxies are not supported"),
            (
                "[proxy]\nno_proxy = [\"10.0.0.*\"]",
                "FILE: proxy.no_proxy[0]: `10.0.0.*`: expected a host such as",
            ),
            ("[poll.resolve]\nx = []", "FILE: poll.resolve: x has no addresses"),
            ("[poll.resolve]\nx = [\"999.1.1.1\"]", "FILE: poll.resolve.x[0]: invalid IP address syntax"),
            (
                "[poll.resolve]\n\"a..b\" = [\"192.0.2.1\"]",
                "FILE: poll.resolve: `a..b`: not a host: the host name has an empty label",
            ),
            (
                "[poll.resolve]\n\"https://a.example\" = [\"192.0.2.1\"]",
                "FILE: poll.resolve: `https://a.example`: expected a host such as oidc.example.com",
            ),
            (
                "[poll.resolve]\n\"a.example\" = [\"192.0.2.1\"]\n\"a.example.\" = [\"192.0.2.2\"]",
                "FILE: poll.resolve: `a.example.`: a.example is there twice, spelled differently",
            ),
            ("[aws]\nenabled = \"maybe\"", "FILE: aws.enabled: expected a boolean, found string \"maybe\""),
            (
                "[log]\nlevel = \"loud\"",
                "FILE: log.level: `loud`: must be one of error, warn, info, debug, trace",
            ),
            (
                "[web]\nlisten = \"localhost\"",
                "FILE: web.listen: `localhost`: the port is missing; write localhost:10190",
            ),
            (
                "[web]\nlisten = [\":1\", \"::1\"]",
                "FILE: web.listen: `::1`: an IPv6 address is written in brackets: [::1]:10190",
            ),
            (
                "[web]\nlisten = 10190",
                "FILE: web.listen: invalid type: integer `10190`, expected an address such as",
            ),
            (
                "[[issuers]]\nurl = \"http://a.example\"",
                "FILE: issuers[0].url: the URL must start with https://",
            ),
            ("[[issuers]]\nthumbprints = []", "FILE: issuers[0].url: is missing"),
            (
                "[[issuers]]\nurl = \"https://a\"\nthumbprints = [\"zz\"]",
                "FILE: issuers[0].thumbprints[0]: `zz`: expected 40 hex digits",
            ),
            (
                "[proxy]\nurl = \"http://user:secret@proxy:3128",
                "FILE: TOML parse error at line 2, column 37\n  |\n2 | url = \"http://...@proxy:3128",
            ),
            ("[[issuers]\n", "FILE: TOML parse error at line 1, column 11"),
            ("", "FILE: issuers: nothing to watch"),
            (&issuer.repeat(2), "FILE: issuers: https://a.example is listed twice"),
        ] {
            let error = load(toml, &[]).unwrap_err();
            assert!(error.starts_with(message), "{toml}: {error}");
        }
        for (variable, message) in [
            (
                "OIDC_EXPORTER__POLL__INTERVAL",
                "environment: OIDC_EXPORTER__POLL__INTERVAL: poll.interval: invalid",
            ),
            ("OIDC_EXPORTER__POLL__TYPO", "environment: OIDC_EXPORTER__POLL__TYPO: poll.typo: unknown field"),
        ] {
            let error = load(issuer, &[(variable, "xx")]).unwrap_err();
            assert!(error.starts_with(message), "{error}");
        }
    }

    #[test]
    fn names_to_resolve_get_the_form_that_is_looked_up() {
        let table = "[poll.resolve]\n\"OIDC.Example.com.\" = [\"192.0.2.1\"]\n\"b\u{fc}cher.example\" = [\"::1\"]\n\
                     \"[2001:DB8::1]\" = [\"::1\"]";
        let settings = load(&format!("{table}\n[aws]\nenabled = true"), &[]).unwrap();
        let names: Vec<&str> = settings.poll.resolve.keys().map(String::as_str).collect();
        assert_eq!(names, ["2001:db8::1", "oidc.example.com", "xn--bcher-kva.example"]);
    }

    #[test]
    fn a_missing_file_is_named() {
        let error = Settings::load(Some(Path::new("/nonexistent/config.toml"))).unwrap_err();
        assert!(error.to_string().starts_with("/nonexistent/config.toml: No such file"), "{error}");
    }

    #[test]
    fn a_file_is_read_within_bounds_and_as_text() {
        let file = std::env::temp_dir().join(format!("oidc-settings-{}-bounds.toml", std::process::id()));
        for (bytes, told) in [
            (vec![b'#'; MAX_FILE_BYTES + 1], "larger than 1 MiB"),
            (b"# a\n\xff".to_vec(), "line 2: not UTF-8; save the file as UTF-8"),
        ] {
            std::fs::write(&file, bytes).unwrap();
            let error = Settings::load(Some(&file)).unwrap_err().to_string();
            assert_eq!(error, format!("{}: {told}", file.display()));
        }
        std::fs::remove_file(&file).unwrap();
        let error = Settings::load(Some(Path::new("/dev/zero"))).unwrap_err().to_string();
        assert_eq!(error, "/dev/zero: not a regular file");
    }

    #[test]
    fn the_example_is_good_and_what_is_shown_reads_back() {
        let example = include_str!("../../config/example.toml");
        let issuer = "[[issuers]]\nurl = \"https://a.example\"\nthumbprints = [\"9e99a48a9960b14926bb7f3b02e22da2b0ab7280\"]\n\
                      audiences = [\"x\"]\nrequires_provider = true\n";
        for (text, issuers) in [(example.to_owned(), 0), (format!("{example}\n{issuer}"), 1)] {
            let settings = load(&text, &[]).unwrap();
            assert_eq!((settings.aws.enabled, settings.issuers.len()), (true, issuers));
            let shown = toml::to_string(&settings).unwrap();
            let again = load(&shown, &[]).unwrap();
            assert_eq!(toml::to_string(&again).unwrap(), shown);
        }
    }
}
