//! `SeaweedFS`, an IAM and STS of another project that enforces thumbprints.

use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};

use aws_sdk_iam::config::retry::RetryConfig;
use aws_sdk_iam::config::timeout::TimeoutConfig;
use aws_sdk_iam::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_iam::error::{DisplayErrorContext, ProvideErrorMetadata as _};
use serde_json::json;

use crate::support::daemon::PATIENCE;
use crate::support::server::{Server, own_address};

pub const KEY: &str = "AKIALABLABLABLABLABL";
pub const SECRET: &str = "lab-secret-never-shown";
/// Its ARNs have no account.
const ROLE: &str = "arn:aws:iam::role/Canary";

pub struct SeaweedFs {
    server: Server,
    iam: aws_sdk_iam::Client,
    sts: aws_sdk_sts::Client,
}

/// What it says to a token of an issuer that it lists no provider for.
pub const NO_PROVIDER: &str = "no identity provider registered for issuer";
/// No call takes longer: it fetches the keys in between.
const LIMIT: Duration = Duration::from_secs(30);

/// What STS said to a token; for why it refused it, its message.
pub type Answer = Result<(), String>;

impl SeaweedFs {
    /// Trusts the roots in this file alone.
    pub fn start(program: &Path, roots: &Path) -> Self {
        let server = Server::start("env", |directory, address| arguments(program, roots, directory, address));
        let url = format!("http://{}", server.address());
        let credentials = Credentials::new(KEY, SECRET, None, None, "lab");
        let iam = aws_sdk_iam::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::from_static("us-east-1"))
            .retry_config(RetryConfig::disabled())
            .timeout_config(TimeoutConfig::builder().operation_timeout(LIMIT).build())
            .credentials_provider(credentials)
            .endpoint_url(&url)
            .build();
        let sts = aws_sdk_sts::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::from_static("us-east-1"))
            .retry_config(RetryConfig::disabled())
            .timeout_config(TimeoutConfig::builder().operation_timeout(LIMIT).build())
            .endpoint_url(&url)
            .build();
        let (iam, sts) = (aws_sdk_iam::Client::from_conf(iam), aws_sdk_sts::Client::from_conf(sts));
        Self { server, iam, sts }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.server.address())
    }

    /// Lists a provider, as soon as it takes calls, and gives its ARN.
    pub async fn create(&self, issuer: &str, audience: &str, thumbprints: &[String]) -> String {
        let listed = tokio::time::timeout(PATIENCE, async {
            loop {
                let call = self.iam.create_open_id_connect_provider().url(issuer).client_id_list(audience);
                match call.set_thumbprint_list(Some(thumbprints.to_vec())).send().await {
                    Ok(created) => return created.open_id_connect_provider_arn.unwrap(),
                    Err(error) if error.code().is_none_or(|code| code == "ServiceUnavailable") => {}
                    Err(error) => panic!("{}", DisplayErrorContext(error)),
                }
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        });
        listed.await.unwrap_or_else(|_| panic!("no provider is made: {}", self.server.log()))
    }

    pub async fn delete(&self, arn: &str) {
        self.iam.delete_open_id_connect_provider().open_id_connect_provider_arn(arn).send().await.unwrap();
    }

    /// `AssumeRoleWithWebIdentity` with this token; a provider that was just listed has this time to be known.
    pub async fn assume(&self, token: &str, patience: Duration) -> Answer {
        let start = Instant::now();
        loop {
            let answer = self.assume_once(token).await;
            let is_known = answer.as_ref().err().is_none_or(|message| !message.contains(NO_PROVIDER));
            if is_known || start.elapsed() > patience {
                return answer;
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }

    async fn assume_once(&self, token: &str) -> Answer {
        let call = self.sts.assume_role_with_web_identity().role_arn(ROLE).role_session_name("canary");
        let Err(error) = call.web_identity_token(token).send().await else { return Ok(()) };
        let code = error.code().unwrap_or_else(|| panic!("no answer: {}", DisplayErrorContext(&error)));
        Err(format!("{code}: {}", error.message().unwrap_or_default()))
    }
}

/// Of `env`: a `SeaweedFS` that is a master, a volume, a filer and an S3 server with IAM, each at a port of its own.
fn arguments(program: &Path, roots: &Path, directory: &Path, s3: SocketAddr) -> Vec<String> {
    let [identities, iam] = ["s3.json", "iam.json"].map(|name| directory.join(name));
    let credentials = [json!({"accessKey": KEY, "secretKey": SECRET})];
    let admin = json!({"name": "admin", "credentials": credentials, "actions": ["Admin"]});
    std::fs::write(&identities, json!({"identities": [admin]}).to_string()).unwrap();
    let anybody = json!({"Effect": "Allow", "Principal": {"Federated": "*"}, "Action": ["sts:AssumeRoleWithWebIdentity"]});
    let nothing = json!({"Effect": "Deny", "Action": ["s3:*"], "Resource": ["*"]});
    let document = |statement| json!({"Version": "2012-10-17", "Statement": [statement]});
    let settings = json!({
        "sts": {
            "tokenDuration": "1h", "maxSessionLength": "12h", "issuer": "lab",
            "signingKey": "dGVzdC1zaWduaW5nLWtleS0zMi1jaGFyYWN0ZXJzLWxvbmc=",
        },
        "providers": [],
        "policy": {"defaultEffect": "Deny"},
        "policies": [{"name": "Nothing", "document": document(nothing)}],
        "roles": [{
            "roleName": "Canary", "roleArn": ROLE, "attachedPolicies": ["Nothing"],
            "trustPolicy": document(anybody),
        }],
    });
    std::fs::write(&iam, settings.to_string()).unwrap();
    let [master, volume, filer] = [(); 3].map(|()| own_address().port());
    let (ip, at) = (s3.ip(), |path: &Path| path.display().to_string());
    vec![
        format!("SSL_CERT_FILE={}", at(roots)),
        "SSL_CERT_DIR=/nonexistent".to_owned(),
        at(program),
        "server".to_owned(),
        format!("-dir={}", at(directory)),
        format!("-ip={ip}"),
        format!("-ip.bind={ip}"),
        format!("-master.port={master}"),
        format!("-volume.port={volume}"),
        "-filer".to_owned(),
        format!("-filer.port={filer}"),
        "-s3".to_owned(),
        format!("-s3.port={}", s3.port()),
        format!("-s3.config={}", at(&identities)),
        format!("-s3.iam.config={}", at(&iam)),
        "-s3.iam.readOnly=false".to_owned(),
    ]
}
