//! The daemon beside other projects' programs, each a process on loopback. `tests/run` installs them.

mod blackbox;
mod fault_proxy;
mod moto;
mod program;
mod prometheus;
mod systemd;

use std::path::PathBuf;

/// The interpreter that has what `tests/requirements.txt` names: beside `MOTO_SERVER`, or where `tests/run` puts it.
pub fn python() -> PathBuf {
    let default = concat!(env!("CARGO_MANIFEST_DIR"), "/target/moto-venv/bin/moto_server");
    let beside = std::env::var_os("MOTO_SERVER").map_or_else(|| PathBuf::from(default), PathBuf::from);
    let python = beside.with_file_name("python");
    assert!(python.exists(), "no python at {}: tests/run installs it, or set MOTO_SERVER", python.display());
    python
}
