//! What something points at exists: dashboards, variables, panels, runbooks, metrics.

use std::collections::BTreeSet;

use oidc_thumbprint_exporter::metrics;

use super::{PAGES, at, list, page, panel_links, panels, read, rules, text, variables, yaml};

/// What is wrong with the address of a link from a dashboard or an alert.
fn dead(url: &str) -> Option<String> {
    if let Some(page_and_query) = url.strip_prefix("/d/") {
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
    // The base is for the reader to change, what is behind it is ours.
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
        assert!(urls.len() > 3, "{name}: {urls:?}");
        for url in urls {
            // The name of an alert is a field of one table: every alert has its page, below.
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
        assert!(runbook.ends_with(&format!("/runbooks/{alert}.md")), "{alert}: {runbook}");
        for url in [runbook, dashboard] {
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
    let files = std::fs::read_dir(at("runbooks"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let files: BTreeSet<String> = files.collect();
    let mut wanted: BTreeSet<String> = alerts().iter().map(|alert| format!("{alert}.md")).collect();
    wanted.insert("README.md".to_owned());
    assert_eq!(files, wanted);

    let index = read("runbooks/README.md");
    let names: BTreeSet<&str> = metrics::families().iter().map(|family| family.name).collect();
    let file = yaml("prometheus/alerts.yml");
    for name in &files {
        let page = read(&format!("runbooks/{name}"));
        assert!(index.contains(&format!("]({name})")) || name == "README.md", "{name} is not in the index");
        for target in
            page.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(target, _)| target)
        {
            let path = target.split('#').next().unwrap_or_default();
            assert!(target.starts_with("https://") || at("runbooks").join(path).exists(), "{name}: {target}");
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
            let said =
                format!("Severity **{}**, after {}", text(&rule["labels"], "severity"), text(rule, "for"));
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
    for alert in alerts() {
        let page = read(&format!("runbooks/{alert}.md"));
        for name in page.split('"').skip(1).step_by(2).filter(|name| name.starts_with(char::is_uppercase)) {
            assert!(known.contains(name), "{alert}.md: {name}");
        }
    }
}
