//! Every problem of the code's set is told by the alert of its class, with the error of AWS that the code knows, and leads to a
//! runbook of its own.

use std::collections::BTreeSet;
use std::process::Command;

use oidc_thumbprint_exporter::verdict::{Class, ProblemName};
use serde_json::{Value, json};
use strum::IntoEnumIterator as _;

use super::{at, read, rules, text, yaml};
use crate::support::daemon::TempDir;
use crate::support::process::output;

/// Whose problem it is: of a provider itself, of the issuer of one, of an issuer that no provider is known of.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Owner {
    Provider,
    Issuer,
    LoneIssuer,
}

const OWNERS: [Owner; 3] = [Owner::Provider, Owner::Issuer, Owner::LoneIssuer];
/// No alert tells these. The days of a root CA have alerts of their own.
const SILENT: [ProblemName; 3] = [ProblemName::ListUnused, ProblemName::ListFull, ProblemName::KeysPrivate];
const ALERTS: [&str; 6] = [
    "OIDCProviderFailing",
    "OIDCProviderAtRisk",
    "OIDCProviderUnknown",
    "OIDCIssuerFailing",
    "OIDCIssuerAtRisk",
    "OIDCIssuerUnknown",
];

/// The alert that tells of it.
fn told(problem: ProblemName, class: Class, owner: Owner) -> Option<&'static str> {
    use ProblemName::{KeysPrivate, ListFull, ListUnused, RootCaExpiring};
    match (class, owner) {
        (Class::Failing, Owner::LoneIssuer) => Some("OIDCIssuerFailing"),
        (Class::Failing, _) => Some("OIDCProviderFailing"),
        (Class::Unknown, Owner::Provider) => Some("OIDCProviderUnknown"),
        (Class::Unknown, _) => Some("OIDCIssuerUnknown"),
        (Class::AtRisk, Owner::Provider) => {
            (![ListUnused, ListFull].contains(&problem)).then_some("OIDCProviderAtRisk")
        }
        (Class::AtRisk, _) => {
            (![KeysPrivate, RootCaExpiring].contains(&problem)).then_some("OIDCIssuerAtRisk")
        }
    }
}

fn every_case() -> impl Iterator<Item = (ProblemName, Class, Owner)> {
    let of_problem =
        |problem| Class::iter().flat_map(move |class| OWNERS.map(|owner| (problem, class, owner)));
    ProblemName::iter().flat_map(of_problem)
}

/// An issuer for this case alone.
fn host(problem: ProblemName, class: Class, owner: Owner) -> String {
    format!("{problem}.{class}.{owner:?}.example").replace('_', "-").to_lowercase()
}

