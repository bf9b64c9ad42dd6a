//! Who works next: so many at a time, so many who wait, and nobody at the expense of all others.
//!
//! Those who wait go by rank, and within a rank the turns go round the addresses. When too many wait, the last of those who
//! have most is refused. Who has worked and is only being read holds on to
//! what was made for it, and loses it to those who wait when it takes its time.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

/// A reader has this long before it can lose its slot to one who waits. A scraper that is well takes a fraction of it.
const READING: Duration = Duration::from_secs(2);
/// From one look at slow readers to the next.
const LOOK: Duration = Duration::from_millis(100);

/// With whom a client shares limits: one address, or one network of IPv6, since a machine there can have any address of it (RFC 6177, section 2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Network(IpAddr);

impl From<IpAddr> for Network {
    fn from(address: IpAddr) -> Self {
        /// The network part of an address.
        const NETWORK: u128 = !0 << 64;
        match address.to_canonical() {
            IpAddr::V6(address) => Self(IpAddr::V6((address.to_bits() & NETWORK).into())),
            v4 @ IpAddr::V4(_) => Self(v4),
        }
    }
}

/// Why one gets no slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    /// As many as may wait do so already.
    Full,
    /// None became free in time.
    Late,
}

/// The slots for one kind of work, and those who wait for one.
#[derive(Debug)]
pub(super) struct Queue {
    /// At work at the same time.
    slots: usize,
    /// Waiting at the same time.
    waiting: usize,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    ids: u64,
    /// That of whoever went to work last.
    turn: u64,
    at_work: HashMap<u64, Work>,
    /// In the order in which they came.
    waiting: Vec<Waiter>,
}

#[derive(Debug)]
struct Work {
    of: Network,
    reading: Reading,
}

/// How far the work is.
#[derive(Debug)]
enum Reading {
    NotYet,
    Since(Instant, CancellationToken),
    /// Its connection has been told to end.
    Ended,
}

#[derive(Debug)]
struct Waiter {
    id: u64,
    of: Network,
    rank: u32,
    turn: u64,
    slot: oneshot::Sender<Slot>,
}

impl State {
    /// One more of `of` comes behind all that it has already, at work or waiting; one that has nothing comes next. So the turns
    /// go round (start-time fair queueing), however many one address sends.
    fn turn_of(&self, of: Network) -> u64 {
        let own = self.waiting.iter().filter(|waiter| waiter.of == of).map(|waiter| waiter.turn).max();
        let at_work = || self.at_work.values().filter(|work| work.of == of).count() as u64;
        own.unwrap_or_else(|| self.turn + at_work()).max(self.turn) + 1
    }

    /// Makes room for one with this rank and turn, if there is somebody who should rather go.
    fn make_room(&mut self, rank: u32, turn: u64) -> Result<(), Refused> {
        let last = self.waiting.iter().enumerate().max_by_key(|(_, waiter)| waiter.order());
        match last {
            Some((index, last)) if (last.rank, last.turn) > (rank, turn) => {
                // The loss of its sender tells it.
                self.waiting.remove(index);
                Ok(())
            }
            _ => Err(Refused::Full),
        }
    }

    /// The next one, who is at work from now on.
    fn next(&mut self) -> Option<Waiter> {
        let first = self.waiting.iter().enumerate().min_by_key(|(_, waiter)| waiter.order());
        let index = first.map(|(index, _)| index)?;
        let waiter = self.waiting.remove(index);
        self.turn = self.turn.max(waiter.turn);
        self.at_work.insert(waiter.id, Work { of: waiter.of, reading: Reading::NotYet });
        Some(waiter)
    }
}

impl Waiter {
    /// Who comes first has the lower one.
    fn order(&self) -> (u32, u64, u64) {
        (self.rank, self.turn, self.id)
    }
}

impl Queue {
    /// So many slots, and room for so many who wait.
    pub(super) fn new(slots: usize, waiting: usize) -> Arc<Self> {
        Arc::new(Self { slots, waiting, state: Mutex::default() })
    }

