//! Every query speaks of what the exporter exports, and parses.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use oidc_thumbprint_exporter::aws::AccountReason;
use oidc_thumbprint_exporter::chain::{ChainStatus, Role};
use oidc_thumbprint_exporter::metrics;
use oidc_thumbprint_exporter::poll::{Phase, Reason};
use oidc_thumbprint_exporter::verdict::{Class, Health, ProblemName, Status};
use prometheus::core::Collector as _;
use serde_json::{Value, json};
use strum::IntoEnumIterator;

use super::promql::{Selector, spoken};
use super::{PAGES, list, page, panels, read, rules, text, variables, yaml};
use crate::support::daemon::TempDir;
use crate::support::process::{Run, run};

/// What Prometheus adds to every series.
const OF_TARGET: [&str; 2] = ["job", "instance"];

/// Asked of series without the label too: "All" of these variables is `.*`.
const OF_MANY: [(&str, &str); 2] = [("account_id", "$account"), ("problem", "$problem")];

/// The labels of each metric that can be asked for.
fn registry() -> BTreeMap<String, BTreeSet<&'static str>> {
    let own = metrics::families().into_iter();
    let own = own.map(|family| (family.name.to_owned(), family.labels.into_iter().collect()));
    let process = prometheus::process_collector::ProcessCollector::for_self();
    let process = process.desc().into_iter().map(|desc| (desc.fq_name.clone(), BTreeSet::new()));
    let mut registry: BTreeMap<String, BTreeSet<&str>> = own.chain(process).collect();
    let mut of_alerts: BTreeSet<&str> = registry.values().flatten().copied().collect();
    of_alerts.extend(["alertname", "alertstate", "severity"]);
    registry.insert("ALERTS".to_owned(), of_alerts);
    registry.insert("up".to_owned(), BTreeSet::new());
    for labels in registry.values_mut() {
        labels.extend(OF_TARGET);
    }
    registry
}

/// The words of a closed set.
fn words<T: IntoEnumIterator + Into<&'static str>>() -> Vec<&'static str> {
    T::iter().map(Into::into).collect()
}

/// The values of a label, where they are a closed set.
fn values(metric: &str, label: &str) -> Option<Vec<&'static str>> {
    let roles = [Role::Leaf, Role::Intermediate, Role::Root].map(|role| role.into_str());
    Some(match (metric, label) {
        ("oidc_provider_thumbprint_status", "status") => words::<Status>(),
        ("oidc_chain_status", "status") => words::<ChainStatus>(),
        ("oidc_account_poll_failures_total", "reason") => words::<AccountReason>(),
        ("oidc_issuer_poll_failures_total", "reason") => words::<Reason>(),
        ("oidc_issuer_poll_duration_seconds", "phase") => words::<Phase>(),
        ("oidc_issuer_endpoint_info", "use") => vec!["discovery", "jwks"],
        ("oidc_provider_thumbprint_info", "position") => [&roles[..], &["none"]].concat(),
        ("oidc_provider_problem" | "oidc_issuer_problem", "problem") => words::<ProblemName>(),
        ("oidc_provider_problem" | "oidc_issuer_problem", "class") => words::<Class>(),
        ("oidc_provider_health" | "oidc_issuer_health", "health") => words::<Health>(),
        (_, "role") => roles.to_vec(),
        _ => return None,
    })
}

/// What an expression asks for that there is not.
fn strangers(expression: &str) -> Vec<String> {
    let registry = registry();
    let spoken = spoken(expression);
    let mut faults = Vec::new();
    let mut known: BTreeSet<&str> = spoken.made.iter().map(String::as_str).collect();
    for Selector { metric, matchers, .. } in &spoken.selectors {
        let Some(labels) = registry.get(metric) else {
            faults.push(format!("no metric {metric}"));
            continue;
        };
        known.extend(labels);
        for (label, _, value) in matchers {
            if !labels.contains(&**label) && !OF_MANY.contains(&(label, value)) {
                faults.push(format!("{metric} has no label {label}"));
            }
            let Some(values) = values(metric, label).filter(|_| !value.contains('$')) else { continue };
            let wrong = value.split('|').filter(|value| !values.contains(value));
            faults.extend(wrong.map(|value| format!("{metric} has no {label}={value}")));
        }
    }
    let unknown = spoken.labels.iter().filter(|label| !known.contains(&***label));
    faults.extend(unknown.map(|label| format!("nothing here has a label {label}")));
    faults
}

/// Where it is, and each expression of a dashboard, variables included.
fn of_page(name: &str) -> Vec<(String, String)> {
    let page = page(name);
    let of_panel = |panel: &Value| -> Vec<(String, String)> {
        let place = format!("{name}: {}", text(panel, "title"));
        list(panel, "targets").iter().map(|target| (place.clone(), text(target, "expr").to_owned())).collect()
    };
    let queries = variables(&page).iter().filter(|variable| variable["type"] == "query");
    // `label_values(series, label)`, as a grouping.
    let variable = |variable: &Value| {
        let inner = text(&variable["query"], "query")
            .strip_prefix("label_values(")
            .and_then(|rest| rest.strip_suffix(')'));
        let (series, label) =
            inner.and_then(|inner| inner.rsplit_once(", ")).expect("label_values(series, label)");
        (format!("{name}: variable {}", text(variable, "name")), format!("count by ({label}) ({series})"))
    };
    panels(&page).into_iter().flat_map(of_panel).chain(queries.map(variable)).collect()
}

