//! What a snapshot looks like as metrics. A value that is not known is left out.

use std::collections::{BTreeMap, BTreeSet};

use prometheus::proto::{Counter, Gauge, LabelPair, Metric, MetricFamily, MetricType};

use super::families as f;
use super::families::Family;
use crate::aws::AccountReason;
use crate::chain::{Certificate, ChainStatus, Judgement, Role, Thumbprint};
use crate::clock::Timestamp;
use crate::issuer::{Endpoint, Issuer};
use crate::poll::Reason;
use crate::provider::Provider;
use crate::snapshot::{AccountState, Audiences, EndpointState, IssuerState, Snapshot};
use crate::verdict::{Status, Verdict};
use crate::window::Window;

/// Every family that has a sample at `now`.
pub fn of(snapshot: &Snapshot, now: Timestamp, web_config: Option<bool>) -> Vec<MetricFamily> {
    let mut samples = Samples::default();
    samples.exporter(snapshot);
    if let Some(successful) = web_config {
        samples.flag(&f::WEB_CONFIG_SUCCESSFUL, &[], successful);
    }
    for (issuer, state) in &snapshot.issuers {
        samples.issuer(issuer, state);
        samples.expiries(issuer, state, snapshot, now);
    }
    for (endpoint, state) in &snapshot.endpoints {
        samples.endpoint(endpoint, state);
    }
    for (provider, verdict) in &snapshot.providers {
        samples.provider(provider, verdict, &snapshot.audiences);
    }
    if let Some(account) = &snapshot.account {
        samples.account(account);
    }
    samples.0.into_values().collect()
}

