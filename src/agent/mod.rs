//! The daemon's heart: rounds of polls, readings of IAM, and the snapshot that they leave behind.

mod journal;
mod limit;
mod once;
mod reload;
mod state;

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio::sync::mpsc;
use tokio::task::{AbortHandle, Id, JoinError, JoinSet};
use tokio::time::{Instant, Interval, MissedTickBehavior};
use tokio_util::sync::CancellationToken;

pub use once::one_round;
pub use reload::{Changes, Outcome, ReloadHandle, ReloadRequests, Setup, reload_requests};
pub use state::State;

use journal::Journal;
use reload::{Change, Submitted};

use crate::aws::{Account, AccountPoll};
use crate::issuer::Issuer;
use crate::poll::{IssuerPoll, Poller, Round};
use crate::snapshot::Snapshot;
use crate::systemd::Supervisor;

/// A poll ends by itself at its limit. One that takes this many times as long is stuck, and a restart is the remedy.
const PATIENCE: u32 = 2;

/// The snapshot that is in force, shared by the agent, which writes it, and everybody else, who reads it.
pub type Published = Arc<ArcSwap<Snapshot>>;

/// When things are done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
    /// Issuers that are being polled, and when each poll must have ended at the very latest.
    polling: HashMap<Issuer, Instant>,
    polls: HashMap<Id, Issuer>,
    /// The reading of IAM that is under way.
    reading: Option<AbortHandle>,
    running: JoinSet<Done>,
    journal: Journal,
    changes: (mpsc::Sender<Submitted>, mpsc::Receiver<Submitted>),
}

