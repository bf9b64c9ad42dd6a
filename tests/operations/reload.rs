//! SIGHUP and `POST /-/reload`: what changes, what stays, and what a bad file does.

use super::{ONE_ROUND, Site, count, hang_up, post_reload};
use crate::support::daemon::get::request;
use crate::support::daemon::{Daemon, Exposition, wait_for};
use crate::support::lab::chains::good;
use crate::support::lab::{FakeIam, LabIssuer, Spec};

const SUCCESSFUL: &str = "oidc_exporter_config_last_reload_successful";
const LOADED_AT: &str = "oidc_exporter_config_last_reload_success_timestamp_seconds";
const ACCOUNT: &str = "123456789012";

async fn lab(host: &str) -> LabIssuer {
    LabIssuer::start(Spec::new(host, good(host))).await
}

fn polls(metrics: &Exposition, issuer: &LabIssuer) -> Option<f64> {
    metrics.value("oidc_issuer_polls_total", &[("issuer", issuer.url())])
}

fn is_up(metrics: &Exposition, issuer: &LabIssuer) -> bool {
    metrics.value("oidc_issuer_up", &[("issuer", issuer.url())]) == Some(1.0)
}

fn verdict(daemon: &Daemon, issuer: &LabIssuer) -> String {
    daemon.metrics().state("oidc_provider_thumbprint_status", &[("issuer", issuer.url())]).join(" ")
}

#[tokio::test(flavor = "multi_thread")]
async fn issuers_that_stay_keep_their_state_new_ones_are_polled_at_once_and_others_leave() {
    let [stays, leaves, comes] =
        [lab("stays.oidc.test").await, lab("leaves.oidc.test").await, lab("comes.oidc.test").await];
    let mut site = Site::new(&ONE_ROUND);
    for issuer in [&stays, &leaves, &comes] {
        site.resolve(issuer);
    }
    site.watch(&stays, &stays.thumbprints());
    site.watch(&leaves, &[]);
    let daemon = site.start();
    daemon.wait_ready();
    assert!(is_up(&daemon.metrics(), &stays) && is_up(&daemon.metrics(), &leaves), "{}", daemon.log());
    let handshakes = stays.handshakes();

    site.settings.issuers.pop();
    site.watch(&comes, &["0".repeat(40)]);
    site.reload(&daemon);
    let metrics = daemon.metrics();
    assert_eq!(polls(&metrics, &leaves), None, "it leaves at once");
    assert_eq!(polls(&metrics, &stays), Some(1.0));
    assert_eq!(daemon.get("/-/ready").status, 200, "as before, though one has no result yet");
    let metrics = daemon.wait_metrics("the one that has come", |metrics| is_up(metrics, &comes));
    assert_eq!((polls(&metrics, &stays), polls(&metrics, &comes)), (Some(1.0), Some(1.0)));
    assert_eq!(stays.handshakes(), handshakes, "there was no reason to look again");
    assert_eq!([verdict(&daemon, &stays), verdict(&daemon, &comes)], ["match", "mismatch"]);
    assert!(!daemon.get("/metrics").text().contains(leaves.host()));
}

#[tokio::test(flavor = "multi_thread")]
async fn other_expectations_need_no_poll() {
    let issuer = lab("host.oidc.test").await;
    let mut site = Site::new(&ONE_ROUND);
    site.watch(&issuer, &["0".repeat(40)]);
    let daemon = site.start();
    daemon.wait_ready();
    assert_eq!(verdict(&daemon, &issuer), "mismatch");
    site.settings.issuers.clear();
    site.watch(&issuer, &issuer.thumbprints());
    site.reload(&daemon);
    assert_eq!(verdict(&daemon, &issuer), "match");
    assert_eq!(polls(&daemon.metrics(), &issuer), Some(1.0));
}

#[tokio::test(flavor = "multi_thread")]
async fn other_poll_settings_begin_a_round_at_once() {
    let issuer = lab("host.oidc.test").await;
    let mut site = Site::new(&ONE_ROUND);
    site.watch(&issuer, &[]);
    let good = site.settings.resolve.insert(issuer.host().to_owned(), vec!["127.255.255.1".parse().unwrap()]);
    let daemon = site.start();
    daemon.wait_ready();
    assert!(!is_up(&daemon.metrics(), &issuer));
    site.settings.resolve.insert(issuer.host().to_owned(), good.unwrap());
    site.reload(&daemon);
    let metrics = daemon.wait_metrics("the right address", |metrics| is_up(metrics, &issuer));
    assert_eq!(polls(&metrics, &issuer), Some(2.0), "counted on");
}

