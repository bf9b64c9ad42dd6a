//! What OpenSSL's command line says about a server: an oracle that shares no code with us.

use std::io::Write;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use crate::lab::ca::Der;
use crate::lab::pem::pem;

/// One run of `openssl s_client`.
pub struct Seen {
    /// The certificates of `-showcerts`.
    pub served: Vec<Der>,
    /// The bytes of the handshake messages that came in, as `-msg` shows them.
    pub messages: Vec<u8>,
    /// The number of `Verify return code`; none if the handshake failed.
    pub verify: Option<u32>,
    /// All that it printed.
    pub text: String,
}

/// Runs `openssl s_client` with this version option, such as `-tls1_3`, trusting this anchor alone.
pub async fn s_client(socket: SocketAddr, host: &str, version: &'static str, anchor: Option<Der>) -> Seen {
    let Some(anchor) = anchor else { return run(socket, host, version, &["-no-CAfile"]).await };
    let name = format!("lab-anchor-{}-{}{version}.pem", std::process::id(), socket.port());
    let file = std::env::temp_dir().join(name);
    std::fs::write(&file, pem(&[anchor])).unwrap();
    let seen = s_client_with(socket, host, version, &file).await;
    std::fs::remove_file(&file).unwrap();
    seen
}

/// The same, trusting the roots in this file.
pub async fn s_client_with(socket: SocketAddr, host: &str, version: &'static str, roots: &Path) -> Seen {
    run(socket, host, version, &["-CAfile", roots.to_str().unwrap()]).await
}

async fn run(socket: SocketAddr, host: &str, version: &str, trust: &[&str]) -> Seen {
    let mut command = Command::new("openssl");
    command.args([
        "s_client",
        "-showcerts",
        "-msg",
        "-no-CApath",
        "-no-CAstore",
        version,
        "-servername",
        host,
    ]);
    command
        .args(["-verify_hostname", host, "-connect", &socket.to_string()])
        .args(trust)
        .stdin(Stdio::null());
    let output =
        tokio::task::spawn_blocking(move || command.output().expect("openssl is installed")).await.unwrap();
    let text =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    Seen {
        served: CertificateDer::pem_slice_iter(&output.stdout).map(Result::unwrap).collect(),
        messages: messages(&text),
        verify: verify_code(&text),
        text,
    }
}

/// `-msg` prints a line such as `<<< TLS 1.3, Handshake [length 03d5], Certificate`, then lines of hex bytes.
fn messages(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut incoming = false;
    for line in text.lines() {
        if line.starts_with("<<<") || line.starts_with(">>>") {
            incoming = line.starts_with("<<<") && line.contains("Handshake");
        } else if incoming && line.starts_with("    ") {
            bytes.extend(line.split_whitespace().map_while(|byte| u8::from_str_radix(byte, 16).ok()));
        }
    }
    bytes
}

fn verify_code(text: &str) -> Option<u32> {
    let line = text.lines().rfind(|line| line.trim_start().starts_with("Verify return code:"))?;
    let failed = text.contains("no peer certificate available");
    (!failed).then(|| line.split_whitespace().nth(3)?.parse().ok())?
}

/// `openssl x509 -fingerprint -sha1`, in IAM's form.
pub fn fingerprint(der: &Der) -> String {
    let mut x509 = Command::new("openssl")
        .args(["x509", "-inform", "der", "-noout", "-fingerprint", "-sha1"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("openssl is installed");
    x509.stdin.take().unwrap().write_all(der).unwrap();
    let output = String::from_utf8(x509.wait_with_output().unwrap().stdout).unwrap();
    output.trim().split_once('=').unwrap().1.replace(':', "").to_lowercase()
}
