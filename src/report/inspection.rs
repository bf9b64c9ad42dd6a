//! What `inspect` says of a target: captures and judgements as plain data. Pure; `text` draws it, JSON is its own form.

use std::net::IpAddr;
use std::sync::Arc;

use serde::Serialize;

use super::aws_cli::Command;
use super::chain::ChainReport;
use super::problem::{ProblemReport, before_creation, own_spelling};
use super::shown::{shown, shown_if_any};
use super::warnings;
use crate::chain::{FileOrder, JudgedChain, ServedChain, Thumbprint, is_well_known_public_issuer};
use crate::clock::Timestamp;
use crate::endpoint::{Endpoint, EndpointUse};
use crate::issuer::Issuer;
use crate::observe::{Sighting, Window, distinct};
use crate::poll::{Capture, IssuerPoll, PollError, Reason, Via, are_all_private};
use crate::provider::ProviderArn;
use crate::verdict::{
    EndpointEvidence, IssuerEvidence, KeyEvidence, Plan, Problem, Rules, Seen, SeenEndpoint, Withheld,
    enforced, of_issuer, of_listed, of_url,
};

/// What is known of one target.
#[derive(Debug, Serialize)]
pub(crate) struct Inspection {
    /// The target as it was given: an issuer URL, `host:port`, or the name of a file.
    pub target: String,
    /// When it was looked at, RFC 3339.
    #[serde(serialize_with = "shown")]
    pub at: Timestamp,
    /// Discovery endpoint, JWKS endpoint where it is another; or the one that was asked for; or the file.
    pub endpoints: Vec<EndpointReport>,
    /// What kept discovery document or JWKS from being got.
    pub error: Option<ErrorReport>,
    /// The command that makes IAM list what is served; for an issuer only, and none when that would do harm.
    pub command: Option<Command>,
    /// Why an issuer gets no command.
    #[serde(serialize_with = "shown_if_any")]
    pub no_command: Option<Withheld>,
    /// Of the issuer, and of the provider where its ARN was given.
    pub problems: Vec<ProblemReport>,
    /// What is worth a word and no problem.
    pub remarks: Vec<String>,
    /// What to think of before the command is run.
    pub cautions: Vec<String>,
    /// Why the order of a file's certificates may not be that of a server; also among the warnings of its chain.
    #[serde(skip)]
    pub order_note: Option<&'static str>,
}

/// A failure: its closed reason, and in words.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct ErrorReport {
    /// As in `oidc_issuer_poll_failures_total`.
    pub reason: Reason,
    /// For people.
    pub detail: String,
}

/// One endpoint, or one file.
#[derive(Debug, Serialize)]
pub(crate) struct EndpointReport {
    /// `host:port`, or the name of the file.
    pub endpoint: String,
    /// `discovery`, `jwks`, both, or neither.
    pub serves: Vec<EndpointUse>,
    /// Every address of the host that was looked at, or the one face that a proxy showed.
    pub addresses: Vec<AddressReport>,
    /// How many were not, since there are too many.
    pub addresses_unseen: usize,
    /// A proxy chose the address, so that other addresses were not seen.
    pub behind_proxy: bool,
    /// Why there is no address.
    pub error: Option<ErrorReport>,
    /// Whether it takes TLS 1.2, when it told.
    pub tls12_accepted: Option<bool>,
    /// Every distinct chain.
    pub chains: Vec<ChainReport>,
}

#[derive(Debug, Serialize)]
pub(crate) struct AddressReport {
    /// None where a proxy chose it.
    pub address: Option<IpAddr>,
    /// The same in words.
    #[serde(skip)]
    pub via: Via,
    /// Which of the endpoint's chains it served, counted from 1.
    pub chain: Option<usize>,
    /// Why there was no connection.
    pub error: Option<ErrorReport>,
    /// The failure is this machine's own, so it says nothing about the issuer.
    #[serde(skip)]
    pub is_out_of_reach: bool,
}

impl From<&PollError> for ErrorReport {
    fn from(error: &PollError) -> Self {
        Self { reason: error.reason(), detail: error.to_string() }
    }
}

