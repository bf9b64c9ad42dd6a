//! Connections have a limited number of places, and none is kept by a client that does nothing with it.
//!
//! Each connection has a deadline that depends on what it is waiting for. When all places are taken, a new client gets
//! that of another which waits for its client, or with it for a turn: of strangers before those who are known, of those
//! whose logins failed, of the address that holds most places, and then of the one that has been waiting longest. One
//! that is being worked for keeps its own, and so does one that came just now: however many come at once, each has the
//! time for a handshake and a request.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::queue::Network;

/// Longest wait for a client's handshake, then for the head of its first request.
const FIRST_REQUEST: Duration = Duration::from_secs(10);
/// Longest time that the reading of an answer takes.
const READING: Duration = Duration::from_mins(1);
/// Longest wait for the next request: more than usual between two scrapes.
const NEXT_REQUEST: Duration = Duration::from_secs(150);
/// Work and queues have limits of their own; how often it is looked whether they have ended.
const LOOK: Duration = Duration::from_mins(1);

/// A connection keeps its place for so long, whoever else would like it. A thousand clients a second still get one.
const GRACE: Duration = Duration::from_millis(500);
/// The same for one that reads its answer.
const READING_GRACE: Duration = Duration::from_secs(2);

/// What a connection is waiting for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    FirstRequest,
    /// For work to be done.
    Work,
    /// For its turn, together with others.
    Queue,
    /// For its client to read.
    Reading,
    NextRequest,
}

impl Phase {
    /// When it must have ended; none where others see to that.
    const fn limit(self) -> Option<Duration> {
        match self {
            Self::FirstRequest => Some(FIRST_REQUEST),
            Self::Work | Self::Queue => None,
            Self::Reading => Some(READING),
            Self::NextRequest => Some(NEXT_REQUEST),
        }
    }

    /// How long a place is kept in any case; `None` as long as it takes.
    const fn grace(self) -> Option<Duration> {
        match self {
            Self::Work => None,
            Self::Reading => Some(READING_GRACE),
            Self::FirstRequest | Self::Queue | Self::NextRequest => Some(GRACE),
        }
    }
}

#[derive(Debug)]
struct Connection {
    of: Network,
    phase: Phase,
    since: Instant,
    /// It has logged in, or shown a certificate that was vouched for.
    is_known: bool,
    /// Logins that failed.
    failures: u32,
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
    pub(super) async fn take(self: &Arc<Self>, id: u64, of: Network) -> Place {
        loop {
            let next = match self.try_take(id, of, Instant::now()) {
                Ok(place) => return place,
                Err(next) => next,
            };
            tokio::select! {
                () = self.freed.notified() => {}
                () = tokio::time::sleep_until(next.unwrap_or_else(Instant::now)), if next.is_some() => {}
            }
        }
    }

    /// A place, or when the next one can be had; `None` while every connection is being worked for.
    fn try_take(self: &Arc<Self>, id: u64, of: Network, now: Instant) -> Result<Place, Option<Instant>> {
        let mut taken = self.lock();
        if taken.len() >= self.limit {
            let loser = loser(&taken, now)?;
            if let Some(connection) = taken.remove(&loser) {
                connection.evicted.cancel();
            }
        }
        let evicted = CancellationToken::new();
        let connection = Connection {
            of,
            phase: Phase::FirstRequest,
            since: now,
            is_known: false,
            failures: 0,
            evicted: evicted.clone(),
        };
        taken.insert(id, connection);
        Ok(Place { id, places: Arc::clone(self), evicted })
    }

