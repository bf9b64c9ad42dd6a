//! SIGHUP and `POST /-/reload`: what changes, what stays, and what a bad file does.

use super::{ONE_ROUND, hang_up, post_reload, reload};
use crate::support::daemon::get::request;
use crate::support::daemon::{Daemon, Exposition, wait_for};
use crate::support::lab::{FakeIam, LabIssuer};
use crate::support::told::{self, is_up, polls};
use crate::support::watch::Watch;

const SUCCESSFUL: &str = "oidc_exporter_config_last_reload_successful";
const LOADED_AT: &str = "oidc_exporter_config_last_reload_success_timestamp_seconds";
const ACCOUNT: &str = "123456789012";

fn verdict(daemon: &Daemon, issuer: &LabIssuer) -> String {
    told::verdict(&daemon.metrics(), issuer)
}

#[tokio::test(flavor = "multi_thread")]
async fn issuers_that_stay_keep_their_state_new_ones_are_polled_at_once_and_others_leave() {
    let [stays, leaves, comes] = [
        LabIssuer::good("stays.oidc.test").await,
        LabIssuer::good("leaves.oidc.test").await,
        LabIssuer::good("comes.oidc.test").await,
    ];
    let mut watch =
        Watch::new(&ONE_ROUND).resolve(&comes).issuer(&stays, &stays.thumbprints()).issuer(&leaves, &[]);
    let daemon = watch.start();
    daemon.wait_ready();
    assert!(is_up(&daemon.metrics(), &stays) && is_up(&daemon.metrics(), &leaves), "{}", daemon.log());
    let handshakes = stays.handshakes();

    watch.settings.issuers.pop();
    watch = watch.issuer(&comes, &["0".repeat(40)]);
    reload(&watch, &daemon);
    let metrics = daemon.metrics();
    assert_eq!(polls(&metrics, &leaves), None, "it leaves at once");
    assert_eq!(polls(&metrics, &stays), Some(1));
    assert_eq!(daemon.get("/-/ready").status, 200, "as before, though one has no result yet");
    let metrics = daemon.wait_metrics("the one that has come", |metrics| is_up(metrics, &comes));
    assert_eq!((polls(&metrics, &stays), polls(&metrics, &comes)), (Some(1), Some(1)));
    assert_eq!(stays.handshakes(), handshakes, "there was no reason to look again");
    assert_eq!([verdict(&daemon, &stays), verdict(&daemon, &comes)], ["match", "mismatch"]);
    assert!(!daemon.get("/metrics").text().contains(leaves.host()));
}

