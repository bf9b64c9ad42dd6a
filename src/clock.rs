//! Time as the daemon sees it: passed in, so that a test can be in 2034.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use time::OffsetDateTime;
use time::macros::format_description;

/// A point in time: milliseconds since 1970-01-01T00:00:00Z, negative before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// From whole seconds since the epoch, as X.509 dates are.
    #[must_use]
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1000))
    }

    /// From milliseconds since the epoch.
    #[must_use]
    pub(crate) const fn from_milliseconds(milliseconds: i64) -> Self {
        Self(milliseconds)
    }

    /// Milliseconds since the epoch.
    #[must_use]
    pub(crate) const fn milliseconds(self) -> i64 {
        self.0
    }

    /// Whole seconds since the epoch, rounded down.
    #[must_use]
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// Seconds since the epoch as Prometheus writes them.
    #[must_use]
    #[allow(clippy::cast_precision_loss)] // exact up to the year 287396
    pub fn as_f64(self) -> f64 {
        self.0 as f64 / 1000.0
    }

    /// Time from `earlier` to `self`; zero when `earlier` is later.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// `self` later by `by`.
    #[must_use]
    pub fn plus(self, by: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(by.as_millis()).unwrap_or(i64::MAX)))
    }

    /// `self` earlier by `by`.
    #[must_use]
    pub fn minus(self, by: Duration) -> Self {
        Self(self.0.saturating_sub(i64::try_from(by.as_millis()).unwrap_or(i64::MAX)))
    }

    /// Days from `now` until `self`, fractional, negative once past.
    #[must_use]
    pub fn days_from(self, now: Self) -> f64 {
        (self.as_f64() - now.as_f64()) / 86_400.0
    }
}

impl Timestamp {
    /// As HTTP headers have it (RFC 9110, section 5.6.7); `None` where the year has not four digits.
    #[must_use]
    pub(crate) fn http_date(self) -> Option<String> {
        let format = format_description!(
            "[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT"
        );
        let time = OffsetDateTime::from_unix_timestamp(self.seconds()).ok()?;
        (0..=9999).contains(&time.year()).then(|| time.format(format).ok()).flatten()
    }
}

impl From<SystemTime> for Timestamp {
    fn from(time: SystemTime) -> Self {
        let millis = |d: Duration| i64::try_from(d.as_millis()).unwrap_or(i64::MAX);
        match time.duration_since(UNIX_EPOCH) {
            Ok(after) => Self(millis(after)),
            Err(before) => Self(-millis(before.duration())),
        }
    }
}

/// RFC 3339, UTC, whole seconds: `2034-06-28T17:39:16Z`.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let format = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]Z");
        let text = OffsetDateTime::from_unix_timestamp(self.seconds())
            .ok()
            .and_then(|date| date.format(format).ok());
        match text {
            Some(text) => f.write_str(&text),
            None => write!(f, "@{}", self.seconds()),
        }
    }
}

/// Where "now" comes from.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> Timestamp + Send + Sync>);

impl Clock {
    /// The machine's clock.
    #[must_use]
    pub fn system() -> Self {
        Self::from_fn(|| SystemTime::now().into())
    }

    /// Any other source of time, for tests.
    pub fn from_fn(now: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }

    /// The time now.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        (self.0)()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Clock({})", self.now())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shown_as_rfc3339_and_counted_in_days() {
        let date = Timestamp::from_seconds(2_035_129_156);
        assert_eq!(date.to_string(), "2034-06-28T17:39:16Z");
        assert!((date.plus(Duration::from_hours(12)).days_from(date) - 0.5).abs() < 1e-9);
        assert!(date.days_from(date.plus(Duration::from_hours(24))) < -0.99);
        assert_eq!(Timestamp::from_seconds(i64::MAX).to_string().chars().next(), Some('@'));
    }
}
