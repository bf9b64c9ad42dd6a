//! `check`: one round over everything configured.

use serde_json::Value;

use super::{start, watch, watch_fleet};
use crate::support::lab::fleet::{ACCOUNT, Lab, WRONG};
use crate::support::lab::{FakeIam, Fault, LabIssuer, Spec, chains};
use crate::support::process::Run;

fn rows(run: &Run) -> Vec<Value> {
    run.json()["rows"].as_array().unwrap().clone()
}

/// Of a run with `--output json`.
pub fn code_and_verdicts(run: &Run) -> (i32, Vec<String>) {
    (run.code, rows(run).iter().map(|row| row["verdict"].as_str().unwrap().to_owned()).collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_worst_comes_first() {
    let lab = Lab::start().await;
    let watch = watch_fleet(&lab);
    let text = watch.check(&[]);
    assert_eq!((text.code, text.err.as_str()), (1, ""), "{text:?}");
    let expected = [
        ("wrong", "failing", "mismatch", "serves "),
        ("twins", "failing", "partial", "serves "),
        ("expired", "failing", "match", "root_ca_expired: the root CA"),
        ("dead", "unknown", "unknown", "connect: cannot connect to 127.0.0.1"),
        ("endless", "unknown", "match", "too_large: JWKS: larger than 1048576 bytes"),
        ("amazon", "healthy", "match", ""),
        ("elsewhere", "healthy", "match", ""),
        ("private", "healthy", "match", ""),
    ];
    let lines = text.lines();
    let heads: Vec<&str> = lines[0].split("  ").filter(|head| !head.is_empty()).map(str::trim).collect();
    assert_eq!(heads, ["HEALTH", "VERDICT", "ENFORCED", "ACCOUNT", "ISSUER", "ROOT CA EXPIRES", "NOTES"]);
    let column = lines[0].find("ISSUER").unwrap();
    let mut found: Vec<(&str, &str)> = Vec::new();
    for ((name, health, verdict, note), line) in expected.iter().zip(&lines[1..]) {
        let issuer = lab.issuer(name);
        assert!(line[column..].starts_with(issuer.url()), "{name}: {line}");
        let words: Vec<&str> = line.split("  ").map(str::trim).filter(|word| !word.is_empty()).collect();
        assert_eq!(words[..2], [*health, *verdict], "{name}: {line}");
        assert!(line.contains(ACCOUNT) && line.contains(note), "{name}: {line}");
        found.push((name, verdict));
    }
    assert_eq!((found.len(), lines[9]), (expected.len(), ""), "{}", text.out);
    assert!(
        lines[10].starts_with(
            "8 providers, 8 issuers: 3 failing (thumbprint_mismatch, thumbprint_partial, root_ca_expired, certificate_expired), \
             2 unknown (not_observed), 2 issuers down"
        ),
        "{}", lines[10]
    );

    let json = watch.check(&["--output", "json"]);
    assert_eq!(json.code, 1);
    let rows = rows(&json);
    for ((name, health, verdict, _), row) in expected.iter().zip(&rows) {
        let issuer = lab.issuer(name);
        assert_eq!((&row["issuer"], &row["verdict"]), (&issuer.url().into(), &(*verdict).into()));
        assert_eq!(row["health"], health.replace(' ', "_"));
        assert_eq!(row["provider_arn"], lab.iam.arn(issuer.url()));
        assert_eq!(row["account_id"], ACCOUNT);
        let not_listed: Vec<String> = match *name {
            "wrong" => issuer.thumbprints(),
            "twins" => issuer.thumbprints().split_off(1),
            _ => Vec::new(),
        };
        assert_eq!(row["not_listed"], Value::from(not_listed), "{name}");
        if *name != "dead" {
            let mut served = issuer.thumbprints();
            served.sort();
            assert_eq!(row["thumbprints"], Value::from(served), "{name}");
        }
    }
    assert!(rows[2]["root_ca_days_to_expiry"].as_f64().unwrap() < -2.9);
    assert!(rows[3]["root_ca_days_to_expiry"].is_null());
}

#[tokio::test(flavor = "multi_thread")]
async fn exit_codes() {
    let iam = FakeIam::start(ACCOUNT).await;
    let good = start("good.oidc.test", chains::private_ca).await;
    let expired = start("expired.oidc.test", chains::expired_leaf).await;
    let mut dead = Spec::new("dead.oidc.test", chains::good("dead.oidc.test"));
    dead.alive = false;
    let dead = LabIssuer::start(dead).await;
    let right = good.thumbprints();
    let wrong = vec![WRONG.to_owned()];
    for (case, watch, code, told) in [
        ("match", watch().issuer(&good, &right), 0, "match "),
        ("watched, nothing expected", watch().issuer(&good, &[]), 0, "watched "),
        ("mismatch", watch().issuer(&good, &wrong), 1, "mismatch "),
        ("expired", watch().issuer(&expired, &[]), 1, "expired"),
        ("dead", watch().issuer(&dead, &right), 2, "unknown "),
        ("dead and watched", watch().issuer(&dead, &[]), 2, "Connection refused"),
        ("dead and match", watch().issuer(&dead, &right).issuer(&good, &right), 2, "match "),
        ("dead and mismatch", watch().issuer(&dead, &right).issuer(&good, &wrong), 1, "mismatch "),
        ("nothing in IAM", watch().iam(&iam), 2, "nothing to check"),
    ] {
        let run = watch.check(&[]);
        assert_eq!((run.code, run.err.as_str()), (code, ""), "{case}: {run:?}");
        assert!(run.out.contains(told), "{case}: {}", run.out);
    }
    for (case, watch, told) in [
        ("an unknown key", watch().issuer(&good, &right).toml("[pol]\n"), "config.toml"),
        ("nothing", watch(), "nothing to watch"),
        ("no roots", watch().issuer(&good, &[]).toml("[web]\n"), "config.toml"),
    ] {
        let run = watch.check(&[]);
        assert_eq!((run.code, run.out.as_str()), (2, ""), "{case}: {run:?}");
        assert!(run.err.contains(told), "{case}: {}", run.err);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_iam_that_does_not_answer_is_named_and_the_issuers_are_polled_all_the_same() {
    let iam = FakeIam::start(ACCOUNT).await;
    let good = start("good.oidc.test", chains::private_ca).await;
    let watch = watch().issuer(&good, &good.thumbprints()).iam(&iam);
    iam.fail(Fault::AccessDenied);
    let run = watch.check(&[]);
    assert_eq!(run.code, 2, "{run:?}");
    assert!(run.out.starts_with("IAM: ") && run.out.contains("access_denied"), "{}", run.out);
    assert!(run.out.contains("  match "), "{}", run.out);
    let json = watch.check(&["--output", "json"]).json();
    assert!(json["account_error"].as_str().unwrap().contains("access_denied"), "{json}");

    // One provider that cannot be read is one thing that cannot be told.
    iam.heal();
    let arn = iam.put(good.url(), &good.thumbprints());
    assert_eq!(watch.check(&[]).code, 0);
    iam.fail_get(&arn, Fault::AccessDenied);
    let run = watch.check(&[]);
    assert_eq!(run.code, 2, "{run:?}");
    assert!(run.out.contains("the provider could not be read from IAM"), "{}", run.out);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_audience_that_is_not_allowed_is_a_finding() {
    let iam = FakeIam::start(ACCOUNT).await;
    let good = start("good.oidc.test", chains::private_ca).await;
    iam.put(good.url(), &good.thumbprints());
    let more =
        format!("\n[[issuers]]\nurl = {:?}\naudiences = [\"sigstore\", \"sts.amazonaws.com\"]\n", good.url());
    let watch = watch().iam(&iam).toml(&more).resolve(&good);
    let run = watch.check(&[]);
    assert_eq!(run.code, 1, "{run:?}");
    assert!(run.out.contains("audience sigstore is not allowed"), "{}", run.out);
    assert!(!run.out.contains("sts.amazonaws.com is not"), "{}", run.out);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_private_ca_that_nobody_has_named_is_a_note_and_no_finding() {
    let good = start("good.oidc.test", chains::private_ca).await;
    for (named, told) in [(&[][..], true), (&["other.oidc.test"], true), (&["*.oidc.test"], false)] {
        let mut watch = watch().issuer(&good, &good.thumbprints());
        watch.settings.private_hosts = named.iter().map(ToString::to_string).collect();
        let run = watch.check(&[]);
        assert_eq!(run.code, 0, "{named:?}: {run:?}");
        assert_eq!(run.out.contains("it may be that of a TLS-inspecting proxy"), told, "{named:?}: {run:?}");
    }
}

/// Programs rest on these, and on their types; others may come.
#[tokio::test(flavor = "multi_thread")]
async fn what_programs_read_is_there_by_name_and_type() {
    let issuer = start("host.oidc.test", chains::private_ca).await;
    let iam = FakeIam::start(ACCOUNT).await;
    iam.put(issuer.url(), &[WRONG.to_owned()]);
    let report = watch().resolve(&issuer).iam(&iam).check(&["--output", "json"]).json();
    assert_eq!(report["schema_version"], 1, "{report}");
    let rows = report["rows"].as_array().unwrap();
    let row = rows.iter().find(|row| row["account_id"] == ACCOUNT).unwrap();
    assert_eq!((&row["health"], &row["verdict"]), (&"failing".into(), &"mismatch".into()), "{row}");
    assert_eq!((&row["thumbprint_status"], &row["thumbprint_match"]), (&"mismatch".into(), &false.into()));
    assert_eq!(row["listed_thumbprints"], serde_json::json!([WRONG]), "{row}");
    assert_eq!(row["not_listed"], serde_json::json!(issuer.thumbprints()), "{row}");
    let [problem] = row["problems"].as_array().unwrap().as_slice() else { panic!("{row}") };
    for (field, wanted) in [
        ("problem", "thumbprint_mismatch"),
        ("class", "failing"),
        ("aws_error", "OpenIDConnect provider's HTTPS certificate doesn't match configured thumbprint"),
    ] {
        assert_eq!(problem[field], wanted, "{problem}");
    }
    assert!(problem["detail"].as_str().is_some_and(|words| words.contains("no chain")), "{problem}");
}
