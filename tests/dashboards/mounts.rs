//! The compose file and what Grafana provisions: they parse, and every file that they name is there.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use super::{at, list, read, rules, text, yaml};
use crate::support::daemon::TempDir;
use crate::support::process::{configured, output};

/// Path in the container, and the file or directory that is mounted there.
fn mounts(compose: &Value, service: &str) -> BTreeMap<PathBuf, PathBuf> {
    let volumes = list(&compose["services"][service], "volumes");
    let split = |volume: &Value| {
        let parts: Vec<&str> = volume.as_str().unwrap().split(':').collect();
        let [here, there, "ro"] = parts[..] else { panic!("not read-only: {volume}") };
        (PathBuf::from(there), at("compose").join(here))
    };
    volumes.iter().map(split).collect()
}

/// What a path in the container is here.
fn mounted(mounts: &BTreeMap<PathBuf, PathBuf>, path: &str) -> Option<PathBuf> {
    let inside = mounts
        .iter()
        .filter_map(|(there, here)| Path::new(path).strip_prefix(there).ok().map(|rest| (rest, here)));
    inside
        .map(|(rest, here)| if rest == Path::new("") { here.clone() } else { here.join(rest) })
        .find(|file| file.exists())
}

fn compose() -> Value {
    yaml("compose/compose.yaml")
}

#[test]
fn every_mount_exists_and_every_argument_is_mounted() {
    let compose = compose();
    let services = compose["services"].as_object().unwrap();
    assert_eq!(services.len(), 4);
    for (name, service) in services {
        let mounts = mounts(&compose, name);
        assert!(!mounts.is_empty(), "{name}");
        for (there, here) in &mounts {
            assert!(here.exists(), "{name}: {} for {}", here.display(), there.display());
        }
        for argument in list(service, "command").iter().filter_map(Value::as_str) {
            let path = argument.rsplit('=').next().unwrap_or_default();
            assert!(!path.starts_with('/') || mounted(&mounts, path).is_some(), "{name}: {argument}");
        }
        for port in list(service, "ports") {
            assert!(port.as_str().unwrap().starts_with("127.0.0.1:"), "{name}: {port}");
        }
        for other in list(service, "depends_on") {
            assert!(services.contains_key(other.as_str().unwrap()), "{name}: {other}");
        }
        assert!(text(service, "image").contains(':'), "{name}");
    }
    assert_eq!(mounted(&mounts(&compose, "grafana"), "/etc/grafana/provisioning/nothing"), None);
}

#[test]
fn grafana_finds_its_dashboards_and_its_data_source() {
    let compose = compose();
    let mounts = mounts(&compose, "grafana");
    let environment = &compose["services"]["grafana"]["environment"];
    let home = text(environment, "GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH");
    assert_eq!(
        mounted(&mounts, home).map(|file| file.canonicalize().unwrap()),
        Some(at("grafana/fleet.json"))
    );
    let provider = yaml("grafana/provisioning/dashboards/oidc.yaml");
    let folder = text(&provider["providers"][0]["options"], "path");
    for page in super::PAGES {
        assert!(mounted(&mounts, &format!("{folder}/{page}.json")).is_some(), "{page}");
    }

    let source = yaml("grafana/provisioning/datasources/prometheus.yaml");
    let source = &source["datasources"][0];
    let url = text(source, "url").strip_prefix('$').expect("a variable");
    assert!(environment[url].is_string(), "{url}");
    let alerting = yaml("grafana/provisioning/alerting/oidc.yaml");
    for rule in rules(&alerting) {
        assert_eq!(rule["data"][0]["datasourceUid"], source["uid"], "{}", rule["title"]);
    }
    assert_eq!(text(&alerting["groups"][0], "folder"), text(&provider["providers"][0], "folder"));
}

#[test]
fn the_examples_of_contact_point_and_policy_fit_together() {
    let points = yaml("grafana/provisioning/alerting/contact-points.yaml.example");
    let policies = yaml("grafana/provisioning/alerting/policies.yaml.example");
    let name = &points["contactPoints"][0]["name"];
    assert!(name.is_string());
    let policy = &policies["policies"][0];
    for receiver in std::iter::once(policy).chain(list(policy, "routes")) {
        assert_eq!(&receiver["receiver"], name);
    }
}

#[test]
fn prometheus_scrapes_the_exporter_by_the_name_that_the_alerts_look_for() {
    // As the container has it: the files of the mounts in one directory.
    let compose = compose();
    let directory = TempDir::new();
    for (there, here) in mounts(&compose, "prometheus") {
        std::fs::copy(here, directory.path().join(there.file_name().unwrap())).unwrap();
    }
    let mut promtool = Command::new("promtool");
    let said = output(promtool.args(["check", "config"]).arg(directory.path().join("prometheus.yml")));
    assert!(said.contains("rules found"), "{said}");

    let config = yaml("compose/prometheus.yml");
    let job = &config["scrape_configs"][0];
    let (service, port) = job["static_configs"][0]["targets"][0].as_str().unwrap().split_once(':').unwrap();
    assert!(compose["services"][service].is_object(), "{service}");
    assert!(read("compose/exporter.toml").contains(&format!("listen = \"0.0.0.0:{port}\"")), "{port}");
    let alerts = yaml("prometheus/alerts.yml");
    let looks_for = format!("up{{job=\"{}\"}}", text(job, "job_name"));
    assert_eq!(rules(&alerts).iter().filter(|rule| text(rule, "expr").contains(&looks_for)).count(), 2);
    assert_eq!(rules(&alerts).iter().filter(|rule| text(rule, "expr").contains("job=")).count(), 2);
}

#[test]
fn it_is_scraped_at_the_interval_that_grafana_counts_with() {
    let config = yaml("compose/prometheus.yml");
    let source = yaml("grafana/provisioning/datasources/prometheus.yaml");
    let interval = text(&source["datasources"][0]["jsonData"], "timeInterval");
    assert_eq!(text(&config["global"], "scrape_interval"), interval);
    assert!(read("../README.md").contains(&format!("    scrape_interval: {interval}\n")), "{interval}");
}

#[test]
fn the_exporter_takes_its_configuration() {
    output(&mut configured(&at("compose/exporter.toml"), &["config", "check"]));
}
