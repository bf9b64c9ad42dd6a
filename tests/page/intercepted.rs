//! The thumbprint of a proxy is shown, and never at hand: whoever pins it locks AWS out.

use serde_json::Value;

use super::{ONE_ROUND, encoded};
use crate::support::lab::chains::good;
use crate::support::lab::pem::pem;
use crate::support::lab::{LabIssuer, Spec};
use crate::support::watch::Watch;

/// Of somebody else's certificate.
const LISTED: &str = "9e99a48a9960b14926bb7f3b02e22da2b0ab7280";

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_led_to_pin_a_proxy() {
    // The same chain twice: under the name of a public issuer it is a proxy's, elsewhere it is the issuer's own.
    for (host, is_proxy) in [("gitlab.com", true), ("gitlab.oidc.test", false)] {
        let chain = good(host);
        let anchor = pem(chain.anchor.as_slice());
        let issuer = LabIssuer::start(Spec::new(host, chain)).await;
        let watch = Watch::new(&ONE_ROUND).issuer(&issuer, &[LISTED.to_owned()]);
        let root = watch.directory().join("root.pem");
        std::fs::write(&root, anchor).unwrap();
        let watch = watch.trust(&root);
        let daemon = watch.start();
        daemon.wait_ready();
        let [served] = &issuer.thumbprints()[..] else { panic!("one chain is served") };

        let page = daemon.get(&format!("/issuer?url={}", encoded(issuer.url())));
        let offers = |text: &str| page.text().contains(text);
        assert!(offers(served), "{host}: it is shown");
        assert_eq!(offers(&format!("Copy the thumbprint {served}")), !is_proxy, "{host}");
        assert_eq!(offers("Served but not listed") || offers("Served, not listed"), !is_proxy, "{host}");
        assert_eq!(offers("not listed</strong>"), !is_proxy, "{host}");
        assert!(offers(&format!("Copy the thumbprint {LISTED}")), "{host}: what is listed can be copied");

        let check = watch.check(&["--output", "json"]);
        assert_eq!(check.code, 1, "{host}: {check:?}");
        let report = check.json();
        let not_listed: Vec<&str> = if is_proxy { vec![] } else { vec![served] };
        assert_eq!(report["rows"][0]["not_listed"], Value::from(not_listed), "{host}");
    }
}