impl Inspection {
    /// Of an issuer; of the provider that IAM has for it, where its ARN is known.
    #[must_use]
    pub(crate) fn of_issuer(
        issuer: &Issuer,
        arn: Option<&ProviderArn>,
        poll: &IssuerPoll,
        sightings: impl Fn(&Capture) -> Vec<Sighting>,
    ) -> Self {
        let last = poll.captures.len().saturating_sub(1);
        let told = poll.jwks_endpoint.is_some();
        let looks = poll.captures.iter().map(|capture| (&**capture, sightings(capture)));
        let looks: Vec<(&Capture, Vec<Sighting>)> = looks.collect();
        let chains: Vec<Vec<_>> = looks.iter().map(|(_, sightings)| distinct(sightings)).collect();
        let seen = poll.captures.iter().zip(&chains).enumerate();
        let seen: Vec<SeenEndpoint<'_>> = seen
            .map(|(index, (capture, chains))| SeenEndpoint {
                endpoint: &capture.endpoint,
                serves_jwks: told && index == last,
                chains,
            })
            .collect();
        let endpoints = poll.captures.iter().zip(&seen).enumerate().map(|(index, (capture, seen))| {
            let mut serves = Vec::new();
            serves.extend((index == 0).then_some(EndpointUse::Discovery));
            serves.extend(seen.serves_jwks.then_some(EndpointUse::Jwks));
            EndpointReport::new(capture, serves, seen.chains, poll.at)
        });
        let target = arn.map_or_else(|| issuer.to_string(), ToString::to_string);
        let mut report = Self::new(target, poll.at, endpoints.collect());
        let own = poll.documents.issuer.as_deref();
        report.problems = ProblemReport::all(&problems(issuer, arn, poll, &looks));
        let misspelled = report.problems.iter().any(ProblemReport::is_of_spelling);
        // Where there is a provider that fits, nobody has to make one.
        report.remarks.extend(before_creation(&poll.documents).filter(|_| arn.is_none() || misspelled));
        report.remarks.extend(own_spelling(issuer, &poll.documents).filter(|_| !misspelled));
        report.error = poll.outcome.as_ref().err().map(ErrorReport::from);
        if !seen.is_empty() {
            match Plan::new(&seen) {
                Ok(plan) => {
                    report.cautions = cautions(issuer, &plan, &report.endpoints);
                    report.command = Some(match arn {
                        Some(arn) => Command::for_provider(arn, plan),
                        None => Command::for_issuer(issuer, own, plan),
                    });
                }
                Err(why) => report.no_command = Some(why),
            }
        }
        report
    }

    /// Of one endpoint.
    #[must_use]
    pub(crate) fn of_endpoint(capture: &Capture, chains: &[Arc<JudgedChain>]) -> Self {
        let endpoint = EndpointReport::new(capture, Vec::new(), chains, capture.at);
        Self::new(endpoint.endpoint.clone(), capture.at, vec![endpoint])
    }

    /// Of a file.
    #[must_use]
    pub(crate) fn of_file(target: &str, chain: &JudgedChain, order: FileOrder, now: Timestamp) -> Self {
        let mut report = ChainReport::alone(chain, now);
        let order_note = warnings::file_order(order);
        report.warnings.extend(order_note.map(str::to_owned));
        let endpoint = EndpointReport {
            endpoint: target.to_owned(),
            serves: Vec::new(),
            addresses: Vec::new(),
            addresses_unseen: 0,
            behind_proxy: false,
            error: None,
            tls12_accepted: None,
            chains: vec![report],
        };
        Self { order_note, ..Self::new(target.to_owned(), now, vec![endpoint]) }
    }

    fn new(target: String, at: Timestamp, endpoints: Vec<EndpointReport>) -> Self {
        Self {
            target,
            at,
            endpoints,
            error: None,
            command: None,
            no_command: None,
            problems: Vec::new(),
            remarks: Vec::new(),
            cautions: Vec::new(),
            order_note: None,
        }
    }

