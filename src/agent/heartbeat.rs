//! Whether the loop makes progress: written by the loop itself, read by whoever tells others that this process is healthy.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// The loop beats every few seconds (`Supervisor::watchdog_interval`). One that has not for so long hangs.
const PATIENCE: Duration = Duration::from_secs(30);

/// The last sign of life, and what it said.
#[derive(Clone)]
pub(crate) struct Heartbeat(Arc<Beat>);

struct Beat {
    began: Instant,
    /// Since `began`.
    last_millis: AtomicU64,
    polls_are_in_time: AtomicBool,
}

/// Why a process that answers does nothing for its users all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Stall {
    #[error("the polling loop has been stuck for {} s", .0.as_secs())]
    Loop(Duration),
    #[error("a poll has been stuck for more than twice poll.timeout")]
    Poll,
}

impl Default for Heartbeat {
    /// The first beat is now.
    fn default() -> Self {
        let polls_are_in_time = AtomicBool::new(true);
        Self(Arc::new(Beat { began: Instant::now(), last_millis: AtomicU64::new(0), polls_are_in_time }))
    }
}

impl Heartbeat {
    /// The loop is here, and knows this of its polls.
    pub(super) fn beat(&self, now: Instant, polls_are_in_time: bool) {
        let since = now.saturating_duration_since(self.0.began);
        self.0.polls_are_in_time.store(polls_are_in_time, Ordering::Relaxed);
        self.0.last_millis.store(u64::try_from(since.as_millis()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// What is wrong at `now`, if something is.
    pub(crate) fn stall(&self, now: Instant) -> Option<Stall> {
        let last = self.0.began + Duration::from_millis(self.0.last_millis.load(Ordering::Relaxed));
        let silence = now.saturating_duration_since(last);
        if silence > PATIENCE {
            Some(Stall::Loop(silence))
        } else {
            (!self.0.polls_are_in_time.load(Ordering::Relaxed)).then_some(Stall::Poll)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_and_stuck_polls_are_told_and_both_can_end() {
        let heartbeat = Heartbeat::default();
        let at = |seconds| heartbeat.0.began + Duration::from_secs(seconds);
        assert_eq!(heartbeat.stall(at(30)), None);
        assert_eq!(heartbeat.stall(at(31)), Some(Stall::Loop(Duration::from_secs(31))));
        heartbeat.beat(at(40), true);
        assert_eq!(heartbeat.stall(at(70)), None);
        heartbeat.beat(at(45), false);
        assert_eq!(heartbeat.stall(at(46)), Some(Stall::Poll));
        assert_eq!(heartbeat.stall(at(76)), Some(Stall::Loop(Duration::from_secs(31))));
        heartbeat.beat(at(80), true);
        assert_eq!(heartbeat.stall(at(80)), None);
        // Clocks of two threads may differ by a little.
        assert_eq!(heartbeat.stall(at(79)), None);
    }
}
