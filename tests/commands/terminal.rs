//! What reaches a terminal: colour only there, and nothing that a certificate says raw.

use std::process::Command;

use rcgen::DnType;

use super::{inspect, inspect_lab, lab_arguments, watch, watch_fleet};
use crate::support::daemon::TempDir;
use crate::support::lab::ca::{Authority, Leaf, Validity};
use crate::support::lab::fleet::Lab;
use crate::support::lab::pem::pem;
use crate::support::lab::{Chain, LabIssuer, Spec, chains};
use crate::support::process::{PROGRAM, Run, run};

const HOST: &str = "host.oidc.test";
const ESCAPE: char = '\x1b';

/// A chain whose names clear the screen, set the window's title, forge a line and write backwards.
fn hostile() -> Chain {
    let evil = "evil\x1b[2J\x1b]0;owned\x07\r\nthumbprint forged\u{9b}31m\u{202e}\u{0}";
    let root = Authority::new(evil, evil);
    let mut leaf = Leaf::new(HOST);
    leaf.subject = vec![(DnType::OrganizationName, evil.to_owned()), (DnType::CommonName, evil.to_owned())];
    let (leaf, key) = root.leaf(&leaf);
    let anchor = root.self_signed(Validity::ROOT);
    Chain { state: "hostile", served: vec![leaf, anchor.clone()], key, anchor: Some(anchor) }
}

fn assert_clean(text: &str) {
    let is_raw = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
    assert!(!text.contains(is_raw), "{text:?}");
    assert!(!text.lines().any(|line| line.starts_with("thumbprint forged")), "{text:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_names_are_shown_and_do_nothing() {
    let chain = hostile();
    let issuer = LabIssuer::start(Spec::new(HOST, chain.clone())).await;
    let directory = TempDir::new();
    let file = directory.path().join("chain.pem");
    std::fs::write(&file, pem(&chain.served)).unwrap();
    for output in ["text", "json", "pem", "thumbprint"] {
        let by_file = inspect(&["--output".as_ref(), output.as_ref(), file.as_os_str()]);
        for run in [inspect_lab(&issuer, &["--output", output, issuer.url()]), by_file] {
            assert_clean(&run.out);
            assert_clean(&run.err);
            assert_eq!(run.out.contains("evil"), output != "thumbprint", "{run:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_terminal_there_is_neither_colour_nor_progress() {
    let lab = Lab::start().await;
    let check = watch_fleet(&lab).check(&[]);
    let expired = lab.issuer("expired");
    for run in [check, inspect_lab(expired, &[expired.url()])] {
        assert_eq!(run.code, 1);
        assert_eq!(run.err, "");
        assert_clean(&run.out);
    }
}

/// Runs the program on a pseudo-terminal, both streams on it; `None`, and loudly, where `script` is missing.
fn on_a_terminal(arguments: &[String], environment: &[(&str, &str)]) -> Option<Run> {
    if Command::new("script").arg("--version").output().is_err() {
        println!("SKIPPED: no `script` here, so there is no terminal to run on");
        return None;
    }
    let quoted: Vec<String> = arguments.iter().map(|argument| format!("'{argument}'")).collect();
    let line = format!("{} {}", PROGRAM, quoted.join(" "));
    let mut script = Command::new("script");
    script.args(["--quiet", "--return", "--command", &line, "/dev/null"]);
    script.env_remove("NO_COLOR").envs(environment.iter().copied());
    Some(run(&mut script))
}

#[tokio::test(flavor = "multi_thread")]
async fn colour_is_for_terminals_and_no_color_is_respected() {
    let issuer = LabIssuer::start(Spec::new(HOST, chains::expired_leaf(HOST))).await;
    let directory = TempDir::new();
    let mut arguments = lab_arguments(&issuer, &directory);
    arguments.push(issuer.url().to_owned());
    let Some(coloured) = on_a_terminal(&arguments, &[]) else { return };
    assert_eq!(coloured.code, 1, "{coloured:?}");
    assert!(coloured.out.contains("\x1b[1;31mprivate, expired\x1b[0m"), "{:?}", coloured.out);
    let plain = on_a_terminal(&arguments, &[("NO_COLOR", "1")]).unwrap();
    assert_eq!(plain.code, 1);
    assert!(plain.out.contains("private, expired") && !plain.out.contains(ESCAPE), "{:?}", plain.out);

    // Other forms are for programs, wherever they are printed.
    arguments.extend(["--output", "json"].map(str::to_owned));
    let json = on_a_terminal(&arguments, &[]).unwrap();
    assert!(!json.out.contains(ESCAPE), "{:?}", json.out);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_round_shows_its_progress_on_a_terminal() {
    let issuer = LabIssuer::start(Spec::new(HOST, chains::private_ca(HOST))).await;
    let watch = watch().issuer(&issuer, &issuer.thumbprints());
    let arguments = ["--config".to_owned(), watch.write().display().to_string(), "check".to_owned()];
    let Some(run) = on_a_terminal(&arguments, &[]) else { return };
    assert_eq!(run.code, 0, "{run:?}");
    assert!(run.out.contains("\r0 of 1 issuers polled"), "{:?}", run.out);
    assert!(run.out.contains("\r\x1b[K"), "the line is wiped out at the end: {:?}", run.out);
    assert!(run.out.contains("\x1b[32mhealthy"), "{:?}", run.out);
}