    /// A slot for one of `of`; lower ranks go first.
    ///
    /// # Errors
    /// When too many wait already, or none is free before `until`.
    pub(super) async fn wait(
        self: &Arc<Self>,
        of: Network,
        rank: u32,
        until: Instant,
    ) -> Result<Slot, Refused> {
        let (waiting, mut slot) = self.enter(of, rank)?;
        loop {
            if let Ok(slot) = slot.try_recv() {
                return Ok(slot);
            }
            let look = self.end_slowest(Instant::now());
            tokio::select! {
                biased;
                slot = &mut slot => return slot.map_err(|_| Refused::Full),
                () = sleep_until(until) => break,
                () = sleep_until(look.unwrap_or(until)), if look.is_some() => {}
            }
        }
        drop(waiting);
        // One that came at the last moment is not lost.
        slot.try_recv().map_err(|_| Refused::Late)
    }

    fn enter(
        self: &Arc<Self>,
        of: Network,
        rank: u32,
    ) -> Result<(Waiting, oneshot::Receiver<Slot>), Refused> {
        let (sender, slot) = oneshot::channel();
        let id = {
            let mut state = self.lock();
            let turn = state.turn_of(of);
            if state.at_work.len() >= self.slots && state.waiting.len() >= self.waiting {
                state.make_room(rank, turn)?;
            }
            state.ids += 1;
            let id = state.ids;
            state.waiting.push(Waiter { id, of, rank, turn, slot: sender });
            id
        };
        self.grant();
        Ok((Waiting { queue: Arc::clone(self), id }, slot))
    }

    /// Hands out what is free.
    fn grant(self: &Arc<Self>) {
        loop {
            let (sender, slot) = {
                let mut state = self.lock();
                if state.at_work.len() >= self.slots {
                    return;
                }
                let Some(Waiter { id, slot, .. }) = state.next() else { return };
                (slot, Slot { queue: Arc::clone(self), id })
            };
            // Who has gone gives it back at once, which needs the lock.
            drop(sender.send(slot));
        }
    }

