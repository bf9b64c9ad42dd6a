//! Providers that IAM listed and no longer does, and issuers that must have one.

use serde_json::Value;

use super::ACCOUNT;
use crate::support::daemon::{Daemon, Exposition};
use crate::support::lab::chains::private_ca;
use crate::support::lab::{FakeIam, LabIssuer, Spec};
use crate::support::process::run;
use crate::support::told::verdict;
use crate::support::watch::{BRISK, Watch};

const HOST: &str = "host.oidc.test";

/// Nothing is wrong with it.
async fn private(host: &str) -> LabIssuer {
    LabIssuer::start(Spec::new(host, private_ca(host))).await
}

/// Of the provider for the issuer; no words when it is not watched.
fn health(metrics: &Exposition, issuer: &LabIssuer) -> String {
    metrics.health("oidc_provider_health", &[("issuer", issuer.url())]).join(" ")
}

fn problems(metrics: &Exposition, family: &str, issuer: &LabIssuer) -> Vec<String> {
    metrics.labels(family, &[("issuer", issuer.url())], "problem")
}

/// When its health became what it is.
fn changed(metrics: &Exposition, issuer: &LabIssuer) -> f64 {
    let name = "oidc_provider_health_changed_timestamp_seconds";
    metrics.value(name, &[("issuer", issuer.url())]).unwrap()
}

fn wait_health(daemon: &Daemon, issuer: &LabIssuer, wanted: &str) -> Exposition {
    daemon.wait_metrics(wanted, |metrics| health(metrics, issuer) == wanted)
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_vanishes_is_named_everywhere_until_it_is_back() {
    let iam = FakeIam::start(ACCOUNT).await;
    let (issuer, other) = (private(HOST).await, private("other.oidc.test").await);
    let arn = iam.put(issuer.url(), &issuer.thumbprints());
    iam.put(other.url(), &other.thumbprints());
    let watch = Watch::new(&BRISK).resolve(&issuer).resolve(&other).iam(&iam);
    let state = watch.directory().join("state.json");
    let watch = watch.toml(&format!("[state]\nfile = {state:?}\ninterval = \"50ms\"\n"));
    let daemon = watch.start();
    let before = wait_health(&daemon, &issuer, "healthy");

    assert!(iam.remove(&arn));
    let gone = wait_health(&daemon, &issuer, "failing");
    assert_eq!(problems(&gone, "oidc_provider_problem", &issuer), ["provider_missing"]);
    assert_eq!((verdict(&gone, &issuer).as_str(), health(&gone, &other).as_str()), ("unknown", "healthy"));
    assert!(changed(&gone, &issuer) > changed(&before, &issuer));
    daemon.wait_log("problem=provider_missing class=failing");
    let log = daemon.log();
    let line = log.lines().find(|line| line.contains("problem=provider_missing")).unwrap();
    assert!(line.contains("ERROR") && line.contains(&arn), "{line}");
    let page = daemon.get("/");
    assert!(page.text().contains("provider_missing: IAM listed the provider until"), "{}", page.text());
    let api: Value = serde_json::from_slice(&daemon.get("/api/v1/providers").body).unwrap();
    let told = api["providers"].as_array().unwrap().iter().find(|told| told["provider_arn"] == *arn).unwrap();
    assert_eq!(told["problems"][0]["aws_error"], "No OpenIDConnect provider found in your account");
    assert_eq!(told["health_changed_timestamp_seconds"], changed(&gone, &issuer));

    // A restart forgets neither it nor since when.
    drop(daemon);
    let daemon = watch.start();
    let restored = daemon.metrics();
    let told = (health(&restored, &issuer), changed(&restored, &issuer));
    assert_eq!(told, ("failing".to_owned(), changed(&gone, &issuer)));
    daemon.wait_ready();
    let polled = daemon.metrics();
    assert_eq!((health(&polled, &issuer), changed(&polled, &issuer)), told);

    iam.put(issuer.url(), &issuer.thumbprints());
    wait_health(&daemon, &issuer, "healthy");
    daemon.wait_log("no problems any more");
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_missed_for_as_long_as_it_is_set_and_not_where_the_file_does_without() {
    let iam = FakeIam::start(ACCOUNT).await;
    let (timed, optional) = (private(HOST).await, private("optional.oidc.test").await);
    let stays = private("stays.oidc.test").await;
    let arns = [&timed, &optional].map(|issuer| iam.put(issuer.url(), &issuer.thumbprints()));
    iam.put(stays.url(), &stays.thumbprints());
    let toml = format!(
        "[health]\nmissing_for = \"5s\"\n[[issuers]]\nurl = {:?}\nrequires_provider = false\n",
        optional.url()
    );
    let watch = Watch::new(&BRISK).resolve(&timed).resolve(&optional).resolve(&stays).iam(&iam).toml(&toml);
    let daemon = watch.start();
    daemon.wait_metrics("all healthy", |metrics| {
        [&timed, &optional, &stays].iter().all(|issuer| health(metrics, issuer) == "healthy")
    });
    for arn in &arns {
        assert!(iam.remove(arn));
    }
    let gone = wait_health(&daemon, &timed, "failing");
    assert_eq!(health(&gone, &optional), "");
    assert_eq!(gone.health("oidc_issuer_health", &[("issuer", optional.url())]), ["healthy"]);
    wait_health(&daemon, &timed, "");
    daemon.wait_log("no longer watching issuer");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_issuer_that_must_have_one_fails_without() {
    let iam = FakeIam::start(ACCOUNT).await;
    let (issuer, other) = (private(HOST).await, private("other.oidc.test").await);
    iam.put(other.url(), &other.thumbprints());
    let toml = format!("[[issuers]]\nurl = {:?}\nrequires_provider = true\n", issuer.url());
    let watch = Watch::new(&BRISK).resolve(&issuer).resolve(&other).iam(&iam).toml(&toml);
    let run = watch.check(&["--output", "json"]);
    assert_eq!(run.code, 1, "{run:?}");
    let row = run.json()["rows"][0].clone();
    assert_eq!((&row["health"], &row["issuer"]), (&"failing".into(), &issuer.url().into()), "{row}");
    let daemon = watch.start();
    let metrics = daemon.wait_metrics("failing", |metrics| {
        metrics.health("oidc_issuer_health", &[("issuer", issuer.url())]) == ["failing"]
    });
    assert!(problems(&metrics, "oidc_issuer_problem", &issuer).contains(&"provider_missing".to_owned()));
    iam.put(issuer.url(), &issuer.thumbprints());
    wait_health(&daemon, &issuer, "healthy");
}

#[test]
fn who_reads_no_iam_cannot_require_a_provider() {
    let toml = "[[issuers]]\nurl = \"https://a.example\"\nrequires_provider = true\n";
    let watch = Watch::new(&BRISK).toml(toml);
    let run = run(&mut watch.command(&["config", "check"]));
    assert_eq!(run.code, 2, "{run:?}");
    assert!(run.err.contains("https://a.example: requires_provider needs aws.enabled = true"), "{run:?}");
}
