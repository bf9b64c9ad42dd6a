//! A server of another project, started for one test.

use std::fs::File;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};

use super::daemon::{Answer, TempDir, get, wait_for};

/// A running server; it is killed when it is dropped, or when the thread that started it ends.
pub struct Server {
    child: Child,
    address: SocketAddr,
    directory: TempDir,
}

impl Server {
    /// Starts `program` at an address of its own with the arguments that `arguments` makes of its directory and address, and
    /// waits until it takes connections.
    pub fn start(program: &str, arguments: impl FnOnce(&Path, SocketAddr) -> Vec<String>) -> Self {
        Self::start_at(own_address(), program, arguments)
    }

    /// The same at this address.
    pub fn start_at(
        address: SocketAddr,
        program: &str,
        arguments: impl FnOnce(&Path, SocketAddr) -> Vec<String>,
    ) -> Self {
        let directory = TempDir::new();
        let arguments = arguments(directory.path(), address);
        let mut started = Self::spawn(program, &arguments, address, directory);
        wait_for(&format!("{program} to listen"), || {
            if let Some(status) = started.child.try_wait().unwrap() {
                panic!("{program} ended with {status}; tests/run installs it: {}", started.log());
            }
            TcpStream::connect(address).ok()
        });
        started
    }

    /// Starts `program`, which looks for a free port of 127.0.0.1 and prints it after `told`. If somebody else has taken it
    /// before it listens, and it ends with the word `taken`, it is started again.
    pub fn start_told(program: &str, arguments: &[&str], told: &str, taken: &str) -> Self {
        let arguments: Vec<String> = arguments.iter().map(ToString::to_string).collect();
        loop {
            let unknown = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
            let mut started = Self::spawn(program, &arguments, unknown, TempDir::new());
            let port = wait_for(&format!("{program} to listen"), || {
                let end = started.child.try_wait().unwrap();
                let log = started.log();
                assert!(end.is_none() || log.contains(taken), "{program}, which tests/run installs: {log}");
                let port = log.split_once(told).and_then(|(_, rest)| {
                    let (digits, _) = rest.split_once(|c: char| !c.is_ascii_digit())?;
                    digits.parse().ok()
                });
                if end.is_some() { Some(None) } else { port.map(Some) }
            });
            if let Some(port) = port {
                started.address.set_port(port);
                return started;
            }
        }
    }

    fn spawn(program: &str, arguments: &[String], address: SocketAddr, directory: TempDir) -> Self {
        let log = File::create(directory.path().join("log")).unwrap();
        let child = Command::new("setpriv")
            .args(["--pdeathsig", "KILL", program])
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        Self { child, address, directory }
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// All that it printed.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.directory.path().join("log")).unwrap()
    }

    pub fn get(&self, path: &str) -> Answer {
        get(self.address, path, &[])
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An address that nobody else uses: of a loopback network that has the size of a process id, below the ports that are
/// handed out. A port that was merely free a moment ago could be somebody else's by now.
pub fn own_address() -> SocketAddr {
    static COUNT: AtomicU16 = AtomicU16::new(0);
    let [_, high, middle, low] = std::process::id().to_be_bytes();
    let port = 10_000 + COUNT.fetch_add(1, Ordering::Relaxed);
    SocketAddr::from(([127, 128 | high, middle, low], port))
}

/// A query string of these pairs.
pub fn query(pairs: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}
