//! `inspect --output thumbprint` says what the manual procedure yields.

use super::{inspect_lab, start};
use crate::support::lab::fleet::Lab;
use crate::support::lab::{LabIssuer, chains};
use crate::support::manual_procedure;

const HOST: &str = "host.oidc.test";

/// The lines of `inspect --output thumbprint`, and those of the manual procedure done at every address of the discovery
/// host and of the host of `jwks_uri`.
fn both_ways(issuer: &LabIssuer) -> (Vec<String>, Vec<String>) {
    let run = inspect_lab(issuer, &["--output", "thumbprint", issuer.url()]);
    let lines = run.lines().into_iter().map(str::to_owned).collect();
    let Some(jwks_uri) = manual_procedure::jwks_uri(issuer) else { return (lines, Vec::new()) };
    let serves_keys = |host: &&LabIssuer| jwks_uri.starts_with(&format!("https://{}/", host.endpoint()));
    let keys = issuer.hosts().find(serves_keys).unwrap();
    let mut manual = manual_procedure::thumbprints(issuer);
    if keys.endpoint() != issuer.endpoint() {
        manual.extend(manual_procedure::thumbprints(keys));
    }
    (lines, manual)
}

#[tokio::test(flavor = "multi_thread")]
async fn on_every_issuer_of_the_demo() {
    let lab = Lab::start().await;
    for issuer in &lab.issuers {
        let (lines, manual) = both_ways(issuer);
        assert_eq!(lines, manual, "{}", issuer.name);
        let count = match issuer.name.as_str() {
            "dead" => 0,
            "elsewhere" | "twins" => 2,
            _ => 1,
        };
        assert_eq!(lines.len(), count, "{}", issuer.name);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn on_every_state_of_a_chain() {
    // OpenSSL shows no chain at all of these, or not the last certificate.
    let unseen = ["beyond_64_kib", "trailing_garbage", "last_is_no_certificate", "first_is_no_certificate"];
    let mut compared = 0;
    for chain in chains::all(HOST) {
        let state = chain.state;
        let issuer = start(HOST, |_| chain.clone()).await;
        let run = inspect_lab(&issuer, &["--output", "thumbprint", &issuer.endpoint()]);
        let manual = manual_procedure::thumbprint(HOST, issuer.sockets()[0]);
        if unseen.contains(&state) {
            assert_ne!(manual, Some(chain.thumbprint()), "{state}");
            continue;
        }
        assert_eq!(run.out.trim_end(), manual.unwrap_or_default(), "{state}: {run:?}");
        assert_eq!(run.out.trim_end(), chain.thumbprint(), "{state}");
        compared += 1;
    }
    assert_eq!(compared, chains::all(HOST).len() - unseen.len());
}
