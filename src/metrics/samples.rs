//! Samples, collected by family. A value that is not known is left out.

use std::collections::BTreeMap;

use prometheus::proto::{Counter, Gauge, LabelPair, Metric, MetricFamily};

use super::family::{Family, Kind};
use super::labels::LabelSet;
use crate::clock::Timestamp;

/// The samples of a scrape.
#[derive(Default)]
pub(super) struct Samples(BTreeMap<&'static str, MetricFamily>);

impl Samples {
    /// One sample.
    pub(super) fn add<L: LabelSet>(&mut self, family: &Family<L>, labels: L, value: f64) {
        let mut pairs = Vec::new();
        labels.put(&mut |name, value| {
            let mut pair = LabelPair::default();
            pair.set_name(name.to_owned());
            pair.set_value(value);
            pairs.push(pair);
        });
        let mut metric = Metric::default();
        metric.set_label(pairs);
        match family.kind {
            Kind::Counter => {
                let mut counter = Counter::default();
                counter.set_value(value);
                metric.set_counter(counter);
            }
            Kind::Gauge => {
                let mut gauge = Gauge::default();
                gauge.set_value(value);
                metric.set_gauge(gauge);
            }
        }
        let entry = self.0.entry(family.name).or_insert_with(|| {
            let mut made = MetricFamily::default();
            made.set_name(family.name.to_owned());
            made.set_help(family.help.to_owned());
            made.set_field_type(family.kind.into());
            made
        });
        entry.mut_metric().push(metric);
    }

    /// A sample that is always 1: its labels say everything.
    pub(super) fn info<L: LabelSet>(&mut self, family: &Family<L>, labels: L) {
        self.add(family, labels, 1.0);
    }

    /// A number of things.
    #[allow(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
    pub(super) fn count<L: LabelSet>(&mut self, family: &Family<L>, labels: L, count: u64) {
        self.add(family, labels, count as f64);
    }

    /// A time, if there is one.
    pub(super) fn time<L: LabelSet>(&mut self, family: &Family<L>, labels: L, time: Option<Timestamp>) {
        if let Some(time) = time {
            self.add(family, labels, time.as_f64());
        }
    }

    /// 1 or 0.
    pub(super) fn flag<L: LabelSet>(&mut self, family: &Family<L>, labels: L, holds: bool) {
        self.add(family, labels, f64::from(u8::from(holds)));
    }

    /// By name.
    pub(super) fn into_families(self) -> Vec<MetricFamily> {
        self.0.into_values().collect()
    }
}
