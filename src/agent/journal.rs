//! One log line for each change of state, none for a poll that changes nothing.

use std::collections::HashMap;

use crate::poll::PollError;
use crate::snapshot::Snapshot;
use crate::verdict::{Status, Verdict};

/// Logs what is different in `after`.
pub fn note(before: &Snapshot, after: &Snapshot) {
    for (issuer, state) in &after.issuers {
        let Some(old) = before.issuers.get(issuer) else {
            tracing::info!(%issuer, "watching issuer");
            continue;
        };
        let reason = state.error.as_ref().map(PollError::reason);
        let first = old.last_poll.is_none() && state.last_poll.is_some();
        if first || reason != old.error.as_ref().map(PollError::reason) {
            if let Some(error) = &state.error {
                tracing::warn!(%issuer, reason = %error.reason(), %error, "issuer is down");
            } else {
                tracing::info!(%issuer, "issuer is up");
            }
        }
        if state.thumbprint_changed != old.thumbprint_changed {
            let thumbprints: Vec<String> =
                state.root_cas.difference(&old.root_cas).map(ToString::to_string).collect();
            tracing::warn!(%issuer, new = thumbprints.join(","), "issuer serves a root CA not seen before");
        }
    }
    for issuer in before.issuers.keys().filter(|issuer| !after.issuers.contains_key(*issuer)) {
        tracing::info!(%issuer, "no longer watching issuer");
    }
    note_account(before, after);
    let told: HashMap<_, _> = before
        .providers
        .iter()
        .map(|(provider, verdict)| ((&provider.arn, &provider.issuer), (verdict.status, verdict.fragile)))
        .collect();
    for (provider, verdict) in &after.providers {
        let old = told.get(&(&provider.arn, &provider.issuer));
        if old != Some(&(verdict.status, verdict.fragile)) {
            note_verdict(&provider.to_string(), verdict);
        }
    }
}

fn note_account(before: &Snapshot, after: &Snapshot) {
    let (Some(old), Some(new)) = (&before.account, &after.account) else { return };
    let reason = new.error.as_ref().map(|error| error.reason);
    if old.polls == 0 || reason != old.error.as_ref().map(|error| error.reason) {
        match &new.error {
            Some(error) => {
                tracing::warn!(account = new.label(), reason = %error.reason, %error, "IAM cannot be read");
            }
            None if new.polls > 0 => {
                tracing::info!(account = new.label(), providers = after.providers.len(), "IAM is read");
            }
            None => {}
        }
    }
}

fn note_verdict(provider: &str, verdict: &Verdict) {
    let (covered, chains) = verdict.covered;
    let enforced = verdict.enforced.unwrap_or(false);
    match verdict.status {
        Status::Match if verdict.fragile => {
            tracing::warn!(provider, "thumbprints match by a leaf only: that ends with its renewal");
        }
        Status::Match => tracing::info!(provider, "thumbprints match"),
        Status::Partial => {
            tracing::warn!(
                provider,
                covered,
                chains,
                enforced,
                "thumbprints match some of the chains served"
            );
        }
        Status::Mismatch => tracing::warn!(provider, enforced, "thumbprints match no chain that is served"),
        Status::Unknown => {
            let why = verdict.unknown.map(|why| why.to_string()).unwrap_or_default();
            tracing::info!(provider, why, "not known whether thumbprints match");
        }
    }
}
