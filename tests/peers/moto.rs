//! Another project's IAM (moto), filled by AWS's own client for Python (boto3), read by the daemon.
//!
//! Unlike AWS, moto keeps the case of thumbprints and lets an update list more than five.

use std::net::SocketAddr;
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::support::daemon::{Daemon, Exposition};
use crate::support::fault_proxy::FaultProxy;
use crate::support::lab::LabIssuer;
use crate::support::lab::fleet::WRONG;
use crate::support::process::output;
use crate::support::server::Server;
use crate::support::stage::Stage;
use crate::support::venv::installed;

const OPERATING: &str = include_str!("../../docs/operating.md");
const ACCOUNT: [(&str, &str); 1] = [("account_id", "123456789012")];
const ANY_PROVIDER: &str = "arn:aws:iam::123456789012:oidc-provider/*";
/// No retry is ever through this many refusals.
const ALWAYS: usize = usize::MAX;

struct Moto(Server);

impl Moto {
    fn start() -> Self {
        Self(Server::start(installed("moto_server").to_str().unwrap(), |_, address| arguments(address)))
    }

    fn start_at(address: SocketAddr) -> Self {
        Self(Server::start_at(address, installed("moto_server").to_str().unwrap(), |_, address| {
            arguments(address)
        }))
    }

    fn url(&self) -> String {
        format!("http://{}", self.0.address())
    }

    /// Makes calls with boto3 and gives the answers.
    fn iam(&self, calls: &Value) -> Value {
        let mut python = Command::new(installed("python"));
        python.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/peers/iam.py"));
        python.arg(self.url()).arg(calls.to_string());
        serde_json::from_str(&output(&mut python)).unwrap()
    }

    /// Lists the issuers with these thumbprints as providers.
    fn create(&self, providers: &[(&LabIssuer, Vec<String>)]) {
        let call = |(issuer, thumbprints): &(&LabIssuer, Vec<String>)| {
            let arguments = json!({"Url": issuer.url(), "ThumbprintList": thumbprints, "ClientIDList": ["sts.amazonaws.com"]});
            json!(["create_open_id_connect_provider", arguments])
        };
        self.iam(&providers.iter().map(call).collect());
    }

    /// From now on so many calls are let through unchecked: `0`, or `inf`.
    fn let_through(&self, calls: &str) {
        let mut curl = Command::new("curl");
        curl.args(["--silent", "--show-error", "--fail", "--max-time", "30", "--data", calls]);
        curl.args(["--header", "Content-Type: application/octet-stream"]);
        curl.arg(format!("{}/moto-api/reset-auth", self.url()));
        output(&mut curl);
    }
}

fn arguments(address: SocketAddr) -> Vec<String> {
    ["--host", &address.ip().to_string(), "--port", &address.port().to_string()].map(str::to_owned).to_vec()
}

fn verdict(metrics: &Exposition, issuer: &LabIssuer) -> Option<f64> {
    metrics.value("oidc_provider_thumbprint_match", &[("issuer", issuer.url())])
}

fn account_up(metrics: &Exposition) -> bool {
    metrics.value("oidc_account_up", &ACCOUNT) == Some(1.0)
}

fn failures(metrics: &Exposition, reason: &str) -> f64 {
    let labels = [ACCOUNT[0], ("reason", reason)];
    metrics.value("oidc_account_poll_failures_total", &labels).unwrap()
}

/// All failures, whatever the reason.
fn all_failures(metrics: &Exposition) -> f64 {
    metrics.all("oidc_account_poll_failures_total", &ACCOUNT).map(|sample| sample.value).sum()
}

fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs_f64()
}

/// A reading that began after `then` (Unix seconds) got everything.
fn succeeds_after(then: f64) -> impl Fn(&Exposition) -> bool {
    move |metrics| {
        metrics.value("oidc_account_last_success_timestamp_seconds", &ACCOUNT).is_some_and(|at| at > then)
    }
}

/// Amazon's chain is listed and wrong's is not, and the daemon says so.
struct Watched {
    stage: Stage,
    moto: Moto,
}

impl Watched {
    fn set() -> Self {
        let watched = Self { stage: Stage::set(), moto: Moto::start() };
        watched.fill(&watched.moto);
        watched
    }

    fn fill(&self, moto: &Moto) {
        let (amazon, wrong) = (self.stage.issuer("amazon"), self.stage.issuer("wrong"));
        moto.create(&[(amazon, amazon.thumbprints()), (wrong, vec![WRONG.to_owned()])]);
    }

    fn is_told_by(&self, metrics: &Exposition) -> bool {
        let verdict = |name| verdict(metrics, self.stage.issuer(name));
        verdict("amazon") == Some(1.0) && verdict("wrong") == Some(0.0)
    }

    /// Waits for `wanted`, and that the verdicts are what they were.
    fn wait(&self, daemon: &Daemon, what: &str, wanted: impl Fn(&Exposition) -> bool) -> Exposition {
        let metrics = daemon.wait_metrics(what, wanted);
        assert!(self.is_told_by(&metrics), "{what}: {:?}", daemon.log());
        metrics
    }
}

