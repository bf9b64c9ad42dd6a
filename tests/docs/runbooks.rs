//! All runbooks have the same parts, so that whoever is paged finds the next step at the same place.

use oidc_thumbprint_exporter::verdict::ProblemName;
use strum::IntoEnumIterator as _;

use super::page;
use super::program::alerts;

const PARTS: [&str; 5] = ["What it means", "What breaks", "First command", "Fix", "Silence"];

/// The parts of a page in `dashboards/runbooks`, by their titles.
fn parts(name: &str) -> Vec<(String, String)> {
    let text = page(&format!("dashboards/runbooks/{name}.md")).text;
    let mut parts = text.split("\n## ");
    let title = name.rsplit('/').next().unwrap();
    assert!(parts.next().is_some_and(|head| head.starts_with(&format!("# {title}\n"))), "{name}");
    let pair = |part: &str| {
        part.split_once("\n\n").map(|(title, text)| (title.to_owned(), text.to_owned())).unwrap()
    };
    parts.map(pair).collect()
}

fn assert_whole(name: &str, silenced: Option<&str>) {
    let parts = parts(name);
    assert_eq!(parts.iter().map(|(title, _)| title.as_str()).collect::<Vec<_>>(), PARTS, "{name}");
    let said = |wanted: &str| &*parts.iter().find(|(title, _)| title == wanted).unwrap().1;
    assert!(said("First command").contains("```\n"), "{name} has no command");
    assert!(said("Fix").contains("\nIt clears "), "{name} does not say how it clears");
    assert!(
        silenced.is_none_or(|labels| said("Silence").contains(labels)),
        "{name} does not say how to silence it"
    );
}

#[test]
fn every_runbook_has_the_same_parts() {
    for alert in alerts().into_keys() {
        assert_whole(&alert, Some(&format!(" alertname={alert}")));
    }
    for problem in ProblemName::iter() {
        assert_whole(&format!("problems/{problem}"), None);
    }
}
