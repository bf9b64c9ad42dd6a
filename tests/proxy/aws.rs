//! AWS behind the same proxy, and whom its connections trust.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{CREDENTIALS, watch};
use crate::support::connect_proxy::{ConnectProxy, Manner, TlsFront};
use crate::support::lab::pem::pem;
use crate::support::lab::{Chain, FakeIam, LabIssuer, chains};
use crate::support::watch::Watch;

const ACCOUNT: &str = "123456789012";
const IAM: &str = "iam.oidc.test";

/// An IAM over TLS, with a chain of a CA that nobody knows.
struct SecureIam {
    iam: FakeIam,
    front: TlsFront,
    chain: Chain,
}

impl SecureIam {
    async fn start(issuer: &LabIssuer) -> Self {
        let iam = FakeIam::start(ACCOUNT).await;
        iam.put(issuer.url(), &issuer.thumbprints());
        let chain = chains::private_ca(IAM);
        let front =
            TlsFront::start(&chain, iam.url().strip_prefix("http://").unwrap().parse().unwrap()).await;
        Self { iam, front, chain }
    }

    fn url(&self) -> String {
        format!("https://{IAM}:{}", self.front.address().port())
    }

    fn authority(&self) -> String {
        self.url().strip_prefix("https://").unwrap().to_owned()
    }

    /// Puts its CA into a file beside the configuration.
    fn ca_file(&self, watch: &Watch) -> std::path::PathBuf {
        let file = watch.directory().join("iam-ca.pem");
        std::fs::write(&file, pem(&[self.chain.anchor.clone().unwrap()])).unwrap();
        file
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn iam_is_read_through_the_proxy_and_trusted_by_either_file() {
    let issuer = LabIssuer::good("outside.oidc.test").await;
    let iam = SecureIam::start(&issuer).await;
    let authority = iam.authority();
    let proxy = ConnectProxy::start(&[&issuer], &[(&authority, iam.front.address())]).await;
    // Characters that a URL would take for its own.
    let told = "lab-user:p:/?#[]@%ss \u{fc}";
    proxy.want(&STANDARD.encode(told));
    let watch = || {
        let watch = watch(&issuer).iam_at(&iam.url()).env("HTTP_PROXY", "http://nowhere.test");
        let file = watch.directory().join("proxy-credentials");
        std::fs::write(&file, told).unwrap();
        watch.env("HTTPS_PROXY", proxy.url()).env("OIDC_EXPORTER__PROXY__CREDENTIALS_FILE", file)
    };

    let unknown = watch().check(&[]);
    assert!(unknown.out.contains("UnknownIssuer"), "{}", unknown.said());
    assert!(unknown.out.contains(&format!("through the proxy {}", proxy.url())), "{}", unknown.said());
    assert!(iam.iam.calls().is_empty());

    let bundle = watch();
    let ca = iam.ca_file(&bundle);
    let profile = watch();
    let config = profile.directory().join("aws-config");
    std::fs::write(&config, format!("[profile lab]\nca_bundle = {}\n", iam.ca_file(&profile).display()))
        .unwrap();
    let profile = profile.env("AWS_CONFIG_FILE", config).env("AWS_PROFILE", "lab");
    let trusting = watch();
    let added = iam.ca_file(&trusting);
    for (case, watch) in [
        ("AWS_CA_BUNDLE", bundle.env("AWS_CA_BUNDLE", &ca)),
        ("ca_bundle", profile),
        ("ca_files", trusting.trust(&added)),
    ] {
        let before = iam.iam.calls().len();
        let check = watch.check(&[]);
        assert_eq!(check.code, 0, "{case}: {}", check.said());
        assert!(check.out.contains(ACCOUNT) && iam.iam.calls().len() > before, "{case}: {}", check.said());
    }
    assert_eq!(proxy.requests(), [format!("CONNECT {authority}"), format!("CONNECT {}", issuer.endpoint())]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_that_refuses_us_is_named_in_the_accounts_failure() {
    let issuer = LabIssuer::good("outside.oidc.test").await;
    let iam = SecureIam::start(&issuer).await;
    let authority = iam.authority();
    let proxy = ConnectProxy::start(&[&issuer], &[(&authority, iam.front.address())]).await;
    proxy.want(CREDENTIALS.1);
    let check = watch(&issuer).iam_at(&iam.url()).env("HTTPS_PROXY", proxy.url()).check(&[]);
    let told = format!("through the proxy {}: it wants a user name and a password, and none", proxy.url());
    assert!(check.out.contains(&told) && check.out.contains("proxy authorization required"), "{}", check.out);
    let silent = ConnectProxy::with(Manner::Hold(Vec::new()), std::collections::BTreeMap::new()).await;
    let slow = watch(&issuer).iam_at(&iam.url()).env("OIDC_EXPORTER__AWS__TIMEOUT", "4s");
    let check = slow.env("HTTPS_PROXY", silent.url()).check(&[]);
    let first = check.out.lines().next().unwrap_or_default();
    assert!(first.contains("timeout: timed out") && first.contains(&silent.url()), "{first}");
    let closed = ConnectProxy::start(&[], &[]).await;
    let check = watch(&issuer).iam_at(&iam.url()).env("HTTPS_PROXY", closed.url()).check(&[]);
    assert!(check.out.contains(&format!("{}: it opened no connection: ", closed.url())), "{}", check.out);
    assert!(iam.iam.calls().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_for_credentials_stay_away_from_every_proxy() {
    let issuer = LabIssuer::good("outside.oidc.test").await;
    let endpoint = ConnectProxy::start(&[], &[]).await;
    let proxy = ConnectProxy::start(&[&issuer], &[]).await;
    let watch = watch(&issuer)
        .iam_at("https://iam.oidc.test")
        .without("AWS_ACCESS_KEY_ID")
        .without("AWS_SECRET_ACCESS_KEY")
        .env("AWS_CONTAINER_CREDENTIALS_FULL_URI", format!("{}/v1/credentials", endpoint.url()))
        .env("AWS_CONTAINER_AUTHORIZATION_TOKEN", "pod-token");
    let all = ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];
    let watch = all.iter().fold(watch, |watch, variable| watch.env(variable, proxy.url()));
    let watch = watch.toml(&format!("[proxy]\nurl = {:?}\nno_proxy = [\"nothing.test\"]\n", proxy.url()));
    watch.check(&[]);
    let asked = endpoint.asked();
    assert!(asked.iter().all(|asked| asked.request == "GET /v1/credentials"), "{asked:?}");
    assert!(asked[0].head.contains("pod-token"), "{asked:?}");
    assert_eq!(proxy.requests(), [format!("CONNECT {}", issuer.endpoint())]);
}
