//! IAM OIDC providers, and what the configuration file expects: the verdict, and what is listed.

use strum::IntoEnumIterator as _;

use super::family::families;
use super::labels::{Audience, SeenAt};
use super::samples::Samples;
use crate::chain::Thumbprint;
use crate::clock::Timestamp;
use crate::provider::Provider;
use crate::snapshot::{JudgedProvider, Snapshot};
use crate::verdict::{Class, Health, Problem, ProblemName, Status, by_name, health};

families! {
    Gauge MATCH(&Provider) = "oidc_provider_thumbprint_match",
        "Whether every served chain contains a listed certificate, as last known; absent while unknown.";
    Gauge STATUS(&Provider, Status) = "oidc_provider_thumbprint_status",
        "Verdict on a provider: one of the states is 1.";
    Gauge ENFORCED(&Provider) = "oidc_provider_thumbprint_enforced",
        "Whether AWS would rely on the thumbprint, judged by Mozilla's roots because AWS's list is not public.";
    Gauge COVERAGE(&Provider) = "oidc_provider_thumbprint_coverage_ratio",
        "Share of observed chains, by address, that contain a listed certificate.";
    Gauge INFO(&Provider) = "oidc_provider_info", "Providers, from IAM or from the configuration file.";
    Gauge THUMBPRINT(&Provider, Thumbprint, SeenAt) = "oidc_provider_thumbprint_info",
        "Listed thumbprints, and where each was seen: root, intermediate, leaf or none.";
    Gauge PROBLEM(&Provider, ProblemName, Class) = "oidc_provider_problem",
        "Problems of a provider and of its issuer; 1 while one is there.";
    Gauge HEALTH(&Provider, Health) = "oidc_provider_health",
        "Whether STS would accept tokens of the issuer in this account, now and soon: one of the states is 1.";
    Gauge HEALTH_CHANGED(&Provider) = "oidc_provider_health_changed_timestamp_seconds",
        "Since when the health of a provider is what it is, as far as it was watched.";
    Gauge AUDIENCE(&Provider, Audience<'static>) = "oidc_provider_audience_allowed",
        "Whether the provider allows an audience that the configuration requires.";
}

pub(super) fn sample(
    samples: &mut Samples,
    judged: &JudgedProvider,
    snapshot: &Snapshot,
    problems: &[Problem],
    now: Timestamp,
) {
    let JudgedProvider { provider, verdict } = judged;
    let provider = &**provider;
    samples.info(&INFO, (provider,));
    for status in Status::iter() {
        samples.flag(&STATUS, (provider, status), status == verdict.status);
    }
    if let Some(is_match) = verdict.is_match() {
        samples.flag(&MATCH, (provider,), is_match);
    }
    if let Some(ratio) = verdict.coverage.ratio() {
        samples.add(&COVERAGE, (provider,), ratio);
    }
    if let Some(enforced) = verdict.enforced {
        samples.flag(&ENFORCED, (provider,), enforced);
    }
    for (thumbprint, role) in &verdict.positions {
        samples.info(&THUMBPRINT, (provider, *thumbprint, SeenAt(*role)));
    }
    let health = health(problems);
    for of in Health::iter() {
        samples.flag(&HEALTH, (provider, of), of == health);
    }
    let changed = snapshot.since.of_provider(&provider.issuer, &provider.origin, health, now);
    samples.time(&HEALTH_CHANGED, (provider,), Some(changed));
    for (problem, class) in by_name(problems) {
        samples.info(&PROBLEM, (provider, problem, class));
    }
    for required in snapshot.audiences.required_of(provider) {
        samples.flag(&AUDIENCE, (provider, Audience(required.audience)), required.is_allowed);
    }
}
