//! Connections have a limited number of places, and none is kept by a client that does nothing with it.
//!
//! Each connection has a deadline that depends on what it is waiting for. When all places are taken, a new client gets
//! that of the connection which has been waiting for its client longest. One that is being answered keeps its own, and
//! so does one that came just now: however many come at once, each has the time for a handshake and a request.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// Longest wait for a client's handshake, then for the head of its first request.
const FIRST_REQUEST: Duration = Duration::from_secs(10);
/// Longest time that an answer takes, the reading of it included.
const ANSWER: Duration = Duration::from_mins(1);
/// Longest wait for the next request: more than usual between two scrapes.
const NEXT_REQUEST: Duration = Duration::from_secs(150);

/// A connection keeps its place for so long, whoever else would like it. A thousand clients a second still get one.
const GRACE: Duration = Duration::from_millis(500);

/// What a connection is waiting for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    FirstRequest,
    Answer,
    NextRequest,
}

impl Phase {
    const fn limit(self) -> Duration {
        match self {
            Self::FirstRequest => FIRST_REQUEST,
            Self::Answer => ANSWER,
            Self::NextRequest => NEXT_REQUEST,
        }
    }
}

#[derive(Debug)]
struct Connection {
    phase: Phase,
    since: Instant,
    evicted: CancellationToken,
}

/// The places of one listener.
#[derive(Debug)]
pub(super) struct Places {
    limit: usize,
    taken: Mutex<HashMap<u64, Connection>>,
    freed: Notify,
}

impl Places {
    /// So many places.
    pub(super) fn new(limit: usize) -> Arc<Self> {
        Arc::new(Self { limit, taken: Mutex::default(), freed: Notify::new() })
    }

    /// A place for connection `id`; waits until there is one to be had.
    pub(super) async fn take(self: &Arc<Self>, id: u64) -> Place {
        loop {
            let next = match self.try_take(id, Instant::now()) {
                Ok(place) => return place,
                Err(next) => next,
            };
            tokio::select! {
                () = self.freed.notified() => {}
                () = tokio::time::sleep_until(next.unwrap_or_else(Instant::now)), if next.is_some() => {}
            }
        }
    }

    /// A place, or when the next one can be had; `None` while every connection is being answered.
    fn try_take(self: &Arc<Self>, id: u64, now: Instant) -> Result<Place, Option<Instant>> {
        let mut taken = self.lock();
        if taken.len() >= self.limit {
            let waiting = taken.iter().filter(|(_, connection)| connection.phase != Phase::Answer);
            let longest = waiting.map(|(id, connection)| (connection.since + GRACE, *id)).min();
            let (free_at, longest) = longest.ok_or(None)?;
            if free_at > now {
                return Err(Some(free_at));
            }
            if let Some(connection) = taken.remove(&longest) {
                connection.evicted.cancel();
            }
        }
        let evicted = CancellationToken::new();
        let connection = Connection { phase: Phase::FirstRequest, since: now, evicted: evicted.clone() };
        taken.insert(id, connection);
        Ok(Place { id, places: Arc::clone(self), evicted })
    }

    fn enter(&self, id: u64, phase: Phase) {
        if let Some(connection) = self.lock().get_mut(&id) {
            connection.phase = phase;
            connection.since = Instant::now();
        }
        if phase != Phase::Answer {
            self.freed.notify_one();
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<u64, Connection>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The place of one connection.
#[derive(Debug)]
pub(super) struct Place {
    id: u64,
    places: Arc<Places>,
    evicted: CancellationToken,
}

impl Place {
    /// Notes that the handshake is done, and the first request comes next.
    pub(super) fn shaken(&self) {
        self.places.enter(self.id, Phase::FirstRequest);
    }

    /// Begins an answer; it ends when the turn is dropped.
    pub(super) fn turn(&self) -> Turn {
        self.places.enter(self.id, Phase::Answer);
        Turn { id: self.id, places: Arc::clone(&self.places) }
    }

    /// Whether an answer is under way.
    pub(super) fn is_answering(&self) -> bool {
        self.places.lock().get(&self.id).is_some_and(|connection| connection.phase == Phase::Answer)
    }

    /// Whether its place was given to another.
    pub(super) fn is_evicted(&self) -> bool {
        self.evicted.is_cancelled()
    }

    /// Returns when the connection must end: its place was given to another, or its client was too slow.
    pub(super) async fn lost(&self) {
        while let Some(deadline) = self.deadline() {
            tokio::select! {
                () = self.evicted.cancelled() => return,
                () = tokio::time::sleep_until(deadline) => {}
            }
            // What the connection waits for may have changed since.
            if self.deadline().is_some_and(|deadline| deadline <= Instant::now()) {
                return;
            }
        }
    }

    fn deadline(&self) -> Option<Instant> {
        self.places.lock().get(&self.id).map(|connection| connection.since + connection.phase.limit())
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.places.lock().remove(&self.id);
        self.places.freed.notify_one();
    }
}

/// An answer that is under way.
#[derive(Debug)]
pub(crate) struct Turn {
    id: u64,
    places: Arc<Places>,
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.places.enter(self.id, Phase::NextRequest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_one_that_waited_longest_makes_room_and_answers_are_left_alone() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let places = Places::new(3);
        let take = |id, seconds| places.try_take(id, at(seconds));
        let lost = |place: &Place| place.evicted.is_cancelled();
        let [first, second, third] = [1, 2, 3].map(|id| take(id, id).unwrap());
        let turn = first.turn();
        let fourth = take(4, 4).unwrap();
        assert!(lost(&second) && !lost(&first) && !lost(&third));

        // All answering: a fifth waits until one is done.
        let turns = [third.turn(), fourth.turn()];
        assert_eq!(take(5, 5).unwrap_err(), None);
        drop(turn);
        let fifth = take(5, 6).unwrap();
        assert!(lost(&first) && !lost(&third) && !lost(&fourth));
        // One that came just now keeps its place for a while.
        assert_eq!(take(6, 6).unwrap_err(), Some(at(6) + GRACE));
        assert!(!lost(&fifth));
        drop(turns);
        // An evicted connection that ends later gives no place that is not its own.
        drop((first, second));
        assert_eq!(places.lock().len(), 3);
        drop(fifth);
        assert_eq!(places.lock().len(), 2);
    }

    #[test]
    fn each_phase_has_its_deadline() {
        let places = Places::new(1);
        let start = Instant::now();
        let place = places.try_take(1, start).unwrap();
        let left = || place.deadline().unwrap() - Instant::now();
        assert!(left() <= FIRST_REQUEST);
        let turn = place.turn();
        assert!(place.is_answering() && left() > FIRST_REQUEST && left() <= ANSWER);
        drop(turn);
        assert!(!place.is_answering() && left() > ANSWER && left() <= NEXT_REQUEST);
        places.try_take(2, start + PATIENCE).unwrap();
        assert!(place.deadline().is_none() && place.evicted.is_cancelled());
    }

    /// Longer than this test takes.
    const PATIENCE: Duration = Duration::from_hours(1);
}
