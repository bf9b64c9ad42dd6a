//! That the browser tells of everything that goes wrong on a page, and lives through what pages do.

use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio::time::sleep;

use crate::support::browser::Browser;
use crate::support::daemon::wait_for;

const POLICY: &str = "Content-Security-Policy: script-src 'self'\r\n";

/// What each path is answered: status, more header lines, body. Whatever is `slow` takes its time.
fn answer(path: &str) -> (&'static str, &'static str, &'static str) {
    match path {
        "/good" => ("200 OK", "", "<title>good</title>"),
        "/missing" => ("404 Not Found", "", "<title>missing</title>"),
        "/console" => ("200 OK", "", "<script>console.log('a word')</script>"),
        "/exception" => ("200 OK", "", "<script>throw new Error('a mishap')</script>"),
        "/policy" => ("200 OK", POLICY, "<script>let forbidden</script>"),
        "/picture" => ("200 OK", "", "<img src=/none>"),
        "/dialog" => ("200 OK", "", "<script>setTimeout(() => alert('a question'))</script>"),
        "/leaves" => {
            ("200 OK", "", "<title>leaves</title><script>setTimeout(() => location = '/slow')</script>")
        }
        "/slow" => {
            ("200 OK", "", "<title>slow</title><script>setTimeout(() => location = '/slow/end')</script>")
        }
        "/slow/end" => ("200 OK", "", "<title>end</title>"),
        "/favicon.ico" => ("204 No Content", "", ""),
        _ => ("404 Not Found", "", ""),
    }
}

async fn serve(listener: TcpListener) {
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(converse(stream));
    }
}

async fn converse(mut stream: TcpStream) -> std::io::Result<()> {
    let mut head = vec![0; 8192];
    let length = stream.read(&mut head).await?;
    let head = String::from_utf8_lossy(&head[..length]);
    let path = head.split(' ').nth(1).unwrap_or_default();
    if path.starts_with("/slow") {
        sleep(Duration::from_millis(500)).await;
    }
    let (status, more, body) = answer(path);
    let length = body.len();
    let answer = format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/html\r\nContent-Length: {length}\r\nConnection: close\r\n{more}\r\n{body}"
    );
    stream.write_all(answer.as_bytes()).await
}

/// A server that ends with its runtime, and a browser.
fn start() -> (Runtime, SocketAddr, Browser) {
    let runtime = Runtime::new().unwrap();
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
    let address = listener.local_addr().unwrap();
    runtime.spawn(serve(listener));
    (runtime, address, Browser::start())
}

#[test]
fn each_fault_of_a_page_is_a_complaint_and_of_that_page_alone() {
    let (_runtime, address, browser) = start();
    for (page, complaint) in [
        ("console", Some("a word")),
        ("good", None),
        ("exception", Some("a mishap")),
        ("missing", None),
        ("policy", Some("Content Security Policy")),
        ("picture", Some("/none")),
        ("good", None),
    ] {
        browser.open(&format!("http://{address}/{page}"));
        let complaints = browser.complaints();
        assert_eq!(complaints.len(), usize::from(complaint.is_some()), "{page}: {complaints:?}");
        for one in complaints {
            assert!(one["message"].as_str().unwrap().contains(complaint.unwrap()), "{page}: {one}");
        }
    }
}

#[test]
fn a_wait_outlasts_pages_that_go_away() {
    let (_runtime, address, browser) = start();
    browser.open(&format!("http://{address}/leaves"));
    browser.wait_for("document.title === 'end'");
    assert!(browser.complaints().is_empty(), "{:?}", browser.complaints());
}

#[test]
fn a_dialog_fails_what_is_asked_next() {
    let (_runtime, address, browser) = start();
    browser.open(&format!("http://{address}/dialog"));
    let fails = || catch_unwind(AssertUnwindSafe(|| browser.complaints())).is_err();
    wait_for("the dialog", || fails().then_some(()));
}
