//! What IAM lists against what is served: each form of a list, providers that come and go, audiences.

use std::collections::BTreeMap;

use super::{ACCOUNT, account_is_up, reasons};
use crate::support::lab::chains::three_deep;
use crate::support::lab::iam::Provider;
use crate::support::lab::{Chain, FakeIam, LabIssuer, Spec};
use crate::support::told::verdict;
use crate::support::watch::{BRISK, Watch};

const HOST: &str = "host.oidc.test";

/// What is gone is gone.
const NOT_MISSED: &str = "[health]\nmissing_for = \"0s\"\n";

/// A list for a chain, the verdict, and the position that each thumbprint of it was found at.
type Case = (&'static str, fn(&Chain) -> Vec<String>, &'static str, &'static [&'static str]);

const CASES: [Case; 10] = [
    ("the root CA", |chain| vec![at(chain, 3)], "match", &["root"]),
    ("upper case", |chain| vec![at(chain, 3).to_uppercase()], "match", &["root"]),
    ("with colons", |chain| vec![colons(&at(chain, 3))], "match", &["root"]),
    ("an intermediate", |chain| vec![at(chain, 1)], "match", &["intermediate"]),
    ("only the leaf", |chain| vec![at(chain, 0)], "match", &["leaf"]),
    (
        "one right of five",
        |chain| {
            let mut list: Vec<String> = (0..4).map(|n| format!("{n:040x}")).collect();
            list.push(at(chain, 3));
            list
        },
        "match",
        &["none", "root"],
    ),
    ("malformed and right", |chain| vec!["not hex".to_owned(), at(chain, 3)], "match", &["root"]),
    ("malformed", |_| vec!["zz".repeat(20), "ab".to_owned(), String::new()], "mismatch", &[]),
    ("a placeholder", |_| vec!["0".repeat(40)], "mismatch", &["none"]),
    ("an empty list", |_| Vec::new(), "mismatch", &[]),
];

#[tokio::test(flavor = "multi_thread")]
async fn each_form_of_a_list() {
    let iam = FakeIam::start(ACCOUNT).await;
    let mut watch = Watch::new(&BRISK).iam(&iam);
    let mut issuers = Vec::new();
    for (case, list, status, positions) in CASES {
        let chain = three_deep(HOST);
        let issuer = LabIssuer::start(Spec::new(HOST, chain.clone())).await;
        iam.put(issuer.url(), &list(&chain));
        watch = watch.resolve(&issuer);
        issuers.push((case, issuer, status, positions));
    }
    let daemon = watch.start();
    for (case, issuer, status, positions) in &issuers {
        let metrics = daemon.wait_metrics(case, |metrics| verdict(metrics, issuer) == *status);
        let labels = [("issuer", issuer.url())];
        let matches = f64::from(u8::from(*status == "match"));
        assert_eq!(metrics.value("oidc_provider_thumbprint_match", &labels), Some(matches), "{case}");
        assert_eq!(
            metrics.labels("oidc_provider_thumbprint_info", &labels, "position"),
            *positions,
            "{case}"
        );
        // No public root is above it, so AWS looks at the list.
        assert_eq!(metrics.value("oidc_provider_thumbprint_enforced", &labels), Some(1.0), "{case}");
    }
    assert!(reasons(&daemon.metrics()).is_empty());
    daemon.wait_log("match only the leaf certificate");
}

