//! The immutable state that a scrape reads; replaced whole after each poll. Nothing here does I/O.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use crate::aws::{AccountError, AccountReason};
use crate::chain::{Certificate, Thumbprint};
use crate::clock::Timestamp;
use crate::issuer::{Endpoint, Issuer};
use crate::poll::{PollError, Reason, Timings};
use crate::provider::{FROM_FILE, Provider};
use crate::verdict::{Seen, Status, Verdict};
use crate::window::{JudgedChain, Window};

/// Stands for the id of an account until one of its ARNs has told it.
pub const ACCOUNT_NOT_KNOWN: &str = "unknown";

/// Everything that is known at one moment.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    /// Every watched issuer.
    pub issuers: BTreeMap<Issuer, Arc<IssuerState>>,
    /// Every endpoint of theirs.
    pub endpoints: BTreeMap<Endpoint, Arc<EndpointState>>,
    /// Every provider, from IAM and from the file, with its verdict.
    pub providers: Vec<(Arc<Provider>, Verdict)>,
    /// The IAM account, when there is one.
    pub account: Option<AccountState>,
    /// Audiences that providers must allow: everywhere, and by issuer.
    pub audiences: Audiences,
    /// The set interval of the rounds.
    pub interval: Duration,
    /// When the configuration that is in force was loaded.
    pub configured: Option<Timestamp>,
    /// Why a later one was refused.
    pub refused: Option<Arc<str>>,
    /// Every issuer and the account had their first result at some time. An issuer that comes later changes nothing:
    /// whoever takes a daemon that is not ready out of service would lose sight of all the others.
    pub ready: bool,
}

/// Audiences that are required of providers.
#[derive(Clone, Debug, Default)]
pub struct Audiences {
    /// Of every provider.
    pub everywhere: BTreeSet<String>,
    /// Of the providers of one issuer, beside those.
    pub by_issuer: BTreeMap<Issuer, BTreeSet<String>>,
}

/// What is known of one issuer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct IssuerState {
    /// Polls that have ended.
    pub polls: u64,
    /// How many of them failed, by reason in the order of [`Reason::ALL`].
    pub failures: [u64; Reason::ALL.len()],
    /// Start of the last poll.
    pub last_poll: Option<Timestamp>,
    /// Start of the last poll that got everything.
    pub last_success: Option<Timestamp>,
    /// Why the last poll failed.
    pub error: Option<PollError>,
    /// Of the last poll.
    pub timings: Timings,
    /// The endpoint of the discovery document.
    pub discovery: Option<Endpoint>,
    /// The endpoint of `jwks_uri`, as last told.
    pub jwks: Option<Endpoint>,
    /// The thumbprints of the root CAs that counted after the last poll, those of a proxy in between left out.
    pub root_cas: BTreeSet<Thumbprint>,
    /// A chain of every endpoint has been seen at some time.
    pub is_complete: bool,
    /// When a root CA was first served that had not been before.
    pub thumbprint_changed: Option<Timestamp>,
}

/// What is known of one endpoint.
#[derive(Clone, Debug, Default)]
pub struct EndpointState {
    /// Addresses that its name resolved to in the last round that resolved it.
    pub addresses: usize,
    /// Those of them that gave no connection, and why.
    pub failures: BTreeMap<IpAddr, PollError>,
    /// The observations that count.
    pub window: Window,
    /// Whether it takes TLS 1.2, as last told.
    pub takes_tls12: Option<bool>,
    /// When it last told.
    pub tls12_asked: Option<Timestamp>,
    /// The round that was last taken in.
    pub round: u64,
}

/// What is known of an IAM account.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AccountState {
    /// Twelve digits, once an ARN has told.
    pub id: Option<String>,
    /// Times that it was read, or tried.
    pub polls: u64,
    /// How many of them failed, by reason in the order of [`AccountReason::ALL`].
    pub failures: [u64; AccountReason::ALL.len()],
    /// Start of the last reading that got everything.
    pub last_success: Option<Timestamp>,
    /// Why the last one failed.
    pub error: Option<AccountError>,
}

impl Audiences {
    /// Each audience that is required of an IAM provider, and whether it allows that one. Nothing while that is not known.
    pub fn of<'a>(&'a self, provider: &'a Provider) -> impl Iterator<Item = (&'a str, bool)> {
        let details = provider.details.as_ref().filter(|_| provider.arn != FROM_FILE);
        details.into_iter().flat_map(move |details| {
            let own = self.by_issuer.get(&provider.issuer).into_iter().flatten();
            let required: BTreeSet<&String> = own.chain(&self.everywhere).collect();
            required.into_iter().map(|audience| (audience.as_str(), details.client_ids.contains(audience)))
        })
    }
}

impl IssuerState {
    /// The last poll got discovery document, chain and JWKS.
    #[must_use]
    pub fn is_up(&self) -> bool {
        self.last_poll.is_some() && self.error.is_none()
    }

