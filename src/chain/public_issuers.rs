//! Hosts of issuers that anybody can use, and that are therefore anchored by a public root.
//!
//! Tells a TLS-inspecting proxy by name. No list is whole: at a host that is missing here, a chain without a public root is
//! doubted all the same (see [`ChainStatus::Unvouched`](super::ChainStatus)). A host belongs here when its operator serves the
//! world from it: never a customer's own domain, and no place where customers bring certificates of their own.

use crate::host_pattern::fits;

/// Host patterns, as in the configuration: `*` stands for one or more labels.
const HOSTS: &[&str] = &[
    // GitHub Actions; Enterprise Cloud with data residency; files and pages of repositories.
    "*.actions.githubusercontent.com",
    "token.actions.*.ghe.com",
    "raw.githubusercontent.com",
    "*.github.io",
    // GitLab: the public one, its pages, one host a customer.
    "gitlab.com",
    "*.gitlab.io",
    "*.gitlab-dedicated.com",
    // Amazon EKS: IPv4, dual-stack, beta. The isolated partitions have CAs of their own, and are not listed.
    "oidc.eks.*.amazonaws.com",
    "oidc.eks-beta.*.amazonaws.com",
    "oidc.eks.*.amazonaws.com.cn",
    "oidc.eks.*.amazonaws.eu",
    "oidc-eks.*.api.aws",
    "oidc-eks.*.api.amazonwebservices.com.cn",
    "oidc-eks.*.api.amazonwebservices.eu",
    // Amazon Cognito, and AWS as an issuer for others.
    "cognito-idp.*.amazonaws.com",
    "cognito-idp.*.amazonaws.com.cn",
    "cognito-identity.amazonaws.com",
    "cognito-identity.*.amazonaws.com",
    "*.tokens.sts.global.api.aws",
    // Documents in a bucket or behind a distribution: clusters of ROSA, OpenShift, kOps, kubeadm.
    "s3.amazonaws.com",
    "s3.*.amazonaws.com",
    "*.s3.amazonaws.com",
    "*.s3.*.amazonaws.com",
    "*.s3.*.amazonaws.com.cn",
    "*.cloudfront.net",
    "*.cloudfront.cn",
    "oidc.*.openshiftapps.com",
    "*.blob.core.windows.net",
    "*.web.core.windows.net",
    "*.azureedge.net",
    "*.azurefd.net",
    "*.digitaloceanspaces.com",
    "*.linodeobjects.com",
    "objectstorage.*.oraclecloud.com",
    "*.r2.dev",
    "*.pages.dev",
    "*.workers.dev",
    "*.netlify.app",
    "*.vercel.app",
    "*.web.app",
    "*.firebaseapp.com",
    // Applications behind the operator's own TLS.
    "*.execute-api.*.amazonaws.com",
    "*.lambda-url.*.on.aws",
    "*.azurewebsites.net",
    "*.appspot.com",
    "*.run.app",
    "*.herokuapp.com",
    "*.onrender.com",
    // Google: accounts, storage, GKE clusters and other APIs.
    "accounts.google.com",
    "securetoken.google.com",
    "*.googleapis.com",
    // Microsoft Entra ID: worldwide, government, China, customers. AKS clusters.
    "login.microsoftonline.com",
    "login.microsoftonline.us",
    "login.partner.microsoftonline.cn",
    "login.chinacloudapi.cn",
    "sts.windows.net",
    "sts.chinacloudapi.cn",
    "*.b2clogin.com",
    "*.ciamlogin.com",
    "*.oic.prod-aks.azure.com",
    // CI services and platforms.
    "agent.buildkite.com",
    "api.bitbucket.org",
    "api.pulumi.com",
    "app.terraform.io",
    "app.eu.terraform.io",
    "*.codefresh.io",
    "*.depot.dev",
    "*.doppler.com",
    "*.env0.com",
    "*.harness.io",
    "*.jfrog.io",
    "oidc.circleci.com",
    "oidc.fly.io",
    "oidc.vercel.com",
    "proidc.upbound.io",
    "sandboxes.cloud",
    "scalr.io",
    "*.scalr.io",
    "*.semaphoreci.com",
    "*.spacelift.io",
    "tokens.cloud.shisho.dev",
    "vstoken.dev.azure.com",
    // Identity providers, most with one host a tenant, in whatever region.
    "*.auth0.com",
    "*.okta.com",
    "*.oktapreview.com",
    "*.okta-emea.com",
    "*.okta-gov.com",
    "*.okta.mil",
    "*.onelogin.com",
    "auth.pingone.com",
    "auth.pingone.eu",
    "auth.pingone.ca",
    "auth.pingone.asia",
    "auth.pingone.com.au",
    "oauth.id.jumpcloud.com",
    "*.cloudflareaccess.com",
    "*.clerk.accounts.dev",
    "*.fusionauth.io",
    "*.kinde.com",
    "*.my.salesforce.com",
    "login.salesforce.com",
    "*.supabase.co",
    "*.zitadel.cloud",
    "appleid.apple.com",
    "*.identity.oraclecloud.com",
];

