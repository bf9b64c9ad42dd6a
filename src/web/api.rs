//! `/api/v1/*`: the snapshot as JSON. Pure.
//!
//! A field is called as the metric without its prefix (`oidc_provider_`, `oidc_issuer_`, `oidc_endpoint_`) and holds the
//! metric's value, 0 and 1 as false and true. What is not known, and so has no metric, is `null`. Chains are as
//! `inspect --output json` has them. Fields may be added within `v1`; none is removed or changes its meaning.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use strum::IntoEnumIterator as _;

use crate::aws::UnusableProvider;
use crate::chain::{Role, Thumbprint};
use crate::clock::Timestamp;
use crate::endpoint::{Endpoint, EndpointUse, MAX_URL_BYTES};
use crate::issuer::Issuer;
use crate::poll::{Phase, PollError, Via};
use crate::printable::printable;
use crate::report::{ChainReport, ErrorReport, ProblemReport, SCHEMA_VERSION};
use crate::snapshot::{AccountState, EndpointState, IssuerState, JudgedProvider, Snapshot};
use crate::verdict::{Rules, Status, health, not_listed};

/// `/api/v1/providers`.
#[derive(Serialize)]
pub(super) struct ProviderList<'a> {
    schema_version: u32,
    at_timestamp_seconds: f64,
    providers: Vec<ProviderView<'a>>,
    /// Those that IAM lists and that cannot be watched.
    unusable: &'a [UnusableProvider],
}

#[derive(Serialize)]
struct ProviderView<'a> {
    provider_arn: &'a str,
    account_id: &'a str,
    issuer: &'a Issuer,
    thumbprint_status: Status,
    thumbprint_match: Option<bool>,
    thumbprint_enforced: Option<bool>,
    thumbprint_coverage_ratio: Option<f64>,
    /// Why the status is unknown, in words.
    unknown: Option<String>,
    /// A chain is covered by nothing but its leaf.
    fragile: bool,
    thumbprints: Option<Vec<Listed>>,
    /// The same without their positions, and what is served and not listed, as `check` calls them.
    listed_thumbprints: Option<&'a BTreeSet<Thumbprint>>,
    not_listed: BTreeSet<Thumbprint>,
    /// Listed, and no thumbprints at all.
    malformed_thumbprints: Option<usize>,
    health: &'static str,
    health_changed_timestamp_seconds: f64,
    problems: Vec<ProblemReport>,
    /// As IAM spells it; none of what the configuration file expects.
    url: Option<&'a str>,
    client_ids: Option<Vec<&'a str>>,
    created_timestamp_seconds: Option<f64>,
}

#[derive(Serialize)]
struct Listed {
    thumbprint: Thumbprint,
    /// root, intermediate, leaf, none.
    position: &'static str,
}

/// `/api/v1/issuers`.
#[derive(Serialize)]
pub(super) struct IssuerList<'a> {
    schema_version: u32,
    at_timestamp_seconds: f64,
    issuers: Vec<IssuerView<'a>>,
    /// Apart, because many issuers share one.
    endpoints: Vec<EndpointView>,
}

#[derive(Serialize)]
struct IssuerView<'a> {
    issuer: &'a Issuer,
    up: bool,
    polls_total: u64,
    poll_failures_total: BTreeMap<&'static str, u64>,
    /// Why the last poll failed.
    error: Option<ErrorReport>,
    health: &'static str,
    problems: Vec<ProblemReport>,
    /// As the discovery document spells it, and so the tokens.
    own_spelling: Option<String>,
    last_poll_timestamp_seconds: Option<f64>,
    last_success_timestamp_seconds: Option<f64>,
    thumbprint_changed_timestamp_seconds: Option<f64>,
    poll_duration_seconds: BTreeMap<&'static str, Option<f64>>,
    /// Of the root CAs that are served.
    thumbprints: &'a BTreeSet<Thumbprint>,
    root_ca_not_after_timestamp_seconds: Option<f64>,
    root_ca_days_to_expiry: Option<f64>,
    trust_anchor_not_after_timestamp_seconds: Option<f64>,
    endpoints: Vec<Use>,
}

