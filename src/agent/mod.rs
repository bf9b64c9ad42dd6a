//! The daemon's heart, one loop: state -> polls and readings of IAM -> state, with a snapshot published after each step.
//! In go a setup and its changes, out come snapshots and log lines. Nothing here knows who reads them.

mod change_log;
mod heartbeat;
mod keeper;
mod looks;
mod one_round;
mod polls;
mod readings;
mod reload;
mod restore;
#[cfg(test)]
mod restore_measured;
mod schedule;
mod since;
mod state;

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio::sync::mpsc;
use tokio::task::JoinError;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

pub(crate) use heartbeat::{Heartbeat, Stall};
pub use keeper::Keeping;
pub(crate) use one_round::one_round;
pub(crate) use reload::Changes;
pub use reload::Setup;
pub use schedule::Schedule;
pub(crate) use schedule::every;
pub(crate) use state::State;
pub use state::Watch;

use change_log::ChangeLog;
use keeper::{EndedWrite, Keeper};
use looks::{EndedLook, Looks};
use polls::{EndedPoll, Polls};
use readings::Readings;
use reload::{Change, Submitted};

use crate::aws::Account;
use crate::poll::Poller;
use crate::snapshot::Published;
use crate::systemd::Supervisor;

/// How long what time alone changes may stay untold. A scrape sees it at once.
const TIME_PASSES: Duration = Duration::from_secs(15);

/// Polls for ever.
pub struct Agent {
    state: State,
    poller: Poller,
    account: Option<Account>,
    schedule: Schedule,
    published: Published,
    polls: Polls,
    looks: Looks,
    readings: Readings,
    keeper: Keeper,
    change_log: ChangeLog,
    heartbeat: Heartbeat,
    changes: Changes,
    submitted: mpsc::Receiver<Submitted>,
}

impl Agent {
    /// An agent that has not polled yet; its first snapshot is published at once.
    #[must_use]
    pub fn new(setup: Setup) -> Self {
        let Setup { watch, poller, account, schedule } = setup;
        let now = poller.clock.now();
        let mut state = State::new(watch, now);
        let mut snapshot = state.snapshot();
        state.note_health(&mut snapshot, now);
        let change_log = ChangeLog::new(&snapshot.problems(now));
        let published = Arc::new(ArcSwap::from_pointee(snapshot));
        let keeper = Keeper::new(None, poller.clock.clone());
        let (changes, submitted) = Changes::channel();
        Self {
            state,
            poller,
            account,
            schedule,
            published,
            polls: Polls::default(),
            looks: Looks::default(),
            readings: Readings::default(),
            keeper,
            change_log,
            heartbeat: Heartbeat::default(),
            changes,
            submitted,
        }
    }

    /// Goes on from what an earlier process kept, and keeps its own state there.
    pub async fn kept(mut self, keeping: Keeping) -> Self {
        self.keeper = Keeper::new(Some(keeping), self.poller.clock.clone());
        let memory = self.keeper.read().await;
        if let Some(memory) = &memory {
            self.state.restore(memory, self.poller.addresses, self.poller.clock.now());
        }
        self.state.note_kept(memory.is_some());
        let now = self.poller.clock.now();
        let mut snapshot = self.state.snapshot();
        self.state.note_health(&mut snapshot, now);
        self.change_log = ChangeLog::new(&snapshot.problems(now));
        if let Some(memory) = &memory {
            let (issuers, providers) = (snapshot.issuers.len(), snapshot.providers.len());
            tracing::info!(written = %memory.written(), issuers, providers, "going on from the state file");
        }
        self.published.store(Arc::new(snapshot));
        self
    }

    /// Where changes of the configuration are handed in.
    #[must_use]
    pub fn changes(&self) -> Changes {
        self.changes.clone()
    }

    /// Where the snapshots appear.
    #[must_use]
    pub fn published(&self) -> Published {
        Arc::clone(&self.published)
    }

    /// Whether it makes progress.
    #[must_use]
    pub(crate) fn heartbeat(&self) -> Heartbeat {
        self.heartbeat.clone()
    }

