//! What makes STS refuse an issuer's tokens, or will, beside its certificates.

use std::time::Duration;

use serde_json::Value;

use crate::support::daemon::Exposition;
use crate::support::lab::behaviour::rsa_key;
use crate::support::lab::chains::{private_ca, root_ending_in};
use crate::support::lab::{Behaviour, LabIssuer, Reply, Spec};
use crate::support::process::Run;
use crate::support::watch::Watch;

const HOST: &str = "host.oidc.test";
/// Longer than STS waits.
const SLOW: Duration = Duration::from_millis(5_300);
const POLL: [&str; 4] =
    ["interval = \"1h\"", "timeout = \"30s\"", "connect_timeout = \"5s\"", "request_timeout = \"6s\""];

async fn behaving(behaviour: Behaviour) -> LabIssuer {
    let issuer = LabIssuer::start(Spec::new(HOST, private_ca(HOST))).await;
    issuer.behave(behaviour);
    issuer
}

fn watch(issuer: &LabIssuer) -> Watch {
    Watch::new(&POLL).issuer(issuer, &issuer.thumbprints())
}

fn of_issuer(metrics: &Exposition, issuer: &LabIssuer) -> Vec<(String, String)> {
    let labels = [("issuer", issuer.url())];
    let found = metrics.all("oidc_issuer_problem", &labels);
    found.map(|sample| (sample.labels["problem"].clone(), sample.labels["class"].clone())).collect()
}

