//! A poll on demand: for whom, how long, and with what left as it was.

use std::thread;

use super::{ONE_ROUND, encoded};
use crate::support::daemon::get::request;
use crate::support::daemon::{Answer, Daemon, Exposition, get, wait_for};
use crate::support::lab::{Behaviour, LabIssuer, Wire, chains};
use crate::support::watch::Watch;

/// Only the limit of a scrape ends a wait.
const SLOW: [&str; 4] =
    ["interval = \"1h\"", "timeout = \"1h\"", "connect_timeout = \"1h\"", "request_timeout = \"1h\""];

fn probe(daemon: &Daemon, target: &str, headers: &[&str]) -> Answer {
    get(daemon.address(), &format!("/probe?target={}", encoded(target)), headers)
}

fn probed(daemon: &Daemon, target: &str) -> Exposition {
    let answer = probe(daemon, target, &[]);
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.text().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_be_probed() {
    let watched = LabIssuer::good("watched.oidc.test").await;
    let allowed = LabIssuer::good("a.allowed.oidc.test").await;
    let forbidden = LabIssuer::good("forbidden.oidc.test").await;
    let daemon = Watch::new(&ONE_ROUND)
        .issuer(&watched, &[])
        .resolve(&allowed)
        .resolve(&forbidden)
        .toml("\n[probe]\nallow = [\"*.allowed.oidc.test\", \"127.0.0.9\"]\n")
        .start();
    daemon.wait_ready();
    let trailing = format!("{}/", watched.url());
    for (target, status) in [
        (watched.url(), 200),
        (&trailing, 200),
        (allowed.url(), 200),
        ("https://127.0.0.9:1", 200),
        (forbidden.url(), 403),
        ("https://allowed.oidc.test", 403),
        ("https://127.0.0.1:1", 403),
        ("https://169.254.169.254", 403),
        ("http://a.allowed.oidc.test", 400),
        ("https://user@a.allowed.oidc.test", 400),
        ("https://forbidden.oidc.test#.allowed.oidc.test", 400),
        ("a.allowed.oidc.test", 400),
        ("", 400),
    ] {
        let answer = probe(&daemon, target, &[]);
        assert_eq!(answer.status, status, "{target}: {}", answer.text());
    }
    assert_eq!(daemon.get("/probe").status, 400);
    assert_eq!(request(daemon.address(), "POST", "/probe?target=x", &[]).status, 405);
    assert_eq!(forbidden.connections(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn it_tells_of_this_issuer_alone_and_changes_nothing() {
    let watched = LabIssuer::good("watched.oidc.test").await;
    let other = LabIssuer::good("other.oidc.test").await;
    let stranger = LabIssuer::good("stranger.oidc.test").await;
    let daemon = Watch::new(&ONE_ROUND)
        .issuer(&watched, &watched.thumbprints())
        .issuer(&other, &[])
        .resolve(&stranger)
        .env("OIDC_EXPORTER__PROBE__ALLOW", "stranger.oidc.test")
        .start();
    daemon.wait_ready();
    let state = || {
        let text = daemon.get("/metrics").text().to_owned();
        let mut lines: Vec<String> = text
            .lines()
            .filter(|line| line.starts_with("oidc_") && !line.contains("_days_"))
            .map(str::to_owned)
            .collect();
        lines.sort();
        lines
    };
    let before = state();

    for issuer in [&watched, &stranger] {
        let own = [("issuer", issuer.url())];
        let metrics = probed(&daemon, issuer.url());
        assert_eq!(metrics.labels("oidc_issuer_up", &[], "issuer"), [issuer.url()]);
        assert_eq!(metrics.value("oidc_issuer_up", &own), Some(1.0));
        assert_eq!(metrics.labels("oidc_issuer_thumbprint_info", &own, "thumbprint"), issuer.thumbprints());
        assert!(metrics.samples.iter().all(|sample| sample.name.starts_with("oidc_")), "{metrics:?}");
        assert_eq!(metrics.all("oidc_exporter_build_info", &[]).count(), 0);
    }
    // What is expected of the watched one is judged by what is served at this moment.
    let match_of =
        |metrics: &Exposition| metrics.value("oidc_provider_thumbprint_match", &[("issuer", watched.url())]);
    assert_eq!(match_of(&probed(&daemon, watched.url())), Some(1.0));
    watched.faces()[0].serve_in_turn(&[chains::good("watched.oidc.test")]);
    assert_eq!(match_of(&probed(&daemon, watched.url())), Some(0.0));
    assert_eq!(match_of(&daemon.metrics()), Some(1.0));
    assert_eq!(state(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn addresses_that_are_refused_stay_so() {
    let loopback = LabIssuer::good("loopback.oidc.test").await;
    let redirected = LabIssuer::good("lured.oidc.test").await;
    redirected.behave(Behaviour::discovery_with("jwks_uri", "https://metadata.oidc.test/keys"));
    let watch = Watch::new(&ONE_ROUND)
        .url("https://127.0.0.7:1")
        .resolve(&loopback)
        .resolve(&redirected)
        .addresses("metadata.oidc.test", &["169.254.169.254"])
        .addresses("mapped.oidc.test", &["::ffff:169.254.169.254"])
        .toml("\n[probe]\nallow = [\"*.oidc.test\"]\n");
    let blocked = |daemon: &Daemon, target: &str| {
        let metrics = probed(daemon, target);
        let labels = [("issuer", target), ("reason", "blocked")];
        assert_eq!(metrics.value("oidc_issuer_poll_failures_total", &labels), Some(1.0), "{target}");
        assert_eq!(metrics.value("oidc_issuer_up", &[("issuer", target)]), Some(0.0), "{target}");
    };
    let daemon = watch.start();
    for target in ["https://metadata.oidc.test", "https://mapped.oidc.test", redirected.url()] {
        blocked(&daemon, target);
    }
    drop(daemon);
    let daemon = watch.env("OIDC_EXPORTER__POLL__ALLOW_LOOPBACK", "false").start();
    blocked(&daemon, loopback.url());
    assert_eq!(loopback.connections(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scrape_gets_its_answer_before_it_gives_up_and_there_are_so_many_at_once() {
    let silent = LabIssuer::good("silent.oidc.test").await;
    silent.behave(Behaviour::Wire(Wire::Silence));
    let daemon = Watch::new(&SLOW)
        .url("https://127.0.0.7:1")
        .resolve(&silent)
        .toml("\n[probe]\nallow = [\"silent.oidc.test\"]\n")
        .start();
    let url = silent.url().to_owned();
    let answer = probe(&daemon, &url, &["X-Prometheus-Scrape-Timeout-Seconds: 1"]);
    let metrics: Exposition = answer.text().parse().unwrap();
    let labels = [("issuer", &*url), ("reason", "timeout")];
    assert_eq!(metrics.value("oidc_issuer_poll_failures_total", &labels), Some(1.0));

    let met = |connections| (silent.connections() == connections).then_some(());
    wait_for("the first to be met, if only after it has given up", || met(1));
    let refused = thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| {
                let answer = probe(&daemon, &url, &[]);
                assert_eq!(answer.status, 200, "{}", answer.text());
            });
        }
        wait_for("all places to be taken", || met(1 + 16));
        let refused = probe(&daemon, &url, &[]);
        // Nothing but the end of the server ends these polls.
        silent.end();
        refused
    });
    assert_eq!((refused.status, refused.header("retry-after")), (503, Some("5")));
    assert_eq!(probe(&daemon, &url, &[]).status, 200, "places become free");
}