#[derive(Default)]
struct Samples(BTreeMap<&'static str, MetricFamily>);

impl Samples {
    fn add(&mut self, family: &Family, values: &[&str], value: f64) {
        debug_assert_eq!(family.labels.len(), values.len(), "{}", family.name);
        let mut metric = Metric::default();
        let labels = family.labels.iter().zip(values).map(|(name, value)| {
            let mut pair = LabelPair::default();
            pair.set_name((*name).to_owned());
            pair.set_value((*value).to_owned());
            pair
        });
        metric.set_label(labels.collect());
        if family.kind == MetricType::COUNTER {
            let mut counter = Counter::default();
            counter.set_value(value);
            metric.set_counter(counter);
        } else {
            let mut gauge = Gauge::default();
            gauge.set_value(value);
            metric.set_gauge(gauge);
        }
        let entry = self.0.entry(family.name).or_insert_with(|| {
            let mut made = MetricFamily::default();
            made.set_name(family.name.to_owned());
            made.set_help(family.help.to_owned());
            made.set_field_type(family.kind);
            made
        });
        entry.mut_metric().push(metric);
    }

    fn time(&mut self, family: &Family, values: &[&str], time: Option<Timestamp>) {
        if let Some(time) = time {
            self.add(family, values, time.as_f64());
        }
    }

    fn flag(&mut self, family: &Family, values: &[&str], holds: bool) {
        self.add(family, values, f64::from(u8::from(holds)));
    }

    fn exporter(&mut self, snapshot: &Snapshot) {
        self.add(&f::BUILD_INFO, &[env!("CARGO_PKG_VERSION")], 1.0);
        self.add(&f::POLL_INTERVAL, &[], snapshot.interval.as_secs_f64());
        self.flag(&f::RELOAD_SUCCESSFUL, &[], snapshot.refused.is_none());
        self.time(&f::RELOAD_TIMESTAMP, &[], snapshot.configured);
    }

    fn issuer(&mut self, issuer: &Issuer, state: &IssuerState) {
        let name = issuer.as_str();
        self.flag(&f::ISSUER_UP, &[name], state.is_up());
        self.add(&f::ISSUER_POLLS, &[name], count(state.polls));
        for (reason, failures) in Reason::ALL.iter().zip(state.failures) {
            self.add(&f::ISSUER_FAILURES, &[name, reason.as_str()], count(failures));
        }
        self.time(&f::ISSUER_LAST_POLL, &[name], state.last_poll);
        self.time(&f::ISSUER_LAST_SUCCESS, &[name], state.last_success);
        for (phase, duration) in state.timings.reached() {
            self.add(&f::ISSUER_DURATION, &[name, phase.as_str()], duration.as_secs_f64());
        }
        for (endpoint, usage) in [(&state.discovery, "discovery"), (&state.jwks, "jwks")] {
            if let Some(endpoint) = endpoint {
                self.add(&f::ISSUER_ENDPOINT, &[name, &endpoint.to_string(), usage], 1.0);
            }
        }
        for thumbprint in &state.root_cas {
            self.add(&f::ISSUER_THUMBPRINT, &[name, &thumbprint.to_string()], 1.0);
        }
        self.time(&f::ISSUER_THUMBPRINT_CHANGED, &[name], state.thumbprint_changed);
    }

    fn expiries(&mut self, issuer: &Issuer, state: &IssuerState, snapshot: &Snapshot, now: Timestamp) {
        let name = issuer.as_str();
        if let Some(soonest) = snapshot.root_ca_not_after(state) {
            self.add(&f::ROOT_CA_DAYS, &[name], soonest.days_from(now));
            self.add(&f::ROOT_CA_NOT_AFTER, &[name], soonest.as_f64());
        }
        self.time(&f::TRUST_ANCHOR_NOT_AFTER, &[name], snapshot.trust_anchor_not_after(state));
    }

    fn endpoint(&mut self, endpoint: &Endpoint, state: &EndpointState) {
        let name = &*endpoint.to_string();
        self.add(&f::ENDPOINT_ADDRESSES, &[name], count(state.addresses as u64));
        self.add(&f::ENDPOINT_ADDRESSES_FAILED, &[name], count(state.failures.len() as u64));
        self.add(&f::ENDPOINT_DROPPED, &[name], count(state.window.dropped()));
        if let Some(accepted) = state.takes_tls12 {
            self.flag(&f::ENDPOINT_TLS12, &[name], accepted);
        }
        self.time(&f::ENDPOINT_TLS12_CHECKED, &[name], state.tls12_asked);
        self.certificates(name, &state.window);
        self.chain_status(name, &state.window);
    }

    fn certificates(&mut self, endpoint: &str, window: &Window) {
        let mut seen: BTreeSet<(usize, Role, Thumbprint)> = BTreeSet::new();
        for judged in window.chains() {
            for (position, certificate) in judged.chain.certificates().iter().enumerate() {
                let role = judged.chain.role(position);
                if seen.insert((position, role, certificate.sha1)) {
                    self.certificate(endpoint, position, role, certificate);
                }
            }
        }
    }

    fn chain_status(&mut self, endpoint: &str, window: &Window) {
        let judgements = || window.chains().map(|judged| &judged.judgement);
        if judgements().next().is_none() {
            return;
        }
        for status in ChainStatus::ALL {
            let has = |judgement: &Judgement| judgement.statuses.contains(&status);
            let holds =
                if status == ChainStatus::Trusted { judgements().all(has) } else { judgements().any(has) };
            self.flag(&f::CHAIN_STATUS, &[endpoint, status.as_str()], holds);
        }
        for reason in judgements().filter_map(|judgement| judgement.verified.err()).collect::<BTreeSet<_>>() {
            self.add(&f::CHAIN_DISTRUST, &[endpoint, reason.as_str()], 1.0);
        }
        let expiries =
            window.chains().filter_map(|judged| judged.judgement.next_expiry(judged.chain.certificates()));
        if let Some(next) = expiries.min_by_key(|next| next.not_after) {
            self.add(&f::CHAIN_NEXT_EXPIRY, &[endpoint, next.member.as_str()], next.not_after.as_f64());
        }
    }

    fn certificate(&mut self, endpoint: &str, position: usize, role: Role, certificate: &Certificate) {
        let (position, role) = (&*position.to_string(), role.as_str());
        let (sha1, sha256) = (&*certificate.sha1.to_string(), &*certificate.sha256.to_string());
        let (mut subject, mut issued_by, mut serial) = ("", "", "");
        if let Some(fields) = certificate.readable() {
            let labels = [endpoint, position, role, sha1];
            self.add(&f::CERTIFICATE_NOT_AFTER, &labels, fields.not_after.as_f64());
            self.add(&f::CERTIFICATE_NOT_BEFORE, &labels, fields.not_before.as_f64());
            (subject, issued_by, serial) = (&fields.subject, &fields.issuer, &fields.serial);
        }
        let labels = [endpoint, position, role, subject, issued_by, serial, sha1, sha256];
        self.add(&f::CERTIFICATE_INFO, &labels, 1.0);
    }

    fn provider(&mut self, provider: &Provider, verdict: &Verdict, audiences: &Audiences) {
        let [arn, account, issuer] = [&*provider.arn, &*provider.account_id, provider.issuer.as_str()];
        let labels = [arn, account, issuer];
        self.add(&f::PROVIDER_INFO, &labels, 1.0);
        for status in Status::ALL {
            let holds = status == verdict.status;
            self.flag(&f::PROVIDER_STATUS, &[arn, account, issuer, status.as_str()], holds);
        }
        if let Some(coverage) = verdict.coverage() {
            self.flag(&f::PROVIDER_MATCH, &labels, verdict.status == Status::Match);
            self.add(&f::PROVIDER_COVERAGE, &labels, coverage);
        }
        if let Some(enforced) = verdict.enforced {
            self.flag(&f::PROVIDER_ENFORCED, &labels, enforced);
        }
        for (thumbprint, role) in &verdict.positions {
            let position = role.map_or("none", Role::as_str);
            let labels = [arn, account, issuer, &thumbprint.to_string(), position];
            self.add(&f::PROVIDER_THUMBPRINT, &labels, 1.0);
        }
        for (audience, allowed) in audiences.of(provider) {
            self.flag(&f::PROVIDER_AUDIENCE, &[arn, account, issuer, audience], allowed);
        }
    }

    fn account(&mut self, account: &AccountState) {
        let id = account.label();
        self.flag(&f::ACCOUNT_UP, &[id], account.is_up());
        self.time(&f::ACCOUNT_LAST_SUCCESS, &[id], account.last_success);
        for (reason, failures) in AccountReason::ALL.iter().zip(account.failures) {
            self.add(&f::ACCOUNT_FAILURES, &[id, reason.as_str()], count(failures));
        }
    }
}

/// Counts stay far below 2^53.
#[allow(clippy::cast_precision_loss)]
fn count(number: u64) -> f64 {
    number as f64
}
