//! When things are done.

use std::time::Duration;

use tokio::time::{Interval, MissedTickBehavior};

/// When things are done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// From the start of one round to the start of the next.
    pub round: Duration,
    /// From one look to the next at an endpoint that has served something new.
    pub settle: Duration,
    /// From one reading of IAM to the next.
    pub account: Duration,
    /// Issuers polled at the same time.
    pub concurrency: usize,
    /// How long an endpoint's answer about TLS 1.2 is good for.
    pub tls12: Duration,
    /// No poll of an issuer takes longer.
    pub poll_limit: Duration,
}

/// The first tick is at once; one that comes late delays those after it.
pub(crate) fn every(period: Duration) -> Interval {
    let mut due = tokio::time::interval(period);
    due.set_missed_tick_behavior(MissedTickBehavior::Delay);
    due
}
