//! What `inspect` says: captures and judgements as plain data, in words. Pure; `text` draws it, JSON is its own form.

mod command;
mod pem;
mod round;
mod text;
mod warnings;

use std::net::IpAddr;
use std::sync::Arc;

use serde::Serialize;

use crate::chain::{Certificate, ChainStatus, Distrust, PathMember, Role, ServedChain, Thumbprint};
use crate::clock::Timestamp;
use crate::issuer::Issuer;
use crate::poll::{Capture, IssuerPoll, PollError};
use crate::window::JudgedChain;

pub use command::{Command, Withheld};
pub use pem::as_pem;
pub use round::{RoundReport, Row, Severity};
pub use text::{Style, inspection as as_text};

/// What is known of one target.
#[derive(Debug, Serialize)]
pub struct Inspection {
    /// The target as it was given: an issuer URL, `host:port`, or the name of a file.
    pub target: String,
    /// When it was looked at, RFC 3339.
    pub at: String,
    /// Discovery endpoint, JWKS endpoint where it is another; or the one that was asked for; or the file.
    pub endpoints: Vec<EndpointReport>,
    /// What kept discovery document or JWKS from being got.
    pub error: Option<ErrorReport>,
    /// The command that makes IAM list what is served; for an issuer only, and none when that would do harm.
    pub command: Option<Command>,
    /// Why an issuer gets no command.
    pub no_command: Option<String>,
    /// What to think of before the command is run.
    pub cautions: Vec<String>,
}

/// A failure: its closed reason, and in words.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct ErrorReport {
    /// As in `oidc_issuer_poll_failures_total`.
    pub reason: &'static str,
    /// For people.
    pub detail: String,
}

/// One endpoint, or one file.
#[derive(Debug, Serialize)]
pub struct EndpointReport {
    /// `host:port`, or the name of the file.
    pub endpoint: String,
    /// `discovery`, `jwks`, both, or neither.
    pub serves: Vec<&'static str>,
    /// Every address of the host.
    pub addresses: Vec<AddressReport>,
    /// Why there is no address.
    pub error: Option<ErrorReport>,
    /// Whether it takes TLS 1.2, when it told.
    pub tls12_accepted: Option<bool>,
    /// Every distinct chain.
    pub chains: Vec<ChainReport>,
}

/// One address.
#[derive(Debug, Serialize)]
pub struct AddressReport {
    /// The address.
    pub address: IpAddr,
    /// Which of the endpoint's chains it served, counted from 1.
    pub chain: Option<usize>,
    /// Why there was no connection.
    pub error: Option<ErrorReport>,
}

/// One served chain.
#[derive(Debug, Serialize)]
pub struct ChainReport {
    /// SHA-1 of the last certificate, as IAM stores it.
    #[serde(serialize_with = "shown")]
    pub thumbprint: Thumbprint,
    /// As in `oidc_chain_status`.
    pub statuses: Vec<&'static str>,
    /// Why it does not verify, as in `oidc_chain_distrust_info`.
    pub distrust: Option<&'static str>,
    /// The end of the path.
    pub anchor: Option<AnchorReport>,
    /// In served order.
    pub certificates: Vec<CertificateReport>,
    /// In words.
    pub warnings: Vec<String>,
    /// Something that a person should look at.
    #[serde(skip)]
    pub has_finding: bool,
    /// The last certificate is where the path of the leaf ends, so that its thumbprint means something.
    #[serde(skip)]
    pub root_ends_path: bool,
    /// What was served.
    #[serde(skip)]
    pub chain: ServedChain,
}

/// A trust anchor.
#[derive(Debug, Serialize)]
pub struct AnchorReport {
    /// mozilla, system, added, served.
    pub source: &'static str,
    /// What it is.
    #[serde(flatten)]
    pub certificate: CertificateReport,
}

/// One certificate.
#[derive(Debug, Serialize)]
pub struct CertificateReport {
    /// leaf, intermediate, root; `trust_anchor`; or `certificate` for the only one of a file.
    pub role: &'static str,
    /// SHA-1 of the DER.
    pub sha1: String,
    /// SHA-256 of the DER.
    pub sha256: String,
    /// Why nothing else is known.
    pub unreadable: Option<String>,
    /// What it says.
    #[serde(flatten)]
    pub fields: Option<FieldsReport>,
}

