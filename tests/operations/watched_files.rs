//! `reload.watch`: the content of the file and of the CA files, however it is replaced.

use std::path::Path;

use super::{ONE_ROUND, Site, count};
use crate::support::daemon::{Exposition, wait_for};
use crate::support::lab::chains::good;
use crate::support::lab::pem::pem;
use crate::support::lab::{LabIssuer, Spec};

const WATCH: &str = "[reload]\nwatch = true\n";

/// Puts `text` in place of `file` in one step, as most tools do.
fn swap(file: &Path, text: &str) {
    let beside = file.with_extension("new");
    std::fs::write(&beside, text).unwrap();
    std::fs::rename(beside, file).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn each_change_of_content_is_taken_up_once() {
    let issuer = LabIssuer::start(Spec::new("host.oidc.test", good("host.oidc.test"))).await;
    let mut site = Site::new(&ONE_ROUND);
    site.watch(&issuer, &["0".repeat(40)]);
    site.settings.more = WATCH.to_owned();
    let daemon = site.start();
    daemon.wait_ready();
    let verdict = |metrics: &Exposition| metrics.state("oidc_provider_thumbprint_status", &[]).join(" ");
    assert_eq!(verdict(&daemon.metrics()), "mismatch");

    swap(&site.file(), "[poll]\nintervall = \"5m\"\n");
    wait_for("a refusal", || (count(&daemon, "new configuration refused") == 1).then_some(()));
    assert_eq!(verdict(&daemon.metrics()), "mismatch");

    site.settings.issuers.clear();
    site.watch(&issuer, &issuer.thumbprints());
    swap(&site.file(), &site.settings.toml());
    daemon.wait_metrics("the new expectation", |metrics| verdict(metrics) == "match");
    // Later than every look that the refused file could have been tried again at.
    site.settings.more = format!("{WATCH}[log]\nlevel = \"debug\"\n");
    site.settings.write(site.directory.path());
    wait_for("another reload", || (count(&daemon, "configuration reloaded") == 2).then_some(()));
    assert_eq!(count(&daemon, "new configuration refused"), 1, "{}", daemon.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn another_root_in_a_ca_file_is_believed_without_a_word() {
    let issuer = LabIssuer::start(Spec::new("host.oidc.test", good("host.oidc.test"))).await;
    let other = LabIssuer::start(Spec::new("other.oidc.test", good("other.oidc.test"))).await;
    let mut site = Site::new(&ONE_ROUND);
    site.watch(&issuer, &[]);
    let roots = site.directory.path().join("roots.pem");
    let anchors = |issuer: &LabIssuer| pem(&issuer.anchors());
    std::fs::write(&roots, anchors(&other)).unwrap();
    site.settings.ca_files.push(roots.clone());
    site.settings.more = WATCH.to_owned();
    let daemon = site.start();
    daemon.wait_ready();
    let is_trusted = |metrics: &Exposition| metrics.all("oidc_chain_distrust_info", &[]).next().is_none();
    assert!(!is_trusted(&daemon.metrics()));
    swap(&roots, &anchors(&issuer));
    daemon.wait_metrics("trust", is_trusted);
}
