//! A slow or hostile issuer costs the others nothing. Asserted by counts of polls, never by time.

use crate::support::lab::{Behaviour, LabIssuer, Reply, Wire};
use crate::support::told::{is_up, polls};
use crate::support::watch::Watch;

/// Issuers that would hold a poll for ever, each in its own way.
async fn hanging(count: usize) -> Vec<LabIssuer> {
    let ways = [
        Behaviour::Wire(Wire::Silence),
        Behaviour::Wire(Wire::OneByteASecond),
        Behaviour::Discovery(Reply::OneByteASecond),
        Behaviour::Jwks(Reply::OneByteASecond),
    ];
    let mut issuers = Vec::new();
    for (number, behaviour) in (0..count).zip(ways.iter().cycle()) {
        // The names sort before those of the good ones, so that these have the first turns.
        let issuer = LabIssuer::good(&format!("a{number}.oidc.test")).await;
        issuer.behave(behaviour.clone());
        issuers.push(issuer);
    }
    issuers
}

#[tokio::test(flavor = "multi_thread")]
async fn polls_that_hang_for_ever_hold_up_nobody_else() {
    let bad = hanging(15).await;
    let good = [LabIssuer::good("good.oidc.test").await, LabIssuer::good("well.oidc.test").await];
    // The limits are far beyond the end of the test; one slot is left for the good ones.
    let poll = [
        "interval = \"1s\"",
        "timeout = \"1h\"",
        "connect_timeout = \"1h\"",
        "request_timeout = \"1h\"",
        "concurrency = 16",
    ];
    let all = bad.iter().chain(&good);
    let daemon =
        all.fold(Watch::new(&poll), |watch, issuer| watch.issuer(issuer, &issuer.thumbprints())).start();
    let metrics = daemon.wait_metrics("five polls of each good issuer", |metrics| {
        good.iter().all(|issuer| polls(metrics, issuer) >= Some(5))
    });
    assert!(good.iter().all(|issuer| is_up(&metrics, issuer)));
    for issuer in &bad {
        assert_eq!((polls(&metrics, issuer), is_up(&metrics, issuer)), (Some(0), false), "{}", issuer.url());
        assert!(issuer.connections() > 0, "{} was never met", issuer.url());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn more_of_them_than_slots_do_not_make_the_others_wait_their_turn() {
    let bad = hanging(20).await;
    let good = [LabIssuer::good("good.oidc.test").await, LabIssuer::good("well.oidc.test").await];
    // Ten turns of a second for the bad ones alone, while a round is due each second.
    let poll = [
        "interval = \"1s\"",
        "timeout = \"1s\"",
        "connect_timeout = \"1s\"",
        "request_timeout = \"1s\"",
        "concurrency = 2",
    ];
    let all = bad.iter().chain(&good);
    let daemon = all.fold(Watch::new(&poll), |watch, issuer| watch.issuer(issuer, &[])).start();
    // If all took turns, the counts would never differ by more than one.
    // A poll of a good one that a busy machine makes too late is made up for by a later one.
    daemon.wait_metrics("the good ones to be up and ahead", |metrics| {
        let most = bad.iter().map(|issuer| polls(metrics, issuer)).max().unwrap();
        let least = bad.iter().map(|issuer| polls(metrics, issuer)).min().unwrap();
        let is_ahead = |issuer| is_up(metrics, issuer) && polls(metrics, issuer) > most.map(|most| most + 3);
        least >= Some(1) && good.iter().all(is_ahead)
    });
}