/// What a readable certificate says.
#[derive(Debug, Serialize)]
pub struct FieldsReport {
    /// Subject.
    pub subject: String,
    /// Issuer.
    pub issuer: String,
    /// Serial number, hex.
    pub serial: String,
    /// Valid from, RFC 3339.
    pub not_before: String,
    /// Valid until, RFC 3339.
    pub not_after: String,
    /// Days left, negative once expired.
    pub days_left: f64,
    /// Kind and size of the key.
    pub key: String,
    /// The first subject alternative names.
    pub names: Vec<String>,
    /// How many there are.
    pub names_total: usize,
}

fn shown<S: serde::Serializer>(value: &impl std::fmt::Display, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}

impl From<&PollError> for ErrorReport {
    fn from(error: &PollError) -> Self {
        Self { reason: error.reason().as_str(), detail: error.to_string() }
    }
}

impl Inspection {
    /// Of an issuer.
    #[must_use]
    pub fn of_issuer(
        issuer: &Issuer,
        poll: &IssuerPoll,
        judged: impl Fn(&Capture) -> Vec<Arc<JudgedChain>>,
    ) -> Self {
        let last = poll.captures.len().saturating_sub(1);
        let endpoints = poll.captures.iter().enumerate().map(|(index, capture)| {
            let told = poll.jwks_endpoint.is_some();
            let mut serves = Vec::new();
            serves.extend((index == 0).then_some("discovery"));
            serves.extend((told && index == last).then_some("jwks"));
            EndpointReport::new(capture, serves, &judged(capture), poll.at)
        });
        let mut report = Self::new(issuer.to_string(), poll.at, endpoints.collect());
        report.error = poll.outcome.as_ref().err().map(ErrorReport::from);
        if let Some(discovery) = poll.captures.first() {
            match Command::new(issuer, &discovery.endpoint, &report.endpoints) {
                Ok(command) => {
                    report.command = Some(command);
                    report.cautions = command::cautions(&discovery.endpoint, &report.endpoints);
                }
                Err(why) => report.no_command = Some(why.to_string()),
            }
        }
        report
    }

    /// Of one endpoint.
    #[must_use]
    pub fn of_endpoint(capture: &Capture, chains: &[Arc<JudgedChain>]) -> Self {
        let endpoint = EndpointReport::new(capture, Vec::new(), chains, capture.at);
        Self::new(endpoint.endpoint.clone(), capture.at, vec![endpoint])
    }

    /// Of a file. A single certificate is neither a leaf, nor blamed for having no others beside it.
    #[must_use]
    pub fn of_file(target: &str, chain: &JudgedChain, now: Timestamp) -> Self {
        let mut chain = ChainReport::new(chain, now);
        if let [alone] = chain.certificates.as_mut_slice() {
            alone.role = "certificate";
            let dates = [ChainStatus::Expired, ChainStatus::NotYetValid].map(ChainStatus::as_str);
            chain.statuses.retain(|status| dates.contains(status));
            chain.has_finding = !chain.statuses.is_empty();
            chain.warnings.clear();
            chain.distrust = None;
        }
        let endpoint = EndpointReport {
            endpoint: target.to_owned(),
            serves: Vec::new(),
            addresses: Vec::new(),
            error: None,
            tls12_accepted: None,
            chains: vec![chain],
        };
        Self::new(target.to_owned(), now, vec![endpoint])
    }

    fn new(target: String, at: Timestamp, endpoints: Vec<EndpointReport>) -> Self {
        let (command, no_command) = (None, None);
        Self { target, at: at.to_string(), endpoints, error: None, command, no_command, cautions: Vec::new() }
    }

    /// Nothing is known of some part of what was asked.
    #[must_use]
    pub fn is_incomplete(&self) -> bool {
        self.endpoints.is_empty()
            || self.endpoints.iter().any(|endpoint| endpoint.chains.is_empty())
            || (self.error.is_some()
                && !self.endpoints.iter().any(|endpoint| endpoint.serves.contains(&"jwks")))
    }

    /// Something that a person should look at.
    #[must_use]
    pub fn has_finding(&self) -> bool {
        let failed =
            |endpoint: &EndpointReport| endpoint.addresses.iter().any(|address| address.error.is_some());
        self.error.is_some()
            || self.no_command.is_some()
            || self.endpoints.iter().any(|e| failed(e) || e.chains.iter().any(|chain| chain.has_finding))
    }

