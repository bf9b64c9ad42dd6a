//! Programs from `PyPI` that the tests meet, at versions of our choice.

use std::path::PathBuf;

/// A program of what `tests/requirements.txt` names: beside `MOTO_SERVER`, or where `tests/run` puts it.
pub fn installed(program: &str) -> PathBuf {
    let path = place(program);
    assert!(path.exists(), "no {}: tests/run installs it, or set MOTO_SERVER", path.display());
    path
}

/// The same; where it is not there, the test is skipped and says so.
pub fn installed_or_skip(program: &str) -> Option<PathBuf> {
    let path = place(program);
    if !path.exists() {
        eprintln!("SKIPPED: no {}: tests/run installs it, or set MOTO_SERVER", path.display());
        return None;
    }
    Some(path)
}

fn place(program: &str) -> PathBuf {
    let default = concat!(env!("CARGO_MANIFEST_DIR"), "/target/moto-venv/bin/moto_server");
    let moto = std::env::var_os("MOTO_SERVER").map_or_else(|| PathBuf::from(default), PathBuf::from);
    moto.with_file_name(program)
}