/// What the exporter exports in this case.
fn series(problem: ProblemName, class: Class, owner: Owner) -> Vec<String> {
    let of_target = r#"job="oidc",instance="one""#;
    let issuer = format!(r#"{of_target},issuer="https://{}""#, host(problem, class, owner));
    let provider = format!(r#"{issuer},account_id="1",provider_arn="arn:a""#);
    let named = format!(r#"problem="{problem}",class="{class}""#);
    let mut series = Vec::new();
    if owner != Owner::LoneIssuer {
        series.push(format!("oidc_provider_info{{{provider}}}"));
        series.push(format!("oidc_provider_problem{{{provider},{named}}}"));
    }
    if owner != Owner::Provider {
        series.push(format!("oidc_issuer_problem{{{issuer},{named}}}"));
    }
    series
}

/// The sentence of STS, as the alert has it in its summary.
fn answer(problem: ProblemName) -> String {
    problem.aws_error().map_or_else(|| "InvalidIdentityToken".to_owned(), |error| error.to_string())
}

/// The alert as Prometheus has to send it.
fn expected(rule: &Value, problem: ProblemName, class: Class, owner: Owner) -> Value {
    let alert = text(rule, "alert");
    let host = host(problem, class, owner);
    let issuer = format!("https://{host}");
    let mut labels = json!({"job": "oidc", "issuer": issuer, "host": host, "problem": problem.to_string()});
    labels["severity"] = rule["labels"]["severity"].clone();
    if alert.starts_with("OIDCProvider") {
        labels["account_id"] = "1".into();
        labels["provider_arn"] = "arn:a".into();
    }
    let filled = |template: &str| {
        template
            .replace("{{ $labels.issuer | urlquery }}", &format!("https%3A%2F%2F{host}"))
            .replace("{{ $labels.issuer }}", &issuer)
            .replace("{{ $labels.account_id }}", "1")
            .replace("{{ $labels.provider_arn }}", "arn:a")
            .replace("{{ $labels.problem }}", &problem.to_string())
            .replace("{{ humanizeDuration $value }}", "45m 0s")
    };
    let mut annotations = json!({});
    for key in ["summary", "description", "runbook_url", "dashboard_url"] {
        annotations[key] = filled(text(&rule["annotations"], key)).into();
    }
    let how_many = if problem == ProblemName::ThumbprintPartial { "some" } else { "the" };
    match alert {
        "OIDCProviderFailing" => {
            let error = answer(problem);
            annotations["summary"] =
                format!("STS refuses {how_many} tokens of {issuer} in account 1: {error}").into();
        }
        "OIDCIssuerFailing" => {
            annotations["summary"] =
                format!("STS refuses the tokens of {issuer}: {}", answer(problem)).into();
        }
        _ => {}
    }
    json!({"exp_labels": labels, "exp_annotations": annotations})
}

#[test]
fn every_problem_is_told_by_the_alert_of_its_class_with_the_error_of_aws() {
    let file = yaml("prometheus/alerts.yml");
    let tests: Vec<Value> = ALERTS
        .iter()
        .map(|alert| {
            let rule = rules(&file).into_iter().find(|rule| text(rule, "alert") == *alert).unwrap();
            let cases =
                every_case().filter(|(problem, class, owner)| told(*problem, *class, *owner) == Some(alert));
            let expected: Vec<Value> =
                cases.map(|(problem, class, owner)| expected(rule, problem, class, owner)).collect();
            assert!(expected.len() > 10);
            json!({"eval_time": "45m", "alertname": alert, "exp_alerts": expected})
        })
        .collect();
    let mut input = vec![r#"oidc_exporter_build_info{job="oidc",instance="one"}"#.to_owned()];
    input.extend(every_case().flat_map(|(problem, class, owner)| series(problem, class, owner)));
    let mut input: Vec<Value> =
        input.into_iter().map(|series| json!({"series": series, "values": "1x50"})).collect();
    // Their health is what it is since the beginning.
    let since: Vec<Value> = input
        .iter()
        .filter_map(|series| text(series, "series").strip_prefix("oidc_provider_info"))
        .map(|labels| json!({"series": format!("oidc_provider_health_changed_timestamp_seconds{labels}"), "values": "0x50"}))
        .collect();
    input.extend(since);
    let directory = TempDir::new();
    let test = directory.path().join("test.yml");
    let document = json!({
        "rule_files": [at("prometheus/alerts.yml").display().to_string()],
        "evaluation_interval": "1m",
        "tests": [{"interval": "1m", "input_series": input, "alert_rule_test": tests}],
    });
    // JSON is YAML.
    std::fs::write(&test, document.to_string()).unwrap();
    output(Command::new("promtool").args(["test", "rules"]).arg(&test));
}

#[test]
fn every_problem_has_a_runbook_that_says_who_tells_and_what_sts_answers() {
    let alerts = yaml("prometheus/alerts.yml");
    let alerts: BTreeSet<&str> = rules(&alerts).into_iter().map(|rule| text(rule, "alert")).collect();
    let files = std::fs::read_dir(at("runbooks/problems")).unwrap();
    let files: BTreeSet<String> =
        files.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(files, ProblemName::iter().map(|problem| format!("{problem}.md")).collect());
    let index = read("runbooks/README.md");
    let health = include_str!("../../docs/health.md");
    for problem in ProblemName::iter() {
        let name = format!("runbooks/problems/{problem}.md");
        assert!(index.contains(&format!("](problems/{problem}.md)")), "{name} is not in the index");
        assert!(health.contains(&format!("](../dashboards/{name})")), "{name} is not in docs/health.md");
        let page = read(&name).split_whitespace().collect::<Vec<_>>().join(" ");
        let (head, body) = page.split_once(" ## What it means ").unwrap();
        if let Some(error) = problem.aws_error() {
            // What only may come to that is told as that of another problem.
            assert!(body.contains(&error.to_string()), "{name} does not say: {error}");
        }
        let named: Vec<&str> = head
            .split("](../")
            .skip(1)
            .filter_map(|rest| rest.split_once(".md)"))
            .map(|(name, _)| name)
            .collect();
        assert_eq!(named.is_empty(), SILENT.contains(&problem), "{name}: {head}");
        assert_eq!(head.contains("No alert"), SILENT.contains(&problem), "{name}: {head}");
        for alert in &named {
            assert!(alerts.contains(alert), "{name}: no alert {alert}");
        }
        let silenced = body.split("alertname=").nth(1).and_then(|rest| rest.split(' ').next());
        assert_eq!(silenced.is_none(), SILENT.contains(&problem), "{name} says how to silence an alert");
        assert!(
            silenced.is_none_or(|alert| named.contains(&alert)),
            "{name}: {silenced:?} does not tell of it"
        );
    }
}
