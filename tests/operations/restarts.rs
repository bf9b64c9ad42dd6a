//! What outlives a restart, and what becomes of a state file that is of no use.

use std::net::{IpAddr, Ipv4Addr};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use super::{ONE_ROUND, hang_up};
use crate::support::daemon::{Daemon, Exposition, wait_for};
use crate::support::lab::chains::good;
use crate::support::lab::{Behaviour, FakeIam, Fault, LabIssuer, Spec, Wire};
use crate::support::told::{is_up, polls, verdict};
use crate::support::watch::Watch;

const RESTORED: &str = "oidc_exporter_state_restored";
const WRITTEN: &str = "oidc_exporter_state_last_write_successful";
const NOT_USED: &str = "the state file is not used";
const ACCOUNT: &str = "123456789012";

const SECOND: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2));

/// The state in a file beside the configuration, written after each change.
fn keeping(watch: Watch) -> (Watch, PathBuf) {
    let file = watch.directory().join("state.json");
    let toml = format!("[state]\nfile = {:?}\ninterval = \"50ms\"\n", file.display().to_string());
    (watch.toml(&toml), file)
}

fn end(mut daemon: Daemon, signal: &str) {
    daemon.signal(signal);
    daemon.wait();
}

/// Waits until the file holds a state as of a time after this call.
fn wait_written(daemon: &Daemon) {
    let taken =
        |metrics: &Exposition| metrics.value("oidc_exporter_state_last_write_success_timestamp_seconds", &[]);
    let before = taken(&daemon.metrics());
    daemon.wait_metrics("a write", |metrics| {
        taken(metrics) > before && metrics.value(WRITTEN, &[]) == Some(1.0)
    });
}

/// What is told of an issuer and its providers without regard to polls of this process.
fn lasting(metrics: &Exposition) -> Vec<String> {
    let is_lasting = |name: &str| {
        [
            "oidc_provider_",
            "oidc_certificate_",
            "oidc_chain_",
            "oidc_issuer_thumbprint_",
            "oidc_issuer_last_success_",
            "oidc_issuer_endpoint_",
            "oidc_endpoint_tls12_",
            "oidc_root_ca_not_after",
            "oidc_account_last_success_",
        ]
        .iter()
        .any(|prefix| name.starts_with(prefix))
    };
    let samples = metrics.samples.iter().filter(|sample| is_lasting(&sample.name));
    let mut told: Vec<String> = samples.map(|sample| format!("{sample:?}")).collect();
    told.sort();
    told
}

