//! The rules of Grafana's dashboard-linter, and those that `dashboards/README.md` promises, re-stated.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::promql::{Spoken, spoken};
use super::{PAGES, list, overrides, page, panel_links, panels, text, variables};

/// What is wrong with a dashboard.
pub fn faults(page: &Value) -> Vec<String> {
    let mut faults = of_page(page);
    faults.extend(of_variables(page));
    faults.extend(of_grid(page));
    for panel in panels(page).into_iter().filter(|panel| panel["type"] != "row") {
        let found = of_panel(panel).into_iter().chain(of_targets(panel)).chain(of_fields(panel));
        faults.extend(found.map(|fault| format!("{}: {fault}", text(panel, "title"))));
    }
    faults
}

/// The text of a rule that does not hold.
fn broken(rules: &[(bool, &str)]) -> Vec<String> {
    rules.iter().filter(|(holds, _)| !holds).map(|(_, rule)| (*rule).to_owned()).collect()
}

fn of_page(page: &Value) -> Vec<String> {
    let stable = |uid: &str| {
        !uid.is_empty() && uid.len() <= 40 && uid.bytes().all(|b| b.is_ascii_lowercase() || b == b'-')
    };
    // Not more often than the daemon polls by default.
    let minutes = text(page, "refresh").strip_suffix('m').and_then(|minutes| minutes.parse::<u32>().ok());
    broken(&[
        (page["editable"] == false, "not editable"),
        (page["timezone"] == "utc", "UTC"),
        (minutes.is_some_and(|minutes| minutes >= 5), "refresh not below the poll interval"),
        (page.get("__inputs").is_none() && page.get("id").is_none(), "no __inputs, no id"),
        (stable(text(page, "uid")), "a stable uid"),
        (!text(page, "title").is_empty() && !text(page, "description").is_empty(), "title and description"),
        (list(page, "tags").contains(&json!("oidc")), "the tag that the drop-down lists"),
        (
            page["schemaVersion"].as_u64().is_some_and(|version| version >= 36),
            "a schema that Grafana 10 reads",
        ),
    ])
}

fn of_variables(page: &Value) -> Vec<String> {
    let by_name: BTreeMap<&str, &Value> =
        variables(page).iter().map(|one| (text(one, "name"), one)).collect();
    let get = |name: &str| by_name.get(name).copied().unwrap_or(&Value::Null);
    let every = |name: &str, all: &str| {
        let variable = get(name);
        variable["multi"] == true && variable["includeAll"] == true && variable["allValue"] == all
    };
    let queries = || variables(page).iter().filter(|variable| variable["type"] == "query");
    let source = get("datasource");
    let mut faults = broken(&[
        (by_name.len() == variables(page).len(), "names of variables are unique"),
        (source["type"] == "datasource" && source["query"] == "prometheus", "template-datasource-rule"),
        (source["label"] == "Data source", "the data source is labelled"),
        (every("job", ".+"), "template-job-rule"),
        (every("instance", ".+"), "template-instance-rule"),
        // Series without the label are meant too: issuers that no provider lists.
        (every("account", ".*"), "account: multi, All is .*"),
        (get("issuer")["type"] == "query", "there is a variable issuer"),
        (queries().all(|one| one["refresh"] == 2), "template-on-time-change-reload-rule"),
        (
            queries().all(|one| one["datasource"]["uid"] == "${datasource}"),
            "variables take the chosen data source",
        ),
        (variables(page).iter().all(|one| !text(one, "label").is_empty()), "every variable is labelled"),
    ]);
    // The job is chosen first, everything else within it.
    for variable in queries().filter(|variable| variable["name"] != "job") {
        let query = text(&variable["query"], "query");
        let wanted = if variable["name"] == "instance" {
            "job=~\"$job\""
        } else {
            "job=~\"$job\", instance=~\"$instance\""
        };
        if !query.contains(wanted) {
            faults.push(format!("variable {} is not within {wanted}", text(variable, "name")));
        }
    }
    faults
}

/// Ids, and places in the grid of 24 columns.
fn of_grid(page: &Value) -> Vec<String> {
    let panels = panels(page);
    let ids: BTreeSet<_> = panels.iter().filter_map(|panel| panel["id"].as_u64()).collect();
    let titles: BTreeSet<_> = panels.iter().map(|panel| text(panel, "title")).collect();
    let mut faults = broken(&[
        (!panels.is_empty() && ids.len() == panels.len(), "ids of panels are unique"),
        (titles.len() == panels.len(), "titles of panels are unique"),
    ]);
    let place = |panel: &Value| ["x", "y", "w", "h"].map(|key| panel["gridPos"][key].as_u64().unwrap_or(0));
    for (number, panel) in panels.iter().enumerate() {
        let [x, y, w, h] = place(panel);
        if w == 0 || h == 0 || x + w > 24 {
            faults.push(format!("{}: outside of the grid", text(panel, "title")));
        }
        for other in &panels[..number] {
            let [x2, y2, w2, h2] = place(other);
            if x < x2 + w2 && x2 < x + w && y < y2 + h2 && y2 < y + h {
                faults.push(format!("{} overlaps {}", text(panel, "title"), text(other, "title")));
            }
        }
    }
    faults
}

