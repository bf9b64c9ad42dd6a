//! Formats and codings, with `prometheus_client` and promtool as judges.

use std::io::Read as _;
use std::process::Command;

use super::{ISSUER, QUIET};
use crate::support::daemon::get::request;
use crate::support::daemon::{Answer, Daemon, get};
use crate::support::process::run_with;
use crate::support::venv::installed;
use crate::support::watch::Watch;

const OPEN_METRICS: &str = "Accept: application/openmetrics-text;version=1.0.0,text/plain;q=0.5";

/// Parses standard input strictly, and prints `type name unit samples` for each family.
const PARSE: &str = "
import sys
from prometheus_client.openmetrics.parser import text_string_to_metric_families
for family in text_string_to_metric_families(sys.stdin.read()):
    print(family.type, family.name, family.unit or '-', len(family.samples))
";

fn scrape(daemon: &Daemon, headers: &[&str]) -> Answer {
    let answer = get(daemon.address(), "/metrics", headers);
    assert_eq!(answer.status, 200, "{}", answer.head);
    assert_eq!(answer.header("vary"), Some("accept"), "{}", answer.head);
    assert!(answer.head.to_ascii_lowercase().contains("vary: accept-encoding"), "{}", answer.head);
    answer
}

#[test]
fn others_read_both_formats() {
    let daemon = Watch::new(&QUIET).url(ISSUER).start();
    daemon.wait_ready();
    let text = scrape(&daemon, &[]);
    assert_eq!(text.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    // The one name that it would find fault with has no sample here.
    let run = run_with(Command::new("promtool").args(["check", "metrics"]), &text.body);
    assert_eq!((run.code, &*run.said()), (0, ""));

    let open = scrape(&daemon, &[OPEN_METRICS]);
    let wanted = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    assert_eq!(open.header("content-type"), Some(wanted));
    let run = run_with(Command::new(installed("python")).args(["-c", PARSE]), &open.body);
    let said = run.said();
    assert_eq!(run.code, 0, "{said}");
    for family in [
        "info oidc_exporter_build - 1",
        "counter oidc_issuer_polls - 1",
        "gauge oidc_issuer_last_poll_timestamp_seconds seconds 1",
        "counter process_cpu_seconds seconds 1",
        "gauge process_resident_memory_bytes bytes 1",
    ] {
        assert!(said.lines().any(|line| line == family), "{family}: {said}");
    }

    // Both formats hold the same samples; only process_* move between two scrapes.
    let samples = |text: &str| -> Vec<String> {
        let lines = text.lines().filter(|line| !line.starts_with('#') && !line.starts_with("process_"));
        let mut lines: Vec<String> = lines.map(str::to_owned).collect();
        lines.sort();
        lines
    };
    assert_eq!(samples(open.text()), samples(text.text()));
}

#[test]
fn the_coding_is_the_one_asked_for() {
    let daemon = Watch::new(&QUIET).url(ISSUER).start();
    daemon.wait_ready();
    let whole = scrape(&daemon, &[]);
    assert_eq!(whole.header("content-encoding"), None);
    let gzip = scrape(&daemon, &["Accept-Encoding: gzip"]);
    assert_eq!(gzip.header("content-encoding"), Some("gzip"));
    let mut unzipped = String::new();
    flate2::read::GzDecoder::new(&*gzip.body).read_to_string(&mut unzipped).unwrap();
    let zstd = scrape(&daemon, &["Accept-Encoding: gzip;q=0.8, zstd", OPEN_METRICS]);
    assert_eq!(zstd.header("content-encoding"), Some("zstd"));
    let decoded = String::from_utf8(zstd::decode_all(&*zstd.body).unwrap()).unwrap();
    assert!(decoded.ends_with("# EOF\n"));
    for text in [&unzipped, &decoded] {
        assert!(text.contains("\noidc_issuer_polls_total{"), "{text}");
    }
}

#[test]
fn other_methods_and_paths_are_refused_properly() {
    let daemon = Watch::new(&QUIET).url(ISSUER).start();
    daemon.wait_ready();
    for path in ["/", "/metrics", "/-/healthy", "/-/ready"] {
        let head = request(daemon.address(), "HEAD", path, &[]);
        assert_eq!((head.status, head.body.len()), (200, 0), "{path}");
        assert!(head.header("content-length").unwrap().parse::<u64>().unwrap() > 0, "{path}");
        for method in ["POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "BREW"] {
            let answer = request(daemon.address(), method, path, &[]);
            assert_eq!((answer.status, answer.header("allow")), (405, Some("GET, HEAD")), "{method} {path}");
        }
    }
    for path in ["/metrics/", "/metric", "//metrics", "/-/", "/%6detrics", "/../etc/passwd", "/-/healthy/x"] {
        assert_eq!(daemon.get(path).status, 404, "{path}");
    }
    assert_eq!(daemon.get("/metrics?x=y").status, 200);
}
