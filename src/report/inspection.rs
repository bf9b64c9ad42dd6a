//! What `inspect` says of a target: captures and judgements as plain data. Pure; `text` draws it, JSON is its own form.

use std::sync::Arc;

use serde::Serialize;

use super::aws_cli::Command;
use super::cautions::cautions;
use super::chain::ChainReport;
use super::endpoint::{EndpointReport, ErrorReport};
use super::one_look::problems;
use super::problem::{ProblemReport, before_creation, own_spelling};
use super::shown::{shown, shown_if_any};
use super::warnings;
use crate::chain::{FileOrder, JudgedChain, Thumbprint};
use crate::clock::Timestamp;
use crate::endpoint::EndpointUse;
use crate::issuer::Issuer;
use crate::observe::{Sighting, distinct};
use crate::poll::{Capture, IssuerPoll};
use crate::provider::ProviderArn;
use crate::verdict::{Plan, Rules, SeenEndpoint, Withheld};

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
        let mut report = ChainReport::alone(chain, &Rules::default(), now);
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
