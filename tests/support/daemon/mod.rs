//! The daemon as others meet it: a process with a configuration file, an HTTP port and log lines.

#![allow(dead_code, reason = "each of its users takes a part of it")]
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::format_push_string)]

pub mod exposition;
pub mod get;

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, ErrorKind};
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

pub use exposition::Exposition;
pub use get::{Answer, get};

/// Longest wait for something that the daemon shall do.
pub const PATIENCE: Duration = Duration::from_mins(1);

/// A running daemon; it is ended when it is dropped.
pub struct Daemon {
    child: Child,
    address: SocketAddr,
    log: Arc<Mutex<String>>,
}

impl Daemon {
    /// Starts `command`, which must end in `run`, and waits until it listens.
    pub fn start(command: Command) -> Self {
        let (child, log) = spawn(command);
        let mut daemon = Self { child, address: SocketAddr::from(([127, 0, 0, 1], 0)), log };
        daemon.address = wait_for("the daemon to listen", || {
            if let Some(status) = daemon.child.try_wait().unwrap() {
                panic!("the daemon ended with {status}: {}", daemon.log());
            }
            let log = daemon.log();
            let rest = log.split_once("listen=")?.1;
            rest.split_whitespace().next()?.parse().ok()
        });
        daemon
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Everything logged so far.
    pub fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    pub fn get(&self, path: &str) -> Answer {
        get(self.address, path, &[])
    }

    pub fn metrics(&self) -> Exposition {
        let answer = self.get("/metrics");
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.text().parse().unwrap()
    }

    pub fn wait_ready(&self) {
        wait_for("the daemon to be ready", || (self.get("/-/ready").status == 200).then_some(()));
    }

    /// Waits until the metrics are as `wanted`, and gives them.
    pub fn wait_metrics(&self, what: &str, wanted: impl Fn(&Exposition) -> bool) -> Exposition {
        wait_for(what, || Some(self.metrics()).filter(&wanted))
    }

    /// How many lines of the log hold this text.
    pub fn logged(&self, text: &str) -> usize {
        self.log().lines().filter(|line| line.contains(text)).count()
    }

    /// Waits until this text has been logged; a line can come a little after the metrics that it goes with.
    pub fn wait_log(&self, text: &str) {
        self.wait_logged(text, 1);
    }

    /// Waits until so many lines hold this text.
    pub fn wait_logged(&self, text: &str, lines: usize) {
        wait_for(text, || (self.logged(text) >= lines).then_some(()));
    }

    /// Sends a signal by name, such as `TERM`.
    pub fn signal(&self, name: &str) {
        let status =
            Command::new("kill").arg(format!("-{name}")).arg(self.pid().to_string()).status().unwrap();
        assert!(status.success());
    }

    /// Ends it with SIGTERM, as systemd does, and waits for it.
    pub fn terminate(mut self) -> ExitStatus {
        self.signal("TERM");
        self.wait()
    }

    /// Waits for its end.
    pub fn wait(&mut self) -> ExitStatus {
        wait_for("the daemon to end", || self.child.try_wait().unwrap())
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("the daemon at {} has logged:\n{}", self.address, self.log());
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn spawn(mut command: Command) -> (Child, Arc<Mutex<String>>) {
    let mut child = command.stdin(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let stderr = child.stderr.take().unwrap();
    let log = Arc::new(Mutex::new(String::new()));
    let copy = Arc::clone(&log);
    thread::spawn(move || {
        for line in BufReader::new(stderr).lines().map_while(Result::ok) {
            let mut log = copy.lock().unwrap();
            log.push_str(&line);
            log.push('\n');
        }
    });
    (child, log)
}

/// Asks until there is an answer.
pub fn wait_for<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(start.elapsed() < PATIENCE, "waited in vain for {what}");
        thread::sleep(Duration::from_millis(50));
    }
}

/// A configuration for the lab, written as a user would.
pub struct Settings {
    /// Lines of `[poll]`.
    pub poll: Vec<String>,
    /// `[[issuers]]`: URL, expected thumbprints.
    pub issuers: Vec<(String, Vec<String>)>,
    pub resolve: BTreeMap<String, Vec<IpAddr>>,
    pub ca_files: Vec<PathBuf>,
    /// `trust.private_hosts`: those of the lab have CAs of their own.
    pub private_hosts: Vec<String>,
    pub aws: bool,
    /// `web.listen`, where it is not any port of loopback.
    pub listen: Option<String>,
    /// More TOML at the end.
    pub more: String,
}

impl Default for Settings {
    /// Fast rounds on loopback, and nothing to watch yet.
    fn default() -> Self {
        let poll =
            ["interval = \"1s\"", "timeout = \"1s\"", "connect_timeout = \"1s\"", "request_timeout = \"1s\""];
        Self {
            poll: poll.map(str::to_owned).to_vec(),
            issuers: Vec::new(),
            resolve: BTreeMap::new(),
            ca_files: Vec::new(),
            private_hosts: vec!["*.oidc.test".to_owned()],
            aws: false,
            listen: None,
            more: String::new(),
        }
    }
}

impl Settings {
    pub fn toml(&self) -> String {
        let list = |texts: &mut dyn Iterator<Item = String>| {
            format!("[{}]", texts.map(|text| format!("{text:?}")).collect::<Vec<_>>().join(", "))
        };
        let listen = self.listen.as_deref().unwrap_or("127.0.0.1:0");
        let mut toml = format!("[web]\nlisten = {listen:?}\n\n[poll]\nallow_loopback = true\n");
        toml += &self.poll.join("\n");
        toml += "\n\n[poll.resolve]\n";
        for (host, addresses) in &self.resolve {
            toml += &format!("{host:?} = {}\n", list(&mut addresses.iter().map(ToString::to_string)));
        }
        let files = list(&mut self.ca_files.iter().map(|file| file.display().to_string()));
        let private = list(&mut self.private_hosts.iter().cloned());
        toml += &format!("\n[trust]\nca_files = {files}\nprivate_hosts = {private}\n");
        toml += &format!("\n[aws]\nenabled = {}\ninterval = \"1s\"\ntimeout = \"10s\"\n", self.aws);
        for (url, thumbprints) in &self.issuers {
            let thumbprints = list(&mut thumbprints.iter().cloned());
            toml += &format!("\n[[issuers]]\nurl = {url:?}\nthumbprints = {thumbprints}\n");
        }
        toml + "\n" + &self.more
    }

    /// Writes `config.toml` in `directory`.
    pub fn write(&self, directory: &Path) -> PathBuf {
        let file = directory.join("config.toml");
        std::fs::write(&file, self.toml()).unwrap();
        file
    }
}

/// Puts `text` in place of `file` in one step, as most tools do; written in place, it can be seen empty or in part.
pub fn swap(file: &Path, text: &str) {
    let beside = file.with_extension("new");
    std::fs::write(&beside, text).unwrap();
    std::fs::rename(beside, file).unwrap();
}

/// A directory that goes away with its handle.
pub struct TempDir(PathBuf);

impl TempDir {
    pub fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        loop {
            let number = COUNT.fetch_add(1, Ordering::Relaxed);
            let path = std::env::temp_dir().join(format!("oidc-lab-{}-{number}", std::process::id()));
            match std::fs::create_dir(&path) {
                Ok(()) => return Self(path),
                // Left by a process that was killed and had the same number.
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => panic!("{}: {error}", path.display()),
            }
        }
    }

    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for TempDir {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Puts the fake or foreign IAM at `url` into the environment of `command`, and nothing else of AWS.
pub fn aws_environment(command: &mut Command, url: &str) {
    for (key, _) in std::env::vars().filter(|(key, _)| key.starts_with("AWS_")) {
        command.env_remove(key);
    }
    command
        .env("AWS_ENDPOINT_URL", url)
        .env("AWS_ACCESS_KEY_ID", "AKIALABLABLABLABLABL")
        .env("AWS_SECRET_ACCESS_KEY", "lab-secret-never-shown")
        .env("AWS_REGION", "us-east-1")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("AWS_CONFIG_FILE", "/nonexistent")
        .env("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent");
}
