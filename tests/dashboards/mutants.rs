//! Each rule of `lint` can fail: a dashboard that breaks it is told by the rule's name.

use serde_json::{Value, json};

use super::lint::faults;
use super::page;

/// Where in the dashboard, what is put there (null: taken away), and what is said of it.
fn mutants() -> Vec<(&'static str, Value, &'static str)> {
    let other_source = json!({"type": "prometheus", "uid": "abc"});
    vec![
        ("/editable", json!(true), "not editable"),
        ("/timezone", json!("browser"), "UTC"),
        ("/refresh", json!("10s"), "refresh not below"),
        ("/refresh", json!("1m"), "refresh not below"),
        ("/__inputs", json!([]), "no __inputs"),
        ("/uid", json!("Oidc Fleet"), "a stable uid"),
        ("/description", json!(""), "title and description"),
        ("/tags", json!([]), "the tag"),
        ("/schemaVersion", json!(16), "a schema"),
        ("/templating/list/0/query", json!("loki"), "template-datasource-rule"),
        ("/templating/list/0/label", json!("DS"), "the data source is labelled"),
        ("/templating/list/1/multi", json!(false), "template-job-rule"),
        ("/templating/list/1/allValue", json!(".*"), "template-job-rule"),
        ("/templating/list/2/includeAll", json!(false), "template-instance-rule"),
        ("/templating/list/3/allValue", Value::Null, "account: multi"),
        ("/templating/list/4/type", json!("textbox"), "there is a variable issuer"),
        ("/templating/list/4/name", json!("account"), "names of variables are unique"),
        ("/templating/list/2/refresh", json!(1), "template-on-time-change-reload-rule"),
        ("/templating/list/3/datasource", other_source.clone(), "variables take the chosen"),
        ("/templating/list/5/label", json!(""), "every variable is labelled"),
        (
            "/templating/list/2/query/query",
            json!("label_values(up, instance)"),
            "variable instance is not within",
        ),
        (
            "/templating/list/4/query/query",
            json!("label_values(up{job=~\"$job\"}, issuer)"),
            "variable issuer is not within",
        ),
        ("/panels/1/id", json!(1), "ids of panels are unique"),
        ("/panels/1/title", json!("Broken now"), "titles of panels are unique"),
        ("/panels/1/gridPos/x", json!(2), "At risk overlaps Broken now"),
        ("/panels/3/gridPos/w", json!(7), "Exporters: outside of the grid"),
        ("/panels/18/panels/0/gridPos/y", json!(46), "overlaps"),
        ("/panels/0/description", json!(""), "panel-title-description-rule"),
        ("/panels/0/fieldConfig/defaults/unit", Value::Null, "panel-units-rule"),
        ("/panels/0/targets", json!([]), "panel-no-targets-rule"),
        ("/panels/0/fieldConfig/defaults/noValue", Value::Null, "a meaningful empty value"),
        ("/panels/0/fieldConfig/defaults/thresholds/steps/0/color", json!("green"), "the base threshold"),
        ("/panels/0/datasource", other_source.clone(), "panel-datasource-rule"),
        ("/panels/18/panels/1/targets/0/datasource", other_source, "panel-datasource-rule"),
        ("/panels/3/targets/1/refId", json!("A"), "names of queries are unique"),
        ("/panels/11/options/content", json!(""), "a text has content"),
        (
            "/panels/0/targets/0/expr",
            json!("sum(oidc_issuer_up{instance=~\"$instance\"})"),
            "target-job-rule",
        ),
        (
            "/panels/0/targets/0/expr",
            json!("sum(oidc_issuer_up{job=~\"$job\", instance=\"$instance\"})"),
            "target-instance-rule",
        ),
        (
            "/panels/0/targets/0/expr",
            json!("sum(up{job=~\"$job\", instance=~\"$instance|\"})"),
            "target-instance-rule",
        ),
        (
            "/panels/0/targets/0/expr",
            json!("rate(process_cpu_seconds_total[5m])"),
            "target-rate-interval-rule",
        ),
        ("/panels/0/targets/0/expr", json!("process_cpu_seconds_total"), "target-counter-agg-rule"),
        (
            "/panels/0/targets/0/expr",
            json!("rate(oidc_issuer_up[$__rate_interval])"),
            "target-counter-agg-rule",
        ),
        ("/panels/0/targets/0/legendFormat", json!("{{issuers}}"), "legend: no label issuers"),
        ("/panels/7/transformations/3/options/renameByName/Value #X", json!("X"), "no field Value #X"),
        ("/panels/7/transformations/3/options/renameByName/isuer", json!("X"), "no field isuer"),
        (
            "/panels/7/transformations/1/options/fields/problem/aggregations",
            json!([]),
            "no field problem (uniqueValues)",
        ),
        ("/panels/7/fieldConfig/overrides/1/matcher/options", json!("Stat"), "override: no field Stat"),
        ("/panels/7/fieldConfig/overrides/1/properties/0/value", Value::Null, "override without a value"),
        ("/panels/3/fieldConfig/overrides/0/matcher/options", json!("Z"), "override: no field Z"),
        (
            "/panels/7/fieldConfig/overrides/4/properties/2/value/0/url",
            json!("/d/x?${__data.fields.Isuer}"),
            "link: no field Isuer",
        ),
    ]
}

#[test]
fn every_rule_can_fail() {
    let good = page("fleet");
    assert_eq!(faults(&good), [""; 0]);
    for (pointer, value, said) in mutants() {
        let mut page = good.clone();
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        let parent = page.pointer_mut(parent).unwrap_or_else(|| panic!("{pointer} is not there"));
        match parent {
            Value::Array(items) => items[key.parse::<usize>().unwrap()] = value,
            Value::Object(members) => _ = members.insert(key.to_owned(), value),
            _ => panic!("{pointer} is not there"),
        }
        assert_ne!(page, good, "{pointer}");
        let found = faults(&page);
        assert!(found.iter().any(|fault| fault.contains(said)), "{pointer}: {said}: {found:?}");
    }
}