/// What a task brought back.
enum Done {
    Poll { round: u64, poll: Box<IssuerPoll> },
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
            polling: HashMap::new(),
            polls: HashMap::new(),
            reading: None,
            running: JoinSet::new(),
            journal: Journal::new(),
            changes: mpsc::channel(1),
        }
    }

    /// Where changes of the configuration are handed in.
    #[must_use]
    pub fn changes(&self) -> Changes {
        Changes(self.changes.0.clone())
    }

    /// Where the snapshots appear.
    #[must_use]
    pub fn published(&self) -> Published {
        Arc::clone(&self.published)
    }

    /// Polls until `stop`; what is under way then is dropped.
    pub async fn run(mut self, supervisor: Supervisor, stop: CancellationToken) {
        let mut round_due = every(self.schedule.round);
        let mut account_due = every(self.schedule.account);
        let mut alive = every(supervisor.watchdog_interval());
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
                    self.publish(supervisor);
                }
                Some((change, in_force)) = self.changes.1.recv() => {
                    match change {
                        Change::Apply(setup) => {
                            if self.apply(*setup) {
                                round_due = every(self.schedule.round);
                            }
                            account_due = every(self.schedule.account);
                        }
                        Change::Refuse(reason) => self.state.refuse(&reason),
                    }
                    self.publish(supervisor);
                    // Who asked may have gone.
                    let _ = in_force.send(());
                }
                // This very loop answers, and only while polls come to their ends.
                _ = alive.tick() => {
                    if all_in_time(self.polling.values(), Instant::now()) {
                        supervisor.alive();
                    }
                }
            }
            self.start_waiting();
        }
        self.running.shutdown().await;
    }

    /// Puts another configuration in force. True when a round is to begin at once.
    fn apply(&mut self, setup: Setup) -> bool {
        let Setup { settings, trust, poller, account, schedule, look_again } = setup;
        self.state.reconfigure(&settings, trust, poller.clock.now());
        (self.poller, self.account, self.schedule) = (poller, account, schedule);
        self.waiting.retain(|issuer| self.state.is_watched(issuer));
        // A reading that is under way is that of the former credentials.
        if let Some(reading) = self.reading.take() {
            reading.abort();
        }
        if look_again {
            self.running.abort_all();
            self.polls.clear();
            self.polling.clear();
        } else {
            self.enqueue_new();
        }
        look_again
    }

    fn start_account(&mut self) {
        let Some(account) = self.account.clone() else { return };
        if self.reading.is_some() {
            return;
        }
        let known = self.state.providers().clone();
        self.reading = Some(self.running.spawn(async move { Done::Account(account.poll(&known).await) }));
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
        let free = issuers.filter(|i| !self.polling.contains_key(*i) && !self.waiting.contains(*i));
        let free: Vec<Issuer> = free.cloned().collect();
        self.waiting.extend(free);
        let (failed, others) = self.waiting.drain(..).partition::<Vec<_>, _>(|i| self.state.has_failed(i));
        self.waiting.extend(others.into_iter().chain(failed));
    }

    /// Issuers that have come since the round began join it.
    fn enqueue_new(&mut self) {
        let published = self.published.load_full();
        self.enqueue(|issuer| !published.issuers.contains_key(issuer));
    }

    fn start_waiting(&mut self) {
        while self.polling.len() < self.schedule.concurrency {
            let Some(issuer) = self.waiting.pop_front() else { return };
            let known = self.state.jwks_endpoint(&issuer).cloned();
            let (poller, shared, round) = (self.poller.clone(), Arc::clone(&self.round), self.round_number);
            self.polling.insert(issuer.clone(), Instant::now() + self.schedule.poll_limit * PATIENCE);
            let of = issuer.clone();
            let task = self.running.spawn(async move {
                let poll = Box::new(poller.poll(&shared, &of, known.as_ref()).await);
                Done::Poll { round, poll }
            });
            self.polls.insert(task.id(), issuer);
        }
    }

    fn take(&mut self, done: Result<(Id, Done), JoinError>) {
        let id = match &done {
            Ok((id, _)) => *id,
            Err(error) => error.id(),
        };
        let issuer = self.polls.remove(&id);
        if let Some(issuer) = &issuer {
            self.polling.remove(issuer);
        }
        let is_reading = self.reading.take_if(|reading| reading.id() == id).is_some();
        match (done, issuer) {
            (Ok((_, Done::Poll { round, poll })), Some(issuer)) => {
                self.state.take_poll(&issuer, *poll, round);
            }
            (Ok((_, Done::Account(poll))), _) if is_reading => {
                self.state.take_account(poll);
                self.enqueue_new();
            }
            (Err(error), _) if error.is_panic() => {
                tracing::error!(%error, "a poll broke off; this is a defect of this program");
            }
            // Begun under a configuration that is no longer in force.
            _ => {}
        }
    }

    fn publish(&mut self, supervisor: Supervisor) {
        let snapshot = Arc::new(self.state.snapshot());
        supervisor.status(&snapshot.sentence());
        let before = self.published.swap(Arc::clone(&snapshot));
        self.journal.note(&before, &snapshot, Instant::now().into_std());
    }
}

/// The first tick is at once; one that comes late delays those after it.
fn every(period: Duration) -> Interval {
    let mut due = tokio::time::interval(period);
    due.set_missed_tick_behavior(MissedTickBehavior::Delay);
    due
}

/// No poll is stuck. One that is starves the watchdog, however well the others go; a slow round does not.
fn all_in_time<'a>(mut ends: impl Iterator<Item = &'a Instant>, now: Instant) -> bool {
    ends.all(|end| now <= *end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_stuck_poll_is_enough_and_many_slow_ones_are_not() {
        let now = Instant::now();
        let ends = |seconds: &[u64]| -> Vec<Instant> {
            seconds.iter().map(|ahead| now + Duration::from_secs(*ahead)).collect()
        };
        let later = |seconds| now + Duration::from_secs(seconds);
        assert!(all_in_time([].iter(), now));
        assert!(all_in_time(ends(&[120; 700]).iter(), later(120)));
        assert!(!all_in_time(ends(&[300, 300, 120, 300]).iter(), later(121)));
    }
}
