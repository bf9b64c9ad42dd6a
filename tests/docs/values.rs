//! The tables that explain the values of a label, or the keys of a table, have one row for each of them.

use std::collections::BTreeSet;

use super::pages;
use super::program::{issuer_keys, values};

/// What is in backticks in the first column of the table that `text` begins with.
fn explained(text: &str) -> BTreeSet<String> {
    let rows = text.lines().take_while(|line| line.starts_with('|'));
    let cells = rows.filter_map(|row| row.strip_prefix("| `")?.split_once('`'));
    cells.map(|(cell, _)| cell.to_owned()).collect()
}

/// What is wanted by each marker `<!-- values: METRIC LABEL -->` or `<!-- values: issuers -->`, and what follows it.
fn explanations() -> Vec<(String, BTreeSet<String>, BTreeSet<String>)> {
    let mut found = Vec::new();
    for page in pages() {
        for rest in page.text.split("<!-- values: ").skip(1) {
            let (marker, table) = rest.split_once(" -->\n").expect("a marker ends its line");
            let wanted = match marker.split_once(' ') {
                Some((metric, label)) => {
                    let values = values(metric, label).unwrap_or_else(|| panic!("{marker} is no closed set"));
                    values.into_iter().map(str::to_owned).collect()
                }
                None => issuer_keys(),
            };
            found.push((format!("{}: {marker}", page.name), wanted, explained(table)));
        }
    }
    found
}

#[test]
fn every_value_is_explained_and_no_other() {
    let explanations = explanations();
    assert_eq!(explanations.len(), 11, "{explanations:#?}");
    for (place, wanted, explained) in explanations {
        assert_eq!(explained, wanted, "{place}");
    }
}