fn notes(run: &Run) -> Vec<String> {
    let report = run.json();
    let notes = report["rows"][0]["notes"].as_array().unwrap();
    notes.iter().map(|note| note.as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_problem_by_name_in_metrics_pages_and_check() {
    let mut leaked = rsa_key("leaked");
    leaked["d"] = "AQ".into();
    let mut cases = Vec::new();
    for (behaviour, problem, words) in [
        (Behaviour::Good, None, ""),
        (Behaviour::Jwks(Reply::After(SLOW)), Some("keys_slow"), "the JWKS took 5."),
        (Behaviour::Discovery(Reply::After(SLOW)), Some("keys_slow"), "the discovery document took 5."),
        (
            Behaviour::Jwks(Reply::After(Duration::from_mins(1))),
            Some("keys_slow"),
            "the JWKS had not arrived after 6.",
        ),
        (Behaviour::Jwks(Reply::After(Duration::from_secs(2))), None, ""),
        (
            Behaviour::keys(vec![rsa_key("kept"), leaked]),
            Some("keys_disclosed"),
            "publishes the private key of 1 signing key: anybody can forge tokens",
        ),
    ] {
        let issuer = behaving(behaviour.clone()).await;
        let watch = watch(&issuer);
        // They are slow beside each other.
        cases.push((watch.start(), watch, issuer, behaviour, problem, words));
    }
    for (daemon, watch, issuer, behaviour, problem, words) in cases {
        let run = watch.check(&["--output", "json"]);
        let report = run.json();
        assert_eq!(report["rows"][0]["verdict"], "match", "{behaviour:?}: {report}");
        assert_eq!(run.code, i32::from(problem.is_some()), "{behaviour:?}: {report}");
        let told = notes(&run).into_iter().filter(|note| note.contains(words)).count();
        assert_eq!(told, usize::from(problem.is_some()), "{behaviour:?}: {report}");

        daemon.wait_ready();
        let metrics = daemon.metrics();
        let wanted: Vec<_> = problem.iter().map(|name| ((*name).to_owned(), "at_risk".to_owned())).collect();
        // A document that never came leaves something unknown beside.
        let mut told = of_issuer(&metrics, &issuer);
        told.retain(|(_, class)| class != "unknown");
        assert_eq!(told, wanted, "{behaviour:?}");
        // A provider shows its issuer's too.
        let names = metrics.labels("oidc_provider_problem", &[("provider_arn", "file")], "problem");
        assert!(problem.is_none_or(|name| names.contains(&name.to_owned())), "{behaviour:?}: {names:?}");
        assert_eq!(names.len(), of_issuer(&metrics, &issuer).len(), "{behaviour:?}: {names:?}");
        if let Some(name) = problem {
            let url: String = url::form_urlencoded::byte_serialize(issuer.url().as_bytes()).collect();
            for page in ["/".to_owned(), format!("/issuer?url={url}")] {
                let shown = daemon.get(&page);
                assert!(
                    shown.text().contains(name) && shown.text().contains(words),
                    "{page}: {}",
                    shown.text()
                );
            }
            let api: Value = serde_json::from_slice(&daemon.get("/api/v1/issuers").body).unwrap();
            assert_eq!(api["issuers"][0]["problems"][0]["problem"], name, "{api}");
            daemon.wait_log(words);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_with_private_addresses_alone_is_at_risk() {
    let mut spec = Spec::new(HOST, private_ca(HOST));
    spec.jwks_host = Some(Box::new(Spec::new("keys.oidc.test", private_ca("keys.oidc.test"))));
    let issuer = LabIssuer::start(spec).await;
    for (addresses, is_private) in [
        (&["10.255.255.1", "fd12:3456::1"][..], true),
        (&["127.0.0.1"], false),
        (&["10.255.255.1", "127.0.0.1"], false),
    ] {
        let poll = [
            "interval = \"1h\"",
            "timeout = \"20s\"",
            "connect_timeout = \"500ms\"",
            "request_timeout = \"5s\"",
        ];
        let watch = Watch::new(&poll).issuer(&issuer, &issuer.thumbprints());
        let watch = watch.addresses("keys.oidc.test", addresses);
        let run = watch.check(&["--output", "json"]);
        let told: Vec<String> =
            notes(&run).into_iter().filter(|note| note.contains("keys_private")).collect();
        assert_eq!(told.len(), usize::from(is_private), "{addresses:?}: {run:?}");
        if is_private {
            assert!(told[0].contains("keys.oidc.test has only private addresses here"), "{told:?}");
            assert_eq!(run.code, 1, "{run:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_iam_needs_to_make_a_provider_is_told_while_there_is_none() {
    let issuer = behaving(Behaviour::discovery_without("response_types_supported")).await;
    let run = watch(&issuer).check(&["--output", "json"]);
    assert_eq!(run.code, 0, "{run:?}");
    assert!(notes(&run).iter().any(|note| note.contains("lacks response_types_supported")), "{run:?}");
    let iam = crate::support::lab::FakeIam::start("123456789012").await;
    iam.put(issuer.url(), &issuer.thumbprints());
    let run = Watch::new(&POLL).resolve(&issuer).iam(&iam).check(&["--output", "json"]);
    assert_eq!((run.code, notes(&run)), (0, Vec::new()), "{run:?}");
}

/// Nobody polls in between.
#[tokio::test(flavor = "multi_thread")]
async fn what_time_alone_brings_is_told_when_it_happens() {
    let issuer = LabIssuer::start(Spec::new(HOST, root_ending_in(HOST, 8))).await;
    let daemon = watch(&issuer).start();
    daemon.wait_ready();
    let ending = daemon.metrics();
    assert_eq!(of_issuer(&ending, &issuer), [("root_ca_expiring".to_owned(), "at_risk".to_owned())]);
    let polls = |metrics: &Exposition| metrics.value("oidc_issuer_polls_total", &[]);
    let ended = daemon.wait_metrics("the end", |metrics| {
        metrics.health("oidc_provider_health", &[("issuer", issuer.url())]) == ["failing"]
    });
    let names = ended.labels("oidc_provider_problem", &[("class", "failing")], "problem");
    assert_eq!(names, ["certificate_expired", "root_ca_expired"]);
    assert_eq!(polls(&ended), polls(&ending));
    daemon.wait_log("problem=root_ca_expired class=failing");
    let log = daemon.log();
    assert!(log.lines().any(|line| line.contains("ERROR") && line.contains("root_ca_expired")), "{log}");
}
