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
        started.wait(program, |_| TcpStream::connect(address).ok());
        started
    }

    /// Starts `program`, which takes a free port of 127.0.0.1 and prints it after `told`.
    pub fn start_told(program: &str, arguments: &[&str], told: &str) -> Self {
        let arguments: Vec<String> = arguments.iter().map(ToString::to_string).collect();
        let unknown = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let mut started = Self::spawn(program, &arguments, unknown, TempDir::new());
        let port = started.wait(program, |server| {
            let log = server.log();
            let (_, rest) = log.split_once(told)?;
            let end = rest.find(|c: char| !c.is_ascii_digit())?;
            rest[..end].parse().ok()
        });
        started.address.set_port(port);
        started
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

    fn wait<T>(&mut self, program: &str, mut listening: impl FnMut(&Self) -> Option<T>) -> T {
        wait_for(&format!("{program} to listen"), || {
            if let Some(status) = self.child.try_wait().unwrap() {
                panic!("{program} ended with {status}; tests/run installs it: {}", self.log());
            }
            listening(self)
        })
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
