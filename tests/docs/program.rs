//! What the documentation is about, as the program has it: the one place that knows the program's types.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use oidc_thumbprint_exporter::aws::AccountReason;
use oidc_thumbprint_exporter::chain::{ChainStatus, Distrust, Role};
use oidc_thumbprint_exporter::metrics;
use oidc_thumbprint_exporter::poll::{Phase, Reason};
use oidc_thumbprint_exporter::refusal::Refusal;
use oidc_thumbprint_exporter::verdict::{Class, Health, ProblemName, Status};
use prometheus::core::Collector as _;
use prometheus::proto::MetricType;
use strum::IntoEnumIterator;

/// A metric family.
pub struct Family {
    pub name: String,
    pub kind: &'static str,
    pub labels: Vec<String>,
    pub help: String,
}

/// Every family of the program's own.
pub fn families() -> Vec<Family> {
    let own = metrics::families().into_iter().map(|family| Family {
        name: family.name.to_owned(),
        kind: kind(family.name, family.kind.into()),
        labels: family.labels.iter().map(ToString::to_string).collect(),
        help: family.help.to_owned(),
    });
    own.collect()
}

/// Those of the `prometheus` crate about the process, sorted.
pub fn process_families() -> Vec<Family> {
    let collected = prometheus::process_collector::ProcessCollector::for_self().collect();
    let families = collected.iter().map(|family| Family {
        name: family.name().to_owned(),
        kind: kind(family.name(), family.get_field_type()),
        labels: Vec::new(),
        help: family.help().to_owned(),
    });
    let mut families: Vec<Family> = families.collect();
    families.sort_by(|a, b| a.name.cmp(&b.name));
    families
}

fn kind(name: &str, kind: MetricType) -> &'static str {
    match kind {
        MetricType::COUNTER => "counter",
        _ if name.ends_with("_info") => "info",
        _ => "gauge",
    }
}

fn words<T: IntoEnumIterator + Into<&'static str>>() -> Vec<&'static str> {
    T::iter().map(Into::into).collect()
}

/// The values of a label that is a closed set.
pub fn values(metric: &str, label: &str) -> Option<Vec<&'static str>> {
    Some(match (metric, label) {
        ("oidc_issuer_poll_failures_total", "reason") => words::<Reason>(),
        ("oidc_issuer_poll_duration_seconds", "phase") => words::<Phase>(),
        ("oidc_chain_status", "status") => words::<ChainStatus>(),
        ("oidc_provider_thumbprint_status", "status") => words::<Status>(),
        ("oidc_provider_problem", "problem") => words::<ProblemName>(),
        ("oidc_provider_problem", "class") => words::<Class>(),
        ("oidc_provider_health", "health") => words::<Health>(),
        ("oidc_provider_thumbprint_info", "position") => {
            let roles = [Role::Root, Role::Intermediate, Role::Leaf].map(|role| role.into_str());
            [&roles[..], &["none"]].concat()
        }
        ("oidc_account_poll_failures_total", "reason") => words::<AccountReason>(),
        ("oidc_exporter_http_refusals_total", "reason") => words::<Refusal>(),
        _ => return None,
    })
}

/// The reasons of `oidc_chain_distrust_info`, and what they mean.
pub fn distrust() -> Vec<(&'static str, String)> {
    Distrust::iter().map(|reason| (reason.into(), reason.to_string())).collect()
}

/// The settings that the program makes of this TOML, as it shows them; or what is wrong with it.
pub fn settings(toml: &str) -> Result<String, String> {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let file = std::env::temp_dir().join(format!("oidc-docs-{}-{number}.toml", std::process::id()));
    std::fs::write(&file, toml).unwrap();
    let shown = run(&["--config", file.to_str().unwrap(), "config", "show"]);
    std::fs::remove_file(&file).unwrap();
    shown
}

/// Every key that a configuration can have, with its section; `issuers.` before those of an entry of `[[issuers]]`.
fn every_key() -> BTreeSet<String> {
    let toml = "[web]\nhealth_listen = \"127.0.0.1:10191\"\n[[issuers]]\nurl = \"https://a.example\"\nrequires_provider = false\n";
    let (mut keys, mut section) = (BTreeSet::new(), String::new());
    for line in settings(toml).unwrap().lines() {
        if let Some(name) = line.strip_prefix("[[").and_then(|rest| rest.strip_suffix("]]")) {
            keys.insert(name.to_owned());
            section = format!("{name}.");
        } else if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            // A table within a section is the value of a key.
            keys.extend(name.contains('.').then(|| name.to_owned()));
            section = format!("{name}.");
        } else if let Some((key, _)) = line.split_once(" = ") {
            keys.insert(format!("{section}{key}"));
        }
    }
    keys
}

/// Every key that a configuration can have, with its section; those of `[[issuers]]` are apart.
pub fn keys() -> BTreeSet<String> {
    every_key().into_iter().filter(|key| !key.starts_with("issuers.")).collect()
}

/// The keys of an entry of `[[issuers]]`.
pub fn issuer_keys() -> BTreeSet<String> {
    every_key().iter().filter_map(|key| key.strip_prefix("issuers.")).map(str::to_owned).collect()
}

/// Whether the program knows a command line: it is asked for help on it.
pub fn help(arguments: &[&str]) -> Result<(), String> {
    run(&[arguments, &["--help"]].concat()).map(drop)
}

fn run(arguments: &[&str]) -> Result<String, String> {
    let output =
        Command::new(env!("CARGO_BIN_EXE_oidc-thumbprint-exporter")).args(arguments).output().unwrap();
    let said = if output.status.success() { &output.stdout } else { &output.stderr };
    let said = String::from_utf8_lossy(said).into_owned();
    if output.status.success() { Ok(said) } else { Err(said) }
}

/// The alerts and their severities.
pub fn alerts() -> BTreeMap<String, String> {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("dashboards/prometheus/alerts.yml");
    let text = std::fs::read_to_string(file).unwrap();
    let mut alerts = BTreeMap::new();
    let mut alert = "";
    for line in text.lines().map(str::trim) {
        if let Some(name) = line.strip_prefix("- alert: ") {
            alert = name;
        } else if let Some(severity) = line.strip_prefix("severity: ") {
            alerts.insert(alert.to_owned(), severity.to_owned());
        }
    }
    assert!(alerts.len() > 20);
    alerts
}
