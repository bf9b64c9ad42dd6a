//! Clients that take much and give little: scrapes are answered all the same.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::{ISSUER, QUIET, watch_with};
use crate::support::daemon::get::exchange;
use crate::support::daemon::{Daemon, PATIENCE, get, wait_for};
use crate::support::https::Https;
use crate::support::watch::Watch;
use crate::support::web_certificates::{Ca, write_server};

/// More connections than the daemon has places for.
const CROWD: usize = 600;
/// Descriptors that the other tests of this process may need.
const SPARE: usize = 2000;

/// A scraper waits no longer. It is less than the daemon's deadline for clients that say nothing, so that a scrape
/// which has to wait for that fails.
const SCRAPE_TIMEOUT: Duration = Duration::from_secs(9);

/// The status of one scrape.
fn scrape(stream: TcpStream) -> u16 {
    stream.set_read_timeout(Some(SCRAPE_TIMEOUT)).unwrap();
    exchange(stream, "localhost", "GET", "/metrics", &[]).unwrap().status
}

/// Scrapes again and again while `crowd` does its worst, and once more after it.
fn scrape_during(scrape: impl Fn() -> u16 + Sync, crowd: impl FnOnce() + Send) {
    let done = AtomicBool::new(false);
    let scrapes = std::thread::scope(|scope| {
        scope.spawn(|| {
            crowd();
            done.store(true, Ordering::SeqCst);
        });
        let mut scrapes = 0;
        while !done.load(Ordering::SeqCst) {
            assert_eq!(scrape(), 200, "scrape {scrapes}");
            scrapes += 1;
            std::thread::sleep(Duration::from_millis(20));
        }
        scrapes
    });
    assert!(scrapes > 0);
    assert_eq!(scrape(), 200);
}

/// Whether the other side has ended the connection; a read that would wait says that it has not.
fn is_ended(stream: &mut TcpStream) -> bool {
    stream.set_read_timeout(Some(Duration::from_millis(1))).unwrap();
    match stream.read(&mut [0; 512]) {
        Ok(length) => length == 0,
        Err(error) => !matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut),
    }
}

fn start() -> Daemon {
    let daemon = Watch::new(&QUIET).url(ISSUER).start();
    daemon.wait_ready();
    daemon
}

#[test]
fn ten_thousand_idle_connections() {
    let count = (descriptors().saturating_sub(SPARE)).min(10_000);
    if count < 10_000 {
        eprintln!("only {count} idle connections: raise the limit of open files (ulimit -n 12000)");
    }
    let daemon = start();
    let address = daemon.address();
    let mut idle = Vec::new();
    scrape_during(
        || scrape(TcpStream::connect(address).unwrap()),
        || idle.extend((0..count).map(|_| TcpStream::connect(address).unwrap())),
    );
    assert_eq!(idle.len(), count);
    wait_for("the daemon to keep no more than it has places for", || {
        idle.retain_mut(|stream| !is_ended(stream));
        (idle.len() <= 512).then_some(())
    });
}

