//! What can be known of dashboards and alerts without Grafana.
//!
//! ```text
//!  fleet.json, issuer.json ──► lint     Grafana's dashboard-linter, re-stated; mutants: each of its rules can fail
//!  alerts.yml, oidc.yaml  ──► queries   every metric, label and value exists, every expression parses
//!                         ──► links     dashboards, panels and pages that something points at exist
//!                         ──► problems  every problem is told, and has a runbook
//!                         ──► managed   the Grafana-managed rules say what the Prometheus rules say
//!  compose/, provisioning/ ─► mounts    they parse, and name files that exist
//! ```
//! `look` draws the pages, by hand.

mod links;
mod lint;
mod managed;
mod mounts;
mod mutants;
mod problems;
mod promql;
mod queries;

use std::path::{Path, PathBuf};

use serde_json::Value;

const PAGES: [&str; 2] = ["fleet", "issuer"];

/// A path in `dashboards/`.
fn at(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("dashboards").join(path)
}

fn read(path: &str) -> String {
    std::fs::read_to_string(at(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn yaml(path: &str) -> Value {
    serde_saphyr::from_str(&read(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn page(name: &str) -> Value {
    serde_json::from_str(&read(&format!("grafana/{name}.json"))).unwrap()
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value[key].as_array().map_or(&[], Vec::as_slice)
}

/// Every panel, also those in rows; a row before its panels.
fn panels(page: &Value) -> Vec<&Value> {
    let outer = list(page, "panels").iter();
    outer.flat_map(|panel| std::iter::once(panel).chain(list(panel, "panels"))).collect()
}

fn variables(page: &Value) -> &[Value] {
    list(&page["templating"], "list")
}

/// Every rule of every group of a file of alert rules.
fn rules(file: &Value) -> Vec<&Value> {
    list(file, "groups").iter().flat_map(|group| list(group, "rules")).collect()
}

/// Every link of a panel: its own, and those in its fields.
fn panel_links(panel: &Value) -> Vec<&Value> {
    let properties = overrides(panel).filter(|property| property["id"] == "links");
    let fields = properties.flat_map(|property| list(property, "value"));
    list(panel, "links")
        .iter()
        .chain(list(&panel["fieldConfig"]["defaults"], "links"))
        .chain(fields)
        .collect()
}

/// Every property of every field override of a panel.
fn overrides(panel: &Value) -> impl Iterator<Item = &Value> {
    list(&panel["fieldConfig"], "overrides").iter().flat_map(|one| list(one, "properties"))
}