#[tokio::test(flavor = "multi_thread")]
async fn providers_come_change_and_go() {
    let iam = FakeIam::start(ACCOUNT).await;
    let mut issuers = Vec::new();
    for host in ["stays.oidc.test", "comes.oidc.test"] {
        issuers.push(LabIssuer::start(Spec::new(host, three_deep(host))).await);
    }
    let [stays, comes] = &issuers[..] else { panic!("two") };
    iam.put(stays.url(), &stays.thumbprints());
    let daemon = Watch::new(&BRISK).resolve(stays).resolve(comes).iam(&iam).toml(NOT_MISSED).start();
    let metrics = daemon.wait_metrics("match", |metrics| verdict(metrics, stays) == "match");
    assert_eq!(metrics.labels("oidc_issuer_up", &[], "issuer"), [stays.url()]);

    let arn = iam.put(comes.url(), &["0".repeat(40)]);
    let metrics = daemon.wait_metrics("the new one", |metrics| verdict(metrics, comes) == "mismatch");
    assert_eq!(
        metrics.labels("oidc_provider_info", &[("issuer", comes.url())], "provider_arn"),
        std::slice::from_ref(&arn)
    );

    iam.put(comes.url(), &comes.thumbprints());
    daemon.wait_metrics("the repair", |metrics| verdict(metrics, comes) == "match");

    assert!(iam.remove(&arn));
    let endpoint = comes.endpoint();
    let names = [arn.as_str(), comes.url(), &*endpoint];
    let metrics = daemon.wait_metrics("its end", |metrics| {
        !metrics
            .samples
            .iter()
            .any(|sample| sample.labels.values().any(|label| names.contains(&label.as_str())))
    });
    assert_eq!(verdict(&metrics, stays), "match");
    assert!(account_is_up(&metrics));
    daemon.wait_log("no longer watching issuer");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_issuer_of_the_file_and_of_iam_is_polled_once_and_has_two_verdicts() {
    let issuer = LabIssuer::start(Spec::new(HOST, three_deep(HOST))).await;
    let iam = FakeIam::start(ACCOUNT).await;
    let arn = iam.put(issuer.url(), &["0".repeat(40)]);
    let daemon = Watch::new(&BRISK).issuer(&issuer, &issuer.thumbprints()).iam(&iam).start();
    let status = |arn| [("provider_arn", arn), ("issuer", issuer.url())];
    let metrics = daemon.wait_metrics("both verdicts", |metrics| {
        metrics.state("oidc_provider_thumbprint_status", &status("file")) == ["match"]
            && metrics.state("oidc_provider_thumbprint_status", &status(&arn)) == ["mismatch"]
    });
    assert_eq!(metrics.all("oidc_issuer_up", &[]).count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn required_audiences_are_looked_for_at_every_provider() {
    let iam = FakeIam::start(ACCOUNT).await;
    let mut watch =
        Watch::new(&BRISK).env("OIDC_EXPORTER__AWS__AUDIENCES", "sts.amazonaws.com,vault").iam(&iam);
    let mut arns = Vec::new();
    for (host, client_ids) in
        [("sts.oidc.test", &["sts.amazonaws.com", "x"][..]), ("vault.oidc.test", &["Vault"])]
    {
        let issuer = LabIssuer::start(Spec::new(host, three_deep(host))).await;
        let arn = iam.put_provider(Provider {
            url: issuer.url().trim_start_matches("https://").to_owned(),
            thumbprints: issuer.thumbprints(),
            client_ids: client_ids.iter().map(ToString::to_string).collect(),
            tags: BTreeMap::new(),
        });
        if host.starts_with("vault") {
            // Of this issuer's providers alone.
            watch = watch.toml(&format!("[[issuers]]\nurl = {:?}\naudiences = [\"Vault\"]\n", issuer.url()));
        }
        watch = watch.resolve(&issuer);
        arns.push(arn);
    }
    let daemon = watch.start();
    let metrics = daemon.wait_metrics("a good reading", account_is_up);
    let found: Vec<(&str, &str, f64)> = metrics
        .all("oidc_provider_audience_allowed", &[])
        .map(|sample| (&*sample.labels["provider_arn"], &*sample.labels["audience"], sample.value))
        .collect();
    let [sts, vault] = &arns[..] else { panic!("two") };
    let wanted = [
        (&**sts, "sts.amazonaws.com", 1.0),
        (sts, "vault", 0.0),
        (vault, "Vault", 1.0),
        (vault, "sts.amazonaws.com", 0.0),
        (vault, "vault", 0.0),
    ];
    assert!(wanted.iter().all(|row| found.contains(row)) && found.len() == wanted.len(), "{found:?}");
}

fn at(chain: &Chain, position: usize) -> String {
    chain.thumbprints()[position].clone()
}

/// As `openssl x509 -fingerprint` writes it.
fn colons(thumbprint: &str) -> String {
    let pairs: Vec<&str> = (0..20).map(|n| &thumbprint[2 * n..2 * n + 2]).collect();
    pairs.join(":")
}
