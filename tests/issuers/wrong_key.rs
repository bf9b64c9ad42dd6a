//! A server that shows a certificate and holds another key: whatever the kind of key, nothing of it is recorded, and no other
//! offer is made to it.

use std::sync::Arc;

use rcgen::KeyPair;

use crate::support::lab::{Chain, LabIssuer, Spec, TlsVersions};
use crate::support::look::{look_once, said};
use crate::support::made::{HOST, KINDS, ca, for_host, key, make};

#[tokio::test(flavor = "multi_thread")]
async fn a_signature_that_is_wrong_is_refused() {
    let root = make("Root", key(KINDS[0], 0), None, ca);
    for kind in KINDS {
        let leaf = make(HOST, key(kind, 1), Some(&root), for_host);
        for (other, wrong) in [(1, false), (2, true)] {
            for versions in [TlsVersions::Only12, TlsVersions::Only13] {
                let held = KeyPair::try_from(key(kind, other).serialize_der()).unwrap();
                let served = vec![leaf.der.clone(), root.der.clone()];
                let chain = Chain { state: "made", served, key: Arc::new(held), anchor: None };
                let issuer = LabIssuer::start(Spec { versions, ..Spec::new(HOST, chain) }).await;
                let socket = issuer.sockets()[0];
                let capture = look_once(HOST, &[socket.ip()], socket.port()).await;
                let address = &capture.addresses.as_ref().unwrap()[0];
                assert_eq!(address.chain.is_none(), wrong, "{kind:?} {versions:?}");
                assert_eq!(address.unproven, None, "{kind:?} {versions:?}");
                let why = said(&capture).unwrap_or_default();
                assert_eq!(
                    why.contains("does not hold the key of the certificate that it shows"),
                    wrong,
                    "{kind:?}: {why}"
                );
                assert_eq!(issuer.connections(), 1, "{kind:?} {versions:?}");
            }
        }
    }
}
