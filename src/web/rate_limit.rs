//! A token bucket over all requests: `rate_limit` of the web configuration file.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// One request an interval, and so many at once after a rest.
#[derive(Debug)]
pub(super) struct RateLimit {
    interval: Duration,
    burst: f64,
    bucket: Mutex<Bucket>,
}

#[derive(Debug)]
struct Bucket {
    tokens: f64,
    filled: Option<Instant>,
}

impl RateLimit {
    /// A full bucket of `burst` tokens, which gains one each `interval`.
    pub(super) fn new(interval: Duration, burst: u32) -> Self {
        let burst = f64::from(burst);
        Self { interval, burst, bucket: Mutex::new(Bucket { tokens: burst, filled: None }) }
    }

    /// Takes a token, if there is one at `now`.
    pub(super) fn allows(&self, now: Instant) -> bool {
        let mut bucket = self.bucket.lock().unwrap_or_else(PoisonError::into_inner);
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
        let at = |seconds: f64| limit.allows(start + Duration::from_secs_f64(seconds));
        assert_eq!([0.0, 0.0, 0.0, 0.0].map(at), [true, true, true, false]);
        assert_eq!([1.5, 2.5, 3.0, 4.5].map(at), [false, true, false, true]);
        assert_eq!([1000.0, 1000.0, 1000.0, 1000.0].map(at), [true, true, true, false]);
    }
}
