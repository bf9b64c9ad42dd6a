//! What programs are told: the same as the metrics, field by field.

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;

use serde_json::{Value, json};

use super::seen_once;
use crate::support::daemon::{Daemon, Exposition, TempDir, get};
use crate::support::lab::LabIssuer;
use crate::support::process::output;

fn ask(daemon: &Daemon, path: &str) -> Value {
    let answer = daemon.get(path);
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/json")), "{path}");
    serde_json::from_slice(&answer.body).unwrap()
}

/// A metric as JSON has it: absent is null, and a flag is a truth value.
fn same(metrics: &Exposition, name: &str, labels: &[(&str, &str)], field: &Value) {
    let value = metrics.value(name, labels);
    match field {
        Value::Null => assert_eq!(value, None, "{name} {labels:?}"),
        Value::Bool(holds) => assert_eq!(value, Some(f64::from(u8::from(*holds))), "{name} {labels:?}"),
        field => {
            let (value, field) =
                (value.unwrap_or_else(|| panic!("{name} {labels:?} is absent")), field.as_f64().unwrap());
            assert!((value - field).abs() < 0.01, "{name} {labels:?}: {value} {field}");
        }
    }
}

fn texts(list: &Value, member: &str) -> Vec<String> {
    let mut texts: Vec<String> =
        list.as_array().unwrap().iter().map(|item| item[member].as_str().unwrap().to_owned()).collect();
    texts.sort();
    texts
}

#[test]
fn providers_are_as_the_metrics_have_them() {
    let (_stage, daemon) = seen_once();
    let (answer, metrics) = (ask(&daemon, "/api/v1/providers"), daemon.metrics());
    let providers = answer["providers"].as_array().unwrap();
    assert_eq!(providers.len(), 8);
    for provider in providers {
        let labels =
            ["provider_arn", "account_id", "issuer"].map(|label| (label, provider[label].as_str().unwrap()));
        for field in ["thumbprint_match", "thumbprint_enforced", "thumbprint_coverage_ratio"] {
            same(&metrics, &format!("oidc_provider_{field}"), &labels, &provider[field]);
        }
        let status = metrics.state("oidc_provider_thumbprint_status", &labels);
        assert_eq!(json!(status), json!([provider["thumbprint_status"]]), "{provider}");
        assert_eq!(provider["unknown"].is_null(), status != ["unknown"], "{provider}");
        let listed = metrics.labels("oidc_provider_thumbprint_info", &labels, "thumbprint");
        assert_eq!(texts(&provider["thumbprints"], "thumbprint"), listed, "{provider}");
        let mut places = metrics.labels("oidc_provider_thumbprint_info", &labels, "position");
        places.dedup();
        let mut told = texts(&provider["thumbprints"], "position");
        told.dedup();
        assert_eq!(told, places, "{provider}");
        assert_eq!(provider["client_ids"], json!(["sts.amazonaws.com"]));
    }
    let statuses: BTreeMap<&str, usize> = providers.iter().fold(BTreeMap::new(), |mut counts, provider| {
        *counts.entry(provider["thumbprint_status"].as_str().unwrap()).or_default() += 1;
        counts
    });
    assert_eq!(statuses, BTreeMap::from([("match", 5), ("mismatch", 1), ("partial", 1), ("unknown", 1)]));
}