    fn enter(&self, id: u64, phase: Phase) {
        if let Some(connection) = self.lock().get_mut(&id) {
            connection.phase = phase;
            connection.since = Instant::now();
        }
        if phase != Phase::Work {
            self.freed.notify_one();
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<u64, Connection>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Who makes room, or when somebody can.
fn loser(taken: &HashMap<u64, Connection>, now: Instant) -> Result<u64, Option<Instant>> {
    let mut held: HashMap<Network, usize> = HashMap::new();
    for connection in taken.values() {
        *held.entry(connection.of).or_default() += 1;
    }
    let free_at = |connection: &Connection| Some(connection.since + connection.phase.grace()?);
    let order = |connection: &Connection| {
        (
            connection.is_known,
            Reverse(connection.failures),
            Reverse(held.get(&connection.of).copied()),
            connection.since,
        )
    };
    let free = taken.iter().filter(|(_, connection)| free_at(connection).is_some_and(|at| at <= now));
    let loser = free.min_by_key(|(_, connection)| order(connection));
    loser.map(|(id, _)| *id).ok_or_else(|| taken.values().filter_map(free_at).min())
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
        self.places.enter(self.id, Phase::Work);
        Turn { id: self.id, places: Arc::clone(&self.places) }
    }

    /// Waits for `turn` to come, and can lose the place until then.
    pub(super) async fn queue<T>(&self, turn: impl Future<Output = T>) -> T {
        self.places.enter(self.id, Phase::Queue);
        let turn = turn.await;
        self.places.enter(self.id, Phase::Work);
        turn
    }

    /// The client is somebody.
    pub(super) fn note_known(&self) {
        self.with(|connection| connection.is_known = true);
    }

    /// Whether it is.
    pub(super) fn is_known(&self) -> bool {
        self.places.lock().get(&self.id).is_some_and(|connection| connection.is_known)
    }

    /// A login failed.
    pub(super) fn note_failure(&self) {
        self.with(|connection| connection.failures = connection.failures.saturating_add(1));
    }

    /// Logins that failed on this connection.
    pub(super) fn failures(&self) -> u32 {
        self.places.lock().get(&self.id).map_or(0, |connection| connection.failures)
    }

    fn with(&self, change: impl FnOnce(&mut Connection)) {
        if let Some(connection) = self.places.lock().get_mut(&self.id) {
            change(connection);
        }
    }

    /// What ends the connection when it is cancelled.
    pub(super) fn end(&self) -> CancellationToken {
        self.evicted.clone()
    }

    /// Whether an answer is under way.
    pub(super) fn is_answering(&self) -> bool {
        let answers = |phase| matches!(phase, Phase::Work | Phase::Queue | Phase::Reading);
        self.places.lock().get(&self.id).is_some_and(|connection| answers(connection.phase))
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
        let places = self.places.lock();
        let connection = places.get(&self.id)?;
        let limit = connection.phase.limit();
        Some(limit.map_or_else(|| Instant::now() + LOOK, |limit| connection.since + limit))
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

impl Turn {
    /// The same, when there is an answer to be read.
    #[must_use]
    pub(super) fn reading(self) -> Self {
        self.places.enter(self.id, Phase::Reading);
        self
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.places.enter(self.id, Phase::NextRequest);
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::*;

    fn peer(last: u8) -> Network {
        IpAddr::from([192, 0, 2, last]).into()
    }

    /// Longer than a test takes.
    const LATER: Duration = Duration::from_hours(1);

    fn lost(place: &Place) -> bool {
        place.evicted.is_cancelled()
    }

    #[test]
    fn the_one_that_waited_longest_makes_room_and_work_is_left_alone() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let places = Places::new(3);
        let take = |id, seconds| places.try_take(id, peer(1), at(seconds));
        let [first, second, third] = [1, 2, 3].map(|id| take(id, id).unwrap());
        let turn = first.turn();
        let fourth = take(4, 4).unwrap();
        assert!(lost(&second) && !lost(&first) && !lost(&third));

        // All at work: a fifth waits until one is done.
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

    /// Each has the places of three connections; the one that is named loses its own.
    #[test]
    fn who_makes_room() {
        let start = Instant::now();
        let three = || {
            let places = Places::new(3);
            let of = |id, of| places.try_take(id, peer(of), start).unwrap();
            let three = [of(1, 1), of(2, 2), of(3, 2)];
            (places, three)
        };
        let loser = |places: &Arc<Places>| loser(&places.lock(), start + LATER).unwrap();
        let (places, [first, second, third]) = three();
        assert_ne!(loser(&places), 1, "the address with most places");
        first.note_failure();
        assert_eq!(loser(&places), 1, "a guesser before all others");
        second.note_known();
        third.note_known();
        first.note_known();
        assert_eq!(loser(&places), 1);
        let (places, [first, second, third]) = three();
        first.note_known();
        second.note_known();
        assert_eq!(loser(&places), 3, "a stranger before who is known");
        let turn = third.turn();
        assert_ne!(loser(&places), 3, "who is worked for stays");
        let _reading = turn.reading();
        assert_eq!(loser(&places), 3, "who only reads does not");
    }

    #[tokio::test]
    async fn a_place_in_a_queue_can_be_lost() {
        let places = Places::new(1);
        let place = places.try_take(1, peer(1), Instant::now()).unwrap();
        let _turn = place.turn();
        let now = || Instant::now() + LATER;
        assert_eq!(places.try_take(2, peer(2), now()).unwrap_err(), None);
        place.queue(async { assert!(places.try_take(2, peer(2), now()).is_ok()) }).await;
        assert!(lost(&place));
    }

    #[test]
    fn each_phase_has_its_deadline() {
        let places = Places::new(1);
        let place = places.try_take(1, peer(1), Instant::now()).unwrap();
        let left = || place.deadline().unwrap() - Instant::now();
        assert!(left() <= FIRST_REQUEST);
        let turn = place.turn();
        assert!(place.is_answering() && left() > FIRST_REQUEST);
        let turn = turn.reading();
        assert!(place.is_answering() && left() > FIRST_REQUEST && left() <= READING);
        drop(turn);
        assert!(!place.is_answering() && left() > READING && left() <= NEXT_REQUEST);
        places.try_take(2, peer(1), Instant::now() + LATER).unwrap();
        assert!(place.deadline().is_none() && lost(&place));
    }
}
