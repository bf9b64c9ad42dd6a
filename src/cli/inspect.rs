//! `inspect`: AWS's procedure in one command, for an issuer, an endpoint or a file.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use clap::{Args, ValueEnum};

use super::exit::Exit;
use super::target::{Target, TargetError};
use super::terminal::style;
use crate::chain::{CertificateFile, FileError, JudgedChain, ServedChain, TrustStore};
use crate::clock::Clock;
use crate::daemon::setup::runtime;
use crate::endpoint::host as canonical_host;
use crate::files::read_whole;
use crate::host_pattern::HostPattern;
use crate::observe::{distinct, sightings};
use crate::poll::{AddressPolicy, Capture, Limits, Poller, Resolver, Round, Tls, Tunnels};
use crate::proxy::{ProxyError, ProxySettings};
use crate::report::{Inspection, as_pem, as_text};
use crate::trust_files::{CaFileError, ca_certificates, system_roots};

/// What to inspect, and how.
#[derive(Args)]
pub(super) struct InspectArgs {
    /// An issuer URL (also without `https://`, or of its discovery document), the ARN of an IAM OIDC provider,
    /// `host[:port]`, a certificate file (PEM, DER, PKCS#7, or the output of `openssl s_client -showcerts`), or `-` for
    /// standard input.
    target: String,
    /// Output format. `thumbprint` prints one line of 40 hex digits per endpoint, or several if its addresses differ.
    #[arg(long, short, value_enum, default_value_t = Output::Text)]
    output: Output,
    /// Also trust the CA certificates in this file; may be repeated.
    #[arg(long, value_name = "FILE")]
    ca_file: Vec<PathBuf>,
    /// Expect a private CA at hosts that match, such as oidc.example.com or *.corp.example.com; may be repeated. At any
    /// other host, a chain without a public root may be a TLS-inspecting proxy's.
    #[arg(long, value_name = "PATTERN")]
    private_host: Vec<HostPattern>,
    /// Connect to this address instead of asking DNS; may be repeated.
    #[arg(long, value_name = "HOST=ADDRESS", value_parser = resolve)]
    resolve: Vec<(String, IpAddr)>,
    /// Allow connections to loopback addresses.
    #[arg(long)]
    allow_loopback: bool,
    /// Time limit for each step.
    #[arg(long, value_name = "DURATION", default_value = "10s", value_parser = humantime::parse_duration)]
    timeout: Duration,
}

#[derive(Clone, Copy, ValueEnum)]
enum Output {
    Text,
    Json,
    Pem,
    Thumbprint,
}

/// Why nothing can be told.
#[derive(Debug, thiserror::Error)]
enum InspectError {
    #[error(transparent)]
    Target(#[from] TargetError),
    #[error("{target}: {error}")]
    Io { target: String, error: io::Error },
    #[error("{target}: {error}")]
    File { target: String, error: FileError },
    #[error("--ca-file: {0}")]
    CaFile(#[from] CaFileError),
    #[error(transparent)]
    Proxy(#[from] ProxyError),
    #[error("cannot start: {0}")]
    Start(#[from] io::Error),
    #[error("cannot encode the report as JSON: {0}")]
    Json(#[from] serde_json::Error),
}

fn resolve(text: &str) -> Result<(String, IpAddr), String> {
    let (host, address) = text.split_once('=').ok_or("expected HOST=ADDRESS")?;
    let bare = address.strip_prefix('[').and_then(|address| address.strip_suffix(']')).unwrap_or(address);
    let address = bare.parse().map_err(|_| format!("`{address}` is not an IP address"))?;
    Ok((canonical_host(host).map_err(|error| format!("`{host}`: {error}"))?, address))
}

/// Looks at the target and prints what it found.
pub(super) fn inspect(args: &InspectArgs) -> Exit {
    match look(args).and_then(|report| Ok((print(&report, args.output)?, report))) {
        Ok(((), report)) => Exit::of(report.has_finding(), report.is_incomplete()),
        Err(error) => Exit::Untold.because(&error),
    }
}

fn look(args: &InspectArgs) -> Result<Inspection, InspectError> {
    let mut trust = TrustStore::empty().with_mozilla().with_system_roots(system_roots());
    for path in &args.ca_file {
        let bytes = read(path).map_err(|error| CaFileError::Io { path: path.clone(), error })?;
        trust = trust.with_added(ca_certificates(path, &bytes)?);
    }
    trust = trust.with_private_hosts(args.private_host.iter().cloned());
    let seen = |capture: &Capture| sightings(&trust, capture);
    match Target::of(&args.target, |file| Path::new(file).exists())? {
        Target::StandardInput => look_at_file("-", &trust),
        Target::File(file) => look_at_file(&file, &trust),
        Target::Issuer { issuer, provider } => {
            let poll = runtime()?.block_on(poller(args, &trust)?.poll(&Round::default(), &issuer, None));
            Ok(Inspection::of_issuer(&issuer, provider.as_ref(), &poll, seen))
        }
        Target::Endpoint(endpoint) => {
            let capture = runtime()?.block_on(Capture::take(&poller(args, &trust)?, &endpoint, true));
            Ok(Inspection::of_endpoint(&capture, &distinct(&seen(&capture))))
        }
    }
}

fn look_at_file(target: &str, trust: &TrustStore) -> Result<Inspection, InspectError> {
    let bytes = match target {
        "-" => read_whole(io::stdin()),
        file => read(Path::new(file)),
    };
    let bytes = bytes.map_err(|error| InspectError::Io { target: target.into(), error })?;
    let file = |error| InspectError::File { target: target.into(), error };
    let read = CertificateFile::read(&bytes).map_err(file)?;
    let served = ServedChain::new(read.certificates).ok_or_else(|| file(FileError::NoCertificate))?;
    let now = Clock::system().now();
    let judgement = trust.judge(served.certificates(), None, now);
    Ok(Inspection::of_file(target, &JudgedChain { served, judgement }, read.order, now))
}

/// A pipe is as good as a file here, since somebody waits for its writer.
fn read(path: &Path) -> io::Result<Vec<u8>> {
    read_whole(File::open(path)?)
}

fn poller(args: &InspectArgs, trust: &TrustStore) -> Result<Poller, ProxyError> {
    let mut table: BTreeMap<String, Vec<IpAddr>> = BTreeMap::new();
    for (host, address) in &args.resolve {
        table.entry(host.clone()).or_default().push(*address);
    }
    let egress = ProxySettings::default().egress(|name| std::env::var(name))?;
    if let Some(warning) = egress.warning() {
        eprintln!("warning: {warning}");
    }
    Ok(Poller {
        clock: Clock::system(),
        resolver: Resolver::System(Arc::new(table)),
        addresses: AddressPolicy { allow_loopback: args.allow_loopback },
        tunnels: Tunnels::new(egress, trust.anchors().cloned()),
        tls: Tls::default(),
        limits: Limits { connect: args.timeout, request: args.timeout, poll: args.timeout * 8 },
    })
}

fn print(report: &Inspection, output: Output) -> Result<(), InspectError> {
    let text = match output {
        Output::Text => as_text(report, style()),
        Output::Json => serde_json::to_string_pretty(report)? + "\n",
        Output::Pem => as_pem(report),
        Output::Thumbprint => report
            .thumbprints()
            .iter()
            .fold(String::new(), |text, thumbprint| format!("{text}{thumbprint}\n")),
    };
    if matches!(output, Output::Pem | Output::Thumbprint) {
        for aside in report.asides() {
            eprintln!("oidc-thumbprint-exporter: {}: {aside}", report.target);
        }
    }
    print!("{text}");
    Ok(())
}
