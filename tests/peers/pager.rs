//! From the wire to the page: two exporters, a real Prometheus with the alerts, a real Alertmanager with the example of routes, and
//! what whoever is on call gets. The waits of rules and routes are cut to seconds; nothing else of them is changed.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::daemon::{Daemon, wait_for};
use crate::support::lab::chains::private_ca;
use crate::support::lab::{FakeIam, LabIssuer, Spec};
use crate::support::pager::{Notification, Pager};
use crate::support::server::{Server, own_address};
use crate::support::told::verdict;
use crate::support::watch::{BRISK, Watch};

const ALERTS: &str = include_str!("../../dashboards/prometheus/alerts.yml");
const ROUTES: &str = include_str!("../../dashboards/prometheus/alertmanager.example.yml");
const JOB: &str = "oidc-thumbprint-exporter";

/// The file with other waits: the values of these keys.
fn hurried(file: &str, waits: &[(&str, &str)]) -> String {
    let line = |line: &str| {
        let wait = waits.iter().find(|(key, _)| line.trim_start().starts_with(&format!("{key}: ")));
        wait.map_or_else(
            || line.to_owned(),
            |(key, wait)| format!("{}{key}: {wait}", &line[..line.len() - line.trim_start().len()]),
        )
    };
    file.lines().map(line).collect::<Vec<_>>().join("\n") + "\n"
}

/// Alertmanager with the example, whose receivers are here.
fn alertmanager(pager: &Pager) -> Server {
    Server::start("prometheus-alertmanager", |directory, address| {
        let mut routes = hurried(ROUTES, &[("group_wait", "1s"), ("group_interval", "1s")]);
        for receiver in ["pager", "tickets", "channel"] {
            let placeholder = format!("http://{receiver}.example/alerts");
            assert!(routes.contains(&placeholder), "{receiver}");
            routes = routes.replace(&placeholder, &pager.url(receiver));
        }
        let file = directory.join("alertmanager.yml");
        std::fs::write(&file, routes).unwrap();
        vec![
            format!("--config.file={}", file.display()),
            format!("--storage.path={}", directory.join("data").display()),
            format!("--web.listen-address={address}"),
            "--cluster.listen-address=".to_owned(),
        ]
    })
}

fn prometheus(daemons: &[&Daemon], alertmanager: &Server) -> Server {
    Server::start("prometheus", |directory, address| {
        let targets: Vec<_> = daemons.iter().map(|daemon| daemon.address().to_string()).collect();
        let config = json!({
            "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
            "rule_files": ["alerts.yml"],
            "alerting": {"alertmanagers": [{"static_configs": [{"targets": [alertmanager.address().to_string()]}]}]},
            "scrape_configs": [{"job_name": JOB, "static_configs": [{"targets": targets}]}],
        });
        std::fs::write(directory.join("prometheus.yml"), config.to_string()).unwrap();
        let alerts = hurried(ALERTS, &[("interval", "1s"), ("for", "3s"), ("keep_firing_for", "6s")]);
        // The patience of a provider; and how finely it is remembered what an exporter said last.
        assert!(alerts.contains("\n          > 600\n") && alerts.contains("[6h:1m]"));
        let alerts = alerts.replace("> 600\n", "> 3\n").replace("[6h:1m]", "[5m:1s]");
        std::fs::write(directory.join("alerts.yml"), alerts).unwrap();
        vec![
            format!("--config.file={}", directory.join("prometheus.yml").display()),
            format!("--storage.tsdb.path={}", directory.join("data").display()),
            format!("--web.listen-address={address}"),
        ]
    })
}

