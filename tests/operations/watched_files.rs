//! `reload.watch`: the content of the file and of the CA files, however it is replaced.

use super::ONE_ROUND;
use crate::support::daemon::{Exposition, swap, wait_for};
use crate::support::lab::LabIssuer;
use crate::support::lab::pem::pem;
use crate::support::watch::Watch;

const WATCH: &str = "[reload]\nwatch = true\n";

#[tokio::test(flavor = "multi_thread")]
async fn each_change_of_content_is_taken_up_once() {
    let issuer = LabIssuer::good("host.oidc.test").await;
    let mut watch = Watch::new(&ONE_ROUND).issuer(&issuer, &["0".repeat(40)]);
    watch.settings.more = WATCH.to_owned();
    let daemon = watch.start();
    daemon.wait_ready();
    let verdict = |metrics: &Exposition| metrics.state("oidc_provider_thumbprint_status", &[]).join(" ");
    assert_eq!(verdict(&daemon.metrics()), "mismatch");

    swap(&watch.file(), "[poll]\nintervall = \"5m\"\n");
    wait_for("a refusal", || (daemon.logged("new configuration rejected") == 1).then_some(()));
    assert_eq!(verdict(&daemon.metrics()), "mismatch");

    watch.settings.issuers.clear();
    watch = watch.issuer(&issuer, &issuer.thumbprints());
    swap(&watch.file(), &watch.settings.toml());
    daemon.wait_metrics("the new expectation", |metrics| verdict(metrics) == "match");
    // Later than every look that the refused file could have been tried again at.
    watch.settings.more = format!("{WATCH}[log]\nlevel = \"debug\"\n");
    swap(&watch.file(), &watch.settings.toml());
    wait_for("another reload", || (daemon.logged("configuration reloaded") == 2).then_some(()));
    daemon.wait_logged("new configuration rejected", 1);
    assert_eq!(daemon.logged("new configuration rejected"), 1, "{}", daemon.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn another_root_in_a_ca_file_is_believed_without_a_word() {
    let issuer = LabIssuer::good("host.oidc.test").await;
    let other = LabIssuer::good("other.oidc.test").await;
    let mut watch = Watch::new(&ONE_ROUND).issuer(&issuer, &[]);
    let roots = watch.directory().join("roots.pem");
    let anchors = |issuer: &LabIssuer| pem(&issuer.anchors());
    std::fs::write(&roots, anchors(&other)).unwrap();
    watch.settings.ca_files.push(roots.clone());
    watch.settings.more = WATCH.to_owned();
    let daemon = watch.start();
    daemon.wait_ready();
    let is_trusted = |metrics: &Exposition| metrics.all("oidc_chain_distrust_info", &[]).next().is_none();
    assert!(!is_trusted(&daemon.metrics()));
    swap(&roots, &anchors(&issuer));
    daemon.wait_metrics("trust", is_trusted);
}
