//! The log as a file, a pipe and the journal get it.

use std::fs::File;
use std::os::unix::fs::MetadataExt as _;
use std::process::{Child, Stdio};

use super::ONE_ROUND;
use crate::support::daemon::{Exposition, wait_for};
use crate::support::lab::{Behaviour, LabIssuer, Wire};
use crate::support::watch::Watch;

/// Killed when it is dropped.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// All lines up to the one that says that the only issuer is down; `stream` makes `JOURNAL_STREAM` of the file.
fn lines(format: &str, stream: impl Fn(&File) -> String) -> Vec<String> {
    let mut watch = Watch::new(&ONE_ROUND).url("https://127.0.0.7:1");
    watch.settings.more = format!("[log]\nformat = {format:?}\n");
    let path = watch.directory().join("log");
    let log = File::create(&path).unwrap();
    let mut command = watch.command(&["run"]);
    command.env("JOURNAL_STREAM", stream(&log)).stdout(Stdio::null()).stderr(log);
    let _running = Running(command.spawn().unwrap());
    let text = wait_for("a line", || {
        let text = std::fs::read_to_string(&path).unwrap();
        text.lines().any(|line| line.contains("issuer is down")).then_some(text)
    });
    text.lines().map(str::to_owned).collect()
}

/// As systemd sets it when standard error is the journal's.
fn same(log: &File) -> String {
    let metadata = log.metadata().unwrap();
    format!("{}:{}", metadata.dev(), metadata.ino())
}

/// As it is inherited when standard error is something else.
fn other(log: &File) -> String {
    let metadata = log.metadata().unwrap();
    format!("{}:{}", metadata.dev(), metadata.ino() + 1)
}

fn is_time(text: &str) -> bool {
    text.starts_with("20") && text.ends_with('Z') && text.contains('T')
}

#[test]
fn the_journal_gets_priorities_and_no_time() {
    let lines = lines("text", same);
    for line in &lines {
        let told = [("<6>", " INFO "), ("<4>", " WARN "), ("<3>", "ERROR ")];
        assert!(told.iter().any(|(number, word)| line.starts_with(&format!("{number}{word}"))), "{line}");
        assert!(!line.split_whitespace().any(is_time), "{line}");
    }
    let down = lines.iter().find(|line| line.contains("issuer is down")).unwrap();
    assert!(down.starts_with("<4>"), "{down}");
}

#[test]
fn others_get_a_time_and_no_priorities() {
    for line in lines("text", other) {
        assert!(line.split_whitespace().next().is_some_and(is_time), "{line}");
    }
}

#[test]
fn json_is_an_object_a_line() {
    for (stream, prefix, has_time) in [(same as fn(&File) -> String, "<4>", false), (other, "", true)] {
        let lines = lines("json", stream);
        let down = lines.iter().find(|line| line.contains("issuer is down")).unwrap();
        let object: serde_json::Value = serde_json::from_str(down.strip_prefix(prefix).unwrap()).unwrap();
        assert_eq!((&object["level"], &object["reason"]), (&"WARN".into(), &"connect".into()), "{down}");
        assert_eq!(object.get("timestamp").is_some(), has_time, "{down}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_issuer_that_flaps_is_told_six_times_an_hour() {
    let issuer = LabIssuer::good("host.oidc.test").await;
    let watch = Watch::new(&["interval = \"200ms\"", "timeout = \"5s\""]).issuer(&issuer, &[]);
    let daemon = watch.start();
    for round in 0..10 {
        let works = round % 2 == 0;
        issuer.behave(if works { Behaviour::Good } else { Behaviour::Wire(Wire::Reset) });
        let value = Some(f64::from(u8::from(works)));
        let is_so = |metrics: &Exposition| {
            metrics.value("oidc_issuer_up", &[]) == value
                && metrics.value("oidc_issuer_last_poll_timestamp_seconds", &[]).is_some()
        };
        daemon.wait_metrics("a change", is_so);
    }
    daemon.wait_logged("further messages about it are held back", 1);
    assert_eq!(daemon.logged("issuer is up") + daemon.logged("issuer is down"), 6, "{}", daemon.log());
    assert_eq!(daemon.logged("further messages about it are held back"), 1, "{}", daemon.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_others_put_into_a_line_does_not_begin_another() {
    let issuer = LabIssuer::good("host.oidc.test").await;
    let watch = Watch::new(&ONE_ROUND).issuer(&issuer, &[]);
    let daemon = watch.start();
    daemon.wait_ready();
    std::fs::write(watch.file(), "[poll\ninterval = 5\n").unwrap();
    super::hang_up(&daemon);
    daemon.wait_logged("TOML parse error at line 1, column 6\\n", 1);
    assert_eq!(daemon.logged("TOML parse error at line 1, column 6\\n"), 1, "{}", daemon.log());
    let has_time = |line: &str| line.split_whitespace().next().is_some_and(is_time);
    assert!(daemon.log().lines().all(has_time), "{}", daemon.log());
}
