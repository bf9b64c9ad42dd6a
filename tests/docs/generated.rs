//! The tables in docs/ that come from the program. With `OIDC_UPDATE_DOCS=1` in the environment they are written, not
//! compared.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

use super::program::{Family, distrust, families, keys, process_families};
use super::{page, pages, root};

const UPDATE: &str = "OIDC_UPDATE_DOCS";
const BEGIN: &str = "<!-- generated: ";
const END: &str = "<!-- end -->";

/// One setting as `config/default.toml` has it.
struct Setting {
    key: String,
    value: Value,
    meaning: String,
}

/// What stands behind a key.
enum Value {
    Default(String),
    /// The key is in a comment: it has no default.
    Example(String),
}

fn row(cells: &[&str]) -> String {
    let cells: Vec<String> = cells.iter().map(|cell| cell.replace('|', "\\|")).collect();
    format!("| {} |\n", cells.join(" | "))
}

fn table(heads: &[&str], rows: impl IntoIterator<Item = String>) -> String {
    let line = format!("|{}\n", "---|".repeat(heads.len()));
    rows.into_iter().fold(row(heads) + &line, |table, row| table + &row)
}

fn of_families<'a>(families: impl IntoIterator<Item = &'a Family>) -> String {
    let rows = families.into_iter().map(|family| {
        let labels: Vec<String> = family.labels.iter().map(|label| format!("`{label}`")).collect();
        row(&[&format!("`{}`", family.name), family.kind, &labels.join(", "), &family.help])
    });
    table(&["metric", "type", "labels", "meaning"], rows)
}

/// Every key with the comment above it, in the order of the file.
fn settings() -> Vec<Setting> {
    let text = page("config/default.toml").text;
    let (mut settings, mut section, mut comment) = (Vec::new(), String::new(), Vec::new());
    let is_key = |key: &str| {
        key.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
    };
    for line in text.lines() {
        let (is_comment, said) = line.strip_prefix("# ").map_or((false, line), |said| (true, said));
        match said.split_once(" = ").filter(|(key, _)| is_key(key)) {
            Some((key, value)) => {
                let value =
                    if is_comment { Value::Example(value.into()) } else { Value::Default(value.into()) };
                settings.push(Setting { key: format!("{section}{key}"), value, meaning: comment.join(" ") });
                comment.clear();
            }
            None if is_comment => comment.push(said.to_owned()),
            None => {
                comment.clear();
                if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
                    section = format!("{name}.");
                }
            }
        }
    }
    settings
}

/// The type of a setting, by its value as it is written in TOML.
fn kind(key: &str, value: &str) -> &'static str {
    let text = value.trim_matches('"');
    match value.as_bytes() {
        [b'[', ..] => "list",
        [b'{', ..] => "table",
        b"true" | b"false" => "boolean",
        [b'"', ..] if text.is_empty() && key.rsplit('.').next() == Some("url") => "URL",
        [b'"', ..] if text.is_empty() => "path",
        [b'"', ..] if text.parse::<SocketAddr>().is_ok() => "address:port",
        [b'"', ..] if humantime::parse_duration(text).is_ok() => "duration",
        [b'"', ..] => "word",
        _ => "integer",
    }
}

fn of_settings(section: &str) -> String {
    let settings = settings().into_iter().filter(|setting| match setting.key.split_once('.') {
        Some((own, _)) => own == section,
        None => section.is_empty(),
    });
    let rows = settings.map(|Setting { key, value, meaning }| {
        let (kind, default) = match value {
            Value::Default(value) => (kind(&key, &value), format!("`{value}`")),
            Value::Example(value) => (kind(&key, &value), "not set".to_owned()),
        };
        row(&[&format!("`{key}`"), kind, &default, &meaning])
    });
    table(&["setting", "type", "default", "meaning"], rows)
}

/// What belongs after a marker.
fn generated(marker: &str) -> String {
    let mut words = marker.split_whitespace();
    match words.next() {
        Some("metrics") => {
            let prefixes: Vec<&str> = words.collect();
            let families = families();
            let chosen = families
                .iter()
                .filter(|family| prefixes.iter().any(|prefix| family.name.starts_with(prefix)));
            of_families(chosen)
        }
        Some("process") => of_families(&process_families()),
        Some("distrust") => {
            let rows =
                distrust().into_iter().map(|(reason, meaning)| row(&[&format!("`{reason}`"), &meaning]));
            table(&["reason", "meaning"], rows)
        }
        Some("settings") => of_settings(words.next().unwrap_or_default()),
        _ => panic!("nothing is generated for `{marker}`"),
    }
}

/// The text with every generated part made anew, and its markers.
fn regenerated(text: &str) -> (String, Vec<String>) {
    let (mut made, mut markers) = (String::new(), Vec::new());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(BEGIN) {
        let (marker, after) = after.split_once(" -->\n").expect("a marker ends its line");
        let (_, after) = after.split_once(END).unwrap_or_else(|| panic!("no {END} after `{marker}`"));
        for part in [before, BEGIN, marker, " -->\n", &generated(marker), END] {
            made.push_str(part);
        }
        markers.push(marker.to_owned());
        rest = after;
    }
    (made + rest, markers)
}

#[test]
fn what_is_generated_is_up_to_date() {
    let update = std::env::var_os(UPDATE).is_some();
    let mut stale = Vec::new();
    for page in pages() {
        let (made, _) = regenerated(&page.text);
        if made != page.text && update {
            std::fs::write(root().join(&page.name), made).unwrap();
        } else if made != page.text {
            let lines: Vec<&str> =
                made.lines().filter(|line| !page.text.lines().any(|old| old == *line)).collect();
            let what = if lines.is_empty() { "rows to take out, or in another order" } else { "new rows:" };
            stale.push(format!("{}: {what}\n{}", page.name, lines.join("\n")));
        }
    }
    let how = format!("{UPDATE}=1 cargo test --test tests docs::generated");
    assert!(stale.is_empty(), "out of date; `{how}` writes it again\n{}", stale.join("\n\n"));
}

#[test]
fn every_metric_and_every_setting_has_one_row() {
    let mut rows: BTreeMap<String, usize> = BTreeMap::new();
    for page in pages() {
        for marker in regenerated(&page.text).1 {
            for line in generated(&marker).lines() {
                let name = line.strip_prefix("| `").and_then(|rest| rest.split_once('`'));
                *rows.entry(name.map_or("", |(name, _)| name).to_owned()).or_default() += 1;
            }
        }
    }
    let metrics = families().into_iter().chain(process_families()).map(|family| family.name);
    for name in metrics.chain(keys()) {
        assert_eq!(rows.get(&name), Some(&1), "rows of {name}");
    }
}

#[test]
fn default_toml_has_every_setting_with_a_comment() {
    let settings = settings();
    let named: BTreeSet<String> = settings.iter().map(|setting| setting.key.clone()).collect();
    assert_eq!(named, keys());
    for Setting { key, meaning, .. } in settings {
        assert!(
            meaning.ends_with(['.', ')', ']', '}']) && meaning.starts_with(char::is_uppercase),
            "{key}: {meaning}"
        );
    }
}