    /// Discovery and JWKS endpoint, once where they are the same; `None` until the discovery document has named the
    /// second.
    #[must_use]
    pub fn endpoints(&self) -> Option<BTreeSet<&Endpoint>> {
        self.jwks.as_ref().map(|jwks| self.discovery.iter().chain([jwks]).collect())
    }

    /// The endpoints that are known so far.
    #[must_use]
    pub fn known_endpoints(&self) -> BTreeSet<&Endpoint> {
        self.discovery.iter().chain(&self.jwks).collect()
    }
}

impl EndpointState {
    /// What a verdict needs.
    #[must_use]
    pub fn seen(&self) -> Seen<'_> {
        Seen { window: &self.window, takes_tls12: self.takes_tls12 }
    }
}

impl AccountState {
    /// The last reading got everything.
    #[must_use]
    pub fn is_up(&self) -> bool {
        self.polls > 0 && self.error.is_none()
    }

    /// The value of the label `account_id`.
    #[must_use]
    pub fn label(&self) -> &str {
        self.id.as_deref().unwrap_or(ACCOUNT_NOT_KNOWN)
    }
}

impl Snapshot {
    /// Every issuer and the account have their first result, good or bad.
    #[must_use]
    pub(crate) fn has_first_results(&self) -> bool {
        self.issuers.values().all(|issuer| issuer.last_poll.is_some())
            && self.account.as_ref().is_none_or(|account| account.polls > 0)
    }

    /// An issuer's endpoints, `None` until both are known.
    #[must_use]
    pub fn seen(&self, issuer: &IssuerState) -> Option<Vec<Seen<'_>>> {
        let endpoints = issuer.endpoints()?.into_iter();
        endpoints.map(|endpoint| self.endpoints.get(endpoint).map(|state| state.seen())).collect()
    }

    /// Every distinct chain of the issuer's endpoints that counts.
    pub fn chains<'a>(&'a self, issuer: &'a IssuerState) -> impl Iterator<Item = &'a JudgedChain> {
        let endpoints = issuer.known_endpoints().into_iter();
        endpoints
            .filter_map(|endpoint| self.endpoints.get(endpoint))
            .flat_map(|endpoint| endpoint.window.chains())
            .map(Arc::as_ref)
    }

    /// Soonest expiry among the issuer's root CAs that count.
    #[must_use]
    pub fn root_ca_not_after(&self, issuer: &IssuerState) -> Option<Timestamp> {
        soonest(self.chains(issuer).map(|judged| judged.chain.root_ca()))
    }

    /// Soonest expiry among the trust anchors of the issuer's chains that count, served or not.
    #[must_use]
    pub fn trust_anchor_not_after(&self, issuer: &IssuerState) -> Option<Timestamp> {
        let anchors = self.chains(issuer).filter_map(|judged| judged.judgement.anchor.as_ref());
        soonest(anchors.map(|anchor| &anchor.certificate))
    }

    /// How many providers have this verdict.
    #[must_use]
    pub fn count(&self, status: Status) -> usize {
        self.providers.iter().filter(|(_, verdict)| verdict.status == status).count()
    }

    /// One sentence for `systemctl status`.
    #[must_use]
    pub fn sentence(&self) -> String {
        let down =
            self.issuers.values().filter(|issuer| issuer.last_poll.is_some() && !issuer.is_up()).count();
        let mut parts = Vec::new();
        for (count, word) in [
            (self.count(Status::Mismatch), "mismatch"),
            (self.count(Status::Partial), "partial"),
            (self.count(Status::Unknown), "unknown"),
            (down, if down == 1 { "issuer down" } else { "issuers down" }),
        ] {
            if count > 0 {
                parts.push(format!("{count} {word}"));
            }
        }
        if self.account.as_ref().is_some_and(|account| account.error.is_some()) {
            parts.push("IAM not readable".to_owned());
        }
        if parts.is_empty() {
            parts.push(if self.providers.is_empty() { "nothing to compare" } else { "all match" }.to_owned());
        }
        if let Some(reason) = self.refused.as_deref().and_then(|reason| reason.lines().next()) {
            parts.push(format!("new configuration refused ({reason})"));
        }
        let findings = parts.join(", ");
        let polled = match self.issuers.values().filter_map(|issuer| issuer.last_poll).max() {
            Some(at) => format!("last poll {at}"),
            None => "no poll has ended yet".to_owned(),
        };
        format!("{} providers, {} issuers: {findings}; {polled}", self.providers.len(), self.issuers.len())
    }
}

fn soonest<'a>(certificates: impl Iterator<Item = &'a Certificate>) -> Option<Timestamp> {
    certificates.filter_map(|certificate| Some(certificate.readable()?.not_after)).min()
}
