//! README.md and docs/ say what the program does, and no more.
//!
//! ```text
//!  metric families, default.toml ──► generated   the tables between the markers in docs/
//!  enums of label values         ──► values      the tables that explain them are complete
//!  README.md, docs/, dashboards/ ──► names       every metric, setting, alert and command in them exists
//!                                ──► links       every file and heading that they link to exists
//!  dashboards/runbooks/          ──► runbooks    all have the same parts
//!  ARCHITECTURE.md               ──► architecture   every file and test that it names is there
//! ```

mod architecture;
mod generated;
mod links;
mod names;
mod program;
mod runbooks;
mod values;

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// A text of this repository.
pub struct Page {
    /// Path from the root of the repository.
    pub name: String,
    pub text: String,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn page(name: &str) -> Page {
    let text = std::fs::read_to_string(root().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
    Page { name: name.to_owned(), text }
}

/// Every file below a directory, by path from the root.
fn below(directory: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut open = vec![PathBuf::from(directory)];
    while let Some(directory) = open.pop() {
        for entry in std::fs::read_dir(root().join(&directory)).unwrap() {
            let entry = entry.unwrap();
            let path = directory.join(entry.file_name());
            if entry.file_type().unwrap().is_dir() {
                open.push(path);
            } else {
                found.push(path.to_str().unwrap().to_owned());
            }
        }
    }
    found.sort();
    found
}

/// The end of a file's name, without its dot.
fn extension(name: &str) -> &str {
    Path::new(name).extension().and_then(OsStr::to_str).unwrap_or_default()
}

fn is_markdown(name: &str) -> bool {
    extension(name) == "md"
}

/// README.md and docs/.
fn pages() -> Vec<Page> {
    let docs = below("docs").into_iter().filter(|name| is_markdown(name));
    std::iter::once("README.md".to_owned()).chain(docs).map(|name| page(&name)).collect()
}

/// The lines of the fenced blocks of one language, block by block.
fn blocks(text: &str, language: &str) -> Vec<String> {
    let (fence, mut blocks, mut block) = (format!("```{language}"), Vec::new(), None);
    for line in text.lines() {
        block = match block {
            None if line.trim() == fence => Some(String::new()),
            Some(block) if line.trim() == "```" => {
                blocks.push(block);
                None
            }
            Some(block) => Some(block + line + "\n"),
            None => None,
        };
    }
    blocks
}

/// What is between backticks on one line, outside of fenced blocks.
fn spans(text: &str) -> Vec<&str> {
    let mut fenced = false;
    let lines = text.lines().filter(|line| {
        let is_fence = line.trim_start().starts_with("```");
        fenced ^= is_fence;
        !fenced && !is_fence
    });
    lines.flat_map(|line| line.split('`').skip(1).step_by(2)).collect()
}

#[test]
fn the_readme_can_be_scanned() {
    let lines = page("README.md").text.lines().count();
    assert!(lines <= 150, "README.md has {lines} lines: at most 150, details belong in docs/");
}
