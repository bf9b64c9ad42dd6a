//! One rule for the exit codes of all commands: 0 all is well, 1 a finding, 2 could not tell; a finding outweighs that.

use super::{inspect_lab, start};
use crate::support::lab::{Behaviour, LabIssuer, Reply, Spec, chains};
use crate::support::process::{program, run};
use crate::support::watch::{PATIENT, Watch};

#[tokio::test(flavor = "multi_thread")]
async fn a_finding_outweighs_what_could_not_be_told() {
    let host = "host.oidc.test";
    for (case, chain, code) in [
        ("nothing but a failure", chains::private_ca(host), 2),
        ("a finding beside a failure", chains::expired_leaf(host), 1),
    ] {
        let mut spec = Spec::new(host, chain);
        spec.behaviour = Behaviour::Discovery(Reply::Status(500));
        let issuer = LabIssuer::start(spec).await;
        let inspected = inspect_lab(&issuer, &[issuer.url()]);
        assert_eq!(inspected.code, code, "{case}: {inspected:?}");
        let checked = Watch::new(&PATIENT).issuer(&issuer, &[]).check(&[]);
        assert_eq!(checked.code, code, "{case}: {checked:?}");
    }
    let good = start(host, chains::private_ca).await;
    assert_eq!(Watch::new(&PATIENT).issuer(&good, &good.thumbprints()).check(&[]).code, 0);
}

#[test]
fn what_is_in_use_is_shown_even_when_it_watches_nothing() {
    let shown = run(program(&["config", "show"]).env_remove("OIDC_EXPORTER_CONFIG"));
    assert_eq!((shown.code, shown.err.as_str()), (0, ""), "{shown:?}");
    for line in ["[poll]", "interval = \"5m\"", "listen = \"127.0.0.1:10190\"", "issuers = []"] {
        assert!(shown.out.lines().any(|shown| shown == line), "{line}: {}", shown.out);
    }
    for arguments in [&["config", "check"][..], &["check"], &["run"]] {
        let refused = run(program(arguments).env_remove("OIDC_EXPORTER_CONFIG"));
        assert_eq!((refused.code, refused.out.as_str()), (2, ""), "{arguments:?}: {refused:?}");
        assert!(refused.err.contains("nothing to watch"), "{arguments:?}: {}", refused.err);
    }
}
