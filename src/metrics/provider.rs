//! IAM OIDC providers, and what the configuration file expects: the verdict, and what is listed.

use strum::IntoEnumIterator as _;

use super::family::families;
use super::labels::{Audience, SeenAt};
use super::samples::Samples;
use crate::chain::Thumbprint;
use crate::provider::Provider;
use crate::snapshot::JudgedProvider;
use crate::verdict::{Audiences, Status};

families! {
    Gauge MATCH(&Provider) = "oidc_provider_thumbprint_match",
        "Whether every chain served holds a listed certificate, as last known; absent while unknown.";
    Gauge STATUS(&Provider, Status) = "oidc_provider_thumbprint_status", "The verdict on a provider.";
    Gauge ENFORCED(&Provider) = "oidc_provider_thumbprint_enforced",
        "Whether AWS would rely on the thumbprint, by Mozilla's roots in place of its own.";
    Gauge COVERAGE(&Provider) = "oidc_provider_thumbprint_coverage_ratio",
        "Share of the chains served, by address, that hold a listed certificate.";
    Gauge INFO(&Provider) = "oidc_provider_info", "Each provider of IAM or of the file.";
    Gauge THUMBPRINT(&Provider, Thumbprint, SeenAt) = "oidc_provider_thumbprint_info",
        "Each listed thumbprint and the place it was seen at: root, intermediate, leaf or none.";
    Gauge AUDIENCE(&Provider, Audience<'static>) = "oidc_provider_audience_allowed",
        "Whether a provider allows an audience that the configuration requires.";
}

pub(super) fn sample(samples: &mut Samples, judged: &JudgedProvider, audiences: &Audiences) {
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
    for required in audiences.required_of(provider) {
        samples.flag(&AUDIENCE, (provider, Audience(required.audience)), required.is_allowed);
    }
}