#[derive(Serialize)]
struct Use {
    endpoint: String,
    r#use: EndpointUse,
}

#[derive(Serialize)]
struct EndpointView {
    endpoint: String,
    addresses: Option<usize>,
    addresses_failed: Option<usize>,
    addresses_out_of_reach: Option<usize>,
    addresses_unseen: Option<usize>,
    behind_proxy: bool,
    tls12_accepted: Option<bool>,
    tls12_checked_timestamp_seconds: Option<f64>,
    observations_dropped_total: u64,
    /// By address, when it was looked at last, or `through the proxy`.
    failures: BTreeMap<String, ErrorReport>,
    observations: Vec<ObservationView>,
    chains: Vec<ChainReport>,
}

#[derive(Serialize)]
struct ObservationView {
    /// None where a proxy chose it.
    address: Option<std::net::IpAddr>,
    /// Which of the endpoint's chains, counted from 1.
    chain: Option<usize>,
    first_seen_timestamp_seconds: f64,
    last_seen_timestamp_seconds: f64,
}

impl<'a> ProviderList<'a> {
    /// Of `snapshot`, in its order.
    #[must_use]
    pub(super) fn of(snapshot: &'a Snapshot, now: Timestamp) -> Self {
        let providers = snapshot.providers.iter().map(|judged| provider_view(snapshot, judged, now));
        let unusable = snapshot.account.as_ref().map(AccountState::unusable).unwrap_or_default();
        Self {
            schema_version: SCHEMA_VERSION,
            at_timestamp_seconds: now.as_f64(),
            providers: providers.collect(),
            unusable,
        }
    }
}

fn provider_view<'a>(snapshot: &Snapshot, judged: &'a JudgedProvider, now: Timestamp) -> ProviderView<'a> {
    let JudgedProvider { provider, verdict } = judged;
    let problems = snapshot.provider_problems(judged, now);
    let health = health(&problems);
    let changed = snapshot.since.of_provider(&provider.issuer, &provider.origin, health, now);
    let details = provider.details.as_ref();
    let state = snapshot.issuers.get(&provider.issuer);
    let not_listed = state.map(|state| not_listed(provider, snapshot.chains(state))).unwrap_or_default();
    let listed = |(thumbprint, role): (&Thumbprint, &Option<Role>)| Listed {
        thumbprint: *thumbprint,
        position: role.map_or("none", |role| role.into_str()),
    };
    ProviderView {
        provider_arn: provider.origin.arn_label(),
        account_id: provider.origin.account_label(),
        issuer: &provider.issuer,
        thumbprint_status: verdict.status,
        thumbprint_match: verdict.is_match(),
        thumbprint_enforced: verdict.enforced,
        thumbprint_coverage_ratio: verdict.coverage.ratio(),
        unknown: verdict.unknown.map(|why| why.to_string()),
        fragile: verdict.fragile,
        thumbprints: details.map(|_| verdict.positions.iter().map(listed).collect()),
        listed_thumbprints: details.map(|details| &details.thumbprints),
        not_listed,
        malformed_thumbprints: details.map(|details| details.malformed),
        health: health.into_str(),
        health_changed_timestamp_seconds: changed.as_f64(),
        problems: ProblemReport::all(&problems),
        url: provider.iam_url(),
        client_ids: details.map(|details| details.client_ids.iter().map(String::as_str).collect()),
        created_timestamp_seconds: details.and_then(|details| details.created).map(Timestamp::as_f64),
    }
}

