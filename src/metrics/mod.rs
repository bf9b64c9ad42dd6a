//! Snapshot to exposition: in goes the snapshot, out come its samples, one subject a file, in the format that was asked
//! for. Built anew for each scrape; no value is kept here.

mod account;
mod endpoint;
mod exporter;
mod family;
mod issuer;
mod labels;
mod provider;
mod samples;
mod write;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64};

use prometheus::Registry;
use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;

pub(crate) use family::Description;
pub use write::Format;

use samples::Samples;

use crate::clock::{Clock, Timestamp};
use crate::refusal::Refusals;
use crate::snapshot::{Published, Snapshot};

/// Whether the last change of the web configuration file could be taken over.
pub type WebConfigReload = Arc<AtomicBool>;
/// How many log lines were lost.
pub type DroppedLines = Arc<AtomicU64>;

/// What this process knows of itself, beside the snapshot.
#[derive(Clone, Debug, Default)]
pub struct Own {
    /// None when there is no web configuration file.
    pub web_config: Option<WebConfigReload>,
    pub refusals: Arc<Refusals>,
    pub dropped_lines: DroppedLines,
}

/// The metrics of this process.
#[derive(Clone)]
pub struct Metrics {
    registry: Arc<Registry>,
}

impl Metrics {
    /// Registers everything: the snapshot's metrics, those of this program and those of the process.
    ///
    /// # Errors
    /// When two metrics collide, which is a defect.
    pub fn new(published: Published, clock: Clock, own: Own) -> Result<Self, prometheus::Error> {
        let registry = Registry::new();
        let descs = families().iter().map(desc).collect::<Result<Vec<Desc>, _>>()?;
        registry.register(Box::new(SnapshotCollector { published, clock, own, descs }))?;
        registry.register(Box::new(prometheus::process_collector::ProcessCollector::for_self()))?;
        Ok(Self { registry: Arc::new(registry) })
    }

    /// The exposition, as of now.
    ///
    /// # Errors
    /// When a family is not valid, which is a defect.
    pub fn exposition(&self, format: Format) -> Result<String, prometheus::Error> {
        write::encode(&self.registry.gather(), format)
    }
}

/// Every family, by subject.
#[must_use]
pub fn families() -> Vec<Description> {
    [
        issuer::describe(),
        endpoint::describe(),
        provider::describe(),
        account::describe(),
        exporter::describe(),
    ]
    .concat()
}

/// The exposition of `snapshot` alone, in the text format: nothing of this process.
///
/// # Errors
/// As [`Metrics::exposition`].
pub fn text_of(snapshot: &Snapshot, now: Timestamp) -> Result<String, prometheus::Error> {
    let mut samples = Samples::default();
    sample(&mut samples, snapshot, now);
    write::encode(&samples.into_families(), Format::Text)
}

/// Everything but this process.
fn sample(samples: &mut Samples, snapshot: &Snapshot, now: Timestamp) {
    let problems = snapshot.problems(now);
    for (issuer, state, found) in problems.of_issuers() {
        issuer::sample(samples, issuer, state, snapshot, found, now);
    }
    for (endpoint, state) in &snapshot.endpoints {
        endpoint::sample(samples, endpoint, state);
    }
    for (judged, found) in problems.of_providers() {
        provider::sample(samples, judged, snapshot, found, now);
    }
    if let Some(account) = &snapshot.account {
        account::sample(samples, account, snapshot);
    }
}

fn desc(family: &Description) -> Result<Desc, prometheus::Error> {
    let labels = family.labels.iter().map(ToString::to_string).collect();
    Desc::new(family.name.to_owned(), family.help.to_owned(), labels, std::collections::HashMap::new())
}

/// Reads the snapshot that is in force when a scrape comes.
struct SnapshotCollector {
    published: Published,
    clock: Clock,
    own: Own,
    descs: Vec<Desc>,
}

impl Collector for SnapshotCollector {
    fn desc(&self) -> Vec<&Desc> {
        self.descs.iter().collect()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        let mut samples = Samples::default();
        let snapshot = self.published.load();
        exporter::sample(&mut samples, &snapshot, &self.own);
        sample(&mut samples, &snapshot, self.clock.now());
        samples.into_families()
    }
}
