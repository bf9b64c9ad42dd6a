//! The daemon under a service manager, played by the socket that systemd would listen on (man page `sd_notify`).

use crate::support::daemon::wait_for;
use crate::support::service_manager::ServiceManager;
use crate::support::stage::Stage;

#[test]
fn it_is_told_ready_status_watchdog_and_stopping() {
    let stage = Stage::set();
    let manager = ServiceManager::listen(stage.directory.path());
    let watch = stage.watch(&stage.lab.iam.url()).env("NOTIFY_SOCKET", manager.path());
    let mut daemon = watch.env("WATCHDOG_USEC", "600000").start();

    let heard = |message, times| {
        wait_for(message, || (manager.count(message) >= times).then_some(()));
    };
    heard("READY=1", 1);
    let told = "STATUS=8 providers, 8 issuers: 3 failing (";
    wait_for(told, || manager.heard().iter().any(|message| message.starts_with(told)).then_some(()));
    heard("WATCHDOG=1", manager.count("WATCHDOG=1") + 5);
    assert_eq!(manager.count("STOPPING=1"), 0);

    daemon.signal("TERM");
    heard("STOPPING=1", 1);
    assert!(daemon.wait().success());
    assert_eq!((manager.count("READY=1"), manager.count("STOPPING=1")), (1, 1), "{:?}", manager.heard());
}

#[test]
fn without_it_the_daemon_runs_and_stops_as_well() {
    let stage = Stage::set();
    let watch = stage.watch(&stage.lab.iam.url());
    let daemon = watch.without("NOTIFY_SOCKET").without("WATCHDOG_USEC").start();
    daemon.wait_ready();
    assert!(daemon.terminate().success());
}

#[test]
fn a_socket_that_nobody_reads_does_no_harm() {
    let stage = Stage::set();
    let watch = stage.watch(&stage.lab.iam.url()).env("WATCHDOG_USEC", "600000");
    let daemon = watch.env("NOTIFY_SOCKET", stage.directory.path().join("nobody")).start();
    daemon.wait_ready();
    assert!(daemon.terminate().success());
}
