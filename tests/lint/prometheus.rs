//! `promtool` on metrics and rules, `amtool` on the example of routes.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::Command;

use crate::support::process::{output, run_with};
use crate::support::stage::Stage;

const DIRECTORY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/dashboards/prometheus");
/// The one name that has been asked for against the conventions.
const ASKED_FOR: &str = "oidc_root_ca_days_to_expiry use base unit \"seconds\" instead of \"days\"";

#[test]
fn the_metrics_have_no_fault_but_the_name_that_was_asked_for() {
    let stage = Stage::set();
    let exposition = stage.daemon().get("/metrics");
    let said = run_with(Command::new("promtool").args(["check", "metrics"]), &exposition.body).said();
    let complaints: Vec<&str> = said.lines().filter(|line| !line.trim().is_empty()).collect();
    assert_eq!(complaints, [ASKED_FOR]);
}

#[test]
fn the_rules_are_good_and_their_tests_pass() {
    let tests = rule_tests();
    assert!(!tests.is_empty());
    let mut check = Command::new("promtool");
    check.args(["check", "rules", "--lint=all", "--lint-fatal"]).arg(format!("{DIRECTORY}/alerts.yml"));
    let mut test = Command::new("promtool");
    test.args(["test", "rules"]).args(tests);
    for mut command in [check, test] {
        output(&mut command);
    }
}

#[test]
fn every_alert_has_a_test_that_expects_it() {
    let names = |text: &str, key: &str| -> BTreeSet<String> {
        let lines = text.lines().filter_map(|line| line.trim().strip_prefix(key));
        lines.map(|name| name.trim().to_owned()).collect()
    };
    let rules = names(&std::fs::read_to_string(format!("{DIRECTORY}/alerts.yml")).unwrap(), "- alert:");
    assert!(!rules.is_empty());
    let tests: String = rule_tests().iter().map(|file| std::fs::read_to_string(file).unwrap()).collect();
    // `alertname: X`, then an expectation that is not empty.
    let cases = tests.split("alertname:").skip(1).filter(|case| case.contains("exp_labels:"));
    let expected = cases.filter_map(|case| case.split_whitespace().next()).map(str::to_owned).collect();
    assert_eq!(rules.difference(&expected).collect::<Vec<_>>(), [""; 0]);
}

#[test]
fn the_example_of_routes_is_good() {
    output(Command::new("amtool").arg("check-config").arg(format!("{DIRECTORY}/alertmanager.example.yml")));
}

fn rule_tests() -> Vec<PathBuf> {
    let files = std::fs::read_dir(format!("{DIRECTORY}/tests")).unwrap().map(|entry| entry.unwrap().path());
    files.filter(|file| file.extension().is_some_and(|extension| extension == "yml")).collect()
}
