//! What the metrics tell of one issuer.

use super::daemon::Exposition;
use super::lab::LabIssuer;

/// The verdict on its only provider.
pub fn verdict(metrics: &Exposition, issuer: &LabIssuer) -> String {
    metrics.state("oidc_provider_thumbprint_status", &[("issuer", issuer.url())]).join(" ")
}

pub fn is_up(metrics: &Exposition, issuer: &LabIssuer) -> bool {
    metrics.value("oidc_issuer_up", &[("issuer", issuer.url())]) == Some(1.0)
}

/// How often it has been polled; `None` when it is not watched.
pub fn polls(metrics: &Exposition, issuer: &LabIssuer) -> Option<u32> {
    let polls = metrics.value("oidc_issuer_polls_total", &[("issuer", issuer.url())])?;
    Some(polls.to_string().parse().unwrap())
}
