//! Families to text, in the formats that scrapers ask for.

mod openmetrics;

use prometheus::TextEncoder;
use prometheus::proto::MetricFamily;

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

/// Writes `families`, which must be sorted by name.
///
/// # Errors
/// When a family has no form in the format.
pub(super) fn encode(families: &[MetricFamily], format: Format) -> Result<String, prometheus::Error> {
    match format {
        Format::Text => TextEncoder::new().encode_to_string(families),
        Format::OpenMetrics | Format::OpenMetricsDraft => openmetrics::encode(families),
    }
}
