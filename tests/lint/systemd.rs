//! `systemd-analyze` on the unit.

use std::process::Command;

use crate::daemon::{TempDir, run_to_end};

const UNIT: &str = include_str!("../../systemd/oidc-thumbprint-exporter.service");
const NAME: &str = "oidc-thumbprint-exporter.service";

/// `systemd-analyze` on the unit as it would be installed, but with the program where it was built.
fn analyze(arguments: &[&str]) {
    let directory = TempDir::new();
    let file = directory.path().join(NAME);
    let program = env!("CARGO_BIN_EXE_oidc-thumbprint-exporter");
    std::fs::write(&file, UNIT.replace("/usr/bin/oidc-thumbprint-exporter", program)).unwrap();
    let mut command = Command::new("systemd-analyze");
    command.args(arguments).arg(&file);
    let (code, said, errors) = run_to_end(command);
    assert_eq!((code, &*errors), (Some(0), ""), "{said}");
}

#[test]
fn the_unit_is_good() {
    analyze(&["verify", "--man=no"]);
}

/// The threshold is in tenths.
#[test]
fn its_exposure_is_at_most_1_2() {
    analyze(&["security", "--offline=true", "--threshold=12"]);
}
