//! A network whose only way out is an HTTP proxy. The names of the lab resolve nowhere but at the proxy.

mod aws;
mod mistakes;
mod refusals;
mod secrets;
mod seen;
mod straight;

use std::path::PathBuf;

use crate::support::daemon::Exposition;
use crate::support::lab::LabIssuer;
use crate::support::lab::pem::pem;
use crate::support::watch::{BRISK, Watch};

/// `user:password` of the lab, in the clear and as it is sent.
const CREDENTIALS: (&str, &str) = ("lab-user:pr0xy-s3cret", "bGFiLXVzZXI6cHIweHktczNjcmV0");

/// Watches this issuer, whose name does not resolve here, and trusts its roots.
fn watch(issuer: &LabIssuer) -> Watch {
    let mut watch = Watch::new(&BRISK).trust(&PathBuf::from("roots.pem"));
    let roots = watch.directory().join("roots.pem");
    std::fs::write(&roots, pem(&issuer.anchors())).unwrap();
    watch.settings.ca_files = vec![roots];
    watch.settings.issuers.push((issuer.url().to_owned(), issuer.thumbprints()));
    watch
}

/// The reasons for which its polls have failed so far.
fn reasons(metrics: &Exposition, issuer: &LabIssuer) -> Vec<String> {
    let labels = [("issuer", issuer.url())];
    let failures = metrics.all("oidc_issuer_poll_failures_total", &labels);
    failures.filter(|sample| sample.value > 0.0).map(|sample| sample.labels["reason"].clone()).collect()
}
