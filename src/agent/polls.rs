//! The polls of a round: which wait for their turn, which are under way, and which are stuck.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::Instant;

use super::schedule::Schedule;
use super::state::State;
use crate::issuer::Issuer;
use crate::poll::{IssuerPoll, Poller, Round};

/// A poll ends by itself at its limit. One that takes this many times as long is stuck, and a restart is the remedy.
const PATIENCE: u32 = 2;

/// Polls that wait or are under way.
#[derive(Default)]
pub(super) struct Polls {
    round: Arc<Round>,
    round_number: u64,
    waiting: VecDeque<Issuer>,
    /// Issuers that are being polled, and when each poll must have ended at the very latest.
    polling: HashMap<Issuer, Instant>,
    issuers: HashMap<Id, Issuer>,
    tasks: JoinSet<EndedPoll>,
}

/// A poll that has come to its end.
pub(super) struct EndedPoll {
    pub issuer: Issuer,
    /// Of the round that it began in.
    pub round: u64,
    pub poll: IssuerPoll,
}

impl Polls {
    /// Begins a round: every issuer takes its turn. Each endpoint is looked at anew.
    pub(super) fn begin_round(&mut self, state: &State, poller: &Poller, schedule: &Schedule) {
        let since = poller.clock.now().minus(schedule.tls12);
        self.round = Arc::new(Round::new(state.tls12_known(since), state.turns()));
        self.round_number += 1;
        self.enqueue(state, |_| true);
    }

    /// Lets every issuer of which `wanted` is true take its turn, unless it waits or is being polled already. Those whose
    /// last poll failed wait behind the others: they are the ones that can hold a slot until it times out.
    pub(super) fn enqueue(&mut self, state: &State, wanted: impl Fn(&Issuer) -> bool) {
        let issuers = state.issuers().filter(|issuer| wanted(issuer));
        let free = issuers.filter(|i| !self.polling.contains_key(*i) && !self.waiting.contains(*i));
        let free: Vec<Issuer> = free.cloned().collect();
        self.waiting.extend(free);
        let (failed, others) = self.waiting.drain(..).partition::<Vec<_>, _>(|i| state.has_failed(i));
        self.waiting.extend(others.into_iter().chain(failed));
    }

    /// Lets those that are no longer watched leave the queue.
    pub(super) fn retain(&mut self, is_watched: impl Fn(&Issuer) -> bool) {
        self.waiting.retain(is_watched);
    }

    /// Gives up what is under way, as if it had never begun.
    pub(super) fn abandon(&mut self) {
        self.tasks = JoinSet::new();
        self.issuers.clear();
        self.polling.clear();
    }

    /// Begins as many polls as the schedule has room for.
    pub(super) fn start_waiting(&mut self, state: &State, poller: &Poller, schedule: &Schedule) {
        while self.polling.len() < schedule.concurrency {
            let Some(issuer) = self.waiting.pop_front() else { return };
            let known = state.jwks_endpoint(&issuer).cloned();
            let (poller, shared, round) = (poller.clone(), Arc::clone(&self.round), self.round_number);
            self.polling.insert(issuer.clone(), Instant::now() + schedule.poll_limit * PATIENCE);
            let of = issuer.clone();
            let task = self.tasks.spawn(async move {
                let poll = poller.poll(&shared, &of, known.as_ref()).await;
                EndedPoll { issuer: of, round, poll }
            });
            self.issuers.insert(task.id(), issuer);
        }
    }

    /// The next poll that ends, or breaks off; `None` at once when none is under way.
    pub(super) async fn next(&mut self) -> Option<Result<EndedPoll, JoinError>> {
        let ended = self.tasks.join_next_with_id().await?;
        Some(self.end(ended))
    }

    /// A poll that has ended by now.
    pub(super) fn try_next(&mut self) -> Option<Result<EndedPoll, JoinError>> {
        let ended = self.tasks.try_join_next_with_id()?;
        Some(self.end(ended))
    }

    /// Frees the place of a poll.
    fn end(&mut self, ended: Result<(Id, EndedPoll), JoinError>) -> Result<EndedPoll, JoinError> {
        let id = match &ended {
            Ok((id, _)) => *id,
            Err(error) => error.id(),
        };
        if let Some(issuer) = self.issuers.remove(&id) {
            self.polling.remove(&issuer);
        }
        ended.map(|(_, poll)| poll)
    }

    /// No poll is stuck. One that is starves the watchdog, however well the others go; a slow round does not.
    pub(super) fn are_in_time(&self, now: Instant) -> bool {
        all_in_time(self.polling.values(), now)
    }

    /// Ends what is under way.
    pub(super) async fn shutdown(&mut self) {
        self.tasks.shutdown().await;
    }
}

fn all_in_time<'a>(mut ends: impl Iterator<Item = &'a Instant>, now: Instant) -> bool {
    ends.all(|end| now <= *end)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

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