/// The same of both dashboards and of the rules for Prometheus and for Grafana.
fn all() -> Vec<(String, String)> {
    let prometheus = yaml("prometheus/alerts.yml");
    let grafana = yaml("grafana/provisioning/alerting/oidc.yaml");
    let of_rule = |rule: &&Value| (format!("alert {}", text(rule, "alert")), text(rule, "expr").to_owned());
    let managed = |rule: &&Value| {
        (format!("managed {}", text(rule, "title")), text(&rule["data"][0]["model"], "expr").to_owned())
    };
    let mut all: Vec<_> = PAGES.into_iter().flat_map(of_page).collect();
    all.extend(rules(&prometheus).iter().map(of_rule));
    all.extend(rules(&grafana).iter().map(managed));
    assert!(all.iter().all(|(_, expression)| !expression.is_empty()), "{all:#?}");
    all
}

#[test]
fn every_metric_label_and_value_of_a_query_exists() {
    let faults: Vec<_> = all()
        .into_iter()
        .flat_map(|(place, expression)| {
            strangers(&expression).into_iter().map(move |fault| format!("{place}: {fault}"))
        })
        .collect();
    assert_eq!(faults, [""; 0]);
}

#[test]
fn what_does_not_exist_is_found() {
    for (expression, fault) in [
        ("oidc_isuer_up == 0", "no metric oidc_isuer_up"),
        ("sum(oidc_issuer_up{endpoint=\"a\"})", "oidc_issuer_up has no label endpoint"),
        ("sum by (account_id) (oidc_issuer_up)", "nothing here has a label account_id"),
        ("oidc_issuer_up * on (endpoint) oidc_account_up", "nothing here has a label endpoint"),
        ("oidc_chain_status{status=\"matched\"}", "oidc_chain_status has no status=matched"),
        (
            "oidc_provider_thumbprint_status{status=~\"partial|missmatch\"}",
            "oidc_provider_thumbprint_status has no status=missmatch",
        ),
    ] {
        assert_eq!(strangers(expression), [fault], "{expression}");
    }
    assert_eq!(strangers("label_replace(up, \"why\", \"a\", \"\", \"\") * on (why) oidc_issuer_up"), [""; 0]);
}

#[test]
fn every_metric_is_drawn_or_named_as_not_drawn() {
    let drawn: BTreeSet<String> = PAGES
        .into_iter()
        .flat_map(of_page)
        .flat_map(|(_, expression)| spoken(&expression).selectors)
        .map(|selector| selector.metric)
        .collect();
    let readme = read("README.md");
    let (_, named) = readme.split_once("\nNot drawn").unwrap();
    let (named, _) = named.split_once("\n\n").unwrap();
    let named: BTreeSet<&str> = named.split('`').filter(|word| word.starts_with("oidc_")).collect();
    let not_drawn =
        metrics::families().into_iter().map(|family| family.name).filter(|name| !drawn.contains(*name));
    assert_eq!(named, not_drawn.collect());
}

/// An expression as Grafana would send it.
fn sent(expression: &str) -> String {
    let numbers = [("$__rate_interval", "1m"), ("$__range_s", "86400"), ("$__range", "1d")];
    numbers.iter().fold(expression.to_owned(), |text, (variable, value)| text.replace(variable, value))
}

/// What promtool says of these expressions.
fn promtool(expressions: &[(String, String)]) -> Run {
    let rule = |(number, (_, expression)): (usize, &(String, String))| json!({"record": format!("query:number:{number}"), "expr": sent(expression)});
    let rules: Vec<_> = expressions.iter().enumerate().map(rule).collect();
    let directory = TempDir::new();
    let file = directory.path().join("queries.yml");
    // JSON is YAML.
    std::fs::write(&file, json!({"groups": [{"name": "queries", "rules": rules}]}).to_string()).unwrap();
    let mut promtool = Command::new("promtool");
    run(promtool.args(["check", "rules", "--lint=all", "--lint-fatal"]).arg(&file))
}

#[test]
fn every_expression_parses() {
    let all = all();
    let run = promtool(&all);
    assert_eq!(run.code, 0, "{run:?}");
    assert!(run.said().contains(&format!("{} rules found", all.len())), "{run:?}");
    // One that does not parse, and one with a variable that nobody sets.
    for broken in ["sum(up", "up > $unset"] {
        let mut more = all.clone();
        more.push((String::new(), broken.to_owned()));
        assert_eq!(promtool(&more).code, 1, "{broken}");
    }
}
