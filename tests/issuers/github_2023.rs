//! June 2023: GitHub's servers sent one or the other of two intermediates of the same name and key, and every account
//! that listed only one of them failed at random. With the real intermediates, at one address, in turn.

use crate::support::lab::chains::good;
use crate::support::lab::{LabIssuer, Spec};
use crate::support::real::certificate;
use crate::support::told::verdict;
use crate::support::watch::{BRISK, Watch};

const HOST: &str = "host.oidc.test";
const FIRST: (&str, &str) =
    ("digicert-tls-rsa-sha256-2020-ca1.v2020-09-24", "6938fd4d98bab03faadb97b34396831e3780aea1");
const SECOND: (&str, &str) =
    ("digicert-tls-rsa-sha256-2020-ca1.v2021-04-14", "1c58a3a8518e8759bf075b76b750d4f2df264fcd");

#[tokio::test(flavor = "multi_thread")]
async fn one_listed_is_partial_and_both_are_a_match() {
    let (Some(first), Some(second)) = (certificate(FIRST.0), certificate(SECOND.0)) else { return };
    let with = |last: &oidc_thumbprint_exporter::chain::Certificate| {
        good(HOST).change("github_2023", |served| *served.last_mut().unwrap() = last.der.clone())
    };
    let start = || async {
        let issuer = LabIssuer::start(Spec::new(HOST, with(&first))).await;
        issuer.faces()[0].serve_in_turn(&[with(&first), with(&second)]);
        issuer
    };
    let (one, both) = (start().await, start().await);
    let daemon = Watch::new(&BRISK)
        .issuer(&one, &[FIRST.1.to_owned()])
        .issuer(&both, &[FIRST.1.to_owned(), SECOND.1.to_owned()])
        .start();
    let metrics = daemon.wait_metrics("both intermediates of both", |metrics| {
        [&one, &both].iter().all(|issuer| {
            let labels = [("issuer", issuer.url())];
            metrics.labels("oidc_issuer_thumbprint_info", &labels, "thumbprint") == [SECOND.1, FIRST.1]
        })
    });
    assert_eq!([verdict(&metrics, &one), verdict(&metrics, &both)], ["partial", "match"]);
}
