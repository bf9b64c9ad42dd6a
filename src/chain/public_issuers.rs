//! Hosts of issuers that anybody can use, and that are therefore anchored by a public root.
//!
//! Only used to tell a TLS-inspecting proxy from a rotation, so a host that is missing here costs one hint and no
//! more. A host belongs here when its operator serves the world from it: never a customer's own domain.

use rustls::pki_types::ServerName;

/// Host patterns: `*` stands for exactly one label.
const HOSTS: [&str; 26] = [
    // GitHub Actions; the second for Enterprise Cloud with data residency.
    "token.actions.githubusercontent.com",
    "token.actions.*.ghe.com",
    // Amazon EKS: IPv4, dual-stack, China. Amazon Cognito.
    "oidc.eks.*.amazonaws.com",
    "oidc-eks.*.api.aws",
    "oidc.eks.*.amazonaws.com.cn",
    "oidc-eks.*.api.amazonwebservices.com.cn",
    "cognito-idp.*.amazonaws.com",
    // GitLab.com.
    "gitlab.com",
    // HCP Terraform.
    "app.terraform.io",
    "app.eu.terraform.io",
    // Google: accounts, its JWKS host, GKE clusters.
    "accounts.google.com",
    "www.googleapis.com",
    "container.googleapis.com",
    // Microsoft Entra ID; AKS clusters.
    "login.microsoftonline.com",
    "sts.windows.net",
    "*.oic.prod-aks.azure.com",
    // CI services.
    "oidc.circleci.com",
    "agent.buildkite.com",
    "api.bitbucket.org",
    "vstoken.dev.azure.com",
    "oidc.vercel.com",
    "oidc.fly.io",
    // Identity providers, one host a tenant.
    "*.auth0.com",
    "*.us.auth0.com",
    "*.eu.auth0.com",
    "*.okta.com",
];

/// The host, a lower-case DNS name, is that of a well-known public issuer.
#[must_use]
pub(crate) fn is_well_known_public_issuer(host: &str) -> bool {
    HOSTS.iter().any(|pattern| fits(pattern, host))
}

/// The host that was asked for is one.
pub(super) fn is_well_known(host: Option<&ServerName<'_>>) -> bool {
    match host {
        Some(ServerName::DnsName(name)) => is_well_known_public_issuer(&name.as_ref().to_ascii_lowercase()),
        _ => false,
    }
}

fn fits(pattern: &str, host: &str) -> bool {
    let (mut pattern, mut host) = (pattern.split('.'), host.split('.'));
    loop {
        match (pattern.next(), host.next()) {
            (None, None) => return true,
            (Some("*"), Some(label)) if !label.is_empty() => {}
            (Some(wanted), Some(label)) if wanted == label => {}
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_is_one_label() {
        for host in [
            "token.actions.githubusercontent.com",
            "oidc.eks.eu-west-1.amazonaws.com",
            "oidc.eks.cn-north-1.amazonaws.com.cn",
            "westeurope.oic.prod-aks.azure.com",
            "tenant.eu.auth0.com",
            "gitlab.com",
        ] {
            assert!(is_well_known_public_issuer(host), "{host}");
        }
        for host in [
            "",
            "githubusercontent.com",
            "oidc.eks.amazonaws.com",
            "oidc.eks..amazonaws.com",
            "oidc.eks.a.b.amazonaws.com",
            "oidc.eks.eu-west-1.amazonaws.com.evil.example",
            "gitlab.com.evil.example",
            "gitlab.example.com",
            "keycloak.corp.example",
        ] {
            assert!(!is_well_known_public_issuer(host), "{host}");
        }
    }
}