/// Connections that were answered once and stay take no place from a new client either.
#[test]
fn idle_connections_that_were_answered() {
    let daemon = start();
    let address = daemon.address();
    let mut idle = Vec::new();
    scrape_during(
        || scrape(TcpStream::connect(address).unwrap()),
        || {
            for _ in 0..CROWD {
                let mut stream = TcpStream::connect(address).unwrap();
                stream.write_all(b"GET /-/healthy HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
                assert!(stream.read(&mut [0; 512]).unwrap() > 0);
                idle.push(stream);
            }
        },
    );
    wait_for("the daemon to keep no more than it has places for", || {
        idle.retain_mut(|stream| !is_ended(stream));
        (idle.len() <= 512).then_some(())
    });
    assert!(!idle.is_empty(), "no place is taken without need");
}

#[test]
fn heads_that_come_letter_by_letter() {
    let daemon = start();
    let address = daemon.address();
    let mut slow = Vec::new();
    scrape_during(
        || scrape(TcpStream::connect(address).unwrap()),
        || {
            for _ in 0..CROWD {
                let mut stream = TcpStream::connect(address).unwrap();
                stream.write_all(b"GET /metrics HTTP/1.1\r\nX: ").unwrap();
                slow.push(stream);
            }
            for _ in 0..20 {
                for stream in &mut slow {
                    // Those that were ended say so.
                    let _ = stream.write_all(b"x");
                }
                std::thread::sleep(Duration::from_millis(50));
            }
        },
    );
    let mut last = TcpStream::connect(address).unwrap();
    last.write_all(b"GET /metrics HTTP/1.1\r\nX: ").unwrap();
    assert_eq!(scrape(TcpStream::connect(address).unwrap()), 200);
    assert!(!is_ended(&mut last), "one that has just begun still has time");
    slow.push(last);
    all_end(slow, b"x");
}

#[test]
fn half_open_tls_handshakes() {
    let ca = Ca::new("Lab Server CA");
    let watch = watch_with("tls_server_config:\n  cert_file: server.pem\n  key_file: server.key\n");
    write_server(watch.directory(), &ca.server());
    let daemon = watch.start();
    let address = daemon.address();
    let client = Https::new(&ca, None);
    let half: Vec<TcpStream> = (0..CROWD)
        .map(|_| {
            let mut stream = TcpStream::connect(address).unwrap();
            // The head of a record that holds a ClientHello of 512 bytes, and one byte of it.
            stream.write_all(&[0x16, 3, 1, 2, 0, 1]).unwrap();
            stream
        })
        .collect();
    for _ in 0..20 {
        let stream = client.connect(address);
        stream.sock.set_read_timeout(Some(SCRAPE_TIMEOUT)).unwrap();
        assert_eq!(exchange(stream, "localhost", "GET", "/metrics", &[]).unwrap().status, 200);
    }
    all_end(half, b"");
}

#[test]
fn heads_that_are_too_long() {
    let daemon = start();
    let address = daemon.address();
    let long = format!("X: {}", "x".repeat(20_000));
    let many: Vec<String> = (0..200).map(|number| format!("X-{number}: x")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    scrape_during(
        || scrape(TcpStream::connect(address).unwrap()),
        || {
            for _ in 0..10 {
                assert_refused(address, &[&long]);
                assert_eq!(get(address, "/metrics", &many).status, 431);
            }
            // One that never ends.
            let mut stream = TcpStream::connect(address).unwrap();
            let _ = stream.write_all(b"GET /");
            let start = Instant::now();
            while stream.write_all(&[b'x'; 4096]).is_ok() {
                assert!(start.elapsed() < PATIENCE, "it takes all");
            }
        },
    );
}

/// 431, or the connection is ended before the answer could be read: the rest of the head was still on its way.
fn assert_refused(address: SocketAddr, headers: &[&str]) {
    let stream = TcpStream::connect(address).unwrap();
    match exchange(stream, "localhost", "GET", "/metrics", headers) {
        Ok(answer) => assert_eq!(answer.status, 431, "{}", answer.head),
        Err(error) => {
            assert!(matches!(error.kind(), ErrorKind::ConnectionReset | ErrorKind::BrokenPipe), "{error}");
        }
    }
}

/// Expositions and pages of over 5 MB: more than the buffers of a socket hold, which grow to 4 MB.
fn start_large(max_scrapes: &str) -> Daemon {
    let issuer = |number| format!("[[issuers]]\nurl = \"{ISSUER}/{number}\"\n");
    let issuers = (0..4000).map(issuer).collect::<Vec<_>>().concat();
    let watch = Watch::new(&QUIET).toml(&issuers).env("OIDC_EXPORTER__WEB__MAX_SCRAPES", max_scrapes);
    watch.start()
}

/// Clients that ask for this page and do not read it.
fn slow_readers(daemon: &Daemon, path: &str, count: usize) -> Vec<TcpStream> {
    let ask = |_| {
        let mut stream = with_small_buffer(daemon.address());
        write!(stream, "GET {path} HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
        stream
    };
    (0..count).map(ask).collect()
}

fn in_time(daemon: &Daemon, path: &str) -> u16 {
    let stream = TcpStream::connect(daemon.address()).unwrap();
    stream.set_read_timeout(Some(SCRAPE_TIMEOUT)).unwrap();
    exchange(stream, "localhost", "GET", path, &[]).unwrap().status
}

/// A slot is held for work, not for whoever does not read what it gave.
#[test]
fn slow_readers_lose_their_slots_to_those_who_wait() {
    let daemon = start_large("2");
    let mut slow = slow_readers(&daemon, "/metrics", 2);
    for _ in 0..3 {
        assert_eq!(in_time(&daemon, "/metrics"), 200);
        slow.extend(slow_readers(&daemon, "/metrics", 1));
    }
    slow.truncate(2);
    wait_for("the first ones to be ended", || {
        let is_cut = |stream: &mut TcpStream| {
            stream.set_read_timeout(Some(Duration::from_secs(1))).unwrap();
            let mut head = Vec::new();
            // What was on its way, and then the end, before all of it has come.
            stream
                .take(64 << 20)
                .read_to_end(&mut head)
                .is_err_and(|error| error.kind() == ErrorKind::ConnectionReset)
                || head.len() < 4 << 20
        };
        slow.iter_mut().all(is_cut).then_some(())
    });
}

#[test]
fn slow_readers_of_pages_and_of_the_api_shut_nobody_out() {
    let daemon = start_large("40");
    let mut slow = Vec::new();
    for path in ["/", "/api/v1/issuers", "/api/v1/providers", "/sd"] {
        slow.extend(slow_readers(&daemon, path, 12));
    }
    for _ in 0..2 {
        for path in ["/metrics", "/-/healthy", "/-/ready"] {
            let start = Instant::now();
            let status = in_time(&daemon, path);
            assert!(status == 200 || (path == "/-/ready" && status == 503), "{path}: {status}");
            assert!(
                path == "/metrics" || start.elapsed() < Duration::from_secs(2),
                "{path}: {:?}",
                start.elapsed()
            );
        }
    }
    wait_for("a page", || (in_time(&daemon, "/api/v1/providers") == 200).then_some(()));
    drop(slow);
}

#[test]
fn scrapes_beyond_those_that_may_wait_get_503_and_others_do_not() {
    let daemon = start_large("1");
    let mut slow = Vec::new();
    let refused = wait_for("one to be read and one to wait", || {
        // Each of them is read for two seconds, so that more have to come.
        slow.extend(slow_readers(&daemon, "/metrics", 2));
        std::thread::sleep(Duration::from_millis(300));
        let answer = daemon.get("/metrics");
        (answer.status == 503).then_some(answer)
    });
    assert_eq!(refused.header("retry-after"), Some("1"));
    assert_eq!(daemon.get("/-/healthy").status, 200, "only scrapes are refused");
    // From another address one gets in before the second of the first.
    let other = from(Ipv4Addr::new(127, 0, 0, 2), daemon.address());
    assert_eq!(scrape(other), 200);
    drop(slow);
    wait_for("a place", || (daemon.get("/metrics").status == 200).then_some(()));
}

/// A connection from this address of loopback.
fn from(address: Ipv4Addr, to: SocketAddr) -> TcpStream {
    connected(to, |socket| socket.bind(SocketAddr::from((address, 0))))
}

/// A connection that takes in little before it is read from.
fn with_small_buffer(address: SocketAddr) -> TcpStream {
    connected(address, |socket| socket.set_recv_buffer_size(4096))
}

fn connected(
    to: SocketAddr,
    prepare: impl FnOnce(&tokio::net::TcpSocket) -> std::io::Result<()>,
) -> TcpStream {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().unwrap();
    let connect = async {
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        prepare(&socket).unwrap();
        socket.connect(to).await.unwrap().into_std().unwrap()
    };
    let stream = runtime.block_on(connect);
    stream.set_nonblocking(false).unwrap();
    stream
}

/// Waits until the daemon has ended all of them, while each goes on sending `more`.
fn all_end(mut streams: Vec<TcpStream>, more: &[u8]) {
    wait_for("the daemon to end them", || {
        streams.retain_mut(|stream| stream.write_all(more).is_ok() && !is_ended(stream));
        streams.is_empty().then_some(())
    });
}

/// The soft limit of open files of this process.
fn descriptors() -> usize {
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap();
    let line = limits.lines().find(|line| line.starts_with("Max open files")).unwrap();
    line.split_whitespace().nth(3).unwrap().parse().unwrap_or(usize::MAX)
}
