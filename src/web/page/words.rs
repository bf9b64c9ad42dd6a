//! Numbers and states as people say them.

use std::fmt::{self, Display};
use std::time::Duration;

use super::html::Html;
use crate::clock::Timestamp;
use crate::verdict::Health;

/// A duration in its largest unit: `40 s`, `3 min`, `5 h`, `2 days`.
pub(super) struct Span(pub Duration);

impl Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.as_secs() {
            seconds @ ..120 => write!(f, "{seconds} s"),
            seconds @ 120..7_200 => write!(f, "{} min", seconds / 60),
            seconds @ 7_200..172_800 => write!(f, "{} h", seconds / 3_600),
            seconds => write!(f, "{} days", seconds / 86_400),
        }
    }
}

/// Days until an expiry, negative once it is past: `60 days left`, `9 h left`, `expired 3 days ago`.
pub(super) struct DaysLeft(pub f64);

impl DaysLeft {
    /// The class of the element that shows it; `is_late` when fewer are left than there should be.
    pub(super) const fn class(&self, is_late: bool) -> &'static str {
        match self.0 {
            past if past < 0.0 => "outage",
            _ if is_late => "finding",
            _ => "plain",
        }
    }
}

impl Display for DaysLeft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let days = self.0.abs();
        // Rounded down: a certificate never seems to last longer than it does.
        let (number, unit) = if days < 2.0 { ((days * 24.0).floor(), "h") } else { (days.floor(), "days") };
        if self.0 < 0.0 {
            write!(f, "expired {number} {unit} ago")
        } else {
            write!(f, "{number} {unit} left")
        }
    }
}

/// A time in UTC with its age: `2034-06-28 17:39:16 UTC (3 min ago)`, or that it never was.
pub(super) fn put_time(html: &mut Html, time: Option<Timestamp>, now: Timestamp) {
    let Some(time) = time else { return html.put("never", &[]) };
    put_date(html, time);
    html.put(" ({} ago)", &[&Span(now.since(time))]);
}

/// A time in UTC, for people: `2034-06-28 17:39:16 UTC`.
pub(super) fn put_date(html: &mut Html, time: Timestamp) {
    let shown = time.to_string().replace('T', " ").replace('Z', " UTC");
    html.put("<time datetime=\"{}\">{}</time>", &[&time, &shown]);
}

/// How bad a row is, as a word, a mark and a colour.
pub(super) fn put_health(html: &mut Html, health: Health) {
    let mark = match health {
        Health::Failing => "\u{2716}",
        Health::AtRisk => "\u{25c6}",
        Health::Unknown => "?",
        Health::Healthy => "\u{2714}",
    };
    html.put(
        "<strong class=\"state {}\"><span aria-hidden=\"true\">{}</span> {}</strong>",
        &[&class(health), &mark, &health.words()],
    );
}

/// The class of elements that show it.
pub(super) const fn class(health: Health) -> &'static str {
    match health {
        Health::Failing => "outage",
        Health::AtRisk => "finding",
        Health::Unknown => "unclear",
        Health::Healthy => "good",
    }
}

/// A URL that a narrow column breaks between its parts.
pub(super) fn put_url(html: &mut Html, url: &str) {
    for (index, part) in url.split_inclusive(['/', '.', ':']).enumerate() {
        html.put(if index == 0 { "{}" } else { "<wbr>{}" }, &[&part]);
    }
}

/// A thumbprint, and a button for the clipboard that the script brings to life.
pub(super) fn put_thumbprint(html: &mut Html, thumbprint: &dyn Display) {
    html.put(
        "<code>{}</code> <button type=\"button\" hidden aria-label=\"Copy the thumbprint {}\">Copy</button>",
        &[thumbprint, thumbprint],
    );
}

/// Whether AWS would rely on the thumbprint.
pub(super) const fn enforced(enforced: Option<bool>) -> &'static str {
    match enforced {
        Some(true) => "enforced",
        Some(false) => "latent",
        None => "enforcement unknown",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_and_days() {
        for (seconds, shown) in [
            (0, "0 s"),
            (119, "119 s"),
            (120, "2 min"),
            (7_199, "119 min"),
            (7_200, "2 h"),
            (172_799, "47 h"),
            (172_800, "2 days"),
        ] {
            assert_eq!(Span(Duration::from_secs(seconds)).to_string(), shown);
        }
        for (days, shown, late, other) in [
            (1825.99, "1825 days left", "finding", "plain"),
            (30.0, "30 days left", "finding", "plain"),
            (1.56, "37 h left", "finding", "plain"),
            (0.0, "0 h left", "finding", "plain"),
            (-0.05, "expired 1 h ago", "outage", "outage"),
            (-3.04, "expired 3 days ago", "outage", "outage"),
        ] {
            let days = DaysLeft(days);
            assert_eq!(days.to_string(), shown);
            assert_eq!((days.class(true), days.class(false)), (late, other), "{shown}");
        }
    }
}
