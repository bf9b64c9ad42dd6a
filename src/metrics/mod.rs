//! Snapshot to exposition. Built anew for each scrape; no value is kept here.

mod families;
mod samples;

use std::sync::Arc;

use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;
use prometheus::{Encoder as _, Registry, TextEncoder};

pub use families::{ALL, Family};

use crate::agent::Published;
use crate::clock::{Clock, Timestamp};
use crate::snapshot::Snapshot;

/// Content type of what [`Metrics::text`] returns (Prometheus text format 0.0.4).
pub const CONTENT_TYPE: &str = prometheus::TEXT_FORMAT;

/// The metrics of this process.
#[derive(Clone)]
pub struct Metrics {
    registry: Arc<Registry>,
}

impl Metrics {
    /// Registers everything: the snapshot's metrics and those of the process.
    ///
    /// # Errors
    /// When two metrics collide, which is a defect.
    pub fn new(published: Published, clock: Clock) -> Result<Self, prometheus::Error> {
        let registry = Registry::new();
        let descs = ALL.iter().map(desc).collect::<Result<Vec<Desc>, _>>()?;
        registry.register(Box::new(SnapshotCollector { published, clock, descs }))?;
        registry.register(Box::new(prometheus::process_collector::ProcessCollector::for_self()))?;
        Ok(Self { registry: Arc::new(registry) })
    }

    /// The exposition, as of now.
    ///
    /// # Errors
    /// When a family is not valid, which is a defect.
    pub fn text(&self) -> Result<Vec<u8>, prometheus::Error> {
        let mut text = Vec::new();
        TextEncoder::new().encode(&self.registry.gather(), &mut text)?;
        Ok(text)
    }
}

/// The exposition of `snapshot` alone: nothing of this process.
///
/// # Errors
/// As [`Metrics::text`].
pub fn text_of(snapshot: &Snapshot, now: Timestamp) -> Result<Vec<u8>, prometheus::Error> {
    let mut families = samples::of(snapshot, now);
    families.retain(|family| !family.name().starts_with("oidc_exporter_"));
    let mut text = Vec::new();
    TextEncoder::new().encode(&families, &mut text)?;
    Ok(text)
}

fn desc(family: &Family) -> Result<Desc, prometheus::Error> {
    let labels = family.labels.iter().map(ToString::to_string).collect();
    Desc::new(family.name.to_owned(), family.help.to_owned(), labels, std::collections::HashMap::new())
}

/// Reads the snapshot that is in force when a scrape comes.
struct SnapshotCollector {
    published: Published,
    clock: Clock,
    descs: Vec<Desc>,
}

impl Collector for SnapshotCollector {
    fn desc(&self) -> Vec<&Desc> {
        self.descs.iter().collect()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        samples::of(&self.published.load(), self.clock.now())
    }
}
