//! The Grafana-managed rules say what the Prometheus rules say: read back, they give the same.

use std::collections::BTreeMap;
use std::process::Command;

use serde_json::Value;

use super::{at, list, rules, text, yaml};
use crate::support::daemon::TempDir;
use crate::support::process::{output, run};
use crate::support::venv::installed;

/// The comparisons of a threshold expression, as the Prometheus rule has them.
fn comparisons(evaluator: &Value) -> Option<String> {
    let number = |at: usize| evaluator["params"][at].as_f64();
    Some(match (text(evaluator, "type"), number(0)?, number(1)) {
        ("lt", number, None) => format!("< {number}"),
        ("gt", number, None) => format!("> {number}"),
        // Around a whole number, which the measurement is.
        ("within_range", low, Some(high)) if (high - low - 1.0).abs() < f64::EPSILON => {
            format!("== {}", low + 0.5)
        }
        ("within_range", low, Some(high)) => format!("< {high} >= {low}"),
        _ => return None,
    })
}

fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What is not the same in the two.
fn differences(prometheus: &Value, grafana: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let [query, threshold] = list(grafana, "data") else { return vec!["a query and a threshold".to_owned()] };
    let measured = text(&query["model"], "expr");
    let compared = comparisons(&threshold["model"]["conditions"][0]["evaluator"]);
    let expression = compared.map(|compared| words(&format!("{measured} {compared}")));
    let leaves = prometheus["labels"]["severity"] == "info";
    let annotations = |rule: &Value| -> BTreeMap<String, String> {
        let pairs = rule["annotations"].as_object().into_iter().flatten();
        pairs
            .map(|(key, value)| {
                (key.clone(), words(&value.as_str().unwrap_or_default().replace("$values.A.Value", "$value")))
            })
            .collect()
    };
    let rounds = grafana["missing_series_evals_to_resolve"].as_u64().unwrap_or(0);
    for (same, what) in [
        (expression.as_deref() == Some(&*words(text(prometheus, "expr"))), "expression"),
        (query["model"]["instant"] == true && query["model"]["range"] == false, "an instant query"),
        (
            grafana["condition"] == threshold["refId"] && threshold["model"]["expression"] == query["refId"],
            "the condition",
        ),
        (prometheus["for"].as_str().unwrap_or("0s") == grafana["for"], "for"),
        (
            prometheus["keep_firing_for"].is_string()
                && prometheus["keep_firing_for"] == grafana["keepFiringFor"],
            "keep_firing_for",
        ),
        (prometheus["labels"] == grafana["labels"], "labels"),
        (
            !annotations(prometheus).is_empty() && annotations(prometheus) == annotations(grafana),
            "annotations",
        ),
        (grafana["isPaused"] == false, "not paused"),
        // A failed poll, a restart or a Prometheus that does not answer resolves no alert but news.
        (grafana["noDataState"] == if leaves { "OK" } else { "KeepLast" }, "noDataState"),
        (leaves == (rounds == 1) && (leaves || rounds >= 10), "missing series"),
        (
            grafana["execErrState"]
                == if measured.starts_with("up{") || measured.contains(" up{") {
                    "Error"
                } else {
                    "KeepLast"
                },
            "execErrState",
        ),
    ] {
        if !same {
            found.push(what.to_owned());
        }
    }
    found
}

fn both() -> (Value, Value) {
    (yaml("prometheus/alerts.yml"), yaml("grafana/provisioning/alerting/oidc.yaml"))
}

#[test]
fn grafana_managed_rules_are_the_prometheus_rules() {
    let (prometheus, grafana) = both();
    let groups = |file: &Value| -> Vec<(Value, Value, usize)> {
        let groups = list(file, "groups").iter();
        groups
            .map(|group| (group["name"].clone(), group["interval"].clone(), list(group, "rules").len()))
            .collect()
    };
    assert_eq!(groups(&prometheus), groups(&grafana));
    let (prometheus, grafana) = (rules(&prometheus), rules(&grafana));
    assert!(prometheus.len() > 20);
    let mut uids: Vec<&str> = grafana.iter().map(|rule| text(rule, "uid")).collect();
    uids.sort_unstable();
    uids.dedup();
    assert_eq!(uids.len(), grafana.len());
    for (prometheus, grafana) in prometheus.into_iter().zip(grafana) {
        assert_eq!(prometheus["alert"], grafana["title"]);
        assert_eq!(differences(prometheus, grafana), [""; 0], "{}", grafana["title"]);
    }
}

#[test]
fn a_difference_is_found() {
    let (prometheus, grafana) = both();
    let (prometheus, grafana) = (rules(&prometheus)[0], rules(&grafana)[0]);
    for (pointer, value, found) in [
        ("/data/0/model/expr", "oidc_issuer_up".into(), "expression"),
        ("/data/1/model/conditions/0/evaluator/params/0", 0.into(), "expression"),
        ("/data/0/model/instant", false.into(), "an instant query"),
        ("/data/1/model/expression", "C".into(), "the condition"),
        ("/for", "1m".into(), "for"),
        ("/keepFiringFor", "1m".into(), "keep_firing_for"),
        ("/labels/severity", "warning".into(), "labels"),
        ("/annotations/summary", "".into(), "annotations"),
        ("/isPaused", true.into(), "not paused"),
        ("/noDataState", "OK".into(), "noDataState"),
        ("/missing_series_evals_to_resolve", 1.into(), "missing series"),
        ("/execErrState", "OK".into(), "execErrState"),
    ] as [(&str, Value, &str); 12]
    {
        let mut other = grafana.clone();
        *other.pointer_mut(pointer).unwrap() = value;
        assert_eq!(differences(prometheus, &other), [found], "{pointer}");
    }
}

#[test]
fn what_is_generated_is_up_to_date() {
    let source = at("grafana/source");
    let mut check = Command::new(installed("python"));
    // No byte code beside the sources.
    check.arg("-B").arg(&source).arg("--check");
    assert_eq!(output(&mut check), "");

    // A copy in which one colour was changed by hand.
    let directory = TempDir::new();
    output(Command::new("cp").arg("-R").arg(at("")).arg(directory.path().join("copy")));
    let page = directory.path().join("copy/grafana/fleet.json");
    let text = std::fs::read_to_string(&page).unwrap();
    std::fs::write(&page, text.replacen("\"purple\"", "\"green\"", 1)).unwrap();
    let mut check = Command::new(installed("python"));
    check.arg("-B").arg(directory.path().join("copy/grafana/source")).arg("--check");
    let run = run(&mut check);
    assert_eq!((run.code, run.out.trim()), (1, "out of date: fleet.json"));
}