impl<'a> IssuerList<'a> {
    /// Of `snapshot`, sorted by name.
    #[must_use]
    pub(super) fn of(snapshot: &'a Snapshot, now: Timestamp) -> Self {
        let issuers = snapshot.issuers.iter();
        let endpoints = snapshot.endpoints.iter();
        Self {
            schema_version: SCHEMA_VERSION,
            at_timestamp_seconds: now.as_f64(),
            issuers: issuers.map(|(issuer, state)| issuer_view(snapshot, issuer, state, now)).collect(),
            endpoints: endpoints
                .map(|(endpoint, state)| endpoint_view(endpoint, state, &snapshot.rules, now))
                .collect(),
        }
    }
}

fn issuer_view<'a>(
    snapshot: &Snapshot,
    issuer: &'a Issuer,
    state: &'a IssuerState,
    now: Timestamp,
) -> IssuerView<'a> {
    let seconds = |time: Option<Timestamp>| time.map(Timestamp::as_f64);
    let root_ca_ends = snapshot.root_ca_not_after(state);
    let problems = snapshot.issuer_problems(issuer, state, now);
    let endpoints =
        [(EndpointUse::Discovery, Some(&state.discovery)), (EndpointUse::Jwks, state.jwks.as_ref())];
    let endpoints = endpoints
        .into_iter()
        .filter_map(|(r#use, endpoint)| Some(Use { endpoint: endpoint?.to_string(), r#use }));
    IssuerView {
        issuer,
        up: state.is_up(),
        polls_total: state.polls,
        poll_failures_total: state
            .failures
            .iter()
            .map(|(reason, count)| (reason.into_str(), *count))
            .collect(),
        error: state.error.as_ref().map(ErrorReport::from),
        health: health(&problems).into_str(),
        problems: ProblemReport::all(&problems),
        own_spelling: state.documents.issuer.as_deref().map(|own| printable(own, MAX_URL_BYTES)),
        last_poll_timestamp_seconds: seconds(state.last_poll),
        last_success_timestamp_seconds: seconds(state.last_success),
        thumbprint_changed_timestamp_seconds: seconds(state.thumbprint_changed),
        poll_duration_seconds: Phase::iter()
            .map(|phase| (phase.into_str(), state.timings.get(phase).map(|took| took.as_secs_f64())))
            .collect(),
        thumbprints: &state.root_cas,
        root_ca_not_after_timestamp_seconds: seconds(root_ca_ends),
        root_ca_days_to_expiry: root_ca_ends.map(|ends| ends.days_from(now)),
        trust_anchor_not_after_timestamp_seconds: seconds(snapshot.trust_anchor_not_after(state)),
        endpoints: endpoints.collect(),
    }
}

fn endpoint_view(endpoint: &Endpoint, state: &EndpointState, rules: &Rules, now: Timestamp) -> EndpointView {
    let chains: Vec<_> = state.window.chains().collect();
    let number = |id| chains.iter().position(|judged| judged.served.id() == id).map(|index| index + 1);
    let observations = state.window.observations().iter().map(|seen| ObservationView {
        address: seen.via.address(),
        chain: number(seen.chain.served.id()),
        first_seen_timestamp_seconds: seen.first_seen.as_f64(),
        last_seen_timestamp_seconds: seen.last_seen.as_f64(),
    });
    let failure = |(via, error): (&Via, &PollError)| (via.to_string(), error.into());
    let known = |count| (!state.is_behind_proxy).then_some(count);
    EndpointView {
        endpoint: endpoint.to_string(),
        addresses: known(state.addresses),
        addresses_failed: known(state.failed()),
        addresses_out_of_reach: known(state.out_of_reach()),
        addresses_unseen: known(state.window.unseen()),
        behind_proxy: state.is_behind_proxy,
        tls12_accepted: state.takes_tls12,
        tls12_checked_timestamp_seconds: state.tls12_asked.map(Timestamp::as_f64),
        observations_dropped_total: state.window.dropped(),
        failures: state.failures.iter().map(failure).collect(),
        observations: observations.collect(),
        chains: chains.iter().map(|judged| ChainReport::new(judged, rules, now)).collect(),
    }
}
