//! What the documentation is about, as the program has it: the one place that knows the program's types.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use oidc_thumbprint_exporter::aws::AccountReason;
use oidc_thumbprint_exporter::chain::{ChainStatus, Distrust, Role};
use oidc_thumbprint_exporter::config::{IssuerEntry, Settings};
use oidc_thumbprint_exporter::metrics;
use oidc_thumbprint_exporter::poll::{Phase, Reason};
use oidc_thumbprint_exporter::verdict::Status;
use prometheus::core::Collector as _;
use prometheus::proto::MetricType;

/// A metric family.
pub struct Family {
    pub name: String,
    pub kind: &'static str,
    pub labels: Vec<String>,
    pub help: String,
}

/// Every family of the program's own.
pub fn families() -> Vec<Family> {
    let own = metrics::ALL.iter().map(|family| Family {
        name: family.name.to_owned(),
        kind: kind(family.name, family.kind),
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

/// The values of a label that is a closed set.
pub fn values(metric: &str, label: &str) -> Option<Vec<&'static str>> {
    Some(match (metric, label) {
        ("oidc_issuer_poll_failures_total", "reason") => Reason::ALL.map(Reason::as_str).to_vec(),
        ("oidc_issuer_poll_duration_seconds", "phase") => Phase::ALL.map(Phase::as_str).to_vec(),
        ("oidc_chain_status", "status") => ChainStatus::ALL.map(ChainStatus::as_str).to_vec(),
        ("oidc_provider_thumbprint_status", "status") => Status::ALL.map(Status::as_str).to_vec(),
        ("oidc_provider_thumbprint_info", "position") => {
            let roles = [Role::Root, Role::Intermediate, Role::Leaf].map(Role::as_str);
            roles.into_iter().chain(["none"]).collect()
        }
        ("oidc_account_poll_failures_total", "reason") => {
            AccountReason::ALL.map(AccountReason::as_str).to_vec()
        }
        _ => return None,
    })
}

/// The reasons of `oidc_chain_distrust_info`, and what they mean.
pub fn distrust() -> Vec<(&'static str, String)> {
    Distrust::ALL.map(|reason| (reason.as_str(), reason.to_string())).to_vec()
}

/// The settings that this TOML gives, or what is wrong with it.
pub fn settings(toml: &str) -> Result<Settings, String> {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let file = std::env::temp_dir().join(format!("oidc-docs-{}-{number}.toml", std::process::id()));
    std::fs::write(&file, toml).unwrap();
    let settings = Settings::load(Some(&file)).map_err(|error| error.to_string());
    std::fs::remove_file(&file).unwrap();
    settings
}

/// Every key that a configuration can have, with its section; those of `[[issuers]]` are apart.
pub fn keys() -> BTreeSet<String> {
    let every = "[aws]\nenabled = true\n[web]\nhealth_listen = \"127.0.0.1:10191\"\n";
    let settings = serde_json::to_value(settings(every).unwrap()).unwrap();
    let mut keys = BTreeSet::new();
    for (section, value) in settings.as_object().unwrap() {
        match value.as_object() {
            Some(members) => keys.extend(members.keys().map(|key| format!("{section}.{key}"))),
            None => _ = keys.insert(section.clone()),
        }
    }
    keys
}

/// The keys of an entry of `[[issuers]]`.
pub fn issuer_keys() -> BTreeSet<String> {
    let entry = IssuerEntry::watched("https://a.example".parse().unwrap());
    serde_json::to_value(entry).unwrap().as_object().unwrap().keys().cloned().collect()
}

/// What the program says when it is asked for help on a command line; `Err` when it does not know that command line.
pub fn help(arguments: &[&str]) -> Result<(), String> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_oidc-thumbprint-exporter"));
    let output = command.args(arguments).arg("--help").output().unwrap();
    if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) }
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
