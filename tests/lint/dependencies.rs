//! One TLS stack, one HTTP stack (`cargo tree`).

use std::process::Command;

use crate::support::process::output;

/// Crates that there may be one version of.
const ONCE: [&str; 10] = [
    "aws-lc-rs",
    "h2",
    "http",
    "http-body",
    "hyper",
    "hyper-util",
    "rustls",
    "rustls-pki-types",
    "rustls-webpki",
    "tokio-rustls",
];
/// Crates that would be a second TLS or HTTP stack.
const NEVER: [&str; 5] = ["curl", "native-tls", "openssl", "reqwest", "ring"];

/// The names of all that is linked in, one for each version.
fn names() -> Vec<String> {
    let mut tree = Command::new(env!("CARGO"));
    tree.current_dir(env!("CARGO_MANIFEST_DIR"));
    tree.args(["tree", "--locked", "--edges=normal", "--prefix=none"]);
    let said = output(&mut tree);
    let mut lines: Vec<_> = said.lines().map(|line| line.trim_end_matches(" (*)")).collect();
    lines.sort_unstable();
    lines.dedup();
    lines.iter().filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect()
}

#[test]
fn there_is_no_second_tls_or_http_stack() {
    let names = names();
    for name in ONCE {
        assert_eq!(names.iter().filter(|one| *one == name).count(), 1, "versions of {name}");
    }
    for name in NEVER {
        assert!(!names.iter().any(|one| one == name), "{name}");
    }
}
