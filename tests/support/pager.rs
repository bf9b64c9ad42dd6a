//! The other end of a webhook: what whoever is on call would have got, and when.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

/// One notification of Alertmanager's.
#[derive(Clone, Debug)]
pub struct Notification {
    /// The path that it was sent to: one for each receiver.
    pub receiver: String,
    pub at: Instant,
    /// `status`, `groupLabels` and `alerts`.
    pub message: Value,
}

impl Notification {
    /// A label that all its alerts have in common, by which they are a group.
    pub fn grouped_by(&self, label: &str) -> &str {
        self.message["groupLabels"][label].as_str().unwrap_or_default()
    }

    /// The values of a label of its alerts in this state (`firing`, `resolved`).
    pub fn labels(&self, state: &str, label: &str) -> Vec<&str> {
        let alerts = self.message["alerts"].as_array().into_iter().flatten();
        let alerts = alerts.filter(|alert| alert["status"] == state);
        alerts.map(|alert| alert["labels"][label].as_str().unwrap_or_default()).collect()
    }
}

/// Takes notifications on loopback, as long as the process lives.
pub struct Pager {
    address: SocketAddr,
    got: Arc<Mutex<Vec<Notification>>>,
}

impl Pager {
    pub fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let got = Arc::new(Mutex::new(Vec::new()));
        let shelf = Arc::clone(&got);
        thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                if let Some(notification) = take(connection) {
                    shelf.lock().unwrap().push(notification);
                }
            }
        });
        Self { address, got }
    }

    /// The address of a receiver.
    pub fn url(&self, receiver: &str) -> String {
        format!("http://{}/{receiver}", self.address)
    }

    /// All that a receiver has got.
    pub fn got(&self, receiver: &str) -> Vec<Notification> {
        let got = self.got.lock().unwrap();
        got.iter().filter(|notification| notification.receiver == receiver).cloned().collect()
    }
}

/// One request; nothing where it is none.
fn take(connection: TcpStream) -> Option<Notification> {
    connection.set_read_timeout(Some(Duration::from_secs(10))).ok()?;
    let mut reader = BufReader::new(connection);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head).ok()? == 0 {
            return None;
        }
    }
    let receiver = head.split(' ').nth(1)?.trim_start_matches('/').to_owned();
    let lower = head.to_lowercase();
    let length = lower.lines().find_map(|line| line.strip_prefix("content-length: "))?.trim().parse().ok()?;
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    reader.get_mut().write_all(answer.as_bytes()).ok()?;
    Some(Notification { receiver, at: Instant::now(), message: serde_json::from_slice(&body).ok()? })
}
