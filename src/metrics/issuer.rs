//! Issuers: their polls, and the root CAs behind them.

use strum::IntoEnumIterator as _;

use super::family::families;
use super::samples::Samples;
use crate::chain::Thumbprint;
use crate::clock::Timestamp;
use crate::endpoint::{Endpoint, EndpointUse};
use crate::issuer::Issuer;
use crate::poll::{Phase, Reason};
use crate::snapshot::{IssuerState, Snapshot};
use crate::verdict::{Class, Health, Problem, ProblemName, by_name, health};

families! {
    Gauge UP(&Issuer) = "oidc_issuer_up",
        "Whether the last poll fetched the discovery document, the certificate chain and the JWKS.";
    Counter POLLS(&Issuer) = "oidc_issuer_polls_total", "Finished polls, successful or not.";
    Counter FAILURES(&Issuer, Reason) = "oidc_issuer_poll_failures_total", "Failed polls, by reason.";
    Gauge LAST_POLL(&Issuer) = "oidc_issuer_last_poll_timestamp_seconds", "When the last finished poll started.";
    Gauge LAST_SUCCESS(&Issuer) = "oidc_issuer_last_success_timestamp_seconds",
        "When the last successful poll started.";
    Gauge DURATION(&Issuer, Phase) = "oidc_issuer_poll_duration_seconds",
        "Duration of each phase that the last poll completed.";
    Gauge ENDPOINT(&Issuer, &Endpoint, EndpointUse) = "oidc_issuer_endpoint_info",
        "TLS endpoints of an issuer, and what each serves.";
    Gauge THUMBPRINT(&Issuer, Thumbprint) = "oidc_issuer_thumbprint_info",
        "Thumbprints served within the window: the SHA-1 of the last certificate in each chain.";
    Gauge THUMBPRINT_CHANGED(&Issuer) = "oidc_issuer_thumbprint_changed_timestamp_seconds",
        "When the issuer last began to serve a new root CA; absent until that happens.";
    Gauge PROBLEM(&Issuer, ProblemName, Class) = "oidc_issuer_problem",
        "Problems of an issuer, whoever lists it; 1 while one is there.";
    Gauge HEALTH(&Issuer, Health) = "oidc_issuer_health",
        "Whether STS would accept tokens of the issuer, as far as that is up to the issuer: one of the states is 1.";
    Gauge ROOT_CA_DAYS(&Issuer) = "oidc_root_ca_days_to_expiry",
        "Days until the first root CA (last certificate of a chain) served within the window expires.";
    Gauge ROOT_CA_NOT_AFTER(&Issuer) = "oidc_root_ca_not_after_timestamp_seconds",
        "When the first root CA (last certificate of a chain) served within the window expires.";
    Gauge TRUST_ANCHOR_NOT_AFTER(&Issuer) = "oidc_trust_anchor_not_after_timestamp_seconds",
        "When the first trust anchor of the chains within the window expires, whether it is served or not.";
}

pub(super) fn sample(
    samples: &mut Samples,
    issuer: &Issuer,
    state: &IssuerState,
    snapshot: &Snapshot,
    problems: &[Problem],
    now: Timestamp,
) {
    samples.flag(&UP, (issuer,), state.is_up());
    samples.count(&POLLS, (issuer,), state.polls);
    for (reason, failures) in &state.failures {
        samples.count(&FAILURES, (issuer, reason), *failures);
    }
    samples.time(&LAST_POLL, (issuer,), state.last_poll);
    samples.time(&LAST_SUCCESS, (issuer,), state.last_success);
    for (phase, duration) in state.timings.reached() {
        samples.add(&DURATION, (issuer, phase), duration.as_secs_f64());
    }
    samples.info(&ENDPOINT, (issuer, &state.discovery, EndpointUse::Discovery));
    if let Some(jwks) = &state.jwks {
        samples.info(&ENDPOINT, (issuer, jwks, EndpointUse::Jwks));
    }
    for thumbprint in &state.root_cas {
        samples.info(&THUMBPRINT, (issuer, *thumbprint));
    }
    samples.time(&THUMBPRINT_CHANGED, (issuer,), state.thumbprint_changed);
    for of in Health::iter() {
        samples.flag(&HEALTH, (issuer, of), of == health(problems));
    }
    for (problem, class) in by_name(problems) {
        samples.info(&PROBLEM, (issuer, problem, class));
    }
    if let Some(soonest) = snapshot.root_ca_not_after(state) {
        samples.add(&ROOT_CA_DAYS, (issuer,), soonest.days_from(now));
        samples.add(&ROOT_CA_NOT_AFTER, (issuer,), soonest.as_f64());
    }
    samples.time(&TRUST_ANCHOR_NOT_AFTER, (issuer,), snapshot.trust_anchor_not_after(state));
}
