//! Metrics, settings, alerts and commands that a text names exist.

use std::collections::BTreeSet;

use super::program::{alerts, families, help, issuer_keys, keys, process_families, settings};
use super::{Page, below, blocks, extension, is_markdown, page, pages, spans};

const PROGRAM: &str = "oidc-thumbprint-exporter";
/// What the environment sets, as `OIDC_EXPORTER__SECTION__KEY`.
const VARIABLE: &str = "OIDC_EXPORTER__";

/// README.md, docs/, and every text in dashboards/.
fn texts() -> Vec<Page> {
    let is_text = |name: &String| ["md", "yml", "yaml", "json", "py", "toml"].contains(&extension(name));
    pages()
        .into_iter()
        .chain(below("dashboards").into_iter().filter(is_text).map(|name| page(&name)))
        .collect()
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').filter(|word| !word.is_empty())
}

/// Names in `text` that look like metrics, and are none. One that ends in `_` stands for all that begin so.
fn unknown_metrics(text: &str, known: &BTreeSet<String>) -> Vec<String> {
    let exists = |word: &str| {
        known.contains(word) || (word.ends_with('_') && known.iter().any(|name| name.starts_with(word)))
    };
    words(text).filter(|word| word.starts_with("oidc_") && !exists(word)).map(str::to_owned).collect()
}

/// Code in `text` that looks like a setting, or like a variable that sets one, and is none.
fn unknown_settings(text: &str, known: &BTreeSet<String>) -> Vec<String> {
    let sections: BTreeSet<&str> =
        known.iter().filter_map(|key| key.split_once('.')).map(|(own, _)| own).collect();
    let dotted = spans(text)
        .into_iter()
        .flat_map(|span| span.split(|c: char| c.is_whitespace() || c == '='))
        .filter(|word| {
            let is_file = ["yml", "toml", "pem"].contains(&extension(word));
            word.split_once('.').is_some_and(|(section, _)| sections.contains(section)) && !is_file
        });
    let variables =
        words(text).filter_map(|word| word.strip_prefix(VARIABLE)).filter(|rest| *rest != "SECTION__KEY");
    let variables = variables.map(|rest| rest.to_lowercase().replace("__", "."));
    dotted.map(str::to_owned).chain(variables).filter(|key| !known.contains(key)).collect()
}

/// Every call of the program in a shell block or in a span of code, as arguments.
fn calls(text: &str) -> Vec<Vec<String>> {
    let shell = blocks(text, "sh").into_iter().chain(blocks(text, ""));
    let joined: Vec<String> = shell.map(|block| block.replace("\\\n", " ")).collect();
    let lines = joined.iter().flat_map(|block| block.lines()).chain(spans(text));
    let mut calls = Vec::new();
    for command in lines.flat_map(|line| line.split(['|', ';', '&'])) {
        let command = command.split(" #").next().unwrap_or_default();
        let mut words = command.split_whitespace().skip_while(|word| word.contains('=') || *word == "sudo");
        if words.next().is_some_and(|first| first == PROGRAM || first.ends_with(&format!("/{PROGRAM}"))) {
            let arguments: Vec<String> = words.map(str::to_owned).collect();
            calls.extend((!arguments.is_empty()).then_some(arguments));
        }
    }
    calls
}

#[test]
fn every_metric_that_is_named_exists() {
    let known: BTreeSet<String> =
        families().into_iter().chain(process_families()).map(|family| family.name).collect();
    for Page { name, text } in texts() {
        assert_eq!(unknown_metrics(&text, &known), [""; 0], "{name}");
    }
    let text = "`oidc_issuer_up` and `oidc_issuer_`, not `oidc_isuer_up` and `oidc_isuer_`";
    assert_eq!(unknown_metrics(text, &known), ["oidc_isuer_up", "oidc_isuer_"]);
}

#[test]
fn every_setting_that_is_named_exists() {
    let known = keys();
    let markdown = texts().into_iter().filter(|page| is_markdown(&page.name));
    let units = below("systemd").into_iter().chain(below("examples")).filter(|name| extension(name) != "rs");
    for Page { name, text } in markdown.chain(units.map(|name| page(&name))) {
        assert_eq!(unknown_settings(&text, &known), [""; 0], "{name}");
    }
    let text = "`poll.interval = \"1m\"`, `web.yml`, not `poll.intervall` or OIDC_EXPORTER__POLL__X=1";
    assert_eq!(unknown_settings(text, &known), ["poll.intervall", "poll.x"]);
}

#[test]
fn every_toml_block_is_a_good_configuration() {
    let mut count = 0;
    for Page { name, text } in pages() {
        for block in blocks(&text, "toml") {
            // A block that shows one section only need not say what to watch.
            let whole = if block.contains("[aws]") {
                block.clone()
            } else {
                format!("{block}\n[aws]\nenabled = true\n")
            };
            assert_eq!(settings(&whole).err(), None, "{name}:\n{block}");
            count += 1;
        }
    }
    assert!(count >= 3, "{count} blocks");
    // As it is installed, and with all that is there to be uncommented.
    let example = page("config/example.toml").text;
    let is_toml = |line: &&str| line.starts_with(['[', ']', ' ', '"']) || line.contains(" = ");
    let uncomment = |line: &str| line.strip_prefix("# ").filter(is_toml).unwrap_or(line).to_owned();
    let uncommented: Vec<String> = example.lines().map(uncomment).collect();
    let whole = uncommented.join("\n");
    assert_eq!((whole.matches("\n[[issuers]]").count(), example.matches("\n[[issuers]]").count()), (4, 0));
    for text in [example, whole] {
        assert_eq!(settings(&text).err(), None, "{text}");
    }
    assert!(issuer_keys().contains("url"));
}

#[test]
fn every_alert_that_is_named_exists_and_the_readme_names_those_that_page() {
    let alerts = alerts();
    for Page { name, text } in pages() {
        let named =
            spans(&text).into_iter().filter(|span| span.starts_with("OIDC") && !span.contains(['_', ' ']));
        let unknown: Vec<&str> = named.filter(|span| !alerts.contains_key(*span)).collect();
        assert_eq!(unknown, [""; 0], "{name}");
    }
    let readme = page("README.md").text;
    let named: BTreeSet<&str> =
        spans(&readme).into_iter().filter(|span| alerts.contains_key(*span)).collect();
    let pages: BTreeSet<&str> =
        alerts.iter().filter(|(_, severity)| *severity == "critical").map(|(alert, _)| &**alert).collect();
    assert_eq!(named, pages);
}

#[test]
fn every_command_that_is_printed_is_known() {
    let mut count = 0;
    for Page { name, text } in texts().into_iter().filter(|page| is_markdown(&page.name)) {
        for call in calls(&text) {
            let arguments: Vec<&str> = call.iter().map(String::as_str).collect();
            assert_eq!(help(&arguments), Ok(()), "{name}: {arguments:?}");
            count += 1;
        }
    }
    assert!(count > 10, "{count} commands");
    for wrong in [&["inspct", "a.example"][..], &["inspect", "--ouput", "json"], &["config", "chek"]] {
        assert!(help(wrong).is_err(), "{wrong:?}");
    }
}
