//! Credentials of the daemon itself: through STS, refused by it, and never shown.

use super::{ACCOUNT, account_is_up, reasons};
use crate::support::daemon::Daemon;
use crate::support::lab::{FakeIam, Fault, LabIssuer};
use crate::support::told::verdict;
use crate::support::watch::{BRISK, Watch};

const SESSION: &str = "lab-session-never-shown";
const WEB_IDENTITY: &str = "lab-web-identity-never-shown";

#[tokio::test(flavor = "multi_thread")]
async fn a_web_identity_that_sts_refuses_is_a_finding_by_name() {
    let issuer = LabIssuer::good("host.oidc.test").await;
    let iam = FakeIam::start(ACCOUNT).await;
    iam.put(issuer.url(), &issuer.thumbprints());
    iam.fail(Fault::InvalidIdentityToken);
    let watch = Watch::new(&BRISK).resolve(&issuer).iam(&iam);
    let token = watch.directory().join("token");
    std::fs::write(&token, WEB_IDENTITY).unwrap();
    let watch = watch
        .without("AWS_ACCESS_KEY_ID")
        .without("AWS_SECRET_ACCESS_KEY")
        .env("AWS_WEB_IDENTITY_TOKEN_FILE", &token)
        .env("AWS_ROLE_ARN", format!("arn:aws:iam::{ACCOUNT}:role/exporter"))
        .env("OIDC_EXPORTER__LOG__LEVEL", "trace");
    let daemon = watch.start();
    let refused = daemon.wait_metrics("a failed reading", |metrics| !reasons(metrics).is_empty());
    assert_eq!(reasons(&refused), ["invalid_identity_token"], "{}", daemon.log());
    assert_eq!(iam.count("ListOpenIDConnectProviders"), 0, "it got no further than STS");
    daemon.wait_log("refused this daemon's own web identity token");

    iam.heal();
    daemon.wait_metrics("match", |metrics| account_is_up(metrics) && verdict(metrics, &issuer) == "match");
    let calls = iam.calls();
    let list = calls.iter().find(|call| call.action == "ListOpenIDConnectProviders").unwrap();
    assert_eq!(list.access_key, "ASIALABLABLABLABLABL", "the credentials that STS gave");
    let assume = calls.iter().find(|call| call.action == "AssumeRoleWithWebIdentity").unwrap();
    assert_eq!(assume.form["WebIdentityToken"], WEB_IDENTITY);
    assert_hidden(&daemon, &[WEB_IDENTITY, "a-secret-of-the-lab", "a-session-of-the-lab"]);
}

/// What STS answers keeps its reason, and its words stand behind ours.
#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_of_sts_is_told_with_its_call_and_its_words() {
    for (fault, reason, told) in [
        (Fault::AccessDenied, "access_denied", "is not authorized to perform"),
        (Fault::Throttled, "throttled", "Rate exceeded"),
        (Fault::ServerError, "credentials", "The request processing has failed"),
        (Fault::InvalidIdentityToken, "invalid_identity_token", "doesn't match configured thumbprint"),
        (Fault::CloseConnection, "credentials", "connection"),
    ] {
        let iam = FakeIam::start(ACCOUNT).await;
        iam.fail(fault);
        let watch =
            Watch::new(&BRISK).iam(&iam).without("AWS_ACCESS_KEY_ID").without("AWS_SECRET_ACCESS_KEY");
        let token = watch.directory().join("token");
        std::fs::write(&token, WEB_IDENTITY).unwrap();
        let watch = watch
            .env("AWS_WEB_IDENTITY_TOKEN_FILE", &token)
            .env("AWS_ROLE_ARN", format!("arn:aws:iam::{ACCOUNT}:role/exporter"));
        let run = watch.check(&[]);
        let first = run.out.lines().next().unwrap_or_default();
        assert_eq!(run.code, 2, "{fault:?}: {run:?}");
        assert!(first.contains(&format!(": {reason}: ")), "{fault:?}: {first}");
        assert!(
            first.contains("sts:AssumeRoleWithWebIdentity") && first.contains(told),
            "{fault:?}: {first}"
        );
        assert!(!run.said().contains(WEB_IDENTITY), "{fault:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn secrets_are_in_no_log_line_and_no_metric_whatever_goes_wrong() {
    let issuer = LabIssuer::good("host.oidc.test").await;
    let iam = FakeIam::start(ACCOUNT).await;
    iam.put(issuer.url(), &issuer.thumbprints());
    let daemon = Watch::new(&BRISK)
        .resolve(&issuer)
        .iam(&iam)
        .env("AWS_SESSION_TOKEN", SESSION)
        .env("OIDC_EXPORTER__LOG__LEVEL", "trace")
        .env("RUST_LOG", "trace")
        .start();
    daemon.wait_metrics("a good reading", account_is_up);
    for fault in
        [Fault::AccessDenied, Fault::ExpiredToken, Fault::NotXml, Fault::Hang, Fault::CloseConnection]
    {
        iam.fail(fault);
        daemon.wait_metrics("a failed reading", |metrics| !account_is_up(metrics));
        iam.heal();
        daemon.wait_metrics("a good reading", account_is_up);
    }
    daemon.wait_log("IAM cannot be read");
    assert_hidden(&daemon, &["lab-secret-never-shown", SESSION]);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_credentials_the_reason_says_so() {
    let iam = FakeIam::start(ACCOUNT).await;
    let issuer = LabIssuer::good("host.oidc.test").await;
    let watch = Watch::new(&BRISK).issuer(&issuer, &issuer.thumbprints()).iam(&iam);
    let daemon = watch.without("AWS_ACCESS_KEY_ID").without("AWS_SECRET_ACCESS_KEY").start();
    let metrics = daemon.wait_metrics("a failed reading", |metrics| !reasons(metrics).is_empty());
    assert_eq!(reasons(&metrics), ["credentials"], "{}", daemon.log());
    assert!(iam.calls().is_empty());
    daemon.wait_metrics("the issuer", |metrics| verdict(metrics, &issuer) == "match");
}

fn assert_hidden(daemon: &Daemon, secrets: &[&str]) {
    let metrics = daemon.get("/metrics");
    for (place, text) in [("log", &*daemon.log()), ("metrics", metrics.text())] {
        for secret in secrets {
            assert!(!text.contains(secret), "{secret} is in the {place}");
        }
    }
}
