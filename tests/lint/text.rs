//! Committed text speaks of no machine but the reader's.

use std::path::Path;
use std::process::Command;

use crate::support::process::output;

/// Directories of somebody's own. Put together here so that this file passes too.
const OWN: [&str; 3] = ["work", "root", "home"];
/// Registries, as host name without and with the last label.
const REGISTRIES: [(&str, &str); 5] =
    [("crates", "io"), ("pypi", "org"), ("pythonhosted", "org"), ("npmjs", "org"), ("deb.debian", "org")];
/// How cargo itself names its registry in `Cargo.lock`.
const LOCK_SOURCE: &str = "github.com/rust-lang/crates.io-index";

/// The first thing in this line that should not be there.
fn fault(line: &str) -> Option<String> {
    let line = line.replace(LOCK_SOURCE, "");
    let registry = REGISTRIES.map(|(name, last)| format!("{name}.{last}"));
    let registry = registry.into_iter().find(|host| line.contains(host));
    let starts_path =
        |before: Option<char>| before.is_none_or(|c| !c.is_alphanumeric() && !"./-_}".contains(c));
    let ends_name = |after: Option<char>| after.is_none_or(|c| !c.is_alphanumeric() && !"-_.".contains(c));
    let path = OWN.map(|name| format!("/{name}")).into_iter().find(|path| {
        line.match_indices(path.as_str()).any(|(at, _)| {
            starts_path(line[..at].chars().next_back()) && ends_name(line[at + path.len()..].chars().next())
        })
    });
    registry.or(path)
}

#[test]
fn no_file_holds_a_path_of_a_machine_or_a_registry() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut git = Command::new("git");
    git.current_dir(root).args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
    let files = output(&mut git);
    let mut faults = Vec::new();
    let mut read = 0;
    for file in files.split_terminator('\0') {
        // What is not text, and what is deleted but not yet committed, is passed over.
        let Ok(text) = std::fs::read_to_string(root.join(file)) else { continue };
        read += 1;
        for (number, line) in text.lines().enumerate() {
            faults.extend(fault(line).map(|found| format!("{file}:{}: {found}", number + 1)));
        }
    }
    assert!(read > 50, "only {read} files");
    assert_eq!(faults, [""; 0]);
}

#[test]
fn the_check_finds_what_it_looks_for_and_nothing_else() {
    for name in OWN {
        for line in [format!("/{name}"), format!("a = \"/{name}/x\""), format!("(see /{name}/x)")] {
            assert!(fault(&line).is_some(), "{line}");
        }
        for line in [format!("https://a.example/{name}"), format!("/{name}-ca.pem"), format!("a/{name}/b")] {
            assert_eq!(fault(&line), None, "{line}");
        }
    }
    for (name, last) in REGISTRIES {
        assert!(fault(&format!("https://static.{name}.{last}/x")).is_some());
    }
}