/// What the pager got of an issuer in this state.
fn pages<'a>(got: &'a [Notification], state: &str, issuer: &LabIssuer) -> Vec<&'a Notification> {
    got.iter().filter(|page| page.labels(state, "issuer").contains(&issuer.url())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotation_pages_once_a_second_issuer_again_and_each_is_resolved_when_it_is_mended() {
    let iam = FakeIam::start("123456789012").await;
    let mut issuers = Vec::new();
    for host in ["first.oidc.test", "second.oidc.test"] {
        let issuer = LabIssuer::start(Spec::new(host, private_ca(host))).await;
        iam.put(issuer.url(), &issuer.thumbprints());
        issuers.push(issuer);
    }
    let [first, second] = &issuers[..] else { panic!("two") };
    let poll = [&BRISK[..], &["settle_interval = \"1s\""]].concat();
    let watches = [(); 2].map(|()| {
        let mut watch = Watch::new(&poll).resolve(first).resolve(second).iam(&iam);
        watch.settings.listen = Some(own_address().to_string());
        let state = watch.directory().join("state.json");
        watch.toml(&format!("[state]\nfile = {:?}\ninterval = \"100ms\"\n", state.display().to_string()))
    });
    let daemons = watches.each_ref().map(Watch::start);
    for daemon in &daemons {
        daemon.wait_metrics("two matches", |metrics| {
            [first, second].iter().all(|issuer| verdict(metrics, issuer) == "match")
        });
    }
    let pager = Pager::start();
    let alertmanager = alertmanager(&pager);
    let prometheus = prometheus(&[&daemons[0], &daemons[1]], &alertmanager);
    let both = "/api/v1/query?query=count(up%20==%201)%20==%202";
    wait_for("both to be scraped", || prometheus.get(both).text().contains("\"value\"").then_some(()));

    // Each rotates its CA, one after the other, and each is a page of its own.
    for issuer in [first, second] {
        assert!(pages(&pager.got("pager"), "firing", issuer).is_empty());
        let rotated = Instant::now();
        issuer.serve(&private_ca(issuer.host()));
        let page = wait_for("the page", || {
            pages(&pager.got("pager"), "firing", issuer).first().map(|page| (*page).clone())
        });
        println!("{}: from the wire to the page in {:.1?}", issuer.host(), page.at - rotated);
        assert_eq!(page.grouped_by("host"), issuer.endpoint(), "{page:?}");
        assert_eq!(page.grouped_by("account_id"), "123456789012");
        wait_for("the mismatch", || {
            let got = pager.got("pager");
            let told = pages(&got, "firing", issuer);
            told.iter()
                .any(|page| page.labels("firing", "problem").contains(&"thumbprint_mismatch"))
                .then_some(())
        });
    }
    for page in pager.got("pager") {
        // Two exporters see it, and one alert tells; nobody's outage comes inside a message about another.
        let mut problems = page.labels("firing", "problem");
        let all = problems.len();
        problems.sort_unstable();
        problems.dedup();
        assert_eq!(problems.len(), all, "{page:?}");
        assert!(
            page.labels("firing", "host").iter().all(|host| *host == page.grouped_by("host")),
            "{page:?}"
        );
        assert!(
            page.labels("resolved", "problem").iter().all(|problem| *problem == "thumbprint_partial"),
            "{page:?}"
        );
    }

    // One exporter ends, then the other; neither is news of the issuers.
    let [one, two] = daemons;
    one.terminate();
    wait_for("a warning of one exporter", || {
        let told = pager.got("tickets");
        told.iter().any(|told| told.labels("firing", "alertname").contains(&"OIDCExporterDown")).then_some(())
    });
    two.terminate();
    wait_for("a page of both", || {
        let told = pager.got("pager");
        told.iter()
            .any(|told| told.labels("firing", "alertname").contains(&"OIDCExporterAbsent"))
            .then_some(())
    });
    let resolved = |issuer: &LabIssuer| -> Vec<Notification> {
        let got = pager.got("pager");
        let of = pages(&got, "resolved", issuer).into_iter();
        of.filter(|page| page.labels("resolved", "problem").contains(&"thumbprint_mismatch"))
            .cloned()
            .collect()
    };
    // As long as any alert is kept for, and longer.
    std::thread::sleep(Duration::from_secs(8));
    assert!(resolved(first).is_empty() && resolved(second).is_empty());

    // They are back, and the list of the first is mended.
    iam.put(first.url(), &first.thumbprints());
    let _daemons = watches.each_ref().map(Watch::start);
    wait_for("the first to be resolved", || (!resolved(first).is_empty()).then_some(()));
    assert!(resolved(second).is_empty(), "{:#?}", resolved(second));
}