#[tokio::test(flavor = "multi_thread")]
async fn a_partial_rotation_and_its_providers_are_there_at_once_with_their_ages() {
    for signal in ["TERM", "KILL"] {
        let (old, new) = (good("host.oidc.test"), good("host.oidc.test"));
        let issuer =
            LabIssuer::start(Spec::new("host.oidc.test", old.clone()).also_at(SECOND, old.clone())).await;
        let iam = FakeIam::start(ACCOUNT).await;
        let arn = iam.put(issuer.url(), &[old.thumbprint()]);
        let poll =
            ["interval = \"500ms\"", "timeout = \"5s\"", "connect_timeout = \"2s\"", "settle_looks = 1000"];
        // Failed polls are remembered, too.
        let patient = "[health]\nfailed_polls = 1000\n";
        let (mut watch, file) =
            keeping(Watch::new(&poll).resolve(&issuer).url("https://127.0.0.7:1").iam(&iam).toml(patient));
        let daemon = watch.start();
        daemon.wait_metrics("match", |metrics| verdict(metrics, &issuer) == "match");
        issuer.serve_at(SECOND, &new);
        daemon.wait_metrics("partial", |metrics| verdict(metrics, &issuer) == "partial");
        // From now on nothing that lasts changes: nobody answers.
        issuer.behave(Behaviour::Wire(Wire::Reset));
        iam.fail(Fault::AccessDenied);
        daemon.wait_metrics("an end", |metrics| {
            !is_up(metrics, &issuer) && metrics.value("oidc_account_up", &[]) == Some(0.0)
        });
        wait_written(&daemon);
        let before = lasting(&daemon.metrics());
        assert_eq!(daemon.metrics().value(RESTORED, &[]), Some(0.0));
        end(daemon, signal);
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        let text = std::fs::read_to_string(&file).unwrap();
        assert!(text.contains(&arn) && !text.contains("lab-secret-never-shown"), "{text}");

        // Polls that take their time, so that the first scrape comes before their end.
        issuer.behave(Behaviour::Wire(Wire::Silence));
        iam.fail(Fault::Hang);
        watch.settings.poll = ONE_ROUND.map(str::to_owned).to_vec();
        let daemon = watch.start();
        let metrics = daemon.metrics();
        assert_eq!((polls(&metrics, &issuer), is_up(&metrics, &issuer)), (Some(0), false), "{signal}");
        assert_eq!(lasting(&metrics), before, "{signal}");
        assert_eq!(verdict(&metrics, &issuer), "partial");
        assert_eq!(metrics.value(RESTORED, &[]), Some(1.0));
        assert_eq!(metrics.value("oidc_account_up", &[]), Some(0.0));
        let last_poll = metrics.value("oidc_issuer_last_poll_timestamp_seconds", &[("issuer", issuer.url())]);
        assert_eq!(last_poll, None);
        assert_eq!(daemon.get("/-/ready").status, 503, "the first results are still to come");
        daemon.wait_log("going on from the state file");

        // And when they have come to nothing, it is as it was.
        let ended = daemon.wait_metrics("a poll", |metrics| polls(metrics, &issuer) == Some(1));
        assert_eq!(lasting(&ended), before, "{signal}");
        daemon.wait_ready();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_configured_by_then_wins_and_a_reload_keeps_the_file() {
    let [stays, leaves] =
        [LabIssuer::good("stays.oidc.test").await, LabIssuer::good("leaves.oidc.test").await];
    let (mut watch, file) = keeping(
        Watch::new(&ONE_ROUND).issuer(&stays, &stays.thumbprints()).issuer(&leaves, &leaves.thumbprints()),
    );
    let daemon = watch.start();
    daemon.wait_ready();
    end(daemon, "TERM");
    assert!(std::fs::read_to_string(&file).unwrap().contains(leaves.url()));

    for issuer in [&stays, &leaves] {
        issuer.behave(Behaviour::Wire(Wire::Reset));
    }
    watch.settings.issuers = vec![(stays.url().to_owned(), vec!["0".repeat(40)])];
    let daemon = watch.start();
    let metrics = daemon.metrics();
    assert_eq!((verdict(&metrics, &stays).as_str(), polls(&metrics, &leaves)), ("mismatch", None));
    daemon.wait_ready();
    // An issuer that comes by a reload is a new one; the others keep what came from the file.
    watch = watch.issuer(&leaves, &leaves.thumbprints());
    watch.settings.more = watch.settings.more.replace("state.json", "other.json");
    watch.write();
    hang_up(&daemon);
    let metrics = daemon.metrics();
    assert_eq!([verdict(&metrics, &stays), verdict(&metrics, &leaves)], ["mismatch", "unknown"]);
    daemon.wait_log("state.file");
    end(daemon, "TERM");
    assert!(!watch.directory().join("other.json").exists());
    assert!(std::fs::read_to_string(&file).unwrap().contains(leaves.url()));
}

/// By another trust store: what is trusted is judged by what is configured now.
#[tokio::test(flavor = "multi_thread")]
async fn chains_are_judged_anew() {
    let issuer = LabIssuer::good("host.oidc.test").await;
    let (mut watch, _) = keeping(Watch::new(&ONE_ROUND).issuer(&issuer, &issuer.thumbprints()));
    let anchor = watch.directory().join("ca.pem");
    std::fs::write(&anchor, crate::support::lab::pem::pem(&issuer.anchors())).unwrap();
    let daemon = watch.start();
    daemon.wait_ready();
    let is_private = |metrics: &Exposition| {
        let labels = [("status", "private")];
        metrics.value("oidc_chain_status", &labels) == Some(1.0)
    };
    assert!(!is_private(&daemon.metrics()));
    end(daemon, "TERM");
    issuer.behave(Behaviour::Wire(Wire::Silence));
    watch.settings.ca_files.push(anchor);
    let daemon = watch.start();
    let metrics = daemon.metrics();
    assert_eq!((polls(&metrics, &issuer), is_private(&metrics)), (Some(0), true));
}

fn rejected(file: &Path) -> PathBuf {
    file.with_extension("json.rejected")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_no_use_is_left_aside_with_one_warning() {
    let issuer = LabIssuer::good("host.oidc.test").await;
    let (watch, file) = keeping(Watch::new(&ONE_ROUND).issuer(&issuer, &issuer.thumbprints()));
    let daemon = watch.start();
    daemon.wait_ready();
    assert_eq!(daemon.metrics().value(RESTORED, &[]), Some(0.0));
    assert_eq!(daemon.logged(NOT_USED), 0, "no file is no fault");
    end(daemon, "TERM");
    let whole = std::fs::read_to_string(&file).unwrap();
    let year = |from: &str| from.replacen("\"written\": \"20", "\"written\": \"21", 1);
    for (text, told) in [
        (whole[..whole.len() / 2].to_owned(), "not a state file: EOF"),
        (String::new(), "not a state file: EOF"),
        (whole.replace("\"version\": 1", "\"version\": 2"), "of version 2"),
        (year(&whole), "from the future"),
        (whole.replace("127.0.0.1\"", "169.254.169.254\""), "never connected to"),
        ("[".repeat(1 << 20), "not a state file"),
        (whole.replace(issuer.url(), &issuer.url().to_uppercase()), "not in the form in which it is written"),
    ] {
        assert_ne!(text, whole);
        std::fs::write(&file, &text).unwrap();
        let daemon = watch.start();
        assert_eq!(daemon.metrics().value(RESTORED, &[]), Some(0.0), "{told}");
        daemon.wait_log(NOT_USED);
        assert_eq!(daemon.logged(NOT_USED), 1, "{}", daemon.log());
        let log = daemon.log();
        let line = log.lines().find(|line| line.contains(NOT_USED)).unwrap();
        assert!(line.contains("WARN") && line.contains(told), "{told}: {line}");
        assert!(line.contains(&format!("file=\"{}\"", file.display())), "{line}");
        daemon.wait_ready();
        assert_eq!(verdict(&daemon.metrics(), &issuer), "match");
        assert_eq!(std::fs::read_to_string(rejected(&file)).unwrap(), text);
        end(daemon, "TERM");
        // The next one has a good one again.
        let next = watch.start();
        assert_eq!(next.metrics().value(RESTORED, &[]), Some(1.0), "{told}");
        end(next, "KILL");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_written_is_one_warning_and_a_metric() {
    let issuer = LabIssuer::good("host.oidc.test").await;
    let poll = ["interval = \"100ms\"", "timeout = \"5s\"", "connect_timeout = \"2s\"", "settle_looks = 6"];
    let (mut watch, _) = keeping(Watch::new(&poll).issuer(&issuer, &issuer.thumbprints()));
    watch.settings.more = watch.settings.more.replace("state.json", "missing/state.json");
    let daemon = watch.start();
    daemon.wait_metrics("a failure", |metrics| metrics.value(WRITTEN, &[]) == Some(0.0));
    let before = polls(&daemon.metrics(), &issuer);
    daemon.wait_metrics("more rounds", |metrics| polls(metrics, &issuer) > before.map(|polls| polls + 5));
    let warning = "cannot write the state file";
    daemon.wait_logged(warning, 1);
    assert_eq!(daemon.logged(warning), 1, "{}", daemon.log());
    std::fs::create_dir(watch.directory().join("missing")).unwrap();
    daemon.wait_metrics("success", |metrics| metrics.value(WRITTEN, &[]) == Some(1.0));
    daemon.wait_log("the state file is written again");
    assert_eq!(daemon.logged(warning), 1);
    end(daemon, "TERM");
    assert!(watch.directory().join("missing/state.json").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_written_at_most_once_in_the_interval_and_at_the_end() {
    let issuer = LabIssuer::good("host.oidc.test").await;
    let poll = ["interval = \"50ms\"", "timeout = \"5s\"", "connect_timeout = \"2s\"", "settle_looks = 6"];
    let (mut watch, file) = keeping(Watch::new(&poll).issuer(&issuer, &issuer.thumbprints()));
    watch.settings.more = watch.settings.more.replace("50ms", "12h");
    let daemon = watch.start();
    daemon.wait_metrics("the first write", |metrics| metrics.value(WRITTEN, &[]) == Some(1.0));
    let first = std::fs::read(&file).unwrap();
    daemon.wait_metrics("many more rounds", |metrics| polls(metrics, &issuer) > Some(20));
    assert!(std::fs::read(&file).unwrap() == first);
    end(daemon, "TERM");
    assert!(std::fs::read(&file).unwrap() != first);
}

/// The directory that systemd has made, and no other setting.
#[tokio::test(flavor = "multi_thread")]
async fn under_systemd_it_is_in_the_state_directory() {
    let issuer = LabIssuer::good("host.oidc.test").await;
    let watch = Watch::new(&ONE_ROUND).issuer(&issuer, &[]);
    for (directory, more, is_kept) in
        [(true, "", true), (true, "[state]\nfile = \"none\"\n", false), (false, "", false)]
    {
        let state = watch.directory().join("state");
        let _ = std::fs::remove_dir_all(&state);
        std::fs::create_dir(&state).unwrap();
        std::fs::write(watch.file(), watch.settings.toml() + more).unwrap();
        let mut command = crate::support::process::configured(&watch.file(), &["run"]);
        if directory {
            command.env("STATE_DIRECTORY", &state);
        }
        let daemon = Daemon::start(command);
        daemon.wait_ready();
        assert_eq!(daemon.metrics().value(RESTORED, &[]), is_kept.then_some(0.0));
        assert!(daemon.terminate().success());
        assert_eq!(state.join("state.json").exists(), is_kept, "{directory} {more}");
    }
}

/// Killed at any moment while it writes without a pause.
#[tokio::test(flavor = "multi_thread")]
async fn a_kill_at_any_moment_costs_at_most_the_last_change() {
    let issuer = LabIssuer::good("host.oidc.test").await;
    let poll = ["interval = \"10ms\"", "timeout = \"5s\"", "connect_timeout = \"2s\"", "settle_looks = 6"];
    let (mut watch, file) = keeping(Watch::new(&poll).issuer(&issuer, &issuer.thumbprints()));
    watch.settings.more = watch.settings.more.replace("50ms", "1ms");
    let first = watch.start();
    wait_written(&first);
    end(first, "KILL");
    for delay in (0..24).map(|number| std::time::Duration::from_micros(number * number * 700)) {
        let daemon = watch.start();
        let metrics = daemon.metrics();
        assert_eq!(metrics.value(RESTORED, &[]), Some(1.0), "{delay:?}: {}", daemon.log());
        assert_eq!(verdict(&metrics, &issuer), "match");
        wait_for("a poll", || (polls(&daemon.metrics(), &issuer) > Some(0)).then_some(()));
        std::thread::sleep(delay);
        end(daemon, "KILL");
    }
    assert!(!rejected(&file).exists());
}