#[test]
fn issuers_and_endpoints_are_as_the_metrics_have_them() {
    let (_stage, daemon) = seen_once();
    let (answer, metrics) = (ask(&daemon, "/api/v1/issuers"), daemon.metrics());
    let issuers = answer["issuers"].as_array().unwrap();
    assert_eq!(issuers.len(), 8);
    for issuer in issuers {
        let labels = [("issuer", issuer["issuer"].as_str().unwrap())];
        for field in [
            "up",
            "polls_total",
            "last_poll_timestamp_seconds",
            "last_success_timestamp_seconds",
            "thumbprint_changed_timestamp_seconds",
        ] {
            same(&metrics, &format!("oidc_issuer_{field}"), &labels, &issuer[field]);
        }
        for field in [
            "root_ca_not_after_timestamp_seconds",
            "root_ca_days_to_expiry",
            "trust_anchor_not_after_timestamp_seconds",
        ] {
            same(&metrics, &format!("oidc_{field}"), &labels, &issuer[field]);
        }
        for (member, label) in [("poll_failures_total", "reason"), ("poll_duration_seconds", "phase")] {
            for (key, value) in issuer[member].as_object().unwrap() {
                same(&metrics, &format!("oidc_issuer_{member}"), &[labels[0], (label, key)], value);
            }
        }
        assert_eq!(issuer["poll_failures_total"].as_object().unwrap().len(), 15);
        assert_eq!(issuer["error"].is_null(), issuer["up"] == true, "{issuer}");
        let served = metrics.labels("oidc_issuer_thumbprint_info", &labels, "thumbprint");
        assert_eq!(issuer["thumbprints"], json!(served));
        assert_eq!(
            texts(&issuer["endpoints"], "use"),
            metrics.labels("oidc_issuer_endpoint_info", &labels, "use")
        );
    }
    let endpoints = answer["endpoints"].as_array().unwrap();
    assert_eq!(endpoints.len(), 9);
    for endpoint in endpoints {
        let labels = [("endpoint", endpoint["endpoint"].as_str().unwrap())];
        for field in [
            "addresses",
            "addresses_failed",
            "addresses_out_of_reach",
            "addresses_unseen",
            "tls12_accepted",
            "tls12_checked_timestamp_seconds",
            "observations_dropped_total",
        ] {
            same(&metrics, &format!("oidc_endpoint_{field}"), &labels, &endpoint[field]);
        }
        let chains = endpoint["chains"].as_array().unwrap();
        let served: Vec<&Value> =
            chains.iter().flat_map(|chain| chain["certificates"].as_array().unwrap()).collect();
        let mut hashes: Vec<&str> =
            served.iter().map(|certificate| certificate["sha1"].as_str().unwrap()).collect();
        hashes.sort_unstable();
        hashes.dedup();
        assert_eq!(hashes, metrics.labels("oidc_certificate_info", &labels, "sha1"));
        let failed = endpoint["failures"].as_object().unwrap();
        assert_eq!(json!(failed.len()), endpoint["addresses_failed"]);
        assert_eq!(endpoint["observations"].as_array().unwrap().len() + failed.len(), endpoint["addresses"]);
    }
}

#[test]
fn prometheus_discovers_the_issuers() {
    let (stage, daemon) = seen_once();
    let address = daemon.address();
    let groups = ask(&daemon, "/sd");
    let metrics = daemon.metrics();
    let mut urls: Vec<&str> = stage.lab.issuers.iter().map(LabIssuer::url).collect();
    urls.sort_unstable();
    let expected = urls.iter().map(|url| {
        let of_iam = |name: &str| {
            let labels = metrics.labels("oidc_provider_info", &[("issuer", url)], name);
            if labels.is_empty() { String::new() } else { format!(",{},", labels.join(",")) }
        };
        let labels = json!({
            "__scheme__": "http", "__metrics_path__": "/probe", "__param_target": url, "instance": url,
            "__meta_oidc_account_ids": of_iam("account_id"), "__meta_oidc_provider_arns": of_iam("provider_arn"),
        });
        json!({"targets": [address.to_string()], "labels": labels})
    });
    assert_eq!(groups, Value::Array(expected.collect()));

    let directory = TempDir::new();
    let file = directory.path().join("prometheus.yml");
    let config = json!({"scrape_configs": [{"job_name": "oidc", "http_sd_configs": [{"url": format!("http://{address}/sd")}]}]});
    fs::write(&file, config.to_string()).unwrap();
    let mut promtool = Command::new("promtool");
    promtool.args(["check", "service-discovery", "--timeout=5s"]).arg(&file).arg("oidc");
    let found: Value = serde_json::from_str(&output(&mut promtool)).unwrap();
    let mut targets: Vec<_> =
        found.as_array().unwrap().iter().map(|target| target["labels"].clone()).collect();
    targets.sort_by_key(|labels| labels["instance"].to_string());
    let names: Vec<&str> = targets.iter().map(|labels| labels["instance"].as_str().unwrap()).collect();
    assert_eq!(names, urls);
    for labels in targets {
        assert_eq!(labels["__scheme__"], "http");
        assert_eq!(labels["__address__"], json!(address.to_string()));
        assert_eq!(labels["__param_target"], labels["instance"]);
        assert_eq!(labels["__metrics_path__"], "/probe");
    }

    let elsewhere = get(address, "http://exporter.example:8080/sd", &[]);
    assert!(elsewhere.text().contains(r#""targets":["exporter.example:8080"]"#), "{}", elsewhere.text());
}
