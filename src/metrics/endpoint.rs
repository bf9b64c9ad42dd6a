//! Endpoints: their addresses, the chains that they serve, and every certificate in those.

use std::collections::BTreeSet;

use strum::IntoEnumIterator as _;

use super::family::families;
use super::labels::{IssuedBy, Position, Serial, Sha1, Sha256, Subject};
use super::samples::Samples;
use crate::chain::{Certificate, ChainStatus, Distrust, Judgement, PathMember, Role, Thumbprint};
use crate::endpoint::Endpoint;
use crate::observe::Window;
use crate::snapshot::EndpointState;

families! {
    Gauge ADDRESSES(&Endpoint) = "oidc_endpoint_addresses", "Addresses that the host name resolved to.";
    Gauge ADDRESSES_FAILED(&Endpoint) = "oidc_endpoint_addresses_failed",
        "Addresses that gave no TLS connection when they were looked at last.";
    Gauge ADDRESSES_OUT_OF_REACH(&Endpoint) = "oidc_endpoint_addresses_out_of_reach",
        "Addresses that this machine cannot connect to at all, such as IPv6 where it has none.";
    Gauge ADDRESSES_UNSEEN(&Endpoint) = "oidc_endpoint_addresses_unseen",
        "Addresses that were not looked at within the window: a round looks at 32 of a host, in turn.";
    Gauge BEHIND_PROXY(&Endpoint) = "oidc_endpoint_behind_proxy",
        "Whether a proxy chose the address in the last round, so that only one of the endpoint's addresses was seen.";
    Gauge TLS12(&Endpoint) = "oidc_endpoint_tls12_accepted",
        "Whether the endpoint accepts TLS 1.2, at every address that told; if not, AWS relies on the thumbprint.";
    Gauge TLS12_CHECKED(&Endpoint) = "oidc_endpoint_tls12_checked_timestamp_seconds",
        "When the endpoint last showed whether it accepts TLS 1.2.";
    Counter DROPPED(&Endpoint) = "oidc_endpoint_observations_dropped_total",
        "Observations (a chain at an address) dropped before the window ended, because there were too many.";
    Gauge CHAIN_STATUS(&Endpoint, ChainStatus) = "oidc_chain_status",
        "State of the served chains: trusted is 1 if all chains are, every other state if any chain is.";
    Gauge CHAIN_DISTRUST(&Endpoint, Distrust) = "oidc_chain_distrust_info",
        "Why a served chain does not verify; absent if all do.";
    Gauge CHAIN_NEXT_EXPIRY(&Endpoint, PathMember) = "oidc_chain_next_expiry_timestamp_seconds",
        "When the next certificate on the path from leaf to trust anchor expires, and which one it is.";
    Gauge CERTIFICATE_NOT_AFTER(&Endpoint, Position, Role, Sha1) = "oidc_certificate_not_after_timestamp_seconds",
        "When each certificate served within the window expires; position 0 is served first.";
    Gauge CERTIFICATE_NOT_BEFORE(&Endpoint, Position, Role, Sha1) = "oidc_certificate_not_before_timestamp_seconds",
        "When each certificate served within the window becomes valid.";
    Gauge CERTIFICATE_INFO(
        &Endpoint, Position, Role, Subject<'static>, IssuedBy<'static>, Serial<'static>, Sha1, Sha256
    ) = "oidc_certificate_info", "Certificates served within the window.";
}

pub(super) fn sample(samples: &mut Samples, endpoint: &Endpoint, state: &EndpointState) {
    samples.flag(&BEHIND_PROXY, (endpoint,), state.is_behind_proxy);
    if !state.is_behind_proxy {
        samples.count(&ADDRESSES, (endpoint,), state.addresses as u64);
        samples.count(&ADDRESSES_FAILED, (endpoint,), state.failed() as u64);
        samples.count(&ADDRESSES_OUT_OF_REACH, (endpoint,), state.out_of_reach() as u64);
        samples.count(&ADDRESSES_UNSEEN, (endpoint,), state.window.unseen() as u64);
    }
    samples.count(&DROPPED, (endpoint,), state.window.dropped());
    if let Some(accepted) = state.takes_tls12 {
        samples.flag(&TLS12, (endpoint,), accepted);
    }
    samples.time(&TLS12_CHECKED, (endpoint,), state.tls12_asked);
    certificates(samples, endpoint, &state.window);
    chains(samples, endpoint, &state.window);
}

fn chains(samples: &mut Samples, endpoint: &Endpoint, window: &Window) {
    let judgements = || window.chains().map(|judged| &judged.judgement);
    if judgements().next().is_none() {
        return;
    }
    for status in ChainStatus::iter() {
        let has = |judgement: &Judgement| judgement.statuses.contains(&status);
        let holds =
            if status == ChainStatus::Trusted { judgements().all(has) } else { judgements().any(has) };
        samples.flag(&CHAIN_STATUS, (endpoint, status), holds);
    }
    for reason in judgements().filter_map(|judgement| judgement.verified.err()).collect::<BTreeSet<_>>() {
        samples.info(&CHAIN_DISTRUST, (endpoint, reason));
    }
    let expiries = window.chains().filter_map(|judged| judged.next_expiry());
    if let Some(next) = expiries.min_by_key(|next| next.not_after) {
        samples.add(&CHAIN_NEXT_EXPIRY, (endpoint, next.member), next.not_after.as_f64());
    }
}

fn certificates(samples: &mut Samples, endpoint: &Endpoint, window: &Window) {
    let mut seen: BTreeSet<(usize, Role, Thumbprint)> = BTreeSet::new();
    for judged in window.chains() {
        for (position, certificate) in judged.served.certificates().iter().enumerate() {
            let role = judged.served.role(position);
            if seen.insert((position, role, certificate.sha1)) {
                self::certificate(samples, endpoint, Position(position), role, certificate);
            }
        }
    }
}

fn certificate(
    samples: &mut Samples,
    endpoint: &Endpoint,
    position: Position,
    role: Role,
    certificate: &Certificate,
) {
    let (sha1, sha256) = (Sha1(certificate.sha1), Sha256(certificate.sha256));
    let (mut subject, mut issued_by, mut serial) = ("", "", "");
    if let Some(fields) = certificate.readable() {
        let labels = (endpoint, position, role, sha1);
        samples.add(&CERTIFICATE_NOT_AFTER, labels, fields.not_after.as_f64());
        samples.add(&CERTIFICATE_NOT_BEFORE, labels, fields.not_before.as_f64());
        (subject, issued_by, serial) = (&fields.subject, &fields.issuer, &fields.serial);
    }
    let names = (Subject(subject), IssuedBy(issued_by), Serial(serial));
    samples.info(&CERTIFICATE_INFO, (endpoint, position, role, names.0, names.1, names.2, sha1, sha256));
}
