//! What to think of before an update command is run.

use super::endpoint::EndpointReport;
use crate::chain::is_well_known_public_issuer;
use crate::endpoint::Endpoint;
use crate::issuer::Issuer;
use crate::verdict::Plan;

/// What the reader should think of before running the command.
pub(super) fn cautions(issuer: &Issuer, plan: &Plan, endpoints: &[EndpointReport]) -> Vec<String> {
    let doubted = plan.unvouched.iter().map(Endpoint::host);
    let mut cautions: Vec<String> = doubted
        .map(|host| {
            let unless = if is_well_known_public_issuer(host) {
                "look at the chain from another network first".to_owned()
            } else {
                format!("run it only if {host} has a CA of its own, and say so with --private-host {host}")
            };
            format!(
                "no public root anchors the chain of {host}; if a TLS-inspecting proxy has made it, this command makes IAM list \
                 the proxy: {unless}"
            )
        })
        .collect();
    for EndpointReport { endpoint, addresses, addresses_unseen, behind_proxy, .. } in endpoints {
        if *behind_proxy {
            cautions.push(format!(
                "{endpoint} was seen through a proxy, at one of its addresses only; if the root CA of another differs, it is \
                 missing from this list"
            ));
            continue;
        }
        if *addresses_unseen > 0 {
            cautions.push(format!(
                "{addresses_unseen} more addresses of {endpoint} were not looked at: what they serve is not known"
            ));
        }
        let unseen = addresses.iter().filter(|address| address.chain.is_none()).count();
        if unseen > 0 {
            let whose = if unseen == 1 { "its" } else { "their" };
            cautions.push(format!(
                "{unseen} of {} addresses of {endpoint} served no chain; if {whose} root CA differs, it is missing from \
                 this list",
                addresses.len()
            ));
        }
    }
    // IAM API reference, CreateOpenIDConnectProvider: "The URL should not contain a port number."
    if issuer.endpoint().port() != 443 {
        cautions.push("the IAM documentation says that a provider URL should not contain a port".to_owned());
    }
    cautions
}
