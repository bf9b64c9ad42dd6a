//! Snapshot to exposition. Built anew for each scrape; no value is kept here.

mod families;
mod openmetrics;
mod samples;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;
use prometheus::{Registry, TextEncoder};

pub use families::{ALL, Family};

use crate::agent::Published;
use crate::clock::{Clock, Timestamp};
use crate::snapshot::Snapshot;

/// A format of the exposition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Prometheus text format 0.0.4.
    Text,
    /// OpenMetrics 1.0.
    OpenMetrics,
    /// The draft that OpenMetrics 1.0 grew from, for scrapers that ask for no other; our output fits both.
    OpenMetricsDraft,
}

impl Format {
    /// The content type that it is sent as.
    #[must_use]
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Text => "text/plain; version=0.0.4; charset=utf-8",
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
            Self::OpenMetricsDraft => "application/openmetrics-text; version=0.0.1; charset=utf-8",
        }
    }
}

/// Whether the last change of the web configuration file could be taken over.
pub type WebConfigReload = Arc<AtomicBool>;

/// The metrics of this process.
#[derive(Clone)]
pub struct Metrics {
    registry: Arc<Registry>,
}

impl Metrics {
    /// Registers everything: the snapshot's metrics, those of the process and, when there is a web configuration
    /// file, whether it could be read again.
    ///
    /// # Errors
    /// When two metrics collide, which is a defect.
    pub fn new(
        published: Published,
        clock: Clock,
        web_config: Option<WebConfigReload>,
    ) -> Result<Self, prometheus::Error> {
        let registry = Registry::new();
        let descs = ALL.iter().map(desc).collect::<Result<Vec<Desc>, _>>()?;
        registry.register(Box::new(SnapshotCollector { published, clock, web_config, descs }))?;
        registry.register(Box::new(prometheus::process_collector::ProcessCollector::for_self()))?;
        Ok(Self { registry: Arc::new(registry) })
    }

    /// The exposition, as of now.
    ///
    /// # Errors
    /// When a family is not valid, which is a defect.
    pub fn exposition(&self, format: Format) -> Result<String, prometheus::Error> {
        let families = self.registry.gather();
        match format {
            Format::Text => TextEncoder::new().encode_to_string(&families),
            Format::OpenMetrics | Format::OpenMetricsDraft => openmetrics::encode(&families),
        }
    }
}

/// The exposition of `snapshot` alone, in the text format: nothing of this process.
///
/// # Errors
/// As [`Metrics::exposition`].
pub fn text_of(snapshot: &Snapshot, now: Timestamp) -> Result<String, prometheus::Error> {
    let mut families = samples::of(snapshot, now, None);
    families.retain(|family| !family.name().starts_with("oidc_exporter_"));
    TextEncoder::new().encode_to_string(&families)
}

fn desc(family: &Family) -> Result<Desc, prometheus::Error> {
    let labels = family.labels.iter().map(ToString::to_string).collect();
    Desc::new(family.name.to_owned(), family.help.to_owned(), labels, std::collections::HashMap::new())
}

/// Reads the snapshot that is in force when a scrape comes.
struct SnapshotCollector {
    published: Published,
    clock: Clock,
    web_config: Option<WebConfigReload>,
    descs: Vec<Desc>,
}

impl Collector for SnapshotCollector {
    fn desc(&self) -> Vec<&Desc> {
        self.descs.iter().collect()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        let web_config = self.web_config.as_ref().map(|successful| successful.load(Ordering::Relaxed));
        samples::of(&self.published.load(), self.clock.now(), web_config)
    }
}
