//! Every reason for distrust that a chain can have, served by a real server.

use std::sync::Arc;
use std::time::Duration;

use oidc_thumbprint_exporter::chain::Distrust;
use oidc_thumbprint_exporter::clock::Clock;
use oidc_thumbprint_exporter::observe::{distinct, sightings};
use oidc_thumbprint_exporter::poll::{AddressPolicy, Capture, Limits, Poller, Resolver, Tls, Tunnels};
use rcgen::KeyPair;

use crate::support::lab::{Chain, LabIssuer, Spec};
use crate::support::made::distrusted::cases;
use crate::support::made::{HOST, NOW, trusting};

#[tokio::test(flavor = "multi_thread")]
async fn every_reason_is_met_over_a_socket() {
    for (reason, made, root) in cases() {
        let chain = Chain {
            state: "made",
            served: made.iter().map(|made| made.der.clone()).collect(),
            key: Arc::new(KeyPair::try_from(made[0].key.serialize_der()).unwrap()),
            anchor: None,
        };
        let issuer = LabIssuer::start(Spec::new(HOST, chain)).await;
        let capture = Capture::take(&poller(&issuer), &issuer.endpoint().parse().unwrap(), false).await;
        let seen = distinct(&sightings(&trusting(&[&root]), &capture));
        assert_eq!(
            seen.len(),
            1,
            "{reason:?}: {:?}",
            capture.addresses.as_ref().map(|all| all[0].failure.clone())
        );
        assert_eq!(seen[0].judgement.verified, Err::<_, Distrust>(reason));
        let served: Vec<_> = seen[0].served.certificates().iter().map(|one| &one.der).collect();
        assert_eq!(served, made.iter().map(|made| &made.der).collect::<Vec<_>>(), "{reason:?}");
    }
}

fn poller(issuer: &LabIssuer) -> Poller {
    let limit = Duration::from_secs(30);
    Poller {
        clock: Clock::from_fn(|| NOW),
        resolver: Resolver::Table(Arc::new([(issuer.host().to_owned(), issuer.addresses())].into())),
        addresses: AddressPolicy { allow_loopback: true },
        tunnels: Tunnels::none(),
        tls: Tls::default(),
        limits: Limits { connect: limit, request: limit, poll: limit },
    }
}