    /// Ends the connection of the slowest reader, if one is due and somebody waits for its slot; when to look again. It is
    /// taken from the address that has most slots.
    fn end_slowest(&self, now: Instant) -> Option<Instant> {
        let mut state = self.lock();
        let ending = state.at_work.values().filter(|work| matches!(work.reading, Reading::Ended)).count();
        if ending >= state.waiting.len() {
            return Some(now + LOOK);
        }
        let due = |work: &Work| match work.reading {
            Reading::Since(since, _) => Some(since + READING),
            Reading::NotYet | Reading::Ended => None,
        };
        let count = |of: Network| state.at_work.values().filter(|work| work.of == of).count();
        let slowest = state
            .at_work
            .iter()
            .filter_map(|(id, work)| Some((due(work).filter(|due| *due <= now)?, *id, work.of)))
            .min_by_key(|(due, _, of)| (Reverse(count(*of)), *due));
        if let Some((_, id, _)) = slowest
            && let Some(work) = state.at_work.get_mut(&id)
            && let Reading::Since(_, connection) = std::mem::replace(&mut work.reading, Reading::Ended)
        {
            connection.cancel();
        }
        let next = state.at_work.values().filter_map(due).min();
        next.map(|next| next.max(now + LOOK)).or(Some(now + LOOK))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Leaves the queue when it is dropped.
#[derive(Debug)]
struct Waiting {
    queue: Arc<Queue>,
    id: u64,
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.queue.lock().waiting.retain(|waiter| waiter.id != self.id);
    }
}

/// The right to work, until it is dropped.
#[derive(Debug)]
pub(super) struct Slot {
    queue: Arc<Queue>,
    id: u64,
}

impl Slot {
    /// The work is done, and what it made is read by a client: when that takes too long, `connection` is cancelled.
    pub(super) fn reading(&self, connection: CancellationToken) {
        if let Some(work) = self.queue.lock().at_work.get_mut(&self.id) {
            work.reading = Reading::Since(Instant::now(), connection);
        }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.queue.lock().at_work.remove(&self.id);
        self.queue.grant();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(last: u8) -> Network {
        IpAddr::from([192, 0, 2, last]).into()
    }

    /// The names of those who get the one slot, in this order, when these come while it is taken.
    async fn served(waiting: usize, come: &[(&'static str, u8, u32)]) -> Vec<&'static str> {
        let queue = Queue::new(1, waiting);
        let until = Instant::now() + Duration::from_mins(1);
        let taken = queue.wait(peer(0), 0, until).await.unwrap();
        let waiters: Vec<_> =
            come.iter().map(|(name, of, rank)| (*name, queue.enter(peer(*of), *rank))).collect();
        drop(taken);
        let mut pending: Vec<_> =
            waiters.into_iter().filter_map(|(name, of)| Some((name, of.ok()?))).collect();
        let mut served = Vec::new();
        while let Some(index) = (0..pending.len()).find(|index| {
            let (name, (_, slot)) = &mut pending[*index];
            slot.try_recv().map(|slot| drop((served.push(*name), slot))).is_ok()
        }) {
            drop(pending.remove(index));
        }
        served
    }

    #[tokio::test]
    async fn the_first_of_each_address_goes_before_the_second_of_any() {
        let come = [("a1", 1, 0), ("a2", 1, 0), ("a3", 1, 0), ("b1", 2, 0), ("c1", 3, 0), ("b2", 2, 0)];
        assert_eq!(served(9, &come).await, ["a1", "b1", "c1", "a2", "b2", "a3"]);
    }

    #[tokio::test]
    async fn rank_goes_before_everything() {
        let come = [("a1", 1, 2), ("a2", 1, 0), ("b1", 2, 1)];
        assert_eq!(served(9, &come).await, ["a2", "b1", "a1"]);
    }

    #[tokio::test]
    async fn when_it_is_full_whoever_has_most_loses_its_last() {
        for (come, left) in [
            (&[("a1", 1, 0), ("a2", 1, 0), ("a3", 1, 0), ("b1", 2, 0)][..], &["a1", "b1", "a2"][..]),
            (&[("a1", 1, 0), ("b1", 2, 0), ("c1", 3, 0), ("d1", 4, 0)], &["a1", "b1", "c1"]),
            (&[("a1", 1, 3), ("b1", 2, 3), ("c1", 3, 3), ("d1", 4, 0)], &["d1", "a1", "b1"]),
            (&[("a1", 1, 0), ("a2", 1, 0), ("b1", 2, 0), ("a3", 1, 0)], &["a1", "b1", "a2"]),
        ] {
            assert_eq!(served(3, come).await, left);
        }
    }

    #[tokio::test]
    async fn a_slow_reader_loses_its_slot_to_one_who_waits_and_to_nobody_else() {
        let queue = Queue::new(2, 2);
        let soon = || Instant::now() + Duration::from_secs(10);
        let slots =
            [queue.wait(peer(1), 0, soon()).await.unwrap(), queue.wait(peer(2), 0, soon()).await.unwrap()];
        let connections = [CancellationToken::new(), CancellationToken::new()];
        slots[0].reading(connections[0].clone());
        tokio::time::sleep(READING + LOOK).await;
        assert!(!connections[0].is_cancelled(), "nobody waits");
        slots[1].reading(connections[1].clone());
        let waits = tokio::spawn({
            let queue = Arc::clone(&queue);
            async move { queue.wait(peer(3), 0, soon()).await }
        });
        connections[0].cancelled().await;
        assert!(!connections[1].is_cancelled());
        drop(slots);
        assert!(waits.await.unwrap().is_ok());
        assert_eq!(queue.lock().at_work.len(), 0);
    }

    #[tokio::test]
    async fn who_waits_in_vain_or_goes_leaves_nothing_behind() {
        let queue = Queue::new(1, 1);
        let soon = || Instant::now() + LOOK;
        let slot = queue.wait(peer(1), 0, soon()).await.unwrap();
        assert_eq!(queue.wait(peer(2), 0, soon()).await.unwrap_err(), Refused::Late);
        let gone = queue.enter(peer(2), 0).unwrap();
        assert_eq!(queue.wait(peer(2), 0, soon()).await.unwrap_err(), Refused::Full);
        drop(gone);
        drop(slot);
        assert!(queue.wait(peer(3), 0, soon()).await.is_ok());
        let state = queue.lock();
        assert!(state.at_work.is_empty() && state.waiting.is_empty());
    }

    #[test]
    fn a_network_of_ipv6_is_one_peer() {
        let of = |text: &str| Network::from(text.parse::<IpAddr>().unwrap());
        assert_eq!(of("2001:db8::1"), of("2001:db8::ffff:1:2:3"));
        assert_ne!(of("2001:db8::1"), of("2001:db8:0:1::1"));
        assert_eq!(of("::ffff:192.0.2.1"), of("192.0.2.1"));
    }
}
