//! The status page: in goes the snapshot, out comes HTML, without build step, assets or state.
//!
//! ```text
//!  snapshot ──► overview ─┐
//!               issuer    ├──► html (escapes) ──► frame
//!               chain     ┘
//! ```

mod chain;
mod frame;
mod html;
mod issuer;
mod overview;
mod words;

use super::answer::Answer;
use super::query::parameter;
use crate::clock::Timestamp;
use crate::snapshot::Snapshot;

/// `/`: every provider, worst first; with `?q=` those that hold each of its words.
#[must_use]
pub(super) fn overview(snapshot: &Snapshot, query: Option<&str>, now: Timestamp) -> Answer {
    overview::page(snapshot, &parameter(query, "q").unwrap_or_default(), now)
}

/// `/issuer?url=`: everything that is known of one issuer; 404 for one that is not watched.
#[must_use]
pub(super) fn issuer(snapshot: &Snapshot, query: Option<&str>, now: Timestamp) -> Answer {
    issuer::page(snapshot, &parameter(query, "url").unwrap_or_default(), now)
}
