//! A real browser: Chromium, asked through chromedriver in the words of W3C's `WebDriver`. What is asked while one page is on
//! its way to another is answered by the other: that is the driver's business.

#![allow(clippy::needless_pass_by_value, reason = "commands are written as JSON where they are given")]

use std::cell::RefCell;
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};

use serde_json::{Value, json};

use super::daemon::{PATIENCE, TempDir, wait_for};
use super::server::Server;

/// Without a graphics card, a sandbox for itself, or a wish to talk to anybody else; it ends with its driver.
const FLAGS: [&str; 9] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--remote-debugging-pipe",
];

/// Keys without a letter (`WebDriver`, section 17.4.2).
pub const TAB: &str = "\u{e004}";
pub const ENTER: &str = "\u{e007}";
pub const ESCAPE: &str = "\u{e00c}";

/// Chromium with one tab; it ends when it is dropped.
pub struct Browser {
    driver: Server,
    /// The path of the session, such as `/session/1`.
    session: String,
    complaints: RefCell<Vec<Value>>,
    _profile: TempDir,
}

impl Browser {
    /// Starts it on an empty page.
    pub fn start() -> Self {
        let profile = TempDir::new();
        // It takes a port at `::1`, and then the same at 127.0.0.1.
        let driver =
            Server::start_told("chromedriver", &["--port=0"], "successfully on port ", "port not available");
        let mut flags = FLAGS.map(str::to_owned).to_vec();
        flags.push(format!("--user-data-dir={}", profile.path().display()));
        let wanted = json!({"goog:chromeOptions": {"args": flags}, "goog:loggingPrefs": {"browser": "ALL"}});
        let session = "/session".to_owned();
        let mut browser = Self { driver, session, complaints: RefCell::default(), _profile: profile };
        let session = browser.tell("", json!({"capabilities": {"alwaysMatch": wanted}}));
        browser.session = format!("/session/{}", session["sessionId"].as_str().unwrap());
        browser
    }

    /// One command to the driver: its value, or its error.
    fn command(&self, path: &str, body: Value) -> Result<Value, Value> {
        let body = body.to_string();
        let request = format!(
            "POST {}{path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n{body}",
            self.session,
            body.len()
        );
        let (is_well, mut object) = exchange(self.driver.address(), &request)
            .unwrap_or_else(|error| panic!("chromedriver does not answer: {error}: {}", self.driver.log()));
        let value = object["value"].take();
        if is_well { Ok(value) } else { Err(value) }
    }

    /// One that must not fail.
    fn tell(&self, path: &str, body: Value) -> Value {
        self.command(path, body).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    /// One command of the `DevTools` protocol, and its result.
    pub fn call(&self, method: &str, params: Value) -> Value {
        self.tell("/goog/cdp/execute", json!({"cmd": method, "params": params}))
    }

    /// Goes to a page, and waits until it is loaded.
    pub fn open(&self, url: &str) {
        self.listen();
        self.complaints.borrow_mut().clear();
        self.tell("/url", json!({"url": url}));
    }

    /// The value of a `JavaScript` expression in the page.
    pub fn value(&self, expression: &str) -> Value {
        self.ask(expression).unwrap_or_else(|error| panic!("{expression}: {error}"))
    }

    fn ask(&self, expression: &str) -> Result<Value, Value> {
        self.command("/execute/sync", json!({"script": format!("return {expression}"), "args": []}))
    }

    /// The value of an expression that is a text.
    pub fn text(&self, expression: &str) -> String {
        self.value(expression).as_str().unwrap_or_else(|| panic!("{expression} is no text")).to_owned()
    }

    /// Waits until a `JavaScript` expression is true.
    pub fn wait_for(&self, expression: &str) {
        wait_for(expression, || match self.ask(expression) {
            Ok(value) => (value == true).then_some(()),
            // The page went away while it was asked: its successor is asked next.
            Err(error) if error["error"] == "unknown error" => None,
            Err(error) => panic!("{expression}: {error}"),
        });
    }

    /// Presses keys and lets them go, one after the other.
    pub fn press(&self, keys: &str) {
        let press = |key| ["keyDown", "keyUp"].map(|what| json!({"type": what, "value": key}));
        let actions: Vec<Value> = keys.chars().flat_map(press).collect();
        self.tell("/actions", json!({"actions": [{"type": "key", "id": "keyboard", "actions": actions}]}));
    }

    /// The width of the window, in CSS pixels, and whether the user likes it dark.
    pub fn look(&self, width: u32, dark: bool) {
        let size = json!({"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": width < 500});
        self.call("Emulation.setDeviceMetricsOverride", size);
        let scheme = if dark { "dark" } else { "light" };
        let features = json!({"features": [{"name": "prefers-color-scheme", "value": scheme}]});
        self.call("Emulation.setEmulatedMedia", features);
    }

    /// Everything that the page complained of since it was opened: console, exceptions, violations of its policy. A dialog
    /// fails whatever is asked next.
    pub fn complaints(&self) -> Vec<Value> {
        // The status of the page itself is logged when it is not 200.
        let own = format!("{} - Failed to load resource", self.text("location.href"));
        self.listen();
        let is_status = |entry: &&Value| entry["message"].as_str().unwrap().starts_with(&own);
        self.complaints.borrow().iter().filter(|entry| !is_status(entry)).cloned().collect()
    }

    /// Keeps what the log says, which the driver tells once; it knows all that came before the question.
    fn listen(&self) {
        let said = self.tell("/se/log", json!({"type": "browser"}));
        self.complaints.borrow_mut().extend(said.as_array().unwrap().iter().cloned());
    }
}

/// One request on a connection of its own, which the driver leaves open: whether the status is 200, and the body.
fn exchange(driver: SocketAddr, request: &str) -> io::Result<(bool, Value)> {
    let mut stream = TcpStream::connect(driver)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(request.as_bytes())?;
    let mut answer = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") && answer.read_line(&mut head)? > 0 {}
    let head = head.to_ascii_lowercase();
    let length =
        head.split_once("content-length:").and_then(|(_, rest)| rest.lines().next()?.trim().parse().ok());
    let mut body = vec![0; length.ok_or(io::ErrorKind::InvalidData)?];
    answer.read_exact(&mut body)?;
    Ok((head.starts_with("http/1.1 200"), serde_json::from_slice(&body)?))
}

impl Drop for Browser {
    fn drop(&mut self) {
        // It answers when the browser has ended, and nobody writes to the profile any more. Whatever else, it is killed next.
        let request = format!("DELETE {} HTTP/1.1\r\nHost: localhost\r\n\r\n", self.session);
        let _ = exchange(self.driver.address(), &request);
    }
}
