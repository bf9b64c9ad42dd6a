//! What something points at exists: dashboards, variables, panels, runbooks, metrics.

use std::collections::BTreeSet;

use oidc_thumbprint_exporter::metrics;
use oidc_thumbprint_exporter::verdict::ProblemName;
use strum::IntoEnumIterator as _;

use super::{PAGES, at, list, page, panel_links, panels, read, rules, text, variables, yaml};

/// What links of alerts begin with, since a page is read elsewhere than in Grafana.
const GRAFANA: &str = "https://grafana.example";

/// What is wrong with the address of a link from a dashboard or an alert.
fn dead(url: &str) -> Option<String> {
    // The bases are for the reader to change, what is behind them is ours.
    if let Some((_, page_and_query)) = url.split_once("/d/").filter(|(base, _)| ["", GRAFANA].contains(base))
    {
        let (uid, query) = page_and_query.split_once('?').unwrap_or((page_and_query, ""));
        let Some(target) = PAGES.map(page).into_iter().find(|page| page["uid"] == uid) else {
            return Some(format!("no dashboard {uid}"));
        };
        let given = query.split('&').filter_map(|pair| pair.strip_prefix("var-")?.split_once('='));
        let known = |name: &str| variables(&target).iter().any(|variable| variable["name"] == name);
        return given
            .map(|(name, _)| name)
            .find(|name| !known(name))
            .map(|name| format!("{uid} has no variable {name}"));
    }
    let Some((_, path)) = url.split_once("/blob/main/dashboards/") else {
        return Some(format!("{url} leads neither to a dashboard nor to a runbook"));
    };
    let exists = at(path.split('#').next().unwrap_or_default()).exists();
    (!exists).then(|| format!("no page {path}"))
}

fn alerts() -> Vec<String> {
    let file = yaml("prometheus/alerts.yml");
    rules(&file).into_iter().map(|rule| text(rule, "alert").to_owned()).collect()
}

#[test]
fn no_link_of_a_dashboard_is_dead() {
    for name in PAGES {
        let page = page(name);
        let outer = list(&page, "links").iter().filter(|link| link["type"] == "link");
        let urls: Vec<&str> = outer
            .chain(panels(&page).into_iter().flat_map(panel_links))
            .map(|link| text(link, "url"))
            .collect();
        assert!(urls.len() > 2, "{name}: {urls:?}");
        for url in urls {
            // The names of alerts and problems are fields of tables: each has its page, below and in `problems`.
            let url = url.replace("problems/${__value.raw}.md", "problems");
            let url = url.replace("${__value.raw}.md", "README.md");
            assert_eq!(dead(&url), None, "{name}: {url}");
        }
        let drop_down = list(&page, "links").iter().find(|link| link["type"] == "dashboards");
        for tag in drop_down.into_iter().flat_map(|link| list(link, "tags")) {
            assert!(PAGES.map(super::page).iter().all(|page| list(page, "tags").contains(tag)), "{tag}");
        }
        for link in list(&page, "links") {
            // From page to page the time stays; the runbooks know none.
            assert_eq!(link["keepTime"] == true, link["title"] != "Runbooks", "{link}");
        }
    }
}

#[test]
fn a_dead_link_is_found() {
    for (url, fault) in [
        ("/d/oidc-isuer", "no dashboard oidc-isuer"),
        ("/d/oidc-issuer?var-isuer=a", "oidc-issuer has no variable isuer"),
        ("https://a.example/blob/main/dashboards/runbooks/None.md", "no page runbooks/None.md"),
        ("https://a.example/", "https://a.example/ leads neither to a dashboard nor to a runbook"),
    ] {
        assert_eq!(dead(url).as_deref(), Some(fault));
    }
}

