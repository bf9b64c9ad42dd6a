//! `OpenBao`, an OIDC issuer of another project, in the clear: the TLS in front of it is the lab's.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::support::process::output;
use crate::support::server::Server;

/// The audience of its tokens.
pub const AUDIENCE: &str = "sts.amazonaws.com";
/// The path of its issuer.
pub const PATH: &str = "/v1/identity/oidc";
/// Of a server in memory on loopback that ends with the test.
const ROOT: &str = "lab-root";

pub struct OpenBao {
    server: Server,
    /// Of a user with an entity, since root has none and gets no identity token.
    user: String,
}

impl OpenBao {
    pub fn start(program: &Path) -> Self {
        let server = Server::start(program.to_str().unwrap(), |_, address| {
            let (listen, root) =
                (format!("-dev-listen-address={address}"), format!("-dev-root-token-id={ROOT}"));
            ["server", "-dev", "-dev-no-store-token", &listen, &root].map(str::to_owned).to_vec()
        });
        let mut bao = Self { server, user: String::new() };
        bao.root("identity/oidc/key/key", &json!({"allowed_client_ids": ["*"]}));
        bao.root("identity/oidc/role/role", &json!({"key": "key", "client_id": AUDIENCE, "ttl": "600s"}));
        bao.root("sys/auth/userpass", &json!({"type": "userpass"}));
        let policy = "path \"identity/oidc/token/*\" { capabilities = [\"read\"] }";
        bao.root("sys/policies/acl/tokens", &json!({"policy": policy}));
        bao.root("auth/userpass/users/lab", &json!({"password": "lab", "token_policies": "tokens"}));
        let login = bao.root("auth/userpass/login/lab", &json!({"password": "lab"}));
        login["auth"]["client_token"].as_str().unwrap().clone_into(&mut bao.user);
        bao
    }

    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// A token of the issuer at this origin, `https://HOST:PORT`.
    pub fn token(&self, origin: &str) -> String {
        self.root("identity/oidc/config", &json!({"issuer": origin}));
        let answer = self.call(&self.user, "identity/oidc/token/role", &[]);
        answer["data"]["token"].as_str().unwrap().to_owned()
    }

    /// From now on every document is answered with status 503, as by any server that nobody has unsealed yet.
    pub fn seal(&self) {
        self.root("sys/seal", &json!({}));
    }

    fn root(&self, path: &str, body: &Value) -> Value {
        self.call(ROOT, path, &["--data", &body.to_string()])
    }

    fn call(&self, token: &str, path: &str, more: &[&str]) -> Value {
        let mut curl = Command::new("curl");
        curl.args(["--silent", "--show-error", "--fail-with-body", "--max-time", "30", "--noproxy", "*"]);
        curl.args(["--retry", "20", "--retry-delay", "1", "--header", &format!("X-Vault-Token: {token}")]);
        curl.args(more).arg(format!("http://{}/v1/{path}", self.address()));
        let answer = output(&mut curl);
        if answer.is_empty() { Value::Null } else { serde_json::from_str(&answer).unwrap() }
    }
}
