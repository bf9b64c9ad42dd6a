//! ARCHITECTURE.md names files and tests: each of them is there.

use std::path::PathBuf;

use super::{extension, page, root, spans};

/// The file or folder of this name, from the root or from `src`.
fn is_there(name: &str) -> bool {
    ["", "src"].iter().any(|above| root().join(above).join(name).exists())
}

/// Where a test with this path may be: integration tests and unit tests, in a file or a folder.
fn homes(modules: &[&str]) -> Vec<PathBuf> {
    let path: PathBuf = modules.iter().filter(|module| **module != "tests").collect();
    let roots = ["src", "tests"].map(|above| root().join(above).join(&path));
    roots.iter().flat_map(|home| [home.with_extension("rs"), home.join("mod.rs")]).collect()
}

fn has_test(path: &str) -> bool {
    let parts: Vec<&str> = path.split("::").collect();
    let Some((name, modules)) = parts.split_last() else { return false };
    let texts = homes(modules).into_iter().filter_map(|home| std::fs::read_to_string(home).ok());
    let declared = format!("fn {name}() {{");
    texts.into_iter().any(|text| {
        let mut above = text.lines().take_while(|line| !line.contains(&declared)).collect::<Vec<_>>();
        let is_declared = above.len() < text.lines().count();
        above.reverse();
        let mut attributes = above.iter().map(|line| line.trim()).take_while(|line| line.starts_with("#["));
        is_declared && attributes.any(|line| line.starts_with("#[test]") || line.starts_with("#[tokio::test"))
    })
}

#[test]
fn every_file_and_every_test_that_it_names_is_there() {
    let text = page("ARCHITECTURE.md").text;
    let is_path = |name: &&str| extension(name) == "rs" || (name.ends_with('/') && !name.contains(' '));
    let files: Vec<&str> = spans(&text).into_iter().filter(is_path).collect();
    let tests: Vec<&str> = spans(&text).into_iter().filter(|name| name.matches("::").count() >= 2).collect();
    assert!(files.len() > 40 && tests.len() > 20, "{} files, {} tests", files.len(), tests.len());
    let missing: Vec<&str> = files.into_iter().filter(|name| !is_there(name)).collect();
    assert_eq!(missing, [""; 0]);
    let missing: Vec<&str> = tests.into_iter().filter(|path| !has_test(path)).collect();
    assert_eq!(missing, [""; 0]);
}

#[test]
fn what_is_not_there_is_found() {
    assert!(has_test("docs::architecture::what_is_not_there_is_found"));
    assert!(has_test("files::tests::nothing_longer_than_the_limit_is_read"));
    assert!(!has_test("docs::architecture::has_test_of_nothing") && !has_test("files::tests::nothing"));
    assert!(is_there("chain/judge.rs") && is_there("tests/support/lab/") && !is_there("chain/judges.rs"));
}
