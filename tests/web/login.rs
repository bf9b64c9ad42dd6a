//! Login, rate limit and headers.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpSocket;
use tokio::runtime::Runtime;

use super::watch_with;
use crate::support::daemon::{Answer, Daemon, get};
use crate::support::watch::Watch;

fn hash(password: &str) -> String {
    bcrypt::hash(password, 4).unwrap()
}

fn log_in(daemon: &Daemon, path: &str, pair: &str) -> Answer {
    get(daemon.address(), path, &[&format!("Authorization: Basic {}", STANDARD.encode(pair))])
}

#[test]
fn every_page_asks_for_the_right_name_and_password() {
    let watch =
        watch_with(&format!("basic_auth_users:\n  prometheus: {}\n  sre: {}\n", hash("a:b"), hash("c")));
    let daemon = watch.start();
    for path in ["/", "/metrics", "/-/healthy", "/-/ready", "/none"] {
        let answer = daemon.get(path);
        assert_eq!(answer.status, 401, "{path}");
        assert!(answer.header("www-authenticate").unwrap().starts_with("Basic realm="), "{}", answer.head);
        assert_eq!(log_in(&daemon, path, "sre:a:b").status, 401, "{path}");
    }
    // The second time the password is known already.
    for _ in 0..2 {
        assert_eq!(log_in(&daemon, "/metrics", "prometheus:a:b").status, 200);
        assert_eq!(log_in(&daemon, "/metrics", "sre:c").status, 200);
        assert_eq!(log_in(&daemon, "/metrics", "prometheus:a").status, 401);
        assert_eq!(log_in(&daemon, "/metrics", "nobody:a:b").status, 401);
    }
    assert_eq!(log_in(&daemon, "/none", "sre:c").status, 404);
    daemon.wait_log("passwords are sent in the clear");
    assert!(!daemon.log().contains("$2b$") && !daemon.log().contains("a:b"), "{}", daemon.log());
}

#[test]
fn the_file_sets_headers_of_every_answer() {
    let watch = watch_with(&format!(
        "basic_auth_users:\n  sre: {}\nhttp_server_config:\n  headers:\n    X-Frame-Options: deny\n    \
         Strict-Transport-Security: max-age=60\n    X-XSS-Protection: ''\n",
        hash("c")
    ));
    let daemon = watch.start();
    for answer in [daemon.get("/"), log_in(&daemon, "/", "sre:c"), log_in(&daemon, "/none", "sre:c")] {
        assert_eq!(answer.header("x-frame-options"), Some("deny"), "{}", answer.head);
        assert_eq!(answer.header("strict-transport-security"), Some("max-age=60"));
        assert_eq!(answer.header("x-xss-protection"), None);
    }
}

#[test]
fn requests_beyond_the_rate_get_429() {
    let watch = watch_with("rate_limit:\n  interval: 1h\n  burst: 3\n");
    let daemon = watch.start();
    let statuses: Vec<u16> = (0..5).map(|_| daemon.get("/sd").status).collect();
    assert_eq!(statuses, [200, 200, 200, 429, 429]);
    // Somebody would restart it.
    let statuses: Vec<u16> = (0..5).map(|_| daemon.get("/-/healthy").status).collect();
    assert_eq!(statuses, [200; 5]);
    assert_eq!(daemon.get("/metrics").header("retry-after"), Some("1"));
}

/// As Go's `rate.Limiter` has it, and said so in the log.
#[test]
fn without_a_burst_nothing_gets_through_and_without_an_interval_everything() {
    for (limit, status, told) in [
        ("interval: 1s", 429, Some("every request is refused")),
        ("interval: 1s, burst: -1", 429, Some("every request is refused")),
        ("interval: -1s", 200, Some("nothing is limited")),
        ("interval: 0, burst: 1", 200, None),
        ("burst: 1", 200, None),
    ] {
        let watch = watch_with(&format!("rate_limit: {{{limit}}}\n"));
        let daemon = watch.start();
        let statuses: Vec<u16> = (0..3).map(|_| daemon.get("/sd").status).collect();
        assert_eq!(statuses, [status; 3], "{limit}");
        if let Some(told) = told {
            daemon.wait_log(told);
        }
    }
}

/// Connections from 127.0.0.1 that send one wrong password after the other, until it is dropped.
struct Flood {
    stop: Arc<AtomicBool>,
    refused: Arc<AtomicUsize>,
    _runtime: Runtime,
}

