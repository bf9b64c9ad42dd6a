//! The command that `inspect` prints: it makes IAM list what is served, and is kept back where it would do harm.

use std::net::{IpAddr, Ipv4Addr};
use std::process::Command;

use super::check::code_and_verdicts;
use super::{inspect, inspect_lab, start, watch_fleet};
use crate::support::daemon::{TempDir, aws_environment};
use crate::support::lab::fleet::{ACCOUNT, Lab, WRONG};
use crate::support::lab::pem::pem;
use crate::support::lab::{Behaviour, LabIssuer, Spec, chains};
use crate::support::process::{Run, run};

const HOST: &str = "host.oidc.test";

/// The printed lines, as a person would copy them.
fn printed_command(run: &Run) -> Option<String> {
    let lines = run.out.lines().skip_while(|line| !line.starts_with("  aws iam "));
    let command: Vec<&str> = lines.take(3).collect();
    (command.len() == 3).then(|| command.join("\n"))
}

fn has_aws_cli() -> bool {
    let found = Command::new("aws").arg("--version").output().is_ok_and(|output| output.status.success());
    if !found {
        println!("SKIPPED in part: no aws CLI here, so the printed command is read and not run");
    }
    found
}

/// The thumbprints of the printed command.
fn list(command: &str) -> Vec<String> {
    let (_, list) = command.split_once("--thumbprint-list ").unwrap();
    list.split_whitespace().map(str::to_owned).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn after_it_was_run_check_says_match() {
    let lab = Lab::start().await;
    let fleet = ["amazon", "private", "twins", "elsewhere", "wrong"].map(|name| lab.issuer(name));
    for issuer in &lab.issuers {
        lab.iam.remove(&lab.iam.arn(issuer.url()));
    }
    for issuer in fleet {
        lab.iam.put(issuer.url(), &[WRONG]);
    }
    let watch = watch_fleet(&lab);
    let (code, verdicts) = code_and_verdicts(&watch.check(&["--output", "json"]));
    assert_eq!((code, verdicts), (1, vec!["mismatch".to_owned(); 5]));

    let cli = has_aws_cli();
    for issuer in fleet {
        let command = printed_command(&inspect_lab(issuer, &[issuer.url()])).unwrap();
        let command = command.replace("ACCOUNT_ID", ACCOUNT);
        assert!(command.contains(&lab.iam.arn(issuer.url())), "{command}");
        assert_eq!(list(&command), issuer.thumbprints(), "{}", issuer.name);
        if cli {
            let mut shell = Command::new("sh");
            shell.args(["-c", &command]);
            aws_environment(&mut shell, &lab.iam.url());
            shell.env("AWS_DEFAULT_REGION", "us-east-1");
            let ran = run(&mut shell);
            assert_eq!(ran.code, 0, "{command}: {ran:?}");
        } else {
            lab.iam.put(issuer.url(), &list(&command));
        }
        let listed = lab.iam.provider(&lab.iam.arn(issuer.url())).unwrap().thumbprints;
        assert_eq!(listed, issuer.thumbprints(), "{}", issuer.name);
    }
    let (code, verdicts) = code_and_verdicts(&watch.check(&["--output", "json"]));
    assert_eq!((code, verdicts), (0, vec!["match".to_owned(); 5]));
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_kept_back_where_it_would_do_harm() {
    let loopback = |last| IpAddr::from(Ipv4Addr::new(127, 0, 0, last));
    let faces = |count: u8| {
        let spec = Spec::new(HOST, chains::good(HOST));
        (2..=count).fold(spec, |spec, last| spec.also_at(loopback(last), chains::good(HOST)))
    };
    let mut unseen = Spec::new(HOST, chains::good(HOST));
    let mut keys = Spec::new("keys.oidc.test", chains::good("keys.oidc.test"));
    keys.alive = false;
    unseen.jwks_host = Some(Box::new(keys));
    let github = "token.actions.githubusercontent.com";
    for (spec, why) in [
        (faces(5), None),
        (faces(6), Some("6 different root CAs are served, but IAM allows at most 5 thumbprints")),
        (Spec::new(github, chains::good(github)), Some("a proxy seems to answer for token.actions")),
        (Spec::new(HOST, chains::unrelated_at_end(HOST)), Some("is not the end of the leaf's path")),
        (Spec::new(HOST, chains::intermediates_swapped(HOST)), Some("is not the end of the leaf's path")),
        (Spec::new(HOST, chains::reversed(HOST)), Some("is not the end of the leaf's path")),
        (Spec::new(HOST, chains::last_is_no_certificate(HOST)), Some("is not the end of the leaf's path")),
        (Spec::new(HOST, chains::wrong_host(HOST)), Some("is for other names")),
        (unseen, Some("no chain was seen at keys.oidc.test")),
        // No harm: the list is right, if not for long.
        (Spec::new(HOST, chains::expired_leaf(HOST)), None),
        (Spec::new(HOST, chains::self_signed(HOST)), None),
        (Spec::new(HOST, chains::duplicated(HOST)), None),
    ] {
        let state = spec.faces[0].1.state;
        let issuer = LabIssuer::start(spec).await;
        let run = inspect_lab(&issuer, &[issuer.url()]);
        match (printed_command(&run), why) {
            (Some(command), None) => assert_eq!(list(&command), issuer.thumbprints(), "{state}: {}", run.out),
            (None, Some(why)) => {
                assert!(run.out.contains(why) && !run.out.contains("aws iam"), "{state}: {}", run.out);
                assert!(run.out.contains("No update command:"), "{state}: {}", run.out);
                assert_ne!(run.code, 0, "{state}");
                // Nor is the thumbprint alone, without a word.
                let alone = inspect_lab(&issuer, &["--output", "thumbprint", issuer.url()]);
                assert_eq!(alone.code, run.code, "{state}");
                let is_told = alone.err.contains(why) || alone.code == 2 && !alone.err.is_empty();
                assert!(is_told, "{state}: {alone:?}");
            }
            (command, why) => panic!("{state}: {command:?}, {why:?}: {}", run.out),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_private_ca_that_nobody_has_named_comes_with_a_caution() {
    let issuer = start(HOST, chains::with_root).await;
    let roots = TempDir::new();
    let file = roots.path().join("roots.pem");
    std::fs::write(&file, pem(&issuer.anchors())).unwrap();
    let resolve = format!("{HOST}=127.0.0.1");
    let added = ["--ca-file", file.to_str().unwrap()];
    for (case, more, code) in [
        ("added", &added[..], 1),
        ("served", &[], 1),
        ("added, another host is named", &[&added[..], &["--private-host", "other.oidc.test"]].concat(), 1),
        ("added, named", &[&added[..], &["--private-host", HOST]].concat(), 0),
        ("added, named by a star", &[&added[..], &["--private-host", "*.test"]].concat(), 0),
        ("served, named", &["--private-host", HOST], 0),
    ] {
        let run =
            inspect(&[&["--allow-loopback", "--resolve", &resolve][..], more, &[issuer.url()]].concat());
        let command = printed_command(&run).unwrap_or_else(|| panic!("{case}: {run:?}"));
        assert_eq!(list(&command), issuer.thumbprints(), "{case}");
        assert_eq!(run.code, code, "{case}: {run:?}");
        let after = run.out.split("aws iam").nth(1).unwrap();
        assert_eq!(after.contains("this command makes IAM list the proxy"), code == 1, "{case}: {}", run.out);
        assert_eq!(run.out.contains("unvouched"), code == 1, "{case}: {}", run.out);
    }
    for output in ["thumbprint", "pem"] {
        for (more, code) in [(&[][..], 1), (&["--private-host", HOST], 0)] {
            let own = ["--allow-loopback", "--resolve", &resolve, "--output", output, issuer.url()];
            let run = inspect(&[&own[..], &added, more].concat());
            assert_eq!(run.code, code, "{run:?}");
            assert_eq!(run.err.contains("may be that of a TLS-inspecting proxy"), code == 1, "{run:?}");
        }
    }
    let run = inspect(&["--private-host", "https://a.example", "a.example"]);
    assert_eq!(run.code, 2, "{run:?}");
    assert!(run.err.contains("expected a host such as"), "{run:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_spelled_as_aws_needs_it() {
    let issuer = start(HOST, chains::good).await;
    let slash = format!("{}/", issuer.url());
    issuer.behave(Behaviour::discovery_with("issuer", slash.as_str()));
    let arn =
        |url: &str| format!("arn:aws:iam::123456789012:oidc-provider/{}", url.trim_start_matches("https://"));
    let of = |run: &Run| {
        let command = printed_command(run).unwrap_or_else(|| panic!("{run:?}"));
        command.split("--open-id-connect-provider-arn ").nth(1).unwrap().split(' ').next().unwrap().to_owned()
    };
    // By the issuer's own spelling, whatever was typed.
    for typed in [issuer.url(), &slash] {
        let run = inspect_lab(&issuer, &[typed]);
        assert_eq!(of(&run), arn(&slash).replace("123456789012", "ACCOUNT_ID"), "{run:?}");
        assert_eq!(run.code, 0, "{run:?}");
        assert!(run.out.contains(&format!("tokens of this issuer say {slash}, and")), "{run:?}");
    }
    // Of a provider, by its very ARN; and it is told where STS does not find that one.
    for (url, code) in [(slash.as_str(), 0), (issuer.url(), 1)] {
        let run = inspect_lab(&issuer, &[&arn(url)]);
        assert_eq!((of(&run), run.code), (arn(url), code), "{run:?}");
        assert_eq!(run.out.contains("problem: issuer_spelling: "), code == 1, "{run:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_is_something_to_think_of() {
    let issuer = start(HOST, chains::good).await;
    let run = inspect_lab(&issuer, &[issuer.url()]);
    assert!(
        run.out.contains("note: the IAM documentation says that a provider URL should not contain a port"),
        "{}",
        run.out
    );
}
