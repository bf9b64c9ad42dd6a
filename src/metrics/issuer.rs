//! Issuers: their polls, and the root CAs behind them.

use super::family::families;
use super::samples::Samples;
use crate::chain::Thumbprint;
use crate::clock::Timestamp;
use crate::endpoint::{Endpoint, EndpointUse};
use crate::issuer::Issuer;
use crate::poll::{Phase, Reason};
use crate::snapshot::{IssuerState, Snapshot};

families! {
    Gauge UP(&Issuer) = "oidc_issuer_up", "Whether the last poll got discovery document, chain and JWKS.";
    Counter POLLS(&Issuer) = "oidc_issuer_polls_total", "Polls that have ended, good or bad.";
    Counter FAILURES(&Issuer, Reason) = "oidc_issuer_poll_failures_total", "Polls that failed, by reason.";
    Gauge LAST_POLL(&Issuer) = "oidc_issuer_last_poll_timestamp_seconds", "Start of the last poll.";
    Gauge LAST_SUCCESS(&Issuer) = "oidc_issuer_last_success_timestamp_seconds",
        "Start of the last poll that got discovery document, chain and JWKS.";
    Gauge DURATION(&Issuer, Phase) = "oidc_issuer_poll_duration_seconds",
        "Time that each phase of the last poll took, where it was reached.";
    Gauge ENDPOINT(&Issuer, &Endpoint, EndpointUse) = "oidc_issuer_endpoint_info",
        "The TLS endpoints of an issuer, by what they serve.";
    Gauge THUMBPRINT(&Issuer, Thumbprint) = "oidc_issuer_thumbprint_info",
        "Thumbprints (SHA-1 of the last certificate served) seen within the window.";
    Gauge THUMBPRINT_CHANGED(&Issuer) = "oidc_issuer_thumbprint_changed_timestamp_seconds",
        "When a root CA was first served that had not been before.";
    Gauge ROOT_CA_DAYS(&Issuer) = "oidc_root_ca_days_to_expiry",
        "Days until the soonest expiry among the last certificates served within the window.";
    Gauge ROOT_CA_NOT_AFTER(&Issuer) = "oidc_root_ca_not_after_timestamp_seconds",
        "Soonest expiry among the last certificates served within the window.";
    Gauge TRUST_ANCHOR_NOT_AFTER(&Issuer) = "oidc_trust_anchor_not_after_timestamp_seconds",
        "Soonest expiry among the trust anchors of the chains within the window, served or not.";
}

pub(super) fn sample(
    samples: &mut Samples,
    issuer: &Issuer,
    state: &IssuerState,
    snapshot: &Snapshot,
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
    if let Some(soonest) = snapshot.root_ca_not_after(state) {
        samples.add(&ROOT_CA_DAYS, (issuer,), soonest.days_from(now));
        samples.add(&ROOT_CA_NOT_AFTER, (issuer,), soonest.as_f64());
    }
    samples.time(&TRUST_ANCHOR_NOT_AFTER, (issuer,), snapshot.trust_anchor_not_after(state));
}
