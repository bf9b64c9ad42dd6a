//! The same chains at other times. The daemon has no setting for its clock, so its agent runs in this process.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime};

use oidc_thumbprint_exporter::agent::{Agent, Schedule, Setup, Watch};
use oidc_thumbprint_exporter::chain::TrustStore;
use oidc_thumbprint_exporter::clock::{Clock, Timestamp};
use oidc_thumbprint_exporter::metrics::{Format, Metrics, Own};
use oidc_thumbprint_exporter::observe::WindowRules;
use oidc_thumbprint_exporter::poll::{AddressPolicy, Limits, Poller, Resolver, Tls, Tunnels};
use oidc_thumbprint_exporter::snapshot::Published;
use oidc_thumbprint_exporter::systemd::Supervisor;
use oidc_thumbprint_exporter::targets::FileTargets;
use oidc_thumbprint_exporter::verdict::Rules;
use tokio_util::sync::CancellationToken;

use crate::support::daemon::{Exposition, wait_for};
use crate::support::lab::chains::with_root;
use crate::support::lab::{LabIssuer, Spec};
use crate::support::openssl::describe;

const YEAR: i64 = 365 * 86_400;

#[tokio::test(flavor = "multi_thread")]
async fn in_eight_years_the_chain_has_expired_and_years_ago_it_was_not_yet_valid() {
    let chain = with_root("host.oidc.test");
    let issuer = LabIssuer::start(Spec::new("host.oidc.test", chain.clone())).await;
    let root_ends = describe(&chain.served[2]).not_after;
    let clock = TestClock::default();
    let added = TrustStore::empty()
        .with_private_hosts(["*.oidc.test".parse().unwrap()])
        .with_added(chain.anchor.clone());
    let (published, metrics, stop) = run_agent(&issuer, added, clock.clock());

    for (years, statuses) in
        [(0, "private"), (8, "expired private"), (-5, "not_yet_valid private"), (11, "expired private")]
    {
        let now = clock.set(years * YEAR);
        // A round that was begun at the new time.
        let polled = |snapshot: &Published| {
            let snapshot = snapshot.load();
            let last = snapshot.issuers.values().next().and_then(|issuer| issuer.last_poll);
            last.is_some_and(|last| (last.seconds() - now).abs() < YEAR)
        };
        wait_for("a poll at that time", || polled(&published).then_some(()));
        let exposition = scrape(&metrics);
        let endpoint = issuer.endpoint();
        let state = exposition.state("oidc_chain_status", &[("endpoint", &endpoint)]);
        assert_eq!(state.join(" "), statuses, "{years} years");
        assert_days(&exposition, root_ends - now);
        assert_eq!(exposition.value("oidc_issuer_up", &[]), Some(1.0), "dates do not make an issuer down");
    }

    // Days are counted when somebody asks, not when the chain was seen.
    stop.cancel();
    let now = clock.set(3 * YEAR);
    assert_days(&scrape(&metrics), root_ends - now);
}

/// Days to expiry of the root CA, when so many seconds are left.
#[allow(clippy::cast_precision_loss)]
fn assert_days(exposition: &Exposition, left: i64) {
    let days = exposition.value("oidc_root_ca_days_to_expiry", &[]).unwrap();
    let wanted = left as f64 / 86_400.0;
    assert!((days - wanted).abs() < 0.01, "{days} days, {wanted} wanted");
}

fn scrape(metrics: &Metrics) -> Exposition {
    metrics.exposition(Format::Text).unwrap().parse().unwrap()
}

/// The machine's clock and an offset.
#[derive(Clone, Default)]
struct TestClock(Arc<AtomicI64>);

impl TestClock {
    fn clock(&self) -> Clock {
        let offset = Arc::clone(&self.0);
        Clock::from_fn(move || Timestamp::from_seconds(real_seconds() + offset.load(Ordering::SeqCst)))
    }

    /// Moves it so many seconds from the real time, and gives what it shows now.
    fn set(&self, offset: i64) -> i64 {
        self.0.store(offset, Ordering::SeqCst);
        real_seconds() + offset
    }
}

fn real_seconds() -> i64 {
    Timestamp::from(SystemTime::now()).seconds()
}

/// An agent with quick rounds that watches one issuer.
fn run_agent(issuer: &LabIssuer, trust: TrustStore, clock: Clock) -> (Published, Metrics, CancellationToken) {
    let limit = Duration::from_secs(10);
    let poller = Poller {
        clock: clock.clone(),
        resolver: Resolver::Table(Arc::new([(issuer.host().to_owned(), issuer.addresses())].into())),
        addresses: AddressPolicy { allow_loopback: true },
        tunnels: Tunnels::none(),
        tls: Tls::default(),
        limits: Limits { connect: limit, request: limit, poll: limit },
    };
    let schedule = Schedule {
        round: Duration::from_millis(200),
        settle: limit,
        account: limit,
        concurrency: 1,
        tls12: Duration::from_hours(6),
        poll_limit: limit,
    };
    let watch = Watch {
        file: FileTargets::watching(issuer.url().parse().unwrap()),
        reads_iam: false,
        audiences: BTreeSet::new(),
        interval: schedule.round,
        rules: WindowRules { window: Duration::from_hours(24), settle_looks: 6 },
        health: Rules::default(),
        trust,
    };
    let agent = Agent::new(Setup { watch, poller, account: None, schedule });
    let published = agent.published();
    let metrics = Metrics::new(agent.published(), clock, Own::default()).unwrap();
    let stop = CancellationToken::new();
    tokio::spawn(agent.run(Supervisor::from_environment(), stop.clone()));
    (published, metrics, stop)
}
