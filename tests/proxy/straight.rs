//! What goes past the proxy, and what goes nowhere.

use super::{reasons, watch};
use crate::support::connect_proxy::ConnectProxy;
use crate::support::lab::{Behaviour, LabIssuer};
use crate::support::told::{is_up, verdict};
use crate::support::watch::{PATIENT, Watch};

#[tokio::test(flavor = "multi_thread")]
async fn hosts_that_are_excepted_and_loopback_go_straight() {
    let issuer = LabIssuer::good("inside.oidc.test").await;
    let proxy = ConnectProxy::start(&[], &[]).await;
    let resolved = || watch(&issuer).resolve(&issuer).env("HTTPS_PROXY", proxy.url());
    for (case, watch) in [
        ("an address of loopback", resolved()),
        ("none is set", resolved().toml("[proxy]\nurl = \"none\"\n")),
        ("its domain", resolved().env("NO_PROXY", "other.test, OIDC.test.")),
        ("a setting", resolved().toml("[proxy]\nno_proxy = [\"*.oidc.test\"]\n").env("NO_PROXY", "other")),
    ] {
        let daemon = watch.start();
        daemon.wait_metrics(case, |metrics| verdict(metrics, &issuer) == "match");
    }
    assert_eq!(proxy.asked(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_excepted_host_that_does_not_resolve_here_is_down_for_that() {
    let issuer = LabIssuer::good("inside.oidc.test").await;
    let proxy = ConnectProxy::start(&[&issuer], &[]).await;
    let watch = watch(&issuer).env("HTTPS_PROXY", proxy.url()).env("NO_PROXY", "inside.oidc.test");
    let daemon = watch.start();
    daemon.wait_ready();
    let metrics = daemon.metrics();
    assert_eq!((is_up(&metrics, &issuer), reasons(&metrics, &issuer)), (false, vec!["dns".to_owned()]));
    assert_eq!(proxy.asked(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn metadata_addresses_are_refused_and_not_left_to_the_proxy() {
    let lured = LabIssuer::good("lured.oidc.test").await;
    lured.behave(Behaviour::discovery_with("jwks_uri", "https://[fd00:ec2::254]/keys"));
    let proxy = ConnectProxy::start(&[&lured], &[]).await;
    let hosts =
        ["169.254.169.254", "[fe80::1]", "[::ffff:169.254.169.254]", "[64:ff9b::a9fe:a9fe]", "set.oidc.test"];
    let urls = hosts.map(|host| format!("https://{host}"));
    let watch = urls.iter().fold(Watch::new(&PATIENT), |watch, url| watch.url(url)).url(lured.url());
    let watch = watch.addresses("set.oidc.test", &["169.254.170.23"]).env("HTTPS_PROXY", proxy.url());
    let daemon = watch.start();
    daemon.wait_ready();
    let metrics = daemon.metrics();
    for url in urls.iter().map(String::as_str).chain([lured.url()]) {
        let canonical: oidc_thumbprint_exporter::issuer::Issuer = url.parse().unwrap();
        let labels = [("issuer", canonical.as_str()), ("reason", "blocked")];
        assert_eq!(metrics.value("oidc_issuer_poll_failures_total", &labels), Some(1.0), "{url}");
    }
    assert_eq!(proxy.requests(), [format!("CONNECT {}", lured.endpoint())]);
}
