//! Probes of one issuer at the same time share one poll: two Prometheus servers ask an issuer no more often than one.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};

use super::probe_places::NoPlace;
use crate::issuer::Issuer;
use crate::poll::Round;
use crate::snapshot::Snapshot;

/// Probes that share one poll. More of them would be a crowd that waits for one black hole.
const MAX_SHARED: usize = 16;

/// The polls that are under way, by issuer.
#[derive(Default)]
pub(super) struct SharedPolls(Mutex<HashMap<Issuer, UnderWay>>);

/// What came of a poll; nothing yet, or nothing at all when its sender is gone.
type Outcome = Option<Snapshot>;

struct UnderWay {
    /// How long it may take in all. Who may wait longer begins another: a client in a hurry must not decide for others that
    /// an issuer has timed out.
    limit: Duration,
    round: Arc<Round>,
    outcome: watch::Sender<Outcome>,
}

/// Whose poll it is.
pub(super) enum Joined<'a> {
    Leader(Leading<'a>),
    Other(Shared),
}

/// A poll that others may join until it is dropped.
pub(super) struct Leading<'a> {
    polls: &'a SharedPolls,
    issuer: Issuer,
    round: Arc<Round>,
    outcome: watch::Sender<Outcome>,
}

/// A poll that somebody else has begun.
pub(super) struct Shared {
    round: Arc<Round>,
    outcome: watch::Receiver<Outcome>,
}

impl SharedPolls {
    /// The poll of `issuer` that is under way, if it may take as long as `limit`; or a new one.
    ///
    /// # Errors
    /// When too many wait for the one that is under way.
    pub(super) fn join(&self, issuer: &Issuer, limit: Duration) -> Result<Joined<'_>, NoPlace> {
        let mut polls = self.lock();
        if let Some(poll) = polls.get(issuer).filter(|poll| poll.limit >= limit) {
            if poll.outcome.receiver_count() >= MAX_SHARED {
                return Err(NoPlace::Crowd);
            }
            let (round, outcome) = (Arc::clone(&poll.round), poll.outcome.subscribe());
            return Ok(Joined::Other(Shared { round, outcome }));
        }
        let (round, outcome) = (Arc::<Round>::default(), watch::Sender::new(None));
        let poll = UnderWay { limit, round: Arc::clone(&round), outcome: outcome.clone() };
        polls.insert(issuer.clone(), poll);
        Ok(Joined::Leader(Leading { polls: self, issuer: issuer.clone(), round, outcome }))
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Issuer, UnderWay>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Leading<'_> {
    /// What it looks at.
    pub(super) fn round(&self) -> &Round {
        &self.round
    }

    /// Tells all who have joined.
    pub(super) fn end(self, snapshot: &Snapshot) {
        self.outcome.send_replace(Some(snapshot.clone()));
    }
}

impl Drop for Leading<'_> {
    fn drop(&mut self) {
        let mut polls = self.polls.lock();
        // Another may be there by now.
        if polls.get(&self.issuer).is_some_and(|poll| poll.outcome.same_channel(&self.outcome)) {
            polls.remove(&self.issuer);
        }
    }
}

impl Shared {
    /// What came of it; nothing when whoever began it has gone.
    ///
    /// # Errors
    /// What it has looked at by `end`, when it has not ended then.
    pub(super) async fn wait(mut self, end: Instant) -> Result<Outcome, Arc<Round>> {
        match timeout_at(end, self.outcome.wait_for(Option::is_some)).await {
            Ok(Ok(outcome)) => Ok(outcome.clone()),
            Ok(Err(_)) => Ok(None),
            Err(_) => Err(self.round),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn issuer() -> Issuer {
        "https://a.example".parse().unwrap()
    }

    fn shared(polls: &SharedPolls, limit: Duration) -> Shared {
        match polls.join(&issuer(), limit) {
            Ok(Joined::Other(shared)) => shared,
            _ => panic!("it leads"),
        }
    }

    fn leading(polls: &SharedPolls, limit: Duration) -> Leading<'_> {
        match polls.join(&issuer(), limit) {
            Ok(Joined::Leader(leading)) => leading,
            _ => panic!("it does not lead"),
        }
    }

    #[tokio::test]
    async fn who_has_as_long_shares_and_who_has_longer_polls() {
        let polls = SharedPolls::default();
        let first = leading(&polls, SECOND);
        let joined = shared(&polls, SECOND);
        let longer = leading(&polls, SECOND * 2);
        let second = shared(&polls, SECOND);
        first.end(&Snapshot { interval: SECOND, ..Snapshot::default() });
        let end = Instant::now() + SECOND * 60;
        assert_eq!(joined.wait(end).await.ok().flatten().unwrap().interval, SECOND);
        drop(longer);
        assert!(second.wait(end).await.ok().unwrap().is_none(), "who began it has gone");
        assert!(polls.lock().is_empty());
    }

    #[tokio::test]
    async fn who_cannot_wait_goes_with_what_there_is() {
        let polls = SharedPolls::default();
        let _leading = leading(&polls, SECOND * 9);
        assert!(shared(&polls, SECOND).wait(Instant::now() + SECOND).await.is_err());
    }

    #[test]
    fn a_crowd_is_refused() {
        let polls = SharedPolls::default();
        let _leading = leading(&polls, SECOND);
        let _crowd: Vec<Shared> = (0..MAX_SHARED).map(|_| shared(&polls, SECOND)).collect();
        assert!(matches!(polls.join(&issuer(), SECOND), Err(NoPlace::Crowd)));
        assert!(polls.join(&"https://b.example".parse().unwrap(), SECOND).is_ok());
    }
}
