//! The pages in a real browser.

use std::process::{Command, Stdio};

use crate::daemon::{Daemon, TempDir};
use crate::stage::Stage;

/// The document after a real browser has laid it out.
fn dom(daemon: &Daemon, path: &str) -> String {
    let profile = TempDir::new();
    let output = Command::new("timeout")
        .args([
            "--kill-after=5",
            "60",
            "chromium",
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
        ])
        .args([
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
        ])
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .args(["--dump-dom", &format!("http://{}{path}", daemon.address())])
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "chromium, which tests/run installs: {}: {said}", output.status);
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn it_shows_the_front_page_and_what_it_links_to() {
    let stage = Stage::set();
    let daemon = stage.daemon();
    let front = dom(&daemon, "/");
    assert!(front.contains("<title>oidc-thumbprint-exporter</title>"), "{front}");
    for (link, shown) in [
        ("/metrics", "oidc_issuer_up{issuer=\"https://amazon.oidc.test:"),
        ("/-/healthy", "healthy"),
        ("/-/ready", "ready"),
    ] {
        assert!(front.contains(&format!("href=\"{link}\"")), "{link}: {front}");
        let page = dom(&daemon, link);
        assert!(page.contains(shown), "{link}: {page}");
    }
}
