//! Files and names whose reading hangs, as on a network mount without its server: it costs what they are for, and no more.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, Instant};

use super::early_signals::{Running, wait_caught};
use crate::support::daemon::{Daemon, Exposition, wait_for};
use crate::support::hang;
use crate::support::watch::{BRISK, Watch};

const ISSUER: &str = "https://127.0.0.7:1";
/// A process that shall end has so long: less than a service manager waits before it kills.
const SOON: Duration = Duration::from_secs(20);

/// On such a machine; reading hangs as long as the file is there.
fn on_a_machine_that_can_hang(watch: Watch) -> (Watch, PathBuf) {
    let (library, flag) = (hang::library(watch.directory()), watch.directory().join("now"));
    let watch = watch.env("LD_PRELOAD", library).env("HANG_WHILE", flag.as_os_str());
    (watch, flag)
}

fn polls(metrics: &Exposition) -> f64 {
    metrics.all("oidc_issuer_polls_total", &[]).map(|sample| sample.value).sum()
}

fn ends_soon(daemon: Daemon) {
    let start = Instant::now();
    assert_eq!(daemon.terminate().code(), Some(0));
    assert!(start.elapsed() < SOON, "{:?}", start.elapsed());
}

fn goes_on(daemon: &Daemon) {
    let before = polls(&daemon.metrics());
    daemon.wait_metrics("further polls", |metrics| polls(metrics) >= before + 3.0);
    assert_eq!(daemon.get("/-/healthy").status, 200);
}

#[test]
fn a_web_configuration_file_that_hangs_is_told_and_the_old_one_stays() {
    let watch = Watch::new(&BRISK).url(ISSUER);
    let file = watch.directory().join("hanging.yml");
    std::fs::write(&file, "http_server_config: {headers: {X-Frame-Options: deny}}\n").unwrap();
    let (watch, flag) =
        on_a_machine_that_can_hang(watch.env("OIDC_EXPORTER__WEB__CONFIG_FILE", file.as_os_str()));
    let daemon = watch.start();
    let successful =
        |metrics: &Exposition| metrics.value("oidc_exporter_web_config_last_reload_successful", &[]);
    std::fs::write(&flag, "").unwrap();
    daemon.wait_metrics("notice", |metrics| successful(metrics) == Some(0.0));
    daemon.wait_log("hanging.yml: reading took longer than 10 s");
    goes_on(&daemon);
    assert_eq!(daemon.get("/metrics").header("x-frame-options"), Some("deny"));
    std::fs::remove_file(&flag).unwrap();
    daemon.wait_metrics("the end of it", |metrics| successful(metrics) == Some(1.0));
    std::fs::write(&flag, "").unwrap();
    // Until the next look hangs.
    std::thread::sleep(Duration::from_secs(3));
    ends_soon(daemon);
}

#[test]
fn credentials_that_hang_cost_iam_alone() {
    let watch = Watch::new(&BRISK).url(ISSUER).iam_at("http://127.0.0.7:1");
    let file = watch.directory().join("hanging-credentials");
    // Of no use, so that it is read again and again.
    std::fs::write(&file, "[other]\n").unwrap();
    let watch = watch
        .without("AWS_ACCESS_KEY_ID")
        .without("AWS_SECRET_ACCESS_KEY")
        .env("AWS_SHARED_CREDENTIALS_FILE", file);
    let (watch, flag) = on_a_machine_that_can_hang(watch);
    let daemon = watch.start();
    let failures = || {
        let metrics = daemon.metrics();
        metrics.all("oidc_account_poll_failures_total", &[]).map(|sample| sample.value).sum::<f64>()
    };
    wait_for("two failures", || (failures() >= 2.0).then_some(()));
    std::fs::write(&flag, "").unwrap();
    // The reading that is under way may still end; after that, none does.
    std::thread::sleep(Duration::from_secs(3));
    let stuck_at = failures();
    goes_on(&daemon);
    assert!((failures() - stuck_at).abs() < 0.5, "it hangs");
    ends_soon(daemon);
}

/// Every lookup keeps its thread for good. Scrapes are made on such threads too.
#[test]
fn a_resolver_that_hangs_takes_no_thread_from_scrapes() {
    let poll = [
        "interval = \"1s\"",
        "timeout = \"300ms\"",
        "connect_timeout = \"200ms\"",
        "request_timeout = \"1s\"",
        "concurrency = 300",
    ];
    let issuers = (0..300).map(|number| format!("[[issuers]]\nurl = \"https://hanging-{number}.example\"\n"));
    let (watch, flag) = on_a_machine_that_can_hang(Watch::new(&poll).toml(&issuers.collect::<String>()));
    std::fs::write(&flag, "").unwrap();
    let daemon = watch.start();
    // Far more than there are threads that may block.
    daemon.wait_metrics("polls", |metrics| polls(metrics) >= 1500.0);
    let threads = std::fs::read_dir(format!("/proc/{}/task", daemon.pid())).unwrap().count();
    assert!(threads < 200, "{threads}");
    assert_eq!(daemon.get("/-/healthy").status, 200);
    ends_soon(daemon);
}

#[test]
fn a_state_file_that_hangs_does_not_keep_the_process() {
    let watch = Watch::new(&BRISK).url(ISSUER);
    let file = watch.directory().join("hanging.json");
    let toml = format!("[state]\nfile = {:?}\ninterval = \"1s\"\n", file.display().to_string());
    let (watch, flag) = on_a_machine_that_can_hang(watch.toml(&toml));
    let daemon = watch.start();
    wait_for("a first state", || file.exists().then_some(()));
    std::fs::write(&flag, "").unwrap();
    goes_on(&daemon);
    ends_soon(daemon);
}

#[test]
fn a_start_that_hangs_can_be_ended() {
    let watch = Watch::new(&BRISK).url(ISSUER);
    let directory = watch.directory().join("hanging");
    std::fs::create_dir(&directory).unwrap();
    let ca = directory.join("ca.pem");
    std::fs::write(&ca, "").unwrap();
    let (watch, flag) = on_a_machine_that_can_hang(watch.trust(&ca));
    std::fs::write(&flag, "").unwrap();
    let mut running = Running(watch.command(&["run"]).stderr(Stdio::null()).spawn().unwrap());
    wait_caught(running.0.id(), 15);
    let start = Instant::now();
    let pid = running.0.id().to_string();
    assert!(std::process::Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    let status = wait_for("its end", || running.0.try_wait().unwrap());
    assert_eq!(status.code(), Some(0));
    assert!(start.elapsed() < SOON, "{:?}", start.elapsed());
}
