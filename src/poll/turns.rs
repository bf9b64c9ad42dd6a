//! Whose turn it is: a host can have more addresses than one round looks at, and each of them comes up in time. Pure.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::time::Duration;

use super::address::MAX_ADDRESSES;
use crate::clock::Timestamp;

/// Addresses of one host that one round looks at.
pub(crate) const ADDRESSES_A_ROUND: usize = 32;

/// The addresses of one host in a queue. Whoever is new, or was just looked at, stands at its end; so nobody is passed over
/// for ever, however the answers of DNS change.
#[derive(Clone, Debug, Default)]
pub struct Turns {
    /// The place behind the last one.
    end: u64,
    queue: BTreeMap<IpAddr, Turn>,
}

#[derive(Clone, Copy, Debug)]
struct Turn {
    /// Lowest first.
    place: u64,
    /// Last time.
    looked_at: Option<Timestamp>,
}

impl Turns {
    /// Those of `resolved` whose turn it is, in their order.
    #[must_use]
    pub fn next(&self, resolved: &[IpAddr]) -> Vec<IpAddr> {
        let mut waiting = resolved.to_vec();
        self.order(&mut waiting);
        let next: BTreeSet<IpAddr> = waiting.into_iter().take(ADDRESSES_A_ROUND).collect();
        resolved.iter().copied().filter(|address| next.contains(address)).collect()
    }

    /// By place; those without one last.
    fn order(&self, addresses: &mut [IpAddr]) {
        addresses.sort_unstable_by_key(|address| {
            (self.queue.get(address).map_or(u64::MAX, |t| t.place), *address)
        });
    }

    /// Notes which addresses there were in a round, and which of them it looked at.
    pub fn note(&mut self, at: Timestamp, resolved: &[IpAddr], mut looked_at: Vec<IpAddr>) {
        self.order(&mut looked_at);
        for address in resolved {
            if !self.queue.contains_key(address) && !looked_at.contains(address) {
                self.put_last(*address, None);
            }
        }
        for address in looked_at {
            self.put_last(address, Some(at));
        }
        // An address that comes and goes keeps its place, as long as there is room for it.
        if self.queue.len() > 2 * MAX_ADDRESSES {
            let resolved: BTreeSet<&IpAddr> = resolved.iter().collect();
            self.queue.retain(|address, _| resolved.contains(address));
        }
    }

    fn put_last(&mut self, address: IpAddr, looked_at: Option<Timestamp>) {
        self.queue.insert(address, Turn { place: self.end, looked_at });
        self.end += 1;
    }

    /// How many of `resolved` nobody has looked at for as long as `window`.
    #[must_use]
    pub fn unseen(&self, resolved: &[IpAddr], now: Timestamp, window: Duration) -> usize {
        let looked_at = |address: &IpAddr| self.queue.get(address)?.looked_at;
        let is_seen = |address| looked_at(address).is_some_and(|at| now.since(at) <= window);
        resolved.iter().filter(|address| !is_seen(address)).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WINDOW: Duration = Duration::from_hours(24);

    fn address(number: u32) -> IpAddr {
        IpAddr::from((0x0a00_0000 + number).to_be_bytes())
    }

    fn at(round: u32) -> Timestamp {
        Timestamp::from_seconds(i64::from(round) * 300)
    }

    /// Rounds in which these addresses resolve; how often each address was looked at.
    fn rounds(
        turns: &mut Turns,
        rounds: u32,
        resolved: impl Fn(u32) -> Vec<IpAddr>,
    ) -> BTreeMap<IpAddr, usize> {
        let mut looks = BTreeMap::new();
        for round in 0..rounds {
            let resolved = resolved(round);
            let next = turns.next(&resolved);
            assert_eq!(next.len(), resolved.len().min(ADDRESSES_A_ROUND));
            for address in &next {
                *looks.entry(*address).or_insert(0) += 1;
            }
            turns.note(at(round), &resolved, next);
        }
        looks
    }

    #[test]
    fn few_are_all_looked_at_each_time() {
        let few: Vec<IpAddr> = (0..32).map(address).collect();
        let looks = rounds(&mut Turns::default(), 5, |_| few.clone());
        assert_eq!(looks.len(), 32);
        assert!(looks.values().all(|count| *count == 5));
    }

    #[test]
    fn many_take_turns_and_none_gets_more_than_its_share() {
        for count in [33, 40, 64, 100, 1000] {
            let many: Vec<IpAddr> = (0..count).map(address).collect();
            let cycle = count.div_ceil(32);
            let mut turns = Turns::default();
            for round in 1..=cycle {
                let left = many.len().saturating_sub((round as usize - 1) * 32);
                assert_eq!(turns.unseen(&many, at(0), WINDOW), left, "{count} addresses, round {round}");
                rounds(&mut turns, 1, |_| many.clone());
            }
            assert_eq!(turns.unseen(&many, at(0), WINDOW), 0, "{count} addresses");
            let looks = rounds(&mut turns, cycle * 10, |_| many.clone());
            let (least, most) = (looks.values().min().unwrap(), looks.values().max().unwrap());
            assert!(looks.len() == many.len() && most - least <= 1, "{count}: {least} to {most}");
        }
    }

    #[test]
    fn newcomers_without_end_push_nobody_out() {
        // Eight stay; forty others are new in every round.
        let stay: Vec<IpAddr> = (0..8).map(address).collect();
        let resolved =
            |round: u32| [stay.clone(), (0..40).map(|n| address(1000 + round * 40 + n)).collect()].concat();
        let looks = rounds(&mut Turns::default(), 100, resolved);
        assert!(stay.iter().all(|address| looks[address] >= 20), "{looks:?}");
    }

    #[test]
    fn whoever_comes_and_goes_keeps_its_place_within_bounds() {
        let many: Vec<IpAddr> = (0..64).map(address).collect();
        // The last one is there in every other round.
        let resolved = |round: u32| many[..64 - round as usize % 2].to_vec();
        let looks = rounds(&mut Turns::default(), 100, resolved);
        assert!(looks[&address(63)] >= 20, "{looks:?}");

        let mut turns = Turns::default();
        rounds(&mut turns, 100, |round| (0..40).map(|n| address(round * 40 + n)).collect());
        assert!(turns.queue.len() <= 2 * MAX_ADDRESSES);
    }

    #[test]
    fn a_look_is_good_for_the_window() {
        let one = [address(1)];
        let mut turns = Turns::default();
        turns.note(at(0), &one, one.to_vec());
        let later = Timestamp::from_seconds(24 * 3600);
        assert_eq!(turns.unseen(&one, later, WINDOW), 0);
        assert_eq!(turns.unseen(&one, Timestamp::from_seconds(24 * 3600 + 1), WINDOW), 1);
    }
}
