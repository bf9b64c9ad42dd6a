//! A poll on demand: for whom, how long, and with what left as it was.

use std::thread;
use std::time::{Duration, Instant};

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

/// Watches nothing that answers, and may probe this issuer.
fn probing(issuer: &LabIssuer, web: &[(&str, &str)]) -> Watch {
    let watch = Watch::new(&SLOW).url("https://127.0.0.7:1").resolve(issuer);
    let watch = web.iter().fold(watch, |watch, (key, value)| watch.env(key, *value));
    watch.toml(&format!("\n[probe]\nallow = [{:?}]\n", issuer.host()))
}

async fn silent() -> LabIssuer {
    let silent = LabIssuer::good("silent.oidc.test").await;
    silent.behave(Behaviour::Wire(Wire::Silence));
    silent
}

/// The header by which Prometheus says how long it waits.
fn within(seconds: &str) -> String {
    format!("X-Prometheus-Scrape-Timeout-Seconds: {seconds}")
}

fn timed_out(answer: &Answer, url: &str) -> bool {
    let metrics: Exposition = answer.text().parse().unwrap();
    let labels = [("issuer", url), ("reason", "timeout")];
    metrics.value("oidc_issuer_poll_failures_total", &labels) == Some(1.0)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scrape_gets_its_answer_before_it_gives_up_and_not_long_before() {
    let silent = silent().await;
    let daemon = probing(&silent, &[]).start();
    let url = silent.url();
    for (target, header) in [
        (encoded(url), within("2")),
        (encoded(url) + "&timeout=2s", within("60")),
        (encoded(url) + "&timeout=2", within("soon")),
        (encoded(url) + "&timeout=1h", within("2.5")),
    ] {
        let start = Instant::now();
        let answer = get(daemon.address(), &format!("/probe?target={target}"), &[&header]);
        let took = start.elapsed().as_secs_f64();
        assert!(answer.status == 200 && timed_out(&answer, url), "{}", answer.text());
        assert!((1.4..4.0).contains(&took), "{target}: {took}");
    }
    for timeout in ["0", "-1s", "soon"] {
        let answer = daemon.get(&format!("/probe?target={}&timeout={timeout}", encoded(url)));
        assert_eq!(answer.status, 400, "{}", answer.text());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn probes_of_one_issuer_share_a_poll_and_who_has_longer_is_not_told_that_it_timed_out() {
    let silent = silent().await;
    let daemon = probing(&silent, &[]).start();
    let url = silent.url();
    let answers: Vec<Answer> = thread::scope(|scope| {
        let probes: Vec<_> = (0..8).map(|_| scope.spawn(|| probe(&daemon, url, &[&within("3")]))).collect();
        probes.into_iter().map(|probe| probe.join().unwrap()).collect()
    });
    assert!(answers.iter().all(|answer| answer.status == 200 && timed_out(answer, url)));
    // One offer after the other is met by silence; each connection is of the one poll.
    let met = silent.connections();
    assert!(met < 8, "{met}");

    // Who is in a hurry decides for nobody else.
    thread::scope(|scope| {
        let hurry = scope.spawn(|| probe(&daemon, url, &[&within("2")]));
        thread::sleep(Duration::from_millis(300));
        let patient = scope.spawn(|| probe(&daemon, url, &[&within("30")]));
        assert!(timed_out(&hurry.join().unwrap(), url));
        silent.behave(Behaviour::Good);
        silent.end();
        let answer = patient.join().unwrap();
        assert!(!timed_out(&answer, url), "{}", answer.text());
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn black_holes_hold_their_own_places_only() {
    let silent = silent().await;
    let well = LabIssuer::good("well.oidc.test").await;
    let watch = probing(&silent, &[("OIDC_EXPORTER__WEB__MAX_PROBES", "8")]).issuer(&well, &[]);
    let daemon = watch.start();
    let holes: Vec<String> = (0..40).map(|number| format!("{}/{number}", silent.url())).collect();
    let end = Instant::now() + Duration::from_secs(6);
    thread::scope(|scope| {
        for hole in &holes {
            scope.spawn(|| {
                while Instant::now() < end {
                    let answer = probe(&daemon, hole, &[&within("2")]);
                    // A place did not become free in time, or it timed out with one.
                    assert!(answer.status == 503 || timed_out(&answer, hole), "{}", answer.text());
                }
            });
        }
        let mut probes = 0;
        while Instant::now() < end {
            let start = Instant::now();
            let answer = probe(&daemon, well.url(), &[&within("2")]);
            assert!(answer.status == 200 && !timed_out(&answer, well.url()), "{probes}: {}", answer.text());
            assert!(start.elapsed() < Duration::from_secs(2), "{probes}: {:?}", start.elapsed());
            assert_eq!(daemon.get("/metrics").status, 200, "probes starve no scrapes");
            probes += 1;
            thread::sleep(Duration::from_millis(100));
        }
        assert!(probes > 5, "{probes}");
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn probes_wait_for_a_place_as_long_as_they_can() {
    let silent = silent().await;
    let daemon = probing(&silent, &[("OIDC_EXPORTER__WEB__MAX_PROBES", "1")]).start();
    let hole = |number: u8| format!("{}/{number}", silent.url());
    thread::scope(|scope| {
        let first = scope.spawn(|| probe(&daemon, &hole(1), &[&within("4")]));
        wait_for("it to be met", || (silent.connections() > 0).then_some(()));
        let late = probe(&daemon, &hole(2), &[&within("1")]);
        assert_eq!((late.status, late.header("retry-after")), (503, Some("5")), "{}", late.text());
        let patient = probe(&daemon, &hole(3), &[&within("8")]);
        assert!(patient.status == 200 && timed_out(&patient, &hole(3)), "{}", patient.text());
        assert_eq!(first.join().unwrap().status, 200);
    });
}
