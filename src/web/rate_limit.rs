//! Token buckets, one for each standing of those who ask: `rate_limit` of the web configuration file. So a flood of
//! strangers takes nothing from a scraper that has logged in, or is about to.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use enum_map::{Enum, EnumMap};

/// One request an interval, and so many at once after a rest.
#[derive(Debug)]
pub(super) struct RateLimit {
    interval: Duration,
    burst: f64,
    buckets: EnumMap<Standing, Mutex<Bucket>>,
}

/// What is known of who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub(super) enum Standing {
    /// Has logged in, or shown a certificate that is vouched for.
    Known,
    /// Sends a name and a password, from an address that has sent no wrong ones.
    New,
    /// All others; where there is no login, everybody.
    Stranger,
}

#[derive(Debug)]
struct Bucket {
    tokens: f64,
    filled: Option<Instant>,
}

impl RateLimit {
    /// Full buckets of `burst` tokens, which gain one each `interval`.
    pub(super) fn new(interval: Duration, burst: u32) -> Self {
        let burst = f64::from(burst);
        let buckets = EnumMap::from_fn(|_| Mutex::new(Bucket { tokens: burst, filled: None }));
        Self { interval, burst, buckets }
    }

    /// Takes a token, if there is one at `now`.
    pub(super) fn allows(&self, of: Standing, now: Instant) -> bool {
        let mut bucket = self.buckets[of].lock().unwrap_or_else(PoisonError::into_inner);
        let passed = bucket.filled.map_or(Duration::ZERO, |filled| now.saturating_duration_since(filled));
        bucket.tokens = self.burst.min(bucket.tokens + passed.div_duration_f64(self.interval));
        bucket.filled = Some(now);
        let allows = bucket.tokens >= 1.0;
        if allows {
            bucket.tokens -= 1.0;
        }
        allows
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_then_one_each_interval() {
        let limit = RateLimit::new(Duration::from_secs(2), 3);
        let start = Instant::now();
        let at = |seconds: f64| limit.allows(Standing::Stranger, start + Duration::from_secs_f64(seconds));
        assert_eq!([0.0, 0.0, 0.0, 0.0].map(at), [true, true, true, false]);
        assert_eq!([1.5, 2.5, 3.0, 4.5].map(at), [false, true, false, true]);
        assert_eq!([1000.0, 1000.0, 1000.0, 1000.0].map(at), [true, true, true, false]);
        for of in [Standing::Known, Standing::New] {
            assert!(limit.allows(of, start), "strangers take nothing from others");
        }
    }
}
