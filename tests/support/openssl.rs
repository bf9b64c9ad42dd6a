//! What OpenSSL's command line says about servers and certificates: an oracle that shares no code with us.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use super::lab::ca::Der;
use super::lab::pem::pem;
use super::process::run_with;

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
    hex(&x509(der, &["-fingerprint", "-sha1"])["sha1 Fingerprint"])
}

/// What `openssl x509` says of one certificate.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Described {
    pub subject: String,
    pub issued_by: String,
    /// Lower-case hex.
    pub serial: String,
    pub sha1: String,
    pub sha256: String,
    /// Seconds since the epoch.
    pub not_before: i64,
    pub not_after: i64,
}

/// Asks `openssl x509` about one certificate.
pub fn describe(der: &Der) -> Described {
    let fields =
        x509(der, &["-fingerprint", "-sha1", "-serial", "-dates", "-subject", "-issuer", "-nameopt", NAMES]);
    Described {
        subject: fields["subject"].clone(),
        issued_by: fields["issuer"].clone(),
        serial: hex(&fields["serial"]),
        sha1: hex(&fields["sha1 Fingerprint"]),
        sha256: hex(&x509(der, &["-fingerprint", "-sha256"])["sha256 Fingerprint"]),
        not_before: seconds(&fields["notBefore"]),
        not_after: seconds(&fields["notAfter"]),
    }
}

/// SHA-1 and SHA-256 by `sha1sum` and `sha256sum`, for bytes that OpenSSL does not take for a certificate.
pub fn digests(der: &Der) -> [String; 2] {
    ["sha1sum", "sha256sum"].map(|program| {
        let output = feed(&mut Command::new(program), der);
        output.split_whitespace().next().unwrap().to_owned()
    })
}

/// Names on one line: `C=US, O=Lab Trust Services, CN=Lab Root CA 1`.
const NAMES: &str = "sname,utf8,sep_comma_plus_space";

/// The lines `key=value` of one run.
fn x509(der: &Der, options: &[&str]) -> BTreeMap<String, String> {
    let mut command = Command::new("openssl");
    let lines = feed(command.args(["x509", "-inform", "der", "-noout"]).args(options), der);
    let pairs = lines.lines().filter_map(|line| line.split_once('='));
    pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
}

/// What a program prints that takes this well.
fn feed(command: &mut Command, input: &[u8]) -> String {
    let run = run_with(command, input);
    assert_eq!(run.code, 0, "{command:?}: {}", run.err);
    run.out
}

/// `AB:CD` as `abcd`.
fn hex(text: &str) -> String {
    text.replace(':', "").to_lowercase()
}

/// Seconds since the epoch of a date such as `Jun 28 17:39:16 2034 GMT`.
fn seconds(date: &str) -> i64 {
    const MONTHS: &str = "JanFebMarAprMayJunJulAugSepOctNovDec";
    let parts: Vec<&str> = date.split_whitespace().collect();
    let &[month, day, clock, year, "GMT"] = &parts[..] else { panic!("not a date of OpenSSL's: {date}") };
    let month = MONTHS.find(month).unwrap() / 3 + 1;
    let month = time::Month::try_from(u8::try_from(month).unwrap()).unwrap();
    let clock: Vec<u8> = clock.split(':').map(|part| part.parse().unwrap()).collect();
    let day = time::Date::from_calendar_date(year.parse().unwrap(), month, day.parse().unwrap()).unwrap();
    day.with_hms(clock[0], clock[1], clock[2]).unwrap().assume_utc().unix_timestamp()
}
