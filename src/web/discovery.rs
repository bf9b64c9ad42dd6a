//! `/sd`: the watched issuers as targets of Prometheus' HTTP service discovery (Prometheus documentation, "Writing HTTP
//! service discovery"). Pure.

use hyper::header::{HOST, HeaderValue, LAST_MODIFIED};
use hyper::http::uri::Authority;
use hyper::{Request, StatusCode};
use serde::Serialize;

use super::answer::{Answer, TEXT, json, page};
use super::client::Client;
use crate::issuer::Issuer;
use crate::provider::{Origin, Provider};
use crate::snapshot::Snapshot;

/// Where the asker reached this program, and how.
pub(super) struct Exporter {
    address: Authority,
    scheme: &'static str,
}

/// One target.
#[derive(Serialize)]
struct TargetGroup<'a> {
    targets: [&'a str; 1],
    labels: TargetLabels<'a>,
}

#[derive(Serialize)]
struct TargetLabels<'a> {
    __scheme__: &'static str,
    __metrics_path__: &'static str,
    __param_target: &'a Issuer,
    /// Else all targets would have the same, and their `up` would collide.
    instance: &'a Issuer,
    /// For relabeling. Where there can be several, with a comma at both ends, as Prometheus' own discoveries have it.
    __meta_oidc_account_ids: String,
    __meta_oidc_provider_arns: String,
}

impl Exporter {
    /// From the URL and the `Host` header.
    ///
    /// # Errors
    /// When neither names an address.
    pub(super) fn of<B>(request: &Request<B>, client: &Client) -> Result<Self, &'static str> {
        let authority = request.uri().authority().map(Authority::as_str);
        let host = || request.headers().get(HOST).and_then(|host| host.to_str().ok());
        let address = authority.or_else(host).and_then(|address| address.parse().ok());
        let address = address.ok_or("the Host header must name the address of this exporter\n")?;
        Ok(Self { address, scheme: if client.is_encrypted { "https" } else { "http" } })
    }
}

/// One target for each watched issuer: `/probe` at `at`. What is not known yet is not told as nothing: Prometheus would drop
/// the targets that it has.
pub(super) fn targets(snapshot: &Snapshot, at: &Exporter) -> Answer {
    if !snapshot.knows_providers() {
        let message = "IAM has not been read yet, so the issuers of its providers are not known\n";
        return page(StatusCode::SERVICE_UNAVAILABLE, TEXT, message);
    }
    let groups: Vec<_> = snapshot.issuers.keys().map(|issuer| group(snapshot, issuer, at)).collect();
    let mut answer = json(&groups);
    // It can be old: the list is kept while IAM cannot be read, and across restarts.
    let read = snapshot.account.as_ref().and_then(|account| account.last_success);
    if let Some(value) = read.and_then(|at| HeaderValue::try_from(at.http_date()?).ok()) {
        answer.headers_mut().insert(LAST_MODIFIED, value);
    }
    answer
}

fn group<'a>(snapshot: &Snapshot, issuer: &'a Issuer, at: &'a Exporter) -> TargetGroup<'a> {
    let of = snapshot.providers.iter().map(|judged| &*judged.provider);
    let of: Vec<&Provider> = of.filter(|provider| provider.issuer == *issuer).collect();
    let listed = |label: fn(&Origin) -> &str| {
        let mut values: Vec<&str> = of.iter().map(|provider| label(&provider.origin)).collect();
        values.sort_unstable();
        values.dedup();
        if values.is_empty() { String::new() } else { format!(",{},", values.join(",")) }
    };
    let labels = TargetLabels {
        __scheme__: at.scheme,
        __metrics_path__: "/probe",
        __param_target: issuer,
        instance: issuer,
        __meta_oidc_account_ids: listed(Origin::account_label),
        __meta_oidc_provider_arns: listed(Origin::arn_label),
    };
    TargetGroup { targets: [at.address.as_str()], labels }
}
