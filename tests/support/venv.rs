//! Programs in Python that the tests meet, at versions of our choice.

use std::path::PathBuf;

/// A program of what `tests/requirements.txt` names: beside `MOTO_SERVER`, or where `tests/run` puts it.
pub fn installed(program: &str) -> PathBuf {
    let default = concat!(env!("CARGO_MANIFEST_DIR"), "/target/moto-venv/bin/moto_server");
    let moto = std::env::var_os("MOTO_SERVER").map_or_else(|| PathBuf::from(default), PathBuf::from);
    let path = moto.with_file_name(program);
    assert!(path.exists(), "no {}: tests/run installs it, or set MOTO_SERVER", path.display());
    path
}
