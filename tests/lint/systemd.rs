//! `systemd-analyze` on the unit, alone and with each of its drop-ins, and on its socket.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::daemon::TempDir;
use crate::support::process::{PROGRAM, run};

const DIRECTORY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/systemd");
const NAME: &str = "oidc-thumbprint-exporter";
/// What systemd 252 of Debian 12 does not know yet. These are for later ones, and say so.
const LATER: [&str; 3] = ["Type=notify-reload", "RestartSteps=", "RestartMaxDelaySec="];

fn drop_ins() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(Path::new(DIRECTORY).join("drop-ins")).unwrap();
    entries.map(|entry| entry.unwrap().path()).collect()
}

/// The file with the program where it was built, and without what is for later versions.
fn readable(file: &Path) -> String {
    let text = std::fs::read_to_string(file).unwrap();
    let known = text.lines().filter(|line| !LATER.iter().any(|later| line.starts_with(later)));
    let text = known.fold(String::new(), |text, line| text + line + "\n");
    text.replace("/usr/bin/oidc-thumbprint-exporter", PROGRAM)
}

/// `systemd-analyze` on unit and socket as they would be installed.
fn analyze(drop_in: Option<&Path>, arguments: &[&str], units: &[&str]) {
    let directory = TempDir::new();
    let mut command = Command::new("systemd-analyze");
    command.args(arguments);
    for unit in units {
        let (source, target) = (Path::new(DIRECTORY).join(unit), directory.path().join(unit));
        std::fs::write(&target, readable(&source)).unwrap();
        command.arg(target);
    }
    if let Some(drop_in) = drop_in {
        let into = directory.path().join(format!("{NAME}.service.d"));
        std::fs::create_dir(&into).unwrap();
        std::fs::write(into.join(drop_in.file_name().unwrap()), readable(drop_in)).unwrap();
    }
    let run = run(&mut command);
    assert_eq!((run.code, &*run.err), (0, ""), "{drop_in:?}: {}", run.out);
}

fn alone_and_with_each_drop_in(check: impl Fn(Option<&Path>)) {
    check(None);
    let drop_ins = drop_ins();
    assert!(!drop_ins.is_empty());
    for drop_in in &drop_ins {
        check(Some(drop_in));
    }
}

#[test]
fn unit_socket_and_drop_ins_are_good() {
    let units = [format!("{NAME}.service"), format!("{NAME}.socket")];
    alone_and_with_each_drop_in(|drop_in| {
        analyze(drop_in, &["verify", "--man=no"], &[&units[0], &units[1]]);
    });
}

/// The threshold is in tenths.
#[test]
fn the_exposure_is_at_most_1_2() {
    alone_and_with_each_drop_in(|drop_in| {
        let unit = format!("{NAME}.service");
        analyze(drop_in, &["security", "--offline=true", "--threshold=12"], &[&unit]);
    });
}
