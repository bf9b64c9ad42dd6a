//! A real Prometheus scrapes the daemon and evaluates the alert rules.

use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::Value;

use crate::support::daemon::{Daemon, wait_for};
use crate::support::lab::LabIssuer;
use crate::support::openssl::describe;
use crate::support::server::{Server, query};
use crate::support::stage::Stage;

const ALERTS: &str = include_str!("../../dashboards/prometheus/alerts.yml");

fn prometheus(daemon: &Daemon) -> Server {
    Server::start("prometheus", |directory, address| {
        let config = format!(
            "global: {{scrape_interval: 1s}}\nrule_files: [alerts.yml]\nscrape_configs:\n\
             - job_name: oidc-thumbprint-exporter\n  static_configs: [targets: [\"{}\"]]\n",
            daemon.address()
        );
        std::fs::write(directory.join("prometheus.yml"), config).unwrap();
        // The rules as they are, but evaluated at once, and without patience.
        let alerts = ALERTS.replace("interval: 1m\n", "interval: 1s\n").replace("> 600\n", "> 1\n");
        std::fs::write(directory.join("alerts.yml"), alerts).unwrap();
        let path = |name: &str| directory.join(name).display().to_string();
        vec![
            format!("--config.file={}", path("prometheus.yml")),
            format!("--storage.tsdb.path={}", path("data")),
            format!("--web.listen-address={address}"),
        ]
    })
}

/// The `data` of an answer of the HTTP API.
fn api(prometheus: &Server, path: &str) -> Option<Value> {
    let answer = prometheus.get(path);
    let mut body: Value = serde_json::from_slice(&answer.body).ok()?;
    (body["status"] == "success").then(|| body["data"].take())
}

/// The value of a metric by issuer.
fn by_issuer(prometheus: &Server, expression: &str) -> BTreeMap<String, f64> {
    let path = format!("/api/v1/query?{}", query(&[("query", expression)]));
    let data = api(prometheus, &path).unwrap();
    let samples = data["result"].as_array().unwrap().iter();
    let pair = |sample: &Value| {
        let value = sample["value"][1].as_str().unwrap().parse().unwrap();
        (sample["metric"]["issuer"].as_str().unwrap().to_owned(), value)
    };
    let pairs: Vec<(String, f64)> = samples.map(pair).collect();
    let map: BTreeMap<_, _> = pairs.iter().cloned().collect();
    assert_eq!(map.len(), pairs.len(), "{expression}: {pairs:?}");
    map
}

#[test]
fn its_api_returns_verdicts_and_days() {
    let stage = Stage::set();
    let daemon = stage.daemon();
    let prometheus = prometheus(&daemon);
    let up = "/api/v1/query?query=up%20==%201";
    wait_for("a scrape", || api(&prometheus, up)?["result"].get(0).cloned());

    let wanted = |verdicts: &[(&str, f64)]| -> BTreeMap<String, f64> {
        verdicts.iter().map(|(name, value)| (stage.issuer(name).url().to_owned(), *value)).collect()
    };
    // Of dead, whose verdict is unknown, there is no value.
    let verdicts = [
        ("amazon", 1.0),
        ("expired", 1.0),
        ("private", 1.0),
        ("elsewhere", 1.0),
        ("endless", 1.0),
        ("twins", 0.0),
        ("wrong", 0.0),
    ];
    assert_eq!(by_issuer(&prometheus, "oidc_provider_thumbprint_match"), wanted(&verdicts));
    for (status, name) in [("partial", "twins"), ("mismatch", "wrong"), ("unknown", "dead")] {
        let expression = format!("oidc_provider_thumbprint_status{{status=\"{status}\"}} == 1");
        assert_eq!(by_issuer(&prometheus, &expression), wanted(&[(name, 1.0)]));
    }

    let days = by_issuer(&prometheus, "oidc_root_ca_days_to_expiry");
    let alive = stage.lab.issuers.iter().filter(|issuer| issuer.name != "dead");
    let expected: BTreeMap<String, f64> =
        alive.map(|issuer| (issuer.url().to_owned(), days_by_openssl(issuer))).collect();
    assert_eq!(days.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>());
    for (issuer, days) in days {
        assert!((days - expected[&issuer]).abs() < 0.01, "{issuer}: {days}, OpenSSL: {}", expected[&issuer]);
    }
}

/// The soonest end among the last certificates that the issuer serves.
fn days_by_openssl(issuer: &LabIssuer) -> f64 {
    let faces = issuer.hosts().flat_map(LabIssuer::faces);
    let last = faces.flat_map(|face| face.chains()).map(|chain| chain.served.last().unwrap().clone());
    let end = last.map(|der| describe(&der).not_after).min().unwrap();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    f64::from(i32::try_from(end - now.cast_signed()).unwrap()) / 86_400.0
}

#[test]
fn it_evaluates_every_alert_rule() {
    let stage = Stage::set();
    let daemon = stage.daemon();
    let prometheus = prometheus(&daemon);
    let rules = || -> Option<Vec<Value>> {
        let groups = api(&prometheus, "/api/v1/rules")?["groups"].as_array()?.clone();
        Some(groups.iter().flat_map(|group| group["rules"].as_array().unwrap().clone()).collect())
    };
    let is_pending = |rule: &Value| rule["state"] == "pending";
    let rules = wait_for("every rule to be evaluated and one to be pending", || {
        let rules = rules()?;
        let all = rules.iter().all(|rule| rule["health"] != "unknown");
        (all && rules.iter().any(is_pending)).then_some(rules)
    });
    assert_eq!(rules.len(), ALERTS.matches("- alert: ").count());
    for rule in &rules {
        assert_eq!((&rule["health"], &rule["lastError"]), (&"ok".into(), &Value::Null), "{rule}");
    }

    // What is wrong with the fleet comes to be on alert, and only that.
    let alerts_of = |name: &str| -> Vec<String> {
        let alerts = api(&prometheus, "/api/v1/alerts").unwrap()["alerts"].as_array().unwrap().clone();
        let of_issuer = alerts.iter().filter(|alert| alert["labels"]["issuer"] == stage.issuer(name).url());
        let mut names: Vec<_> =
            of_issuer.map(|alert| alert["labels"]["alertname"].as_str().unwrap().to_owned()).collect();
        names.sort();
        names
    };
    wait_for("the mismatch to be on alert", || (alerts_of("wrong") == ["OIDCProviderFailing"]).then_some(()));
    wait_for("the dead port to be on alert", || {
        alerts_of("dead").contains(&"OIDCIssuerDown".into()).then_some(())
    });
    assert_eq!(alerts_of("amazon"), [""; 0]);
}
