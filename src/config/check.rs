//! What types cannot see: values that are out of range or do not go together. Pure.

use std::collections::BTreeSet;
use std::time::Duration;

use super::Settings;

/// Longest of any duration: what a timer and a dashboard can still show.
const MAX_DURATION: Duration = Duration::from_hours(24 * 366);

impl Settings {
    /// The first key whose value cannot work, and why.
    pub(super) fn check(&self) -> Result<(), (&'static str, String)> {
        let poll = &self.poll;
        let durations = [
            ("poll.interval", poll.interval),
            ("poll.connect_timeout", poll.connect_timeout),
            ("poll.request_timeout", poll.request_timeout),
            ("poll.timeout", poll.timeout),
            ("poll.tls12_interval", poll.tls12_interval),
            ("poll.window", poll.window),
            ("aws.interval", self.aws.interval),
            ("aws.timeout", self.aws.timeout),
        ];
        for (key, duration) in durations {
            if duration.is_zero() || duration > MAX_DURATION {
                return Err((key, "must be longer than 0s and at most 366 days".to_owned()));
            }
        }
        if poll.interval > poll.window {
            let shown = [poll.interval, poll.window].map(humantime::format_duration);
            return Err(("poll.interval", format!("{} is longer than poll.window ({})", shown[0], shown[1])));
        }
        if !(1..=1024).contains(&poll.concurrency) {
            return Err(("poll.concurrency", "must be from 1 to 1024".to_owned()));
        }
        if !(1..=1024).contains(&self.web.max_scrapes) {
            return Err(("web.max_scrapes", "must be from 1 to 1024".to_owned()));
        }
        if poll.settle_rounds == 0 {
            return Err(("poll.settle_rounds", "must be at least 1".to_owned()));
        }
        if let Some((host, _)) = poll.resolve.iter().find(|(_, addresses)| addresses.is_empty()) {
            return Err(("poll.resolve", format!("{host} has no address")));
        }
        let mut seen = BTreeSet::new();
        if let Some(twice) = self.issuers.iter().find(|entry| !seen.insert(&entry.url)) {
            return Err(("issuers", format!("{} is listed twice", twice.url)));
        }
        if self.issuers.is_empty() && !self.aws.enabled {
            let message = "nothing to watch: name an issuer in [[issuers]], or set aws.enabled = true";
            return Err(("issuers", message.to_owned()));
        }
        Ok(())
    }
}