impl Flood {
    fn begin(to: SocketAddr, connections: usize, password: fn(usize, usize) -> String) -> Self {
        let (stop, refused) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let runtime = Runtime::new().unwrap();
        for number in 0..connections {
            let (stop, refused) = (Arc::clone(&stop), Arc::clone(&refused));
            runtime.spawn(async move {
                let mut tries = 0;
                while !stop.load(Ordering::Relaxed) {
                    let guess = async {
                        let mut stream = tokio::net::TcpStream::connect(to).await?;
                        let mut answer = vec![0; 4096];
                        loop {
                            tries += 1;
                            let pair = STANDARD.encode(format!("known:{}", password(number, tries)));
                            let head = format!(
                                "GET /metrics HTTP/1.1\r\nHost: x\r\nAuthorization: Basic {pair}\r\n\r\n"
                            );
                            stream.write_all(head.as_bytes()).await?;
                            if stream.read(&mut answer).await? == 0 {
                                return Ok::<_, std::io::Error>(());
                            }
                            assert!(
                                answer.starts_with(b"HTTP/1.1 4"),
                                "{}",
                                String::from_utf8_lossy(&answer)
                            );
                            refused.fetch_add(1, Ordering::Relaxed);
                        }
                    };
                    let _ = guess.await;
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
            });
        }
        Self { stop, refused, _runtime: runtime }
    }
}

impl Drop for Flood {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

/// The status for this pair from this address of loopback, and how long it took.
fn log_in_from(address: Ipv4Addr, daemon: &Daemon, path: &str, pair: &str) -> (u16, Duration) {
    let start = Instant::now();
    let runtime = Runtime::new().unwrap();
    let asked = runtime.block_on(async {
        let socket = TcpSocket::new_v4()?;
        socket.bind(SocketAddr::from((address, 0)))?;
        let mut stream = socket.connect(daemon.address()).await?;
        let pair = STANDARD.encode(pair);
        let head = format!(
            "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Basic {pair}\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).await?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await?;
        Ok::<_, std::io::Error>(answer)
    });
    let answer = String::from_utf8(asked.unwrap()).unwrap();
    let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok());
    (status.unwrap_or_else(|| panic!("{answer}")), start.elapsed())
}

/// A scrape timeout that is usual.
const SCRAPE_TIMEOUT: Duration = Duration::from_secs(10);

fn guarded(more: &str) -> Watch {
    // As people have it: each check takes its time.
    let hash = |password: &str| bcrypt::hash(password, 10).unwrap();
    watch_with(&format!("basic_auth_users:\n  known: {}\n  late: {}\n{more}", hash("right"), hash("too")))
}

/// More connections than there are places, each with another wrong password each time.
#[test]
fn a_flood_of_wrong_passwords_keeps_out_neither_who_is_known_nor_who_comes_from_elsewhere() {
    let watch = guarded("rate_limit: {interval: 10ms, burst: 100}\n");
    let daemon = watch.start();
    assert_eq!(log_in(&daemon, "/metrics", "known:right").status, 200);
    let flood = Flood::begin(daemon.address(), 600, |number, tries| format!("{number}-{tries}"));
    std::thread::sleep(Duration::from_secs(3));
    for path in ["/metrics", "/-/healthy", "/metrics", "/", "/metrics"] {
        let (status, took) = log_in_from(Ipv4Addr::LOCALHOST, &daemon, path, "known:right");
        assert!(status == 200 && took < SCRAPE_TIMEOUT, "{path}: {status} after {took:?}");
    }
    // Not seen before, and not from where the flood comes from.
    let (status, took) = log_in_from(Ipv4Addr::new(127, 0, 0, 9), &daemon, "/metrics", "late:too");
    assert!(status == 200 && took < SCRAPE_TIMEOUT, "{status} after {took:?}");
    assert!(flood.refused.load(Ordering::Relaxed) > 100, "the flood was one");
}

/// A scraper with an old password, many times over, costs no check but the first.
#[test]
fn one_wrong_password_again_and_again_keeps_out_nobody_at_all() {
    let watch = guarded("");
    let daemon = watch.start();
    let flood = Flood::begin(daemon.address(), 100, |_, _| "old".to_owned());
    std::thread::sleep(Duration::from_secs(2));
    let (status, took) = log_in_from(Ipv4Addr::LOCALHOST, &daemon, "/metrics", "late:too");
    assert!(status == 200 && took < SCRAPE_TIMEOUT, "{status} after {took:?}");
    assert!(flood.refused.load(Ordering::Relaxed) > 100, "the flood was one");
}

/// Strangers who use up the rate take nothing from a scraper that has logged in, nor from health checks.
#[test]
fn the_rate_of_strangers_is_not_that_of_users() {
    let watch = watch_with(&format!(
        "basic_auth_users:\n  sre: {}\nrate_limit: {{interval: 1h, burst: 3}}\n",
        hash("c")
    ));
    let daemon = watch.start();
    assert_eq!(log_in(&daemon, "/-/healthy", "sre:c").status, 200);
    let statuses: Vec<u16> = (0..5).map(|_| daemon.get("/metrics").status).collect();
    assert_eq!(statuses, [401, 401, 401, 429, 429]);
    let statuses: Vec<u16> = (0..4).map(|_| log_in(&daemon, "/metrics", "sre:c").status).collect();
    assert_eq!(statuses, [200, 200, 200, 429]);
    assert_eq!(log_in(&daemon, "/-/ready", "sre:c").status, 200);
}
