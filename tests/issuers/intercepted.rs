//! A proxy between here and a well-known public issuer: reported as such, not as a rotation.

use crate::support::daemon::TempDir;
use crate::support::lab::chains::good;
use crate::support::lab::pem::pem;
use crate::support::lab::{LabIssuer, Spec};
use crate::support::told::verdict;
use crate::support::watch::{PATIENT, Watch};

#[tokio::test(flavor = "multi_thread")]
async fn a_public_issuer_under_a_local_root_is_intercepted() {
    let directory = TempDir::new();
    let root = directory.path().join("proxy.pem");
    let chain = good("gitlab.com");
    std::fs::write(&root, pem(chain.anchor.as_slice())).unwrap();
    let issuer = LabIssuer::start(Spec::new("gitlab.com", chain)).await;
    let watch = || Watch::new(&PATIENT).issuer(&issuer, &issuer.thumbprints());

    let daemons = [
        ("added", watch().trust(&root).start()),
        ("system", watch().env("SSL_CERT_FILE", root.as_os_str()).start()),
    ];
    for (source, daemon) in &daemons {
        daemon.wait_ready();
        let metrics = daemon.metrics();
        let statuses = metrics.state("oidc_chain_status", &[("endpoint", &issuer.endpoint())]);
        assert!(statuses.contains(&"intercepted".to_owned()), "{source}: {statuses:?}");
        // What AWS sees is not seen here, though the proxy's own thumbprint is listed.
        assert_eq!(verdict(&metrics, &issuer), "unknown", "{source}");
        let labels = [("issuer", issuer.url())];
        for absent in [
            "oidc_provider_thumbprint_match",
            "oidc_provider_thumbprint_enforced",
            "oidc_issuer_thumbprint_info",
            "oidc_issuer_thumbprint_changed_timestamp_seconds",
        ] {
            assert_eq!(metrics.all(absent, &labels).count(), 0, "{source}: {absent}");
        }
        daemon.wait_log("a proxy between here and the issuer");
    }
}