/// The host, a lower-case DNS name, is that of a well-known public issuer.
#[must_use]
pub(crate) fn is_well_known_public_issuer(host: &str) -> bool {
    HOSTS.iter().any(|pattern| fits(pattern, host))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host_pattern::HostPattern;

    #[test]
    fn hosts_of_public_issuers() {
        for host in [
            "token.actions.githubusercontent.com",
            "vstoken.actions.githubusercontent.com",
            "token.actions.octocorp.ghe.com",
            "oidc.eks.eu-west-1.amazonaws.com",
            "oidc.eks.cn-north-1.amazonaws.com.cn",
            "oidc-eks.eu-west-1.api.aws",
            "oidc-eks.eusc-de-east-1.api.amazonwebservices.eu",
            "0a1b.tokens.sts.global.api.aws",
            "s3.amazonaws.com",
            "s3.eu-west-1.amazonaws.com",
            "bucket.s3.amazonaws.com",
            "a.bucket.s3.eu-west-1.amazonaws.com",
            "bucket.s3.dualstack.eu-west-1.amazonaws.com",
            "d111111abcdef8.cloudfront.net",
            "account.blob.core.windows.net",
            "storage.googleapis.com",
            "westeurope.oic.prod-aks.azure.com",
            "org.github.io",
            "tenant.auth0.com",
            "tenant.eu.auth0.com",
            "tenant.oktapreview.com",
            "oidc.op1.openshiftapps.com",
            "organization.app.spacelift.io",
            "gitlab.com",
        ] {
            assert!(is_well_known_public_issuer(host), "{host}");
        }
    }

    #[test]
    fn hosts_that_others_serve() {
        for host in [
            "",
            "githubusercontent.com",
            "oidc.eks.amazonaws.com",
            "oidc.eks..amazonaws.com",
            "oidc.eks.eu-west-1.amazonaws.com.evil.example",
            "gitlab.com.evil.example",
            "gitlab.example.com",
            "auth0.com.evil.example",
            // The API server of a cluster, with the cluster's own CA; a customer's machine.
            "0123456789ABCDEF.gr7.eu-west-1.eks.amazonaws.com",
            "ec2-192-0-2-1.eu-west-1.compute.amazonaws.com",
            "keycloak.corp.example",
        ] {
            assert!(!is_well_known_public_issuer(host), "{host}");
        }
    }

    #[test]
    fn each_is_a_pattern_in_canonical_form_and_once() {
        let mut seen = std::collections::BTreeSet::new();
        for pattern in HOSTS {
            let parsed = pattern.parse::<HostPattern>().map(|parsed| parsed.to_string());
            assert_eq!(parsed.as_deref(), Ok(*pattern));
            assert!(seen.insert(pattern), "{pattern}");
        }
    }
}
