//! Providers that cannot be watched: each is named, none hides another, and IAM was read all the same.

use super::{ACCOUNT, account_is_up, reasons};
use crate::support::lab::chains::private_ca;
use crate::support::lab::{FakeIam, LabIssuer, Spec};
use crate::support::told::verdict;
use crate::support::watch::{BRISK, Watch};

const HOST: &str = "host.oidc.test";

/// No URL of these can be asked.
const ODD: [&str; 4] =
    ["https://server.01/x", "https://oidc.test:0/x", "https://oidc..test/x", "https://oidc.test/x?y=1"];

#[tokio::test(flavor = "multi_thread")]
async fn all_are_named_everywhere_and_the_account_counts_as_read() {
    let issuer = LabIssuer::start(Spec::new(HOST, private_ca(HOST))).await;
    let iam = FakeIam::start(ACCOUNT).await;
    iam.put(issuer.url(), &issuer.thumbprints());
    let odd = ODD.map(|url| iam.put(url, &["0".repeat(40)]));
    let watch = Watch::new(&BRISK).resolve(&issuer).iam(&iam);
    let daemon = watch.start();
    let metrics = daemon.wait_metrics("match", |metrics| verdict(metrics, &issuer) == "match");
    assert!(account_is_up(&metrics) && reasons(&metrics).is_empty(), "{}", daemon.log());
    let unusable = [("account_id", ACCOUNT)];
    assert_eq!(metrics.value("oidc_account_providers_unusable", &unusable), Some(4.0));
    assert_eq!(metrics.all("oidc_provider_info", &[]).count(), 1);
    let page = daemon.get("/");
    let providers = daemon.get("/api/v1/providers");
    let run = watch.check(&[]);
    assert_eq!(run.code, 1, "a finding: {run:?}");
    let json = watch.check(&["--output", "json"]).json();
    let listed = json["unusable_providers"].as_array().unwrap();
    for arn in &odd {
        for (place, text) in [("page", page.text()), ("JSON", providers.text()), ("check", &run.out)] {
            assert!(text.contains(arn), "{arn} is not on the {place}: {text}");
        }
        let entry = listed.iter().find(|entry| entry["provider_arn"] == **arn).unwrap();
        assert!(!entry["reason"].as_str().unwrap().is_empty(), "{entry}");
    }
    // Told once each, however often IAM is read.
    let count = iam.count("ListOpenIDConnectProviders");
    daemon.wait_metrics("two more readings", |_| iam.count("ListOpenIDConnectProviders") >= count + 2);
    let told = daemon.log().matches("IAM lists a provider that cannot be watched").count();
    assert_eq!(told, ODD.len(), "{}", daemon.log());

    for arn in &odd {
        iam.remove(arn);
    }
    daemon.wait_metrics("none", |metrics| {
        metrics.value("oidc_account_providers_unusable", &unusable) == Some(0.0)
    });
    assert_eq!(watch.check(&[]).code, 0);
}

/// Object stores speak IAM's API, and their ARNs have no account or a tenant's name.
#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_is_no_number_is_taken_as_it_is() {
    let issuer = LabIssuer::good(HOST).await;
    for (account, label) in [("", "unknown"), ("tenant-1", "tenant-1")] {
        let iam = FakeIam::start(account).await;
        iam.put(issuer.url(), &issuer.thumbprints());
        let daemon = Watch::new(&BRISK).resolve(&issuer).iam(&iam).start();
        let metrics = daemon.wait_metrics("match", |metrics| verdict(metrics, &issuer) == "match");
        assert_eq!(metrics.value("oidc_account_up", &[("account_id", label)]), Some(1.0));
        assert_eq!(metrics.labels("oidc_provider_info", &[], "account_id"), [label]);
    }
}
