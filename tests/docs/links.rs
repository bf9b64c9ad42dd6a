//! Every link between the texts of this repository leads to a file, and to a heading in it, that exist.

use std::path::{Component, Path, PathBuf};

use super::{Page, below, is_markdown, page, root};

fn texts() -> Vec<Page> {
    let top = ["README.md", "ARCHITECTURE.md"].map(str::to_owned).into_iter();
    let others = ["docs", "dashboards", "tests"].into_iter().flat_map(below).filter(|name| is_markdown(name));
    top.chain(others).map(|name| page(&name)).collect()
}

/// The text without code, which holds no links.
fn prose(text: &str) -> String {
    let mut fenced = false;
    let mut prose = String::new();
    for line in text.lines() {
        let is_fence = line.trim_start().starts_with("```");
        fenced ^= is_fence;
        if !fenced && !is_fence {
            prose.extend(line.split('`').step_by(2));
        }
        prose.push('\n');
    }
    prose
}

fn targets(text: &str) -> Vec<String> {
    let rest = prose(text);
    rest.split("](")
        .skip(1)
        .filter_map(|rest| rest.split_once(')'))
        .map(|(target, _)| target.to_owned())
        .collect()
}

/// The anchors of the headings, as GitHub makes them.
fn anchors(text: &str) -> Vec<String> {
    let mut fenced = false;
    let mut anchors: Vec<String> = Vec::new();
    for line in text.lines() {
        fenced ^= line.trim_start().starts_with("```");
        let heading = line.trim_start_matches('#');
        if fenced || heading.len() == line.len() || !heading.starts_with(' ') {
            continue;
        }
        let kept = heading.trim().to_lowercase();
        let kept = kept.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
        let anchor: String = kept.map(|c| if c == ' ' { '-' } else { c }).collect();
        let same = anchors.iter().filter(|known| **known == anchor).count();
        anchors.push(if same == 0 { anchor } else { format!("{anchor}-{same}") });
    }
    anchors
}

/// A path without `..`.
fn plain(path: &Path) -> PathBuf {
    path.components().fold(PathBuf::new(), |mut plain, part| {
        match part {
            Component::ParentDir => _ = plain.pop(),
            Component::CurDir => {}
            part => plain.push(part),
        }
        plain
    })
}

/// What is wrong with a link in the page called `from`.
fn fault(from: &str, text: &str, target: &str) -> Option<String> {
    if target.starts_with("https://") {
        return None;
    }
    let (path, anchor) = target.split_once('#').map_or((target, None), |(path, anchor)| (path, Some(anchor)));
    let file = plain(&Path::new(from).parent().unwrap_or(Path::new("")).join(path));
    if !path.is_empty() && !root().join(&file).exists() {
        return Some(format!("{target}: no such file"));
    }
    let anchor = anchor?;
    let linked = if path.is_empty() { text.to_owned() } else { page(file.to_str()?).text };
    (!anchors(&linked).iter().any(|known| known == anchor)).then(|| format!("{target}: no such heading"))
}

#[test]
fn no_link_is_dead() {
    let mut count = 0;
    for Page { name, text } in texts() {
        for target in targets(&text) {
            assert_eq!(fault(&name, &text, &target), None, "{name}");
            count += 1;
        }
    }
    assert!(count > 50, "{count} links");
}

#[test]
fn a_dead_link_is_found() {
    let text =
        "# A heading, with `code`\n[a](b) `[c](d)`\n```\n[e](f)\n# none\n```\n# A heading, with `code`\n";
    assert_eq!(targets(text), ["b"]);
    assert_eq!(anchors(text), ["a-heading-with-code", "a-heading-with-code-1"]);
    for (target, dead) in [
        ("metrics.md", false),
        ("metrics.md#words", false),
        ("#a-heading-with-code", false),
        ("../README.md", false),
        ("../dashboards/", false),
        ("none.md", true),
        ("metrics.md#none", true),
        ("#none", true),
        ("README.md", true),
    ] {
        assert_eq!(fault("docs/x.md", text, target).is_some(), dead, "{target}");
    }
}

#[test]
fn every_page_of_the_documentation_is_linked_from_the_readme() {
    let linked = targets(&page("README.md").text);
    for name in below("docs") {
        assert!(linked.contains(&name), "README.md does not link to {name}");
    }
}
