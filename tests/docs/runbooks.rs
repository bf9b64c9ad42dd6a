//! All runbooks have the same parts, so that whoever is paged finds the next step at the same place.

use super::page;
use super::program::alerts;

const PARTS: [&str; 5] = ["What it means", "What breaks", "First command", "Fix", "Silence"];

#[test]
fn every_runbook_has_the_same_parts() {
    for alert in alerts().into_keys() {
        let text = page(&format!("dashboards/runbooks/{alert}.md")).text;
        let mut parts = text.split("\n## ");
        assert!(parts.next().is_some_and(|head| head.starts_with(&format!("# {alert}\n"))), "{alert}");
        let parts: Vec<(&str, &str)> = parts.map(|part| part.split_once("\n\n").unwrap()).collect();
        assert_eq!(parts.iter().map(|(title, _)| *title).collect::<Vec<_>>(), PARTS, "{alert}");
        let said = |wanted: &str| parts.iter().find(|(title, _)| *title == wanted).unwrap().1;
        assert!(said("First command").contains("```\n"), "{alert} has no command");
        assert!(said("Fix").contains("\nIt clears "), "{alert} does not say how it clears");
        assert!(
            said("Silence").contains(&format!(" alertname={alert}")),
            "{alert} does not say how to silence it"
        );
    }
}