    /// Nothing is known of some part of what was asked.
    #[must_use]
    pub(crate) fn is_incomplete(&self) -> bool {
        self.endpoints.is_empty()
            || self
                .endpoints
                .iter()
                .any(|endpoint| endpoint.chains.is_empty() || endpoint.addresses_unseen > 0)
            || (self.error.is_some()
                && !self.endpoints.iter().any(|endpoint| endpoint.serves.contains(&EndpointUse::Jwks)))
    }

    /// Something that a person should look at. What kept anything from being seen is none by itself; a document that is not
    /// right is one, once every chain was seen.
    #[must_use]
    pub(crate) fn has_finding(&self) -> bool {
        (self.error.is_some() && !self.is_incomplete())
            || self.problems.iter().any(|problem| problem.is_finding)
            || self.no_command.as_ref().is_some_and(Withheld::is_finding)
            || self.endpoints.iter().any(EndpointReport::has_finding)
    }

    /// The thumbprints of each endpoint, in order: one, unless its addresses differ.
    #[must_use]
    pub(crate) fn thumbprints(&self) -> Vec<Thumbprint> {
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
    pub(crate) fn failures(&self) -> Vec<&ErrorReport> {
        let of_endpoints = self.endpoints.iter().flat_map(EndpointReport::failures);
        let mut failures: Vec<&ErrorReport> = Vec::new();
        for failure in of_endpoints.chain(&self.error) {
            if !failures.contains(&failure) {
                failures.push(failure);
            }
        }
        failures
    }

    /// What makes the exit code other than 0, for whoever takes thumbprints or certificates alone: one sentence each.
    #[must_use]
    pub(crate) fn asides(&self) -> Vec<String> {
        let mut asides: Vec<String> = self.failures().iter().map(|failure| failure.detail.clone()).collect();
        asides.extend(self.order_note.map(str::to_owned));
        for EndpointReport { endpoint, chains, addresses_unseen, .. } in &self.endpoints {
            let doubtful = chains.iter().filter(|chain| chain.has_finding || chain.is_unvouched);
            let warnings = doubtful.flat_map(|chain| &chain.warnings);
            let warnings = warnings.filter(|warning| self.order_note != Some(warning.as_str()));
            asides.extend(warnings.map(|warning| format!("{endpoint}: {warning}")));
            if *addresses_unseen > 0 {
                asides.push(format!("{endpoint}: {addresses_unseen} more addresses were not looked at"));
            }
        }
        asides.extend(self.problems.iter().map(ProblemReport::note));
        let withheld = self.no_command.as_ref().filter(|why| why.is_finding());
        asides.extend(withheld.map(|why| format!("do not make IAM list this: {why}")));
        asides
    }
}

impl EndpointReport {
    /// A chain has one or may be a proxy's, or an address fails where another answers.
    fn has_finding(&self) -> bool {
        let has_failed = |address: &AddressReport| address.error.is_some() && !address.is_out_of_reach;
        self.chains.iter().any(|chain| chain.has_finding || chain.is_unvouched)
            || (!self.chains.is_empty() && self.addresses.iter().any(has_failed))
    }

    /// Why there is no address, or no connection to one.
    pub(super) fn failures(&self) -> impl Iterator<Item = &ErrorReport> {
        self.error.iter().chain(self.addresses.iter().filter_map(|address| address.error.as_ref()))
    }

