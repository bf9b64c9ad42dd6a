//! What is seen through a proxy, and that one face of a host is all that is claimed.

use std::net::Ipv4Addr;

use super::watch;
use crate::support::connect_proxy::{ConnectProxy, TlsFront};
use crate::support::lab::pem::pem;
use crate::support::lab::{LabIssuer, Spec, chains};
use crate::support::process::{program, run};
use crate::support::told::{is_up, verdict};

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_only_the_proxy_can_resolve() {
    let mut spec = Spec::new("outside.oidc.test", chains::good("outside.oidc.test"));
    spec.jwks_host = Some(Box::new(Spec::new("keys.oidc.test", chains::good("keys.oidc.test"))));
    let issuer = LabIssuer::start(spec).await;
    let proxy = ConnectProxy::start(&[&issuer], &[]).await;
    let daemon = watch(&issuer).env("HTTPS_PROXY", proxy.url()).start();
    daemon.wait_ready();
    let metrics = daemon.wait_metrics("a match", |metrics| verdict(metrics, &issuer) == "match");
    assert!(is_up(&metrics, &issuer));

    let hosts: Vec<String> = issuer.hosts().map(LabIssuer::endpoint).collect();
    let mut wanted: Vec<String> = hosts.iter().map(|host| format!("CONNECT {host}")).collect();
    wanted.sort();
    assert_eq!(proxy.requests(), wanted);
    for host in &hosts {
        let labels = [("endpoint", host.as_str())];
        assert_eq!(metrics.value("oidc_endpoint_behind_proxy", &labels), Some(1.0));
        assert_eq!(metrics.value("oidc_endpoint_addresses", &labels), None, "nobody here knows them");
        assert_eq!(metrics.value("oidc_endpoint_addresses_failed", &labels), None);
        assert_eq!(metrics.value("oidc_endpoint_tls12_accepted", &labels), Some(1.0), "by the same door");
    }
    let phases = metrics.labels("oidc_issuer_poll_duration_seconds", &[("issuer", issuer.url())], "phase");
    assert_eq!(phases, ["connect", "discovery", "jwks", "tls"], "nothing was resolved here");

    let page = daemon.get(&format!("/issuer?url={}", issuer.url()));
    assert!(page.text().contains("one of them was seen, through a proxy"), "{}", page.text());
    let api: serde_json::Value = serde_json::from_str(daemon.get("/api/v1/issuers").text()).unwrap();
    for endpoint in api["endpoints"].as_array().unwrap() {
        assert_eq!(endpoint["behind_proxy"], true);
        assert!(endpoint["addresses"].is_null() && endpoint["addresses_failed"].is_null(), "{endpoint}");
        assert!(endpoint["observations"][0]["address"].is_null(), "{endpoint}");
        assert_eq!(endpoint["observations"][0]["chain"], 1);
    }

    // A probe goes the same way.
    let probe = daemon.get(&format!("/probe?target={}", issuer.url())).text().to_owned();
    assert!(probe.contains("oidc_endpoint_behind_proxy{endpoint=\"outside.oidc.test"), "{probe}");
    assert!(probe.contains("\noidc_issuer_up{issuer=") && probe.contains(" 1\n"), "{probe}");
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_go_by_the_environment_too() {
    let issuer = LabIssuer::good("outside.oidc.test").await;
    let proxy = ConnectProxy::start(&[&issuer], &[]).await;
    let watch = watch(&issuer);
    let check = watch.command(&["check"]);
    let check = run({ check }.env("https_proxy", proxy.url()));
    assert_eq!(check.code, 0, "{}", check.said());
    assert_eq!(proxy.requests(), [format!("CONNECT {}", issuer.endpoint())]);

    let roots = watch.settings.ca_files[0].display().to_string();
    let inspect = |more: &[&str]| {
        let arguments = ["inspect", issuer.url(), "--ca-file", &roots, "--private-host", "*.oidc.test"];
        run(program(&[&arguments, more].concat()).env("ALL_PROXY", proxy.url()))
    };
    let text = inspect(&[]);
    assert_eq!(text.code, 0, "{}", text.said());
    for told in [
        "\n  through the proxy  chain 1\n",
        "the proxy chose one of the host's addresses; others were not seen",
        "was seen through a proxy, at one of its addresses only",
    ] {
        assert!(text.out.contains(told), "{told}: {}", text.out);
    }
    let json = inspect(&["--output", "json"]).json();
    let endpoint = &json["endpoints"][0];
    assert_eq!((&endpoint["behind_proxy"], &endpoint["addresses"][0]["chain"]), (&true.into(), &1.into()));
    assert!(endpoint["addresses"][0]["address"].is_null(), "{endpoint}");
    assert_eq!(inspect(&["--output", "thumbprint"]).out.trim(), issuer.thumbprints()[0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn addresses_that_are_set_are_all_asked_for_at_the_proxy() {
    let host = "twins.oidc.test";
    let second = Ipv4Addr::new(127, 0, 0, 2).into();
    let issuer =
        LabIssuer::start(Spec::new(host, chains::good(host)).also_at(second, chains::good(host))).await;
    let port = issuer.port();
    let names = ["192.0.2.1", "192.0.2.2"].map(|address| format!("{address}:{port}"));
    let sockets = issuer.sockets();
    let names = [(names[0].as_str(), sockets[0]), (names[1].as_str(), sockets[1])];
    let proxy = ConnectProxy::start(&[], &names).await;
    let watch = watch(&issuer).addresses(host, &["192.0.2.1", "192.0.2.2"]).env("HTTPS_PROXY", proxy.url());
    let daemon = watch.start();
    let metrics = daemon.wait_metrics("a match", |metrics| verdict(metrics, &issuer) == "match");
    let endpoint = issuer.endpoint();
    let labels = [("endpoint", endpoint.as_str())];
    assert_eq!(metrics.value("oidc_endpoint_addresses", &labels), Some(2.0));
    assert_eq!(metrics.value("oidc_endpoint_behind_proxy", &labels), Some(0.0));
    let thumbprints =
        metrics.labels("oidc_issuer_thumbprint_info", &[("issuer", issuer.url())], "thumbprint");
    assert_eq!(thumbprints.len(), 2, "each of the two was seen");
    assert_eq!(proxy.requests(), names.map(|(name, _)| format!("CONNECT {name}")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_that_speaks_tls_has_to_prove_who_it_is() {
    let issuer = LabIssuer::good("outside.oidc.test").await;
    let proxy = ConnectProxy::start(&[&issuer], &[]).await;
    let chain = chains::private_ca("localhost");
    let front = TlsFront::start(&chain, proxy.address()).await;
    let url = format!("https://localhost:{}", front.address().port());
    let inspect = |files: &[&std::path::Path]| {
        let mut command =
            program(&["inspect", issuer.url(), "--private-host", "*.oidc.test", "--output", "json"]);
        for file in files {
            command.arg("--ca-file").arg(file);
        }
        run(command.env("HTTPS_PROXY", &url))
    };
    let watch = watch(&issuer);
    let roots = watch.settings.ca_files[0].as_path();
    let refused = inspect(&[roots]).json();
    assert_eq!(refused["error"]["reason"], "proxy", "{refused}");
    let detail = refused["error"]["detail"].as_str().unwrap();
    assert!(detail.contains("TLS handshake with the proxy itself failed"), "{detail}");
    assert_eq!(proxy.asked(), [], "it was told nothing");

    let vouched = watch.directory().join("proxy.pem");
    std::fs::write(&vouched, pem(&[chain.anchor.unwrap()])).unwrap();
    let seen = inspect(&[roots, &vouched]);
    assert_eq!(seen.code, 0, "{}", seen.said());
    assert_eq!(seen.json()["endpoints"][0]["chains"][0]["thumbprint"], issuer.thumbprints()[0]);
}
