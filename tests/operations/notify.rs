//! What the service manager hears about reloads and slow rounds; its socket is played here (`sd_notify(3)`).

use std::os::unix::net::UnixDatagram;

use super::ONE_ROUND;
use crate::support::daemon::{Daemon, wait_for};
use crate::support::lab::chains::private_ca;
use crate::support::lab::{Behaviour, LabIssuer, Spec, Wire};
use crate::support::service_manager::ServiceManager;
use crate::support::watch::{BRISK, Watch};

/// Starts a daemon that has a service manager whose watchdog has so much patience.
fn start(watch: &Watch, watchdog_micros: &str) -> (Daemon, ServiceManager) {
    let manager = ServiceManager::listen(watch.directory());
    let mut command = watch.command(&["run"]);
    command.env("NOTIFY_SOCKET", manager.path()).env("WATCHDOG_USEC", watchdog_micros);
    (Daemon::start(command), manager)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reload_is_reloading_with_its_time_then_status_then_ready() {
    let issuer = LabIssuer::start(Spec::new("host.oidc.test", private_ca("host.oidc.test"))).await;
    let mut watch = Watch::new(&ONE_ROUND).issuer(&issuer, &issuer.thumbprints());
    let (daemon, mut manager) = start(&watch, "600000000");
    manager.next("STATUS after the round", |message| message.contains("all healthy"));

    let mut times = Vec::new();
    for (more, told) in
        [("", "all healthy"), ("[poll\n", "new configuration rejected ("), ("", "all healthy")]
    {
        watch.settings.more = more.to_owned();
        watch.write();
        daemon.signal("HUP");
        let messages = manager.next("READY=1", |message| message == "READY=1");
        let at = messages.iter().position(|message| message.starts_with("RELOADING=1")).unwrap();
        let time = messages[at].strip_prefix("RELOADING=1\nMONOTONIC_USEC=").unwrap();
        times.push(time.parse::<u64>().unwrap());
        let status = messages[at..].iter().rfind(|message| message.starts_with("STATUS=")).unwrap();
        assert!(status.contains(told), "{more}: {messages:?}");
        assert_eq!(status.lines().count(), 1);
    }
    assert!(times.is_sorted() && times[0] < times[2], "{times:?}");
    assert!(daemon.terminate().success());
}

/// Each poll takes its whole second, four times as long as the watchdog has patience.
const ONE_SECOND: [&str; 4] =
    ["interval = \"1s\"", "timeout = \"1s\"", "connect_timeout = \"1s\"", "request_timeout = \"1s\""];

#[tokio::test(flavor = "multi_thread")]
async fn a_round_that_is_slow_but_works_feeds_the_watchdog() {
    let issuer = LabIssuer::good("host.oidc.test").await;
    issuer.behave(Behaviour::Wire(Wire::Silence));
    let watch = Watch::new(&ONE_SECOND).issuer(&issuer, &[]);
    let (daemon, mut manager) = start(&watch, "250000");
    let polls = || daemon.metrics().value("oidc_issuer_polls_total", &[]);
    while polls().is_none_or(|polls| polls < 2.0) {
        manager.next("WATCHDOG=1", |message| message == "WATCHDOG=1");
    }
    let before = manager.count("WATCHDOG=1");
    wait_for("WATCHDOG=1 after slow polls", || (manager.count("WATCHDOG=1") > before).then_some(()));
    assert!(daemon.terminate().success());
}

/// Nobody reads what it tells, as with a service manager that hangs: what it tells is lost, and nothing waits for it.
#[tokio::test(flavor = "multi_thread")]
async fn a_service_manager_that_hangs_does_not_stop_scrapes() {
    let issuer = LabIssuer::good("host.oidc.test").await;
    let watch = Watch::new(&BRISK).issuer(&issuer, &[]);
    let path = watch.directory().join("notify");
    let socket = UnixDatagram::bind(&path).unwrap();
    let mut command = watch.command(&["run"]);
    command.env("NOTIFY_SOCKET", &path).env("WATCHDOG_USEC", "30000");
    let daemon = Daemon::start(command);
    // Until the socket's queue is full, and for some time after that.
    let messages = std::fs::read_to_string("/proc/sys/net/unix/max_dgram_qlen").unwrap();
    for _ in 0..messages.trim().parse::<u64>().unwrap() * 10 {
        assert_eq!(daemon.get("/metrics").status, 200);
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    drop(socket);
    assert!(daemon.terminate().success());
}