#[test]
fn verdicts_are_right_whatever_the_list_looks_like() {
    let (stage, moto) = (Stage::set(), Moto::start());
    let [amazon, private, twins, wrong] =
        ["amazon", "private", "twins", "wrong"].map(|name| stage.issuer(name));
    let upper = |issuer: &LabIssuer| issuer.thumbprints().iter().map(|one| one.to_uppercase()).collect();
    moto.create(&[
        (amazon, upper(amazon)),
        (private, vec![WRONG.to_owned()]),
        (twins, twins.thumbprints()[1..].to_vec()),
        (wrong, vec![WRONG.to_uppercase()]),
    ]);
    let arn = |issuer: &LabIssuer| {
        format!("arn:aws:iam::123456789012:oidc-provider/{}", issuer.url().strip_prefix("https://").unwrap())
    };
    // Seven, of which the last is served.
    let mut many: Vec<String> = (0..6).map(|number| format!("{number:040x}")).collect();
    many.extend(private.thumbprints());
    let update = json!({"OpenIDConnectProviderArn": arn(private), "ThumbprintList": many});
    moto.iam(&json!([["update_open_id_connect_provider_thumbprint", update]]));

    let daemon = stage.watch(&moto.url()).start();
    daemon.wait_ready();
    let metrics = daemon.wait_metrics("four verdicts", |metrics| {
        metrics.all("oidc_provider_thumbprint_match", &ACCOUNT).count() == 4
    });
    for (issuer, status) in [(amazon, "match"), (private, "match"), (twins, "partial"), (wrong, "mismatch")] {
        let labels = [("provider_arn", &*arn(issuer)), ("issuer", issuer.url()), ACCOUNT[0]];
        assert_eq!(metrics.state("oidc_provider_thumbprint_status", &labels), [status], "{}", issuer.name);
    }
    let listed = metrics.labels("oidc_provider_thumbprint_info", &[("issuer", private.url())], "thumbprint");
    many.sort();
    assert_eq!(listed, many);
    assert_eq!((account_up(&metrics), all_failures(&metrics)), (true, 0.0));
}

#[test]
fn access_is_denied_until_the_policy_of_the_readme_allows_it() {
    let watched = Watched::set();
    let moto = &watched.moto;
    let user = json!({"UserName": "watcher"});
    let key = moto.iam(&json!([["create_user", user], ["create_access_key", user]]))[1]["AccessKey"].take();
    let watch = watched.stage.watch(&moto.url());
    let watch = watch.env("AWS_ACCESS_KEY_ID", key["AccessKeyId"].as_str().unwrap());
    let daemon = watch.env("AWS_SECRET_ACCESS_KEY", key["SecretAccessKey"].as_str().unwrap()).start();
    daemon.wait_ready();

    moto.let_through("0");
    let denied = |metrics: &Exposition| !account_up(metrics) && failures(metrics, "access_denied") > 0.0;
    watched.wait(&daemon, "access to be denied", denied);
    daemon.wait_log("reason=access_denied");

    let policy = OPERATING.split_once("```json\n").unwrap().1.split_once("```").unwrap().0;
    // moto does not know which provider a call is about.
    assert!(policy.contains(ANY_PROVIDER));
    let policy = policy.replace(ANY_PROVIDER, "*");
    let policy = json!({"UserName": "watcher", "PolicyName": "read", "PolicyDocument": policy});
    moto.let_through("inf");
    moto.iam(&json!([["put_user_policy", policy]]));
    moto.let_through("0");
    let allowed = watched.wait(&daemon, "a whole reading under the policy", succeeds_after(now()));
    assert!(account_up(&allowed));
}

#[test]
fn a_few_throttled_calls_are_tried_again_and_many_are_a_reason() {
    let watched = Watched::set();
    let proxy = FaultProxy::start(&watched.stage.runtime, watched.moto.0.address());
    let daemon = watched.stage.watch(&proxy.url()).start();
    daemon.wait_ready();
    watched.wait(&daemon, "the account to be up", account_up);

    proxy.throttle(2);
    let later = succeeds_after(now());
    let after = watched
        .wait(&daemon, "a reading after two refusals", |metrics| proxy.refused() == 2 && later(metrics));
    assert_eq!((account_up(&after), all_failures(&after)), (true, 0.0), "{}", daemon.log());

    proxy.throttle(ALWAYS);
    let throttled = |metrics: &Exposition| !account_up(metrics) && failures(metrics, "throttled") > 0.0;
    watched.wait(&daemon, "to be throttled", throttled);

    proxy.throttle(0);
    watched.wait(&daemon, "the account to be up again", account_up);
}

#[test]
fn without_the_server_the_last_values_stay() {
    let Watched { stage, moto } = Watched::set();
    let address = moto.0.address();
    let daemon = stage.watch(&moto.url()).start();
    daemon.wait_ready();
    daemon.wait_metrics("the account to be up", account_up);

    drop(moto);
    let gone = |metrics: &Exposition| !account_up(metrics) && failures(metrics, "connect") > 0.0;
    let gone = daemon.wait_metrics("the account to be down", gone);
    let watched = Watched { stage, moto: Moto::start_at(address) };
    assert!(watched.is_told_by(&gone), "{:?}", daemon.log());
    watched.fill(&watched.moto);
    daemon.wait_metrics("the account to be up again", |metrics| {
        account_up(metrics) && watched.is_told_by(metrics)
    });
}