    /// The thumbprints of each endpoint, in order: one, unless its addresses differ.
    #[must_use]
    pub fn thumbprints(&self) -> Vec<Thumbprint> {
        let mut all = Vec::new();
        for endpoint in &self.endpoints {
            let mut own: Vec<Thumbprint> = Vec::new();
            for chain in &endpoint.chains {
                if !own.contains(&chain.thumbprint) {
                    own.push(chain.thumbprint);
                }
            }
            all.extend(own);
        }
        all
    }

    /// Every failure, each once: of endpoints, of addresses, of the documents.
    #[must_use]
    pub fn failures(&self) -> Vec<&ErrorReport> {
        let of_endpoints = self.endpoints.iter().flat_map(EndpointReport::failures);
        let mut failures: Vec<&ErrorReport> = Vec::new();
        for failure in of_endpoints.chain(&self.error) {
            if !failures.contains(&failure) {
                failures.push(failure);
            }
        }
        failures
    }
}

impl EndpointReport {
    /// Why there is no address, or no connection to one.
    pub(super) fn failures(&self) -> impl Iterator<Item = &ErrorReport> {
        self.error.iter().chain(self.addresses.iter().filter_map(|address| address.error.as_ref()))
    }

    fn new(
        capture: &Capture,
        serves: Vec<&'static str>,
        chains: &[Arc<JudgedChain>],
        now: Timestamp,
    ) -> Self {
        let seen = capture.addresses.as_deref().unwrap_or_default();
        let number = |chain: &ServedChain| {
            chains.iter().position(|judged| judged.chain.id() == chain.id()).map(|index| index + 1)
        };
        let addresses = seen.iter().map(|address| AddressReport {
            address: address.address,
            chain: address.chain.as_ref().and_then(number),
            error: address.failure.as_ref().map(ErrorReport::from),
        });
        Self {
            endpoint: capture.endpoint.to_string(),
            serves,
            addresses: addresses.collect(),
            error: capture.addresses.as_ref().err().map(ErrorReport::from),
            tls12_accepted: capture.takes_tls12,
            chains: chains.iter().map(|chain| ChainReport::new(chain, now)).collect(),
        }
    }
}

impl ChainReport {
    /// A chain of the window, as of `now`.
    #[must_use]
    pub fn new(JudgedChain { chain, judgement }: &JudgedChain, now: Timestamp) -> Self {
        let certificates = chain.certificates().iter().enumerate();
        let certificates =
            certificates.map(|(position, c)| CertificateReport::new(chain.role(position).as_str(), c, now));
        Self {
            thumbprint: chain.root_ca().sha1,
            statuses: judgement.statuses.iter().map(|status| status.as_str()).collect(),
            distrust: judgement.verified.err().map(Distrust::as_str),
            anchor: judgement.anchor.as_ref().map(|anchor| AnchorReport {
                source: anchor.source.as_str(),
                certificate: CertificateReport::new(
                    PathMember::TrustAnchor.as_str(),
                    &anchor.certificate,
                    now,
                ),
            }),
            certificates: certificates.collect(),
            warnings: warnings::of(chain, judgement, now),
            has_finding: judgement.has_finding(),
            root_ends_path: judgement.path.positions.last() == Some(&(chain.certificates().len() - 1)),
            chain: chain.clone(),
        }
    }

    /// The certificate that gives the thumbprint is the leaf, for want of another.
    fn is_leaf_alone(&self) -> bool {
        self.certificates.last().is_some_and(|last| last.role == Role::Leaf.as_str())
    }
}

impl CertificateReport {
    fn new(role: &'static str, certificate: &Certificate, now: Timestamp) -> Self {
        let fields = certificate.readable().map(|fields| FieldsReport {
            subject: fields.subject.clone(),
            issuer: fields.issuer.clone(),
            serial: fields.serial.clone(),
            not_before: fields.not_before.to_string(),
            not_after: fields.not_after.to_string(),
            days_left: fields.not_after.days_from(now),
            key: fields.key.clone(),
            names: fields.names.clone(),
            names_total: fields.names_total,
        });
        Self {
            role,
            sha1: certificate.sha1.to_string(),
            sha256: certificate.sha256.to_string(),
            unreadable: certificate.fields.as_ref().err().map(ToString::to_string),
            fields,
        }
    }
}
