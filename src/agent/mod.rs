//! The daemon's heart: rounds of polls, readings of IAM, and the snapshot that they leave behind.

mod journal;
mod once;
mod state;

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

pub use once::one_round;
pub use state::State;

use crate::aws::{Account, AccountPoll};
use crate::issuer::Issuer;
use crate::poll::{IssuerPoll, Poller, Round};
use crate::snapshot::Snapshot;
use crate::systemd::Supervisor;

/// The snapshot that is in force, shared by the agent, which writes it, and everybody else, who reads it.
pub type Published = Arc<ArcSwap<Snapshot>>;

/// When things are done.
#[derive(Clone, Copy, Debug)]
pub struct Schedule {
    /// From the start of one round to the start of the next.
    pub round: Duration,
    /// From one reading of IAM to the next.
    pub account: Duration,
    /// Issuers polled at the same time.
    pub concurrency: usize,
    /// How long an endpoint's answer about TLS 1.2 is good for.
    pub tls12: Duration,
    /// No poll of an issuer takes longer.
    pub poll_limit: Duration,
}

/// Polls for ever.
pub struct Agent {
    state: State,
    poller: Poller,
    account: Option<Account>,
    schedule: Schedule,
    published: Published,
    round: Arc<Round>,
    round_number: u64,
    /// Issuers of this round that wait for their turn.
    waiting: VecDeque<Issuer>,
    /// Issuers that are being polled.
    polling: HashSet<Issuer>,
    running: JoinSet<Outcome>,
    tasks: HashMap<Id, Job>,
    /// When a poll was last begun or ended.
    progress: Instant,
}

/// What a task was started for.
enum Job {
    Issuer(Issuer),
    Account,
}

/// What a task brought back.
enum Outcome {
    Issuer { issuer: Issuer, round: u64, poll: Box<IssuerPoll> },
    Account(AccountPoll),
}

impl Agent {
    /// An agent that has not polled yet; its first snapshot is published at once.
    #[must_use]
    pub fn new(state: State, poller: Poller, account: Option<Account>, schedule: Schedule) -> Self {
        let published = Arc::new(ArcSwap::from_pointee(state.snapshot()));
        Self {
            state,
            poller,
            account,
            schedule,
            published,
            round: Arc::default(),
            round_number: 0,
            waiting: VecDeque::new(),
            polling: HashSet::new(),
            running: JoinSet::new(),
            tasks: HashMap::new(),
            progress: Instant::now(),
        }
    }

    /// Where the snapshots appear.
    #[must_use]
    pub fn published(&self) -> Published {
        Arc::clone(&self.published)
    }

    /// Polls until `stop`; what is under way then is dropped.
    pub async fn run(mut self, supervisor: Supervisor, stop: CancellationToken) {
        let mut round_due = tokio::time::interval(self.schedule.round);
        round_due.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut account_due = tokio::time::interval(self.schedule.account);
        account_due.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut alive = tokio::time::interval(supervisor.watchdog_interval());
        loop {
            tokio::select! {
                () = stop.cancelled() => break,
                _ = account_due.tick() => self.start_account(),
                _ = round_due.tick() => self.start_round(),
                Some(done) = self.running.join_next_with_id() => {
                    self.take(done);
                    // Whatever else is done by now goes into the same snapshot.
                    while let Some(done) = self.running.try_join_next_with_id() {
                        self.take(done);
                    }
                    self.publish();
                    supervisor.status(&self.published.load().sentence());
                }
                // This very loop answers, and only while polls come to their ends.
                _ = alive.tick() => {
                    if self.polling.is_empty() || self.progress.elapsed() <= self.schedule.poll_limit * 2 {
                        supervisor.alive();
                    }
                }
            }
            self.start_waiting();
        }
        self.running.shutdown().await;
    }

    fn start_account(&mut self) {
        let Some(account) = self.account.clone() else { return };
        if self.tasks.values().any(|job| matches!(job, Job::Account)) {
            return;
        }
        let known = self.state.providers().clone();
        let task = self.running.spawn(async move { Outcome::Account(account.poll(&known).await) });
        self.tasks.insert(task.id(), Job::Account);
    }

    fn start_round(&mut self) {
        let since = self.poller.clock.now().minus(self.schedule.tls12);
        self.round = Arc::new(Round::new(self.state.tls12_known(since)));
        self.round_number += 1;
        self.enqueue(|_| true);
    }

    /// Lets every issuer of which `wanted` is true take its turn, unless it waits or is being polled already. Those whose
    /// last poll failed wait behind the others: they are the ones that can hold a slot until it times out.
    fn enqueue(&mut self, wanted: impl Fn(&Issuer) -> bool) {
        let issuers = self.state.issuers().filter(|issuer| wanted(issuer));
        let free = issuers.filter(|i| !self.polling.contains(*i) && !self.waiting.contains(*i));
        let free: Vec<Issuer> = free.cloned().collect();
        self.waiting.extend(free);
        let (failed, others) = self.waiting.drain(..).partition::<Vec<_>, _>(|i| self.state.has_failed(i));
        self.waiting.extend(others.into_iter().chain(failed));
    }

    fn start_waiting(&mut self) {
        while self.polling.len() < self.schedule.concurrency {
            let Some(issuer) = self.waiting.pop_front() else { return };
            let known = self.state.jwks_endpoint(&issuer).cloned();
            let (poller, shared, round) = (self.poller.clone(), Arc::clone(&self.round), self.round_number);
            self.polling.insert(issuer.clone());
            self.progress = Instant::now();
            let job = Job::Issuer(issuer.clone());
            let task = self.running.spawn(async move {
                let poll = Box::new(poller.poll(&shared, &issuer, known.as_ref()).await);
                Outcome::Issuer { issuer, round, poll }
            });
            self.tasks.insert(task.id(), job);
        }
    }

    fn take(&mut self, done: Result<(Id, Outcome), JoinError>) {
        let id = match &done {
            Ok((id, _)) => *id,
            Err(error) => error.id(),
        };
        if let Some(Job::Issuer(issuer)) = self.tasks.remove(&id) {
            self.polling.remove(&issuer);
            self.progress = Instant::now();
        }
        match done {
            Ok((_, Outcome::Issuer { issuer, round, poll })) => {
                self.state.take_poll(&issuer, *poll, round);
            }
            Ok((_, Outcome::Account(poll))) => {
                self.state.take_account(poll);
                let published = self.published.load_full();
                self.enqueue(|issuer| !published.issuers.contains_key(issuer));
            }
            Err(error) => tracing::error!(%error, "a poll broke off; this is a defect of this program"),
        }
    }

    fn publish(&mut self) {
        let snapshot = Arc::new(self.state.snapshot());
        let before = self.published.swap(Arc::clone(&snapshot));
        journal::note(&before, &snapshot);
    }
}
