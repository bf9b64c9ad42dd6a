//! A server of another project, started for one test.

use std::fs::File;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use super::daemon::{Answer, TempDir, get, wait_for};

/// A running server; it is killed when it is dropped, or when the test dies.
pub struct Program {
    child: Child,
    address: SocketAddr,
    directory: TempDir,
}

impl Program {
    /// Starts `program` at a free port with the arguments that `arguments` makes of its directory and address, and waits
    /// until it takes connections.
    pub fn start(program: &str, arguments: impl FnOnce(&Path, SocketAddr) -> Vec<String>) -> Self {
        Self::start_at(free_address(), program, arguments)
    }

    /// The same at this address.
    pub fn start_at(
        address: SocketAddr,
        program: &str,
        arguments: impl FnOnce(&Path, SocketAddr) -> Vec<String>,
    ) -> Self {
        let directory = TempDir::new();
        let log = File::create(directory.path().join("log")).unwrap();
        let child = Command::new("setpriv")
            .args(["--pdeathsig", "KILL", program])
            .args(arguments(directory.path(), address))
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut started = Self { child, address, directory };
        wait_for(&format!("{program} to listen"), || {
            if let Some(status) = started.child.try_wait().unwrap() {
                panic!("{program} ended with {status}; tests/run installs it: {}", started.log());
            }
            TcpStream::connect(address).ok()
        });
        started
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

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Free a moment ago.
pub fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

/// A query string of these pairs.
pub fn query(pairs: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}
