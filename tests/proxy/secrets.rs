//! What the proxy is told of us is told to nobody else.

use super::{CREDENTIALS, watch};
use crate::support::connect_proxy::ConnectProxy;
use crate::support::lab::LabIssuer;
use crate::support::process::run;
use crate::support::told::{is_up, verdict};

/// The password in the clear and as it is sent.
const NEVER: [&str; 2] = ["pr0xy-s3cret", "bGFiLXVzZXI6cHIweHktczNjcmV0"];

fn assert_hidden(place: &str, text: &str) {
    for secret in NEVER {
        assert!(!text.contains(secret), "{secret} is in the {place}: {text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_password_in_log_metrics_pages_or_output() {
    let issuer = LabIssuer::good("outside.oidc.test").await;
    let proxy = ConnectProxy::start(&[&issuer], &[]).await;
    proxy.want(CREDENTIALS.1);
    let with_password = proxy.url().replace("http://", &format!("http://{}@", CREDENTIALS.0));
    let iam = "https://iam.oidc.test";
    let watch = watch(&issuer)
        .iam_at(iam)
        .env("HTTPS_PROXY", &with_password)
        .env("OIDC_EXPORTER__LOG__LEVEL", "trace")
        .env("RUST_LOG", "trace");
    let daemon = watch.start();
    daemon.wait_metrics("a match", |metrics| verdict(metrics, &issuer) == "match");
    daemon.wait_log("IAM cannot be read");
    // From now on it is refused.
    proxy.want("another");
    daemon.wait_metrics("a refusal", |metrics| !is_up(metrics, &issuer));
    daemon.wait_log("issuer is down");
    let sent = proxy.asked().iter().filter(|asked| asked.head.contains(NEVER[1])).count();
    assert!(sent > 0, "the proxy itself was told");
    for path in
        ["/metrics", "/", &format!("/issuer?url={}", issuer.url()), "/api/v1/issuers", "/api/v1/providers"]
    {
        assert_hidden(path, daemon.get(path).text());
    }
    assert_hidden("log", &daemon.log());
    for arguments in
        [&["config", "show"][..], &["config", "check"], &["check"], &["check", "--output", "json"]]
    {
        assert_hidden(&arguments.join(" "), &run(&mut watch.command(arguments)).said());
    }
}
