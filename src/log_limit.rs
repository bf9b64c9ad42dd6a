//! How much of what keeps happening is told: every line of the log that can come again goes by this.

use std::collections::HashMap;
use std::hash::Hash;
use std::time::{Duration, Instant};

/// Lines about one thing in one [`PERIOD`].
const LINES: u32 = 6;
/// Counted from the first of them.
const PERIOD: Duration = Duration::from_hours(1);

/// On the last line for a while.
pub(crate) const NOTE: &str = "happens often; further messages about it are held back for up to an hour";

/// Lets a few lines an hour through for each key, and counts the others.
pub(crate) struct Limiter<K>(HashMap<K, Budget>);

struct Budget {
    since: Instant,
    told: u32,
    held_back: u64,
}

/// A line that may be written.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Admitted {
    /// How many were not, since the last one.
    pub held_back: Option<u64>,
    /// No further one will be until the hour has passed.
    pub last: bool,
}

impl<K: Clone + Eq + Hash> Limiter<K> {
    /// Everything may be told.
    pub(crate) fn new() -> Self {
        Self(HashMap::new())
    }

    /// Whether a line about `key` may be written now; if not, it is counted.
    pub(crate) fn admit(&mut self, key: K, now: Instant) -> Option<Admitted> {
        let fresh = || Budget { since: now, told: 0, held_back: 0 };
        let budget = self.0.entry(key).or_insert_with(fresh);
        let held_back = Some(budget.held_back).filter(|held_back| *held_back > 0);
        if now.duration_since(budget.since) >= PERIOD {
            *budget = fresh();
        }
        if budget.told == LINES {
            budget.held_back += 1;
            return None;
        }
        budget.told += 1;
        Some(Admitted { held_back, last: budget.told == LINES })
    }

    /// Whether `key` is one of at most `keys`; those whose hour has passed make room.
    pub(crate) fn has_room(&mut self, key: &K, keys: usize, now: Instant) -> bool {
        if self.0.len() >= keys && !self.0.contains_key(key) {
            self.0.retain(|_, budget| now.duration_since(budget.since) < PERIOD);
        }
        self.0.len() < keys || self.0.contains_key(key)
    }

    /// The keys whose hour has passed with something held back: the last line told of them may be out of date.
    pub(crate) fn overdue(&mut self, now: Instant) -> Vec<K> {
        let is_over = |budget: &Budget| now.duration_since(budget.since) >= PERIOD;
        self.0.retain(|_, budget| budget.held_back > 0 || !is_over(budget));
        let overdue = self.0.iter().filter(|(_, budget)| is_over(budget));
        overdue.map(|(key, _)| key.clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn six_an_hour_for_each_key_then_a_count() {
        let start = Instant::now();
        let at = |minute: u64| start + Duration::from_mins(minute);
        let mut limiter = Limiter::new();
        for minute in 0..6 {
            let told = Admitted { held_back: None, last: minute == 5 };
            assert_eq!(limiter.admit("a", at(minute)), Some(told), "{minute}");
        }
        for minute in 6..60 {
            assert_eq!(limiter.admit("a", at(minute)), None, "{minute}");
        }
        assert_eq!(limiter.admit("b", at(59)), Some(Admitted { held_back: None, last: false }));
        assert_eq!(limiter.overdue(at(59)), [""; 0]);
        assert_eq!(limiter.overdue(at(60)), ["a"]);
        assert_eq!(limiter.admit("a", at(60)), Some(Admitted { held_back: Some(54), last: false }));
        assert_eq!(limiter.overdue(at(61)), [""; 0]);
    }

    #[test]
    fn what_is_quiet_is_forgotten() {
        let start = Instant::now();
        let mut limiter = Limiter::new();
        for key in 0..1000 {
            limiter.admit(key, start);
        }
        assert_eq!(limiter.overdue(start + PERIOD), [0; 0]);
        assert!(limiter.0.is_empty());
    }
}