    fn new(capture: &Capture, serves: Vec<EndpointUse>, chains: &[Arc<JudgedChain>], now: Timestamp) -> Self {
        let seen = capture.addresses.as_deref().unwrap_or_default();
        let number = |chain: &ServedChain| {
            chains.iter().position(|judged| judged.served.id() == chain.id()).map(|index| index + 1)
        };
        let addresses = seen.iter().map(|address| AddressReport {
            address: address.via.address(),
            via: address.via,
            chain: address.chain.as_ref().and_then(number),
            error: address.failure.as_ref().map(ErrorReport::from),
            is_out_of_reach: address.failure.as_ref().is_some_and(PollError::is_local),
        });
        Self {
            endpoint: capture.endpoint.to_string(),
            serves,
            addresses: addresses.collect(),
            addresses_unseen: capture.unseen(),
            behind_proxy: capture.is_behind_proxy(),
            error: capture.addresses.as_ref().err().map(ErrorReport::from),
            tls12_accepted: capture.takes_tls12,
            chains: chains.iter().map(|chain| ChainReport::new(chain, now)).collect(),
        }
    }
}

/// What makes STS refuse this issuer's tokens, or will. What could not be seen is told in other places.
fn problems(
    issuer: &Issuer,
    arn: Option<&ProviderArn>,
    poll: &IssuerPoll,
    looks: &[(&Capture, Vec<Sighting>)],
) -> Vec<Problem> {
    let windows: Vec<(&Capture, Window)> = looks
        .iter()
        .map(|(capture, sightings)| (*capture, Window::of_one_look(capture, sightings)))
        .collect();
    let seen = windows.iter().map(|(capture, window)| Seen { window, takes_tls12: capture.takes_tls12 });
    let seen: Vec<Seen<'_>> = seen.collect();
    let failed = |capture: &Capture| {
        let failures = capture.addresses.iter().flatten().filter_map(|seen| seen.failure.as_ref());
        failures.filter(|failure| !failure.is_local()).count()
    };
    let endpoints = windows.iter().map(|(capture, window)| EndpointEvidence {
        endpoint: &capture.endpoint,
        window,
        addresses: capture.resolved.count(),
        failed: failed(capture),
        is_private: are_all_private(capture.resolved.addresses.iter().copied()),
    });
    let keys = KeyEvidence {
        documents: &poll.documents,
        timings: &poll.timings,
        shares_endpoint: poll.jwks_endpoint.as_ref() == Some(issuer.endpoint()),
        failed_polls: u32::from(poll.outcome.is_err()),
        has_succeeded: poll.outcome.is_ok(),
        // That is told by itself.
        error: None,
    };
    let enforced = enforced(Some(&seen));
    let evidence = IssuerEvidence { keys, endpoints: endpoints.collect(), enforced, unseen: None };
    let spelling = match arn {
        Some(arn) => of_listed(arn.url(), issuer, &poll.documents),
        None => of_url(issuer, &poll.documents),
    };
    spelling.into_iter().chain(of_issuer(&evidence, &Rules::default(), poll.at)).collect()
}

/// What the reader should think of before running the command.
fn cautions(issuer: &Issuer, plan: &Plan, endpoints: &[EndpointReport]) -> Vec<String> {
    let doubted = plan.unvouched.iter().map(Endpoint::host);
    let mut cautions: Vec<String> = doubted
        .map(|host| {
            let unless = if is_well_known_public_issuer(host) {
                "look at the chain from another network first".to_owned()
            } else {
                format!("run it only if {host} has a CA of its own, and say so with --private-host {host}")
            };
            format!(
                "no public root anchors the chain of {host}; if a TLS-inspecting proxy has made it, this command makes IAM list \
                 the proxy: {unless}"
            )
        })
        .collect();
    for EndpointReport { endpoint, addresses, addresses_unseen, behind_proxy, .. } in endpoints {
        if *behind_proxy {
            cautions.push(format!(
                "{endpoint} was seen through a proxy, at one of its addresses only; if the root CA of another differs, it is \
                 missing from this list"
            ));
            continue;
        }
        if *addresses_unseen > 0 {
            cautions.push(format!(
                "{addresses_unseen} more addresses of {endpoint} were not looked at: what they serve is not known"
            ));
        }
        let unseen = addresses.iter().filter(|address| address.chain.is_none()).count();
        if unseen > 0 {
            let whose = if unseen == 1 { "its" } else { "their" };
            cautions.push(format!(
                "{unseen} of {} addresses of {endpoint} served no chain; if {whose} root CA differs, it is missing from \
                 this list",
                addresses.len()
            ));
        }
    }
    // IAM API reference, CreateOpenIDConnectProvider: "The URL should not contain a port number."
    if issuer.endpoint().port() != 443 {
        cautions.push("the IAM documentation says that a provider URL should not contain a port".to_owned());
    }
    cautions
}
