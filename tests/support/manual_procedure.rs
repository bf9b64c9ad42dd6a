//! The manual procedure of the IAM user guide, "Obtain the thumbprint for an `OpenID` Connect identity provider", with
//! curl and openssl, step by step.

use std::net::SocketAddr;
use std::process::Command;

use serde_json::Value;

use super::lab::LabIssuer;
use super::process::{run, run_with};

/// Steps 1 and 2: the `jwks_uri` of the discovery document, asked for at the issuer's first address.
pub fn jwks_uri(issuer: &LabIssuer) -> Option<String> {
    let mut curl = Command::new("curl");
    let resolve = format!("{}:{}:{}", issuer.host(), issuer.port(), issuer.addresses()[0]);
    curl.args(["--silent", "--insecure", "--noproxy", "*", "--max-time", "30", "--resolve", &resolve]);
    curl.arg(format!("{}/.well-known/openid-configuration", issuer.url()));
    let document = run(&mut curl);
    let document: Value = serde_json::from_str(&document.out).ok()?;
    document["jwks_uri"].as_str().map(str::to_owned)
}

/// Steps 3 to 6: the certificates that are served there, the last of them, its fingerprint, and that without colons.
pub fn thumbprint(host: &str, socket: SocketAddr) -> Option<String> {
    let transcript = transcript(host, socket);
    let last = &transcript[transcript.rfind("-----BEGIN CERTIFICATE-----")?..];
    let mut x509 = Command::new("openssl");
    x509.args(["x509", "-fingerprint", "-sha1", "-noout"]);
    let fingerprint = run_with(&mut x509, last.as_bytes());
    let (_, digits) = fingerprint.out.trim().split_once('=')?;
    Some(digits.replace(':', "").to_lowercase())
}

/// What `openssl s_client -showcerts` prints.
pub fn transcript(host: &str, socket: SocketAddr) -> String {
    let mut s_client = Command::new("openssl");
    s_client.args(["s_client", "-servername", host, "-showcerts", "-connect", &socket.to_string()]);
    run(&mut s_client).out
}

/// The thumbprints of all addresses of one host, each once, in the order of the addresses.
pub fn thumbprints(host: &LabIssuer) -> Vec<String> {
    let mut found = Vec::new();
    for socket in host.sockets() {
        if let Some(thumbprint) = thumbprint(host.host(), socket).filter(|one| !found.contains(one)) {
            found.push(thumbprint);
        }
    }
    found
}