fn of_panel(panel: &Value) -> Vec<String> {
    let is_text = panel["type"] == "text";
    let defaults = &panel["fieldConfig"]["defaults"];
    let sources = list(panel, "targets").iter().chain([panel]);
    let refs: BTreeSet<_> = list(panel, "targets").iter().map(|target| text(target, "refId")).collect();
    // Green, where nothing is known, would be false calm.
    let base = defaults["thresholds"]["steps"][0]["color"].as_str();
    broken(&[
        (
            !text(panel, "title").is_empty() && !text(panel, "description").is_empty(),
            "panel-title-description-rule",
        ),
        (is_text || !text(defaults, "unit").is_empty(), "panel-units-rule"),
        (is_text || !list(panel, "targets").is_empty(), "panel-no-targets-rule"),
        (is_text || !text(defaults, "noValue").is_empty(), "a meaningful empty value"),
        (base.is_none_or(|colour| !colour.contains("green")), "the base threshold is not green"),
        (
            sources
                .into_iter()
                .all(|one| one["datasource"] == json!({"type": "prometheus", "uid": "${datasource}"})),
            "panel-datasource-rule",
        ),
        (refs.len() == list(panel, "targets").len(), "names of queries are unique"),
        (is_text != text(&panel["options"], "content").is_empty(), "a text has content"),
    ])
}

/// Job, instance, rates: each rule of the linter on the queries.
fn of_targets(panel: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    let wanted = [("job", "$job"), ("instance", "$instance")];
    for selector in list(panel, "targets").iter().flat_map(|target| spoken(text(target, "expr")).selectors) {
        let metric = &selector.metric;
        for (label, value) in wanted {
            // An alert on an absent target has no instance.
            let values = [value.to_owned(), format!("{value}|")];
            let values = if metric == "ALERTS" { &values[..] } else { &values[..1] };
            if !selector.matchers.iter().any(|(l, op, v)| l == label && op == "=~" && values.contains(v)) {
                faults.push(format!("target-{label}-rule: {metric}"));
            }
        }
        let is_rate = ["rate", "irate", "increase"].contains(&&*selector.within);
        if is_rate && selector.range != "$__rate_interval" {
            faults.push(format!("target-rate-interval-rule: {metric}"));
        }
        if metric.ends_with("_total") != is_rate {
            faults.push(format!("target-counter-agg-rule: {metric}"));
        }
    }
    faults
}

/// What a panel says of its fields is said of fields that it has.
fn of_fields(panel: &Value) -> Vec<String> {
    let targets = list(panel, "targets");
    let said: Vec<Spoken> = targets.iter().map(|target| spoken(text(target, "expr"))).collect();
    let labels: BTreeSet<&str> =
        said.iter().flat_map(|spoken| spoken.labels.iter().chain(&spoken.made)).map(String::as_str).collect();
    // A query that keeps all labels groups by none of them.
    let has = |label: &str| labels.contains(label) || ["job", "instance"].contains(&label);
    let mut faults = Vec::new();
    for target in targets {
        let legend =
            text(target, "legendFormat").split("{{").skip(1).filter_map(|rest| rest.split_once("}}"));
        let wrong = legend.filter(|(label, _)| !has(label));
        faults.extend(wrong.map(|(label, _)| format!("legend: no label {label}")));
    }
    let refs: BTreeSet<&str> = targets.iter().map(|target| text(target, "refId")).collect();
    let mut columns = BTreeSet::new();
    for organize in list(panel, "transformations").iter().filter(|one| one["id"] == "organize") {
        for (field, heading) in organize["options"]["renameByName"].as_object().into_iter().flatten() {
            let field = aggregated(panel, field);
            let value = field
                .strip_prefix("Value #")
                .map_or(field == "Value" && targets.len() == 1, |name| refs.contains(name));
            if !value && !has(field) {
                faults.push(format!("no field {field}"));
            }
            columns.insert(heading.as_str().unwrap_or_default());
        }
    }
    for one in list(&panel["fieldConfig"], "overrides") {
        let name = text(&one["matcher"], "options");
        let exists = match text(&one["matcher"], "id") {
            "byName" if panel["type"] == "table" => columns.contains(name),
            // Elsewhere a name is a legend, of fixed text or of a label whose values only the exporter knows.
            "byName" => targets.iter().any(|target| {
                text(target, "legendFormat") == name || text(target, "legendFormat").contains("{{")
            }),
            "byFrameRefID" => refs.contains(name),
            "byType" => true,
            _ => false,
        };
        if !exists {
            faults.push(format!("override: no field {name}"));
        }
    }
    if overrides(panel).any(|property| property["value"].is_null()) {
        faults.push("override without a value".to_owned());
    }
    for link in panel_links(panel) {
        let fields =
            text(link, "url").split("${__data.fields.").skip(1).filter_map(|rest| rest.split_once('}'));
        let wrong = fields.filter(|(column, _)| !columns.contains(column));
        faults.extend(wrong.map(|(column, _)| format!("link: no field {column}")));
    }
    faults
}

/// The field that a grouping made this one of: `Value #A (firstNotNull)`.
fn aggregated<'a>(panel: &Value, field: &'a str) -> &'a str {
    let split = field.strip_suffix(')').and_then(|field| field.split_once(" ("));
    let made = |(field, how): &(&str, &str)| {
        let grouped = list(panel, "transformations").iter().filter(|one| one["id"] == "groupBy");
        let mut fields = grouped.map(|one| &one["options"]["fields"][*field]);
        fields.any(|one| list(one, "aggregations").contains(&json!(how)))
    };
    split.filter(made).map_or(field, |(field, _)| field)
}

#[test]
fn the_dashboards_are_without_fault() {
    for name in PAGES {
        assert_eq!(faults(&page(name)), [""; 0], "{name}");
    }
    let uids: BTreeSet<String> = PAGES.map(|name| text(&page(name), "uid").to_owned()).into();
    assert_eq!(uids.len(), PAGES.len());
}