#[test]
fn every_alert_leads_to_its_page_and_to_a_dashboard() {
    let file = yaml("prometheus/alerts.yml");
    for rule in rules(&file) {
        let (alert, annotations) = (text(rule, "alert"), &rule["annotations"]);
        let [runbook, dashboard] = ["runbook_url", "dashboard_url"].map(|key| text(annotations, key));
        // An alert of a problem leads to that problem's page; that there is one for each, `problems` tells.
        let of_problem = runbook.ends_with("/runbooks/problems/{{ $labels.problem }}.md");
        assert!(of_problem || runbook.ends_with(&format!("/runbooks/{alert}.md")), "{alert}: {runbook}");
        assert_eq!(of_problem, text(rule, "expr").contains("class="), "{alert}: {runbook}");
        assert!(dashboard.starts_with(GRAFANA), "{alert}: {dashboard}");
        for url in [&*runbook.replace("{{ $labels.problem }}", "stale"), dashboard] {
            assert_eq!(dead(url), None, "{alert}: {url}");
        }
    }
    // One base in all files, so that one `sed` changes it.
    let base = |text: &str| -> BTreeSet<String> {
        let ends = text.match_indices("/blob/main/dashboards/runbooks").map(|(end, _)| &text[..end]);
        ends.map(|before| before[before.rfind("https://").unwrap()..].to_owned()).collect()
    };
    let files = [
        "prometheus/alerts.yml",
        "grafana/provisioning/alerting/oidc.yaml",
        "grafana/fleet.json",
        "grafana/issuer.json",
    ];
    let bases: Vec<_> = files.iter().map(|file| base(&read(file))).collect();
    assert!(bases.iter().all(|base| base.len() == 1 && *base == bases[0]), "{bases:?}");
}

#[test]
fn every_runbook_is_of_an_alert_and_names_what_exists() {
    let files = |folder: &str| -> BTreeSet<String> {
        let files = std::fs::read_dir(at(folder)).unwrap();
        files.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    };
    let mut wanted: BTreeSet<String> = alerts().iter().map(|alert| format!("{alert}.md")).collect();
    wanted.extend(["README.md".to_owned(), "problems".to_owned()]);
    assert_eq!(files("runbooks"), wanted);
    wanted.remove("problems");
    wanted.extend(files("runbooks/problems").iter().map(|file| format!("problems/{file}")));

    let index = read("runbooks/README.md");
    let names: BTreeSet<&str> = metrics::families().iter().map(|family| family.name).collect();
    let file = yaml("prometheus/alerts.yml");
    for name in &wanted {
        let page = read(&format!("runbooks/{name}"));
        assert!(index.contains(&format!("]({name})")) || name == "README.md", "{name} is not in the index");
        for target in
            page.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(target, _)| target)
        {
            let path = target.split('#').next().unwrap_or_default();
            let folder = at("runbooks").join(name).parent().unwrap().to_owned();
            assert!(target.starts_with("https://") || folder.join(path).exists(), "{name}: {target}");
        }
        let words =
            page.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| word.starts_with("oidc_"));
        for word in words {
            assert!(names.contains(word), "{name}: no metric {word}");
        }
        // Severity and delay, as the alert has them.
        if let Some(rule) =
            rules(&file).into_iter().find(|rule| name.strip_suffix(".md") == rule["alert"].as_str())
        {
            // Without `for`, the value is a time.
            let seconds = text(rule, "expr").trim_end().rsplit_once("> ").map(|(_, seconds)| seconds);
            let minutes = || format!("{}m", seconds.unwrap().parse::<u32>().unwrap() / 60);
            let after = rule["for"].as_str().map_or_else(minutes, str::to_owned);
            let said = format!("Severity **{}**, after {after}.", text(&rule["labels"], "severity"));
            assert!(page.contains(&said), "{name}: {said}");
        }
    }
}

#[test]
fn the_readme_and_the_runbooks_name_panels_that_exist() {
    let pages = PAGES.map(page);
    let titles = pages.iter().flat_map(|page| panels(page)).map(|panel| text(panel, "title"));
    let labels = pages.iter().flat_map(variables).map(|variable| text(variable, "label"));
    let known: BTreeSet<&str> = titles.chain(labels).collect();
    let readme = read("README.md").replace("**", "");
    let named: Vec<&str> =
        readme.split('*').skip(1).step_by(2).filter(|name| name.starts_with(char::is_uppercase)).collect();
    assert!(named.len() > 8, "{named:?}");
    for name in named {
        assert!(known.contains(name), "README.md: {name}");
    }
    let is_title = |text: &str| text.starts_with(char::is_uppercase) && text.contains(char::is_lowercase);
    let problems = ProblemName::iter().map(|problem| format!("problems/{problem}"));
    for name in alerts().into_iter().chain(problems) {
        let page = read(&format!("runbooks/{name}.md")).split_whitespace().collect::<Vec<_>>().join(" ");
        for panel in page.split('"').skip(1).step_by(2).filter(|text| is_title(text)) {
            assert!(known.contains(panel), "{name}.md: {panel}");
        }
    }
}
