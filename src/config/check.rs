//! What types cannot see: values that are out of range or do not go together. Pure.

use std::collections::BTreeSet;
use std::time::Duration;

use super::settings::Settings;

/// Longest of any duration: what a timer and a dashboard can still show.
const MAX_DURATION: Duration = Duration::from_hours(24 * 366);

/// A key whose value cannot work.
pub(super) struct Mistake {
    /// Dotted path.
    pub key: &'static str,
    pub message: String,
}

fn mistake(key: &'static str, message: impl Into<String>) -> Result<(), Mistake> {
    Err(Mistake { key, message: message.into() })
}

impl Settings {
    /// The first mistake.
    pub(super) fn check(&self) -> Result<(), Mistake> {
        let poll = &self.poll;
        let durations = [
            ("poll.interval", poll.interval),
            ("poll.connect_timeout", poll.connect_timeout),
            ("poll.request_timeout", poll.request_timeout),
            ("poll.timeout", poll.timeout),
            ("poll.tls12_interval", poll.tls12_interval),
            ("poll.window", poll.window),
            ("poll.settle_interval", poll.settle_interval),
            ("health.stale_after", self.health.stale_after),
            ("health.slow", self.health.slow),
            ("aws.interval", self.aws.interval),
            ("aws.timeout", self.aws.timeout),
            ("state.interval", self.state.interval),
        ];
        for (key, duration) in durations {
            if duration.is_zero() || duration > MAX_DURATION {
                return mistake(key, "must be longer than 0s and at most 366 days");
            }
        }
        if self.health.missing_for > MAX_DURATION {
            return mistake("health.missing_for", "must be at most 366 days");
        }
        if !self.aws.enabled
            && let Some(entry) = self.issuers.iter().find(|entry| entry.requires_provider == Some(true))
        {
            return mistake("issuers", format!("{}: requires_provider needs aws.enabled = true", entry.url));
        }
        if poll.interval > poll.window {
            let shown = [poll.interval, poll.window].map(humantime::format_duration);
            return mistake(
                "poll.interval",
                format!("must not be longer than poll.window ({} > {})", shown[0], shown[1]),
            );
        }
        if !(1..=1024).contains(&poll.concurrency) {
            return mistake("poll.concurrency", "must be between 1 and 1024");
        }
        if !(1..=1024).contains(&self.web.max_scrapes) {
            return mistake("web.max_scrapes", "must be between 1 and 1024");
        }
        if !(1..=1024).contains(&self.web.max_probes) {
            return mistake("web.max_probes", "must be between 1 and 1024");
        }
        if poll.settle_looks == 0 {
            return mistake("poll.settle_looks", "must be at least 1");
        }
        if self.health.failed_polls == 0 {
            return mistake("health.failed_polls", "must be at least 1");
        }
        if let Some((host, _)) = poll.resolve.iter().find(|(_, addresses)| addresses.is_empty()) {
            return mistake("poll.resolve", format!("{host} has no addresses"));
        }
        let mut seen = BTreeSet::new();
        if let Some(twice) = self.issuers.iter().find(|entry| !seen.insert(&entry.url)) {
            return mistake("issuers", format!("{} is listed twice", twice.url));
        }
        Ok(())
    }

    /// There is something to watch.
    pub(super) fn check_watched(&self) -> Result<(), Mistake> {
        if self.issuers.is_empty() && !self.aws.enabled {
            let message = "nothing to watch: add an [[issuers]] entry, or set aws.enabled = true";
            return mistake("issuers", message);
        }
        Ok(())
    }
}
