//! Several faces of one host: addresses that serve different chains, and chains that change.

use std::net::{IpAddr, Ipv4Addr};

use crate::support::daemon::Exposition;
use crate::support::lab::chains::{good, twin_intermediates};
use crate::support::lab::{LabIssuer, Spec};
use crate::support::told::{polls, verdict};
use crate::support::watch::{BRISK, Watch};

const SECOND: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2));

/// GitHub's hosts in June 2023: two intermediates of the same name and key, one at each address.
#[tokio::test(flavor = "multi_thread")]
async fn two_addresses_with_twin_intermediates_are_partial_until_both_are_listed() {
    let [first, second] = twin_intermediates("host.oidc.test");
    let twins = || Spec::new("host.oidc.test", first.clone()).also_at(SECOND, second.clone());
    let (one, both, none) =
        (LabIssuer::start(twins()).await, LabIssuer::start(twins()).await, LabIssuer::start(twins()).await);
    let daemon = Watch::new(&BRISK)
        .issuer(&one, &[first.thumbprint()])
        .issuer(&both, &[second.thumbprint(), first.thumbprint()])
        .issuer(&none, &["0".repeat(40)])
        .start();
    for (issuer, status, coverage) in
        [(&one, "partial", 0.5), (&both, "match", 1.0), (&none, "mismatch", 0.0)]
    {
        let labels = [("issuer", issuer.url())];
        let metrics = daemon.wait_metrics(status, |metrics| {
            metrics.value("oidc_issuer_polls_total", &labels) > Some(0.0)
                && verdict(metrics, issuer) != "unknown"
        });
        assert_eq!(verdict(&metrics, issuer), status);
        assert_eq!(metrics.value("oidc_provider_thumbprint_coverage_ratio", &labels), Some(coverage));
        let matches = f64::from(u8::from(status == "match"));
        assert_eq!(metrics.value("oidc_provider_thumbprint_match", &labels), Some(matches));
        let mut thumbprints = issuer.thumbprints();
        thumbprints.sort();
        assert_eq!(metrics.labels("oidc_issuer_thumbprint_info", &labels, "thumbprint"), thumbprints);
        assert_eq!(addresses(&metrics, issuer), (Some(2.0), Some(0.0)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotation_alarms_at_once_and_settles_as_mismatch() {
    let (old, new) = (good("host.oidc.test"), good("host.oidc.test"));
    let issuer = LabIssuer::start(Spec::new("host.oidc.test", old.clone())).await;
    let bystander = LabIssuer::start(Spec::new("host.oidc.test", old.clone())).await;
    let daemon = Watch::new(&BRISK)
        .issuer(&issuer, &[old.thumbprint()])
        .issuer(&bystander, &[old.thumbprint()])
        .start();
    let labels = [("issuer", issuer.url())];
    let changed =
        |metrics: &Exposition| metrics.value("oidc_issuer_thumbprint_changed_timestamp_seconds", &labels);
    let before = daemon.wait_metrics("match", |metrics| verdict(metrics, &issuer) == "match");
    assert_eq!(changed(&before), None);

    issuer.serve(&new);
    // Nothing between match and partial, then nothing between partial and mismatch.
    let during = daemon.wait_metrics("partial", |metrics| {
        let verdict = verdict(metrics, &issuer);
        assert!(verdict == "match" || verdict == "partial", "{verdict}");
        verdict == "partial"
    });
    assert!(changed(&during).is_some());
    assert_eq!(during.all("oidc_issuer_thumbprint_info", &labels).count(), 2);
    let after = daemon.wait_metrics("mismatch", |metrics| {
        let verdict = verdict(metrics, &issuer);
        assert!(verdict == "partial" || verdict == "mismatch", "{verdict}");
        verdict == "mismatch"
    });
    assert_eq!(changed(&after), changed(&during));
    let thumbprints = after.labels("oidc_issuer_thumbprint_info", &labels, "thumbprint");
    assert_eq!(thumbprints, [new.thumbprint()]);
    assert_eq!(verdict(&after, &bystander), "match");
    daemon.wait_log(&format!("new={:?}", new.thumbprint()));
}

/// Rounds that are far apart, and looks that are not.
const BURSTS: [&str; 5] = [
    "interval = \"3s\"",
    "timeout = \"5s\"",
    "settle_looks = 6",
    "settle_interval = \"100ms\"",
    "concurrency = 4",
];

/// Six rounds would take 18 s here, and half an hour at the usual interval.
#[tokio::test(flavor = "multi_thread")]
async fn a_rotation_is_settled_by_looks_between_two_rounds() {
    let (old, new) = (good("host.oidc.test"), good("host.oidc.test"));
    let issuer =
        LabIssuer::start(Spec::new("host.oidc.test", old.clone()).also_at(SECOND, old.clone())).await;
    let listed = LabIssuer::start(Spec::new("host.oidc.test", old.clone())).await;
    let daemon = Watch::new(&BURSTS)
        .issuer(&issuer, &[old.thumbprint()])
        .issuer(&listed, &[old.thumbprint(), new.thumbprint()])
        .start();
    daemon.wait_metrics("match", |metrics| [&issuer, &listed].map(|of| verdict(metrics, of)) == ["match"; 2]);
    let handshakes = listed.handshakes();
    issuer.serve(&new);
    let during = daemon.wait_metrics("partial", |metrics| verdict(metrics, &issuer) == "partial");
    let after = daemon.wait_metrics("mismatch", |metrics| verdict(metrics, &issuer) == "mismatch");
    let rounds = |metrics: &Exposition| polls(metrics, &issuer).unwrap();
    assert!(rounds(&after) - rounds(&during) < 5, "{} {}", rounds(&during), rounds(&after));
    assert_eq!(
        after.labels("oidc_issuer_thumbprint_info", &[("issuer", issuer.url())], "thumbprint"),
        [new.thumbprint()]
    );
    daemon.wait_log(&format!("new={:?}", new.thumbprint()));
    // Who serves nothing new is looked at once a round.
    let rounds_at_most = rounds(&after) as usize;
    assert!(listed.handshakes() - handshakes <= rounds_at_most, "{handshakes} {}", listed.handshakes());
}

/// Looks find out that it alternates, and leave it at that.
#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_begins_to_alternate_stays_partial_and_is_not_looked_at_for_ever() {
    let [first, second] = twin_intermediates("host.oidc.test");
    let issuer = LabIssuer::start(Spec::new("host.oidc.test", first.clone())).await;
    let daemon = Watch::new(&BURSTS).issuer(&issuer, &[first.thumbprint()]).start();
    daemon.wait_metrics("match", |metrics| verdict(metrics, &issuer) == "match");
    let before = issuer.handshakes();
    issuer.faces()[0].serve_in_turn(&[first.clone(), second.clone(), second]);
    let begun = daemon.wait_metrics("partial", |metrics| verdict(metrics, &issuer) == "partial");
    let rounds = |metrics: &Exposition| polls(metrics, &issuer).unwrap();
    let after = daemon.wait_metrics("three more rounds", |metrics| {
        assert_eq!(verdict(metrics, &issuer), "partial");
        rounds(metrics) >= rounds(&begun) + 3
    });
    let looks = issuer.handshakes() - before;
    // One burst of six, and the rounds with their connections.
    assert!((7..20).contains(&looks), "{looks} handshakes in {} rounds", rounds(&after));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_alternates_stays_partial() {
    let [first, second] = twin_intermediates("host.oidc.test");
    let issuer = LabIssuer::start(Spec::new("host.oidc.test", first.clone())).await;
    // Of three, so that two handshakes a round would meet both as well; never four rounds without one of them.
    issuer.faces()[0].serve_in_turn(&[first.clone(), second.clone(), second]);
    let daemon = Watch::new(&BRISK).issuer(&issuer, &[first.thumbprint()]).start();
    let handshakes = |daemon: &crate::support::daemon::Daemon| {
        daemon.wait_metrics("partial", |metrics| verdict(metrics, &issuer) == "partial");
        issuer.handshakes()
    };
    let start = handshakes(&daemon);
    daemon.wait_metrics("many more rounds", |metrics| {
        assert_eq!(verdict(metrics, &issuer), "partial");
        issuer.handshakes() >= start + 10
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn one_dead_address_is_counted_and_the_issuer_is_up() {
    // Nothing listens at 127.0.0.8, which is tried first.
    let chain = good("host.oidc.test");
    let mut spec = Spec::new("host.oidc.test", chain.clone());
    spec.faces[0].0 = Ipv4Addr::new(127, 0, 0, 9).into();
    let issuer = LabIssuer::start(spec).await;
    let daemon = Watch::new(&BRISK)
        .issuer(&issuer, &[chain.thumbprint()])
        .addresses("host.oidc.test", &["127.0.0.8", "127.0.0.9"])
        .start();
    let metrics = daemon.wait_metrics("match", |metrics| verdict(metrics, &issuer) == "match");
    assert_eq!(addresses(&metrics, &issuer), (Some(2.0), Some(1.0)));
    assert_eq!(metrics.value("oidc_issuer_up", &[("issuer", issuer.url())]), Some(1.0));
}

/// What no other side said is not counted as its failure. No TCP connection goes to a broadcast address, as connect(2) says
/// at once: a stand-in for IPv6 where there is none.
#[tokio::test(flavor = "multi_thread")]
async fn an_address_out_of_reach_of_this_machine_is_not_one_that_failed() {
    let issuer = LabIssuer::good("host.oidc.test").await;
    let nowhere = LabIssuer::good("nowhere.oidc.test").await;
    let daemon = Watch::new(&BRISK)
        .issuer(&issuer, &issuer.thumbprints())
        .issuer(&nowhere, &nowhere.thumbprints())
        .addresses("host.oidc.test", &["127.0.0.1", "127.255.255.255"])
        .addresses("nowhere.oidc.test", &["127.255.255.255"])
        .start();
    let metrics = daemon.wait_metrics("match", |metrics| {
        let labels = [("issuer", nowhere.url())];
        verdict(metrics, &issuer) == "match" && metrics.value("oidc_issuer_polls_total", &labels) > Some(0.0)
    });
    let out_of_reach = |issuer: &LabIssuer| {
        metrics.value("oidc_endpoint_addresses_out_of_reach", &[("endpoint", &issuer.endpoint())])
    };
    assert_eq!(addresses(&metrics, &issuer), (Some(2.0), Some(0.0)));
    assert_eq!(out_of_reach(&issuer), Some(1.0));
    assert_eq!(addresses(&metrics, &nowhere), (Some(1.0), Some(0.0)));
    assert_eq!(out_of_reach(&nowhere), Some(1.0));
    let failures = |reason| {
        let labels = [("issuer", nowhere.url()), ("reason", reason)];
        metrics.value("oidc_issuer_poll_failures_total", &labels)
    };
    assert_eq!((failures("local") > Some(0.0), failures("connect")), (true, Some(0.0)));
    assert_eq!(verdict(&metrics, &nowhere), "unknown");
}

/// Forty addresses, of which the last serves another chain: more than one round looks at.
#[tokio::test(flavor = "multi_thread")]
async fn more_addresses_than_a_round_looks_at_take_turns_and_none_is_forgotten() {
    let (usual, other) = (good("host.oidc.test"), good("host.oidc.test"));
    let address = |last: u8| IpAddr::V4(Ipv4Addr::new(127, 0, 7, last));
    let mut spec = Spec::new("host.oidc.test", usual.clone());
    spec.faces = (1..=40).map(|last| (address(last), usual.clone())).collect();
    spec.faces[39].1 = other;
    let issuer = LabIssuer::start(spec).await;
    let daemon = Watch::new(&BRISK).issuer(&issuer, &[usual.thumbprint()]).start();
    let endpoint = issuer.endpoint();
    let value = |metrics: &Exposition, name| metrics.value(name, &[("endpoint", &endpoint)]);
    daemon.wait_metrics("all to be seen", |metrics| {
        if value(metrics, "oidc_endpoint_addresses").unwrap_or_default() > 0.0 {
            assert_eq!(value(metrics, "oidc_endpoint_addresses"), Some(40.0));
            let unseen = value(metrics, "oidc_endpoint_addresses_unseen");
            assert!([Some(8.0), Some(0.0)].contains(&unseen), "{unseen:?}");
            // A part that matches is not a match.
            let status = if unseen == Some(8.0) { "unknown" } else { "partial" };
            assert_eq!(verdict(metrics, &issuer), status);
        }
        value(metrics, "oidc_endpoint_addresses_unseen") == Some(0.0)
            && verdict(metrics, &issuer) == "partial"
    });
    daemon.wait_log("the host has more addresses than one round looks at; they take turns");
    // Each of them comes up again and again, and none of them leaves the verdict while it waits.
    let handshakes = || issuer.faces().iter().map(|face| face.handshakes()).collect::<Vec<_>>();
    let metrics = daemon.wait_metrics("eight rounds", |metrics| {
        assert_eq!(verdict(metrics, &issuer), "partial");
        handshakes().iter().all(|count| *count >= 6)
    });
    let of_issuer = |name| metrics.value(name, &[("issuer", issuer.url())]);
    assert_eq!(of_issuer("oidc_provider_thumbprint_coverage_ratio"), Some(39.0 / 40.0));
    // What an address shows when it is looked at first is no change.
    assert_eq!(of_issuer("oidc_issuer_thumbprint_changed_timestamp_seconds"), None);
    assert_eq!(addresses(&metrics, &issuer), (Some(40.0), Some(0.0)));
}

/// Addresses of the issuer's host, and how many of them failed.
fn addresses(metrics: &Exposition, issuer: &LabIssuer) -> (Option<f64>, Option<f64>) {
    let endpoint = issuer.endpoint();
    let value = |name| metrics.value(name, &[("endpoint", &endpoint)]);
    (value("oidc_endpoint_addresses"), value("oidc_endpoint_addresses_failed"))
}