    /// Polls until `stop`; what is under way then is dropped.
    pub async fn run(mut self, supervisor: Supervisor, stop: CancellationToken) {
        let mut round_due = every(self.schedule.round);
        let mut look_due = every(self.schedule.settle);
        let mut account_due = every(self.schedule.account);
        let mut keep_due = self.keeper.interval();
        let mut time_due = every(TIME_PASSES);
        let mut alive = every(supervisor.watchdog_interval());
        loop {
            tokio::select! {
                () = stop.cancelled() => break,
                _ = account_due.tick() => {
                    if let Some(account) = self.account.clone() {
                        self.readings.start(account, self.state.listed());
                    }
                }
                _ = round_due.tick() => self.polls.begin_round(&self.state, &self.poller, &self.schedule),
                Some(poll) = self.polls.next() => {
                    self.take_poll(poll);
                    // Whatever else is done by now goes into the same snapshot.
                    while let Some(poll) = self.polls.try_next() {
                        self.take_poll(poll);
                    }
                    self.publish(supervisor);
                }
                _ = look_due.tick() => self.looks.begin(&self.state, &self.poller, self.schedule.concurrency),
                Some(look) = self.looks.next() => {
                    self.take_look(look);
                    self.publish(supervisor);
                }
                Some(reading) = self.readings.next() => {
                    match reading {
                        Ok(reading) => {
                            self.state.take_account(reading);
                            self.enqueue_new();
                        }
                        Err(error) => note_defect(&error),
                    }
                    self.publish(supervisor);
                }
                Some(Submitted { change, in_force }) = self.submitted.recv() => {
                    match change {
                        Change::Apply { setup, look_again } => {
                            self.apply(*setup, look_again);
                            if look_again {
                                round_due = every(self.schedule.round);
                            }
                            look_due = every(self.schedule.settle);
                            account_due = every(self.schedule.account);
                        }
                        Change::Refuse(reason) => self.state.refuse(&reason),
                    }
                    self.publish(supervisor);
                    // Who asked may have gone.
                    let _ = in_force.send(());
                }
                _ = keep_due.tick(), if self.keeper.is_due() => self.keeper.begin(self.published.load_full()),
                Some(EndedWrite { at, is_written }) = self.keeper.next() => {
                    self.state.note_write(at, is_written);
                    self.publish_unchanged();
                }
                // A date may have passed, and evidence have grown old.
                _ = time_due.tick() => self.show(supervisor),
                // This very loop answers, and only while polls come to their ends.
                _ = alive.tick() => {
                    let now = Instant::now();
                    let polls_are_in_time = self.polls.are_in_time(now);
                    self.heartbeat.beat(now.into_std(), polls_are_in_time);
                    if polls_are_in_time {
                        supervisor.alive();
                    }
                }
            }
            self.polls.start_waiting(&self.state, &self.poller, &self.schedule);
        }
        self.polls.shutdown().await;
        self.looks.shutdown().await;
        self.readings.shutdown().await;
        self.keeper.shutdown(self.published.load_full()).await;
    }

    /// Puts another configuration in force.
    fn apply(&mut self, setup: Setup, look_again: bool) {
        let Setup { watch, poller, account, schedule } = setup;
        self.state.reconfigure(watch, poller.clock.now());
        (self.poller, self.account, self.schedule) = (poller, account, schedule);
        self.polls.retain(|issuer| self.state.is_watched(issuer));
        self.readings.abandon();
        self.looks.abandon();
        if look_again {
            self.polls.abandon();
        } else {
            self.enqueue_new();
        }
    }

    /// Issuers that have come since the round began join it.
    fn enqueue_new(&mut self) {
        let published = self.published.load_full();
        self.polls.enqueue(&self.state, |issuer| !published.issuers.contains_key(issuer));
    }

    fn take_poll(&mut self, poll: Result<EndedPoll, JoinError>) {
        match poll {
            Ok(EndedPoll { issuer, round, poll }) => self.state.take_poll(&issuer, poll, round),
            Err(error) => note_defect(&error),
        }
    }

    fn take_look(&mut self, EndedLook { endpoint, capture }: EndedLook) {
        let capture = capture.unwrap_or_else(|error| {
            note_defect(&error);
            None
        });
        self.state.take_look(&endpoint, capture.as_ref());
    }

    /// Publishes a result.
    fn publish(&mut self, supervisor: Supervisor) {
        self.keeper.note_news();
        self.show(supervisor);
    }

    /// Shows what is known as of now, and tells what has changed.
    fn show(&mut self, supervisor: Supervisor) {
        let now = self.poller.clock.now();
        let mut snapshot = self.state.snapshot();
        if self.state.note_health(&mut snapshot, now) {
            self.keeper.note_news();
        }
        let snapshot = Arc::new(snapshot);
        let problems = snapshot.problems(now);
        supervisor.status(&problems.sentence());
        let before = self.published.swap(Arc::clone(&snapshot));
        self.change_log.note(&before, &snapshot, &problems, Instant::now().into_std());
    }

    /// Publishes what is not worth keeping.
    fn publish_unchanged(&mut self) {
        self.published.store(Arc::new(self.state.snapshot()));
    }
}

fn note_defect(error: &JoinError) {
    tracing::error!(%error, "a poll panicked; please report this bug");
}