#[tokio::test(flavor = "multi_thread")]
async fn other_expectations_need_no_poll() {
    let issuer = LabIssuer::good("host.oidc.test").await;
    let mut watch = Watch::new(&ONE_ROUND).issuer(&issuer, &["0".repeat(40)]);
    let daemon = watch.start();
    daemon.wait_ready();
    assert_eq!(verdict(&daemon, &issuer), "mismatch");
    watch.settings.issuers.clear();
    watch = watch.issuer(&issuer, &issuer.thumbprints());
    reload(&watch, &daemon);
    assert_eq!(verdict(&daemon, &issuer), "match");
    assert_eq!(polls(&daemon.metrics(), &issuer), Some(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn other_poll_settings_begin_a_round_at_once() {
    let issuer = LabIssuer::good("host.oidc.test").await;
    let mut watch = Watch::new(&ONE_ROUND).issuer(&issuer, &[]);
    let good =
        watch.settings.resolve.insert(issuer.host().to_owned(), vec!["127.255.255.1".parse().unwrap()]);
    let daemon = watch.start();
    daemon.wait_ready();
    assert!(!is_up(&daemon.metrics(), &issuer));
    watch.settings.resolve.insert(issuer.host().to_owned(), good.unwrap());
    reload(&watch, &daemon);
    let metrics = daemon.wait_metrics("the right address", |metrics| is_up(metrics, &issuer));
    assert_eq!(polls(&metrics, &issuer), Some(2), "counted on");
}

#[tokio::test(flavor = "multi_thread")]
async fn iam_comes_and_goes() {
    let issuer = LabIssuer::good("host.oidc.test").await;
    let iam = FakeIam::start(ACCOUNT).await;
    let arn = iam.put(issuer.url(), &issuer.thumbprints());
    // At hand, but not to be read yet.
    let mut watch = Watch::new(&ONE_ROUND).url("https://127.0.0.7:1").resolve(&issuer).iam(&iam);
    watch.settings.aws = false;
    let daemon = watch.start();
    daemon.wait_ready();
    assert!(iam.calls().is_empty());

    watch.settings.aws = true;
    reload(&watch, &daemon);
    let of = [("provider_arn", arn.as_str())];
    let is_matched = |metrics: &Exposition| metrics.value("oidc_provider_thumbprint_match", &of) == Some(1.0);
    daemon.wait_metrics("the provider", is_matched);

    watch.settings.aws = false;
    reload(&watch, &daemon);
    let text = daemon.get("/metrics");
    assert!(!text.text().contains("oidc_account_up{") && !text.text().contains(ACCOUNT), "{}", text.text());
    assert_eq!(polls(&daemon.metrics(), &issuer), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_file_changes_nothing_and_says_so() {
    let issuer = LabIssuer::good("host.oidc.test").await;
    let mut watch = Watch::new(&ONE_ROUND).issuer(&issuer, &issuer.thumbprints());
    watch.settings.more = "[reload]\nwatch = false\n".to_owned();
    let daemon = watch.start();
    daemon.wait_ready();
    let loaded_at = daemon.metrics().value(LOADED_AT, &[]);
    let good = watch.settings.toml();
    let missing_roots = good.replace("ca_files = []", "ca_files = [\"no-such-roots.pem\"]");
    for (bad, told) in [
        ("[poll]\nintervall = \"5m\"\n", "poll.intervall"),
        ("[[issuers]]\nurl = \"http://a.example\"\n", "issuers[0].url"),
        ("[poll\n", "TOML parse error"),
        (&*missing_roots, "no-such-roots.pem"),
    ] {
        std::fs::write(watch.file(), bad).unwrap();
        hang_up(&daemon);
        let log = daemon.log();
        let last = log.lines().last().unwrap();
        assert!(last.contains("new configuration rejected") && last.contains(told), "{bad}: {last}");
        let metrics = daemon.wait_metrics(bad, |metrics| metrics.value(SUCCESSFUL, &[]) == Some(0.0));
        assert_eq!(metrics.value(LOADED_AT, &[]), loaded_at, "{bad}");
        assert_eq!((polls(&metrics, &issuer), &*verdict(&daemon, &issuer)), (Some(1), "match"), "{bad}");
    }
    std::fs::remove_file(watch.file()).unwrap();
    hang_up(&daemon);
    assert!(daemon.log().lines().last().unwrap().contains("new configuration rejected"), "{}", daemon.log());
    assert_eq!(daemon.metrics().value(SUCCESSFUL, &[]), Some(0.0));
    reload(&watch, &daemon);
    let metrics = daemon.metrics();
    assert_eq!(metrics.value(SUCCESSFUL, &[]), Some(1.0));
    assert!(metrics.value(LOADED_AT, &[]) > loaded_at);
}

#[tokio::test(flavor = "multi_thread")]
async fn http_reloads_only_where_that_is_enabled_and_tells_the_outcome() {
    let issuer = LabIssuer::good("host.oidc.test").await;
    let watch = Watch::new(&ONE_ROUND).issuer(&issuer, &[]);
    let daemon = watch.start();
    let answer = post_reload(&daemon);
    assert_eq!(answer.status, 403, "{}", answer.text());
    let answer = request(daemon.address(), "GET", "/-/reload", &[]);
    assert_eq!((answer.status, answer.header("allow")), (405, Some("POST")));

    let enabled = |toml: &str| toml.replace("[web]\n", "[web]\nenable_reload = true\n");
    std::fs::write(watch.file(), enabled(&watch.settings.toml())).unwrap();
    hang_up(&daemon);
    let answer = post_reload(&daemon);
    assert_eq!((answer.status, answer.text()), (200, "reloaded\n"));

    std::fs::write(watch.file(), "[poll]\nintervall = \"5m\"\n").unwrap();
    let answer = post_reload(&daemon);
    assert_eq!(answer.status, 500);
    assert!(answer.text().contains("config.toml: poll.intervall: unknown field"), "{}", answer.text());

    let moved = enabled(&watch.settings.toml()).replace("127.0.0.1:0", "127.0.0.1:1");
    std::fs::write(watch.file(), moved + "[log]\nformat = \"json\"\n").unwrap();
    let answer = post_reload(&daemon);
    assert_eq!(answer.status, 200);
    assert_eq!(answer.text(), "reloaded; these changes need a restart: web.listen, log.format\n");
    wait_for("a warning", || (daemon.logged("need a restart") == 1).then_some(()));

    std::fs::write(watch.file(), watch.settings.toml()).unwrap();
    assert_eq!([post_reload(&daemon).status, post_reload(&daemon).status], [200, 403]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_level_of_the_log_follows() {
    let issuer = LabIssuer::good("host.oidc.test").await;
    let watch = Watch::new(&ONE_ROUND).issuer(&issuer, &[]);
    let enable = |watch: &Watch, level: &str| {
        let toml = watch.settings.toml().replace("[web]\n", "[web]\nenable_reload = true\n");
        std::fs::write(watch.file(), format!("{toml}[log]\nlevel = {level:?}\n")).unwrap();
    };
    let daemon = watch.start();
    enable(&watch, "info");
    hang_up(&daemon);
    for (levels, lines) in [(&["error", "warn", "info"][..], 2), (&["error", "error", "trace"], 3)] {
        for level in levels {
            enable(&watch, level);
            assert_eq!(post_reload(&daemon).status, 200);
        }
        // The last of them is the only one that logs it.
        let told = || daemon.logged("configuration reloaded");
        wait_for("its line", || (told() >= lines).then_some(()));
        assert_eq!(told(), lines, "{levels:?}: {}", daemon.log());
    }
}
