//! The settings, section by section. `config/default.toml` says what each key means.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use strum::{EnumString, VariantNames};

use super::hosts::addresses_by_name;
use crate::chain::Thumbprint;
use crate::host_pattern::HostPattern;
use crate::issuer::Issuer;
use crate::listen_address::ListenAddresses;
use crate::memory::StateFile;
use crate::proxy::ProxySettings;

/// Everything that can be set. `config/default.toml` says what each key means.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    /// The HTTP listener.
    pub web: Web,
    /// How issuers are polled.
    pub poll: Poll,
    /// The way out, for issuers and AWS alike.
    pub proxy: ProxySettings,
    /// Polls that are asked for over HTTP.
    pub probe: Probe,
    /// Whose roots are trusted.
    pub trust: Trust,
    /// Where problems begin.
    pub health: HealthSettings,
    /// The IAM account.
    pub aws: Aws,
    /// What outlives a restart.
    pub state: State,
    /// What is logged, and how.
    pub log: Log,
    /// When this configuration is read again.
    pub reload: Reload,
    /// Issuers named in the file.
    pub issuers: Vec<IssuerEntry>,
}

/// `[web]`
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Web {
    /// Addresses and ports to listen on.
    pub listen: ListenAddresses,
    /// The web configuration file: TLS, login, headers, rate limit. Empty: none.
    pub config_file: PathBuf,
    /// Those of further listeners, for health checks alone, in the clear and without login.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub health_listen: Option<ListenAddresses>,
    /// Scrapes that are answered at the same time.
    pub max_scrapes: usize,
    /// Issuers that are probed at the same time.
    pub max_probes: usize,
    /// Whether `POST /-/reload` reads the configuration again.
    pub enable_reload: bool,
}

/// `[poll]`
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Poll {
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
    /// How long an endpoint's answer about TLS 1.2 is good for.
    #[serde(with = "humantime_serde")]
    pub tls12_interval: Duration,
    /// How long an observation counts.
    #[serde(with = "humantime_serde")]
    pub window: Duration,
    /// Looks after which an address's former chain stops counting.
    pub settle_looks: u32,
    /// From one look to the next, while something new is not settled.
    #[serde(with = "humantime_serde")]
    pub settle_interval: Duration,
    /// Whether issuers may be on this machine.
    pub allow_loopback: bool,
    /// Addresses that stand in for DNS, by host name as [`crate::endpoint::Endpoint::host`] has it.
    #[serde(deserialize_with = "addresses_by_name")]
    pub resolve: BTreeMap<String, Vec<IpAddr>>,
}

/// `[probe]`
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Probe {
    /// Hosts whose issuers may be probed without being watched.
    pub allow: Vec<HostPattern>,
}

/// `[trust]`
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Trust {
    /// Trust Mozilla's roots.
    pub mozilla: bool,
    /// Trust this machine's roots.
    pub system: bool,
    /// PEM files of further roots.
    pub ca_files: Vec<PathBuf>,
    /// Hosts whose chains are expected to end at a private CA.
    pub private_hosts: Vec<HostPattern>,
}

/// `[health]`
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct HealthSettings {
    /// A root CA that has fewer days left is a problem.
    pub root_ca_days: u32,
    /// A leaf that has fewer days left, late in its life, is one.
    pub leaf_days: u32,
    /// Evidence that is older tells nothing of now.
    #[serde(with = "humantime_serde")]
    pub stale_after: Duration,
    /// Polls in a row without the keys.
    pub failed_polls: u32,
    /// STS waits no longer for a document.
    #[serde(with = "humantime_serde")]
    pub slow: Duration,
    /// How long a provider that IAM no longer lists is missed.
    #[serde(with = "humantime_serde")]
    pub missing_for: Duration,
}

/// `[aws]`
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Aws {
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

/// `[state]`
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct State {
    /// Where it is kept.
    pub file: StateFile,
    /// From one write to the next, at least.
    #[serde(with = "humantime_serde")]
    pub interval: Duration,
}

/// `[log]`
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Log {
    /// The least severe level that is logged.
    pub level: LogLevel,
    /// One line of text or one JSON object per event.
    pub format: LogFormat,
}

/// Levels of `tracing`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, EnumString, VariantNames)]
#[serde(rename_all = "lowercase", try_from = "String")]
#[strum(serialize_all = "lowercase")]
#[allow(missing_docs)]
pub(crate) enum LogLevel {
    Error,
    Warn,
    Info,
    Debug,
    Trace,
}

/// How log lines are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, EnumString, VariantNames)]
#[serde(rename_all = "lowercase", try_from = "String")]
#[strum(serialize_all = "lowercase")]
#[allow(missing_docs)]
pub(crate) enum LogFormat {
    Text,
    Json,
}

/// `[reload]`
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Reload {
    /// Whether the content of the file and of the CA files is looked at for changes.
    pub watch: bool,
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
    /// Whether IAM must list a provider for it. Where it need not, nobody misses one that is gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requires_provider: Option<bool>,
}

/// The value of a closed set by its name.
fn one_of<T: FromStr + VariantNames>(text: &str) -> Result<T, String> {
    text.parse().map_err(|_| format!("`{text}`: must be one of {}", T::VARIANTS.join(", ")))
}

impl TryFrom<String> for LogLevel {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        one_of(&text)
    }
}

impl TryFrom<String> for LogFormat {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        one_of(&text)
    }
}