#[tokio::test(flavor = "multi_thread")]
async fn iam_comes_and_goes() {
    let issuer = lab("host.oidc.test").await;
    let iam = FakeIam::start(ACCOUNT).await;
    let arn = iam.put(issuer.url(), &issuer.thumbprints());
    let mut site = Site::new(&ONE_ROUND);
    site.settings.issuers.push(("https://127.0.0.7:1".to_owned(), Vec::new()));
    site.resolve(&issuer);
    let daemon = site.start_with(&iam);
    daemon.wait_ready();
    assert!(iam.calls().is_empty());

    site.settings.aws = true;
    site.reload(&daemon);
    let of = [("provider_arn", arn.as_str())];
    let is_matched = |metrics: &Exposition| metrics.value("oidc_provider_thumbprint_match", &of) == Some(1.0);
    daemon.wait_metrics("the provider", is_matched);

    site.settings.aws = false;
    site.reload(&daemon);
    let text = daemon.get("/metrics");
    assert!(!text.text().contains("oidc_account_up{") && !text.text().contains(ACCOUNT), "{}", text.text());
    assert_eq!(polls(&daemon.metrics(), &issuer), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_file_changes_nothing_and_says_so() {
    let issuer = lab("host.oidc.test").await;
    let mut site = Site::new(&ONE_ROUND);
    site.watch(&issuer, &issuer.thumbprints());
    site.settings.more = "[reload]\nwatch = false\n".to_owned();
    let daemon = site.start();
    daemon.wait_ready();
    let loaded_at = daemon.metrics().value(LOADED_AT, &[]);
    let good = site.settings.toml();
    let missing_roots = good.replace("ca_files = []", "ca_files = [\"no-such-roots.pem\"]");
    for (bad, told) in [
        ("[poll]\nintervall = \"5m\"\n", "poll.intervall"),
        ("[[issuers]]\nurl = \"http://a.example\"\n", "issuers[0].url"),
        ("[poll\n", "TOML parse error"),
        (&*missing_roots, "no-such-roots.pem"),
    ] {
        std::fs::write(site.file(), bad).unwrap();
        hang_up(&daemon);
        let log = daemon.log();
        let last = log.lines().last().unwrap();
        assert!(last.contains("new configuration refused") && last.contains(told), "{bad}: {last}");
        let metrics = daemon.metrics();
        assert_eq!(metrics.value(SUCCESSFUL, &[]), Some(0.0), "{bad}");
        assert_eq!(metrics.value(LOADED_AT, &[]), loaded_at, "{bad}");
        assert_eq!((polls(&metrics, &issuer), &*verdict(&daemon, &issuer)), (Some(1.0), "match"), "{bad}");
    }
    std::fs::remove_file(site.file()).unwrap();
    hang_up(&daemon);
    assert_eq!(daemon.metrics().value(SUCCESSFUL, &[]), Some(0.0));
    site.reload(&daemon);
    let metrics = daemon.metrics();
    assert_eq!(metrics.value(SUCCESSFUL, &[]), Some(1.0));
    assert!(metrics.value(LOADED_AT, &[]) > loaded_at);
}

#[tokio::test(flavor = "multi_thread")]
async fn http_reloads_only_where_that_is_enabled_and_tells_the_outcome() {
    let issuer = lab("host.oidc.test").await;
    let mut site = Site::new(&ONE_ROUND);
    site.watch(&issuer, &[]);
    let daemon = site.start();
    let answer = post_reload(&daemon);
    assert_eq!(answer.status, 403, "{}", answer.text());
    let answer = request(daemon.address(), "GET", "/-/reload", &[]);
    assert_eq!((answer.status, answer.header("allow")), (405, Some("POST")));

    let enabled = |toml: &str| toml.replace("[web]\n", "[web]\nenable_reload = true\n");
    std::fs::write(site.file(), enabled(&site.settings.toml())).unwrap();
    hang_up(&daemon);
    let answer = post_reload(&daemon);
    assert_eq!((answer.status, answer.text()), (200, "reloaded\n"));

    std::fs::write(site.file(), "[poll]\nintervall = \"5m\"\n").unwrap();
    let answer = post_reload(&daemon);
    assert_eq!(answer.status, 500);
    assert!(answer.text().contains("config.toml: poll.intervall: unknown field"), "{}", answer.text());

    let moved = enabled(&site.settings.toml()).replace("127.0.0.1:0", "127.0.0.1:1");
    std::fs::write(site.file(), moved + "[log]\nformat = \"json\"\n").unwrap();
    let answer = post_reload(&daemon);
    assert_eq!(answer.status, 200);
    assert_eq!(answer.text(), "reloaded; a restart is needed for web.listen, log.format\n");
    wait_for("a warning", || (count(&daemon, "need a restart") == 1).then_some(()));

    std::fs::write(site.file(), site.settings.toml()).unwrap();
    assert_eq!([post_reload(&daemon).status, post_reload(&daemon).status], [200, 403]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_level_of_the_log_follows() {
    let issuer = lab("host.oidc.test").await;
    let mut site = Site::new(&ONE_ROUND);
    site.watch(&issuer, &[]);
    let enable = |site: &Site, level: &str| {
        let toml = site.settings.toml().replace("[web]\n", "[web]\nenable_reload = true\n");
        std::fs::write(site.file(), format!("{toml}[log]\nlevel = {level:?}\n")).unwrap();
    };
    let daemon = site.start();
    enable(&site, "info");
    hang_up(&daemon);
    for (levels, lines) in [(&["error", "warn", "info"][..], 2), (&["error", "error", "trace"], 3)] {
        for level in levels {
            enable(&site, level);
            assert_eq!(post_reload(&daemon).status, 200);
        }
        // The last of them is the only one that logs it.
        let told = || count(&daemon, "configuration reloaded");
        wait_for("its line", || (told() >= lines).then_some(()));
        assert_eq!(told(), lines, "{levels:?}: {}", daemon.log());
    }
}
