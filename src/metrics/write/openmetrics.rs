//! The text format of OpenMetrics 1.0, which the `prometheus` crate does not write.
//!
//! State sets stay gauges: OpenMetrics wants the label of a state set to bear the family's name, where ours is
//! `status`. A label that changed with the format a scraper negotiates would break every alert on it.

use std::fmt::{self, Write as _};

use prometheus::proto::{Metric, MetricFamily, MetricType};
use strum::Display;

/// Units that a family's name can end in (Prometheus naming practices; OpenMetrics, "Units and Base Units").
const UNITS: [&str; 3] = ["seconds", "bytes", "ratio"];

/// The types that this program exports.
#[derive(Clone, Copy, PartialEq, Eq, Display)]
#[strum(serialize_all = "lowercase")]
enum Type {
    Counter,
    Gauge,
    Info,
}

/// What OpenMetrics calls a family, and how its samples differ from that name.
struct Head<'a> {
    name: &'a str,
    kind: Type,
    suffix: &'static str,
    unit: Option<&'static str>,
}

impl<'a> Head<'a> {
    /// `None` for a type that this program does not export.
    fn of(family: &'a MetricFamily) -> Option<Self> {
        let full = family.name();
        let (name, kind, suffix) = match family.get_field_type() {
            MetricType::COUNTER => (full.strip_suffix("_total")?, Type::Counter, "_total"),
            MetricType::GAUGE => match full.strip_suffix("_info") {
                Some(name) => (name, Type::Info, "_info"),
                None => (full, Type::Gauge, ""),
            },
            _ => return None,
        };
        let has_unit = |unit: &&str| name.strip_suffix(*unit).is_some_and(|rest| rest.ends_with('_'));
        let unit = if kind == Type::Info { None } else { UNITS.into_iter().find(has_unit) };
        Some(Self { name, kind, suffix, unit })
    }
}

/// Writes `families`, which must be sorted by name, as [`prometheus::Registry::gather`] does.
///
/// # Errors
/// A family that is neither gauge nor counter, or a counter whose name does not end in `_total`.
pub(super) fn encode(families: &[MetricFamily]) -> Result<String, prometheus::Error> {
    let mut out = String::new();
    for family in families {
        let refuse = || prometheus::Error::Msg(format!("{} has no form in OpenMetrics", family.name()));
        let head = Head::of(family).ok_or_else(refuse)?;
        write_family(&mut out, &head, family).map_err(|_| refuse())?;
    }
    out.push_str("# EOF\n");
    Ok(out)
}

fn write_family(out: &mut String, head: &Head<'_>, family: &MetricFamily) -> fmt::Result {
    writeln!(out, "# TYPE {} {}", head.name, head.kind)?;
    if let Some(unit) = head.unit {
        writeln!(out, "# UNIT {} {unit}", head.name)?;
    }
    write!(out, "# HELP {} ", head.name)?;
    write_escaped(out, family.help());
    out.push('\n');
    for metric in family.get_metric() {
        write!(out, "{}{}", head.name, head.suffix)?;
        write_labels(out, metric)?;
        out.push(' ');
        let counts = family.get_field_type() == MetricType::COUNTER;
        write_number(
            out,
            if counts { metric.get_counter().get_value() } else { metric.get_gauge().get_value() },
        )?;
        out.push('\n');
    }
    Ok(())
}

fn write_labels(out: &mut String, metric: &Metric) -> fmt::Result {
    for (index, label) in metric.get_label().iter().enumerate() {
        let before = if index == 0 { '{' } else { ',' };
        write!(out, "{before}{}=\"", label.name())?;
        write_escaped(out, label.value());
        out.push('"');
    }
    if !metric.get_label().is_empty() {
        out.push('}');
    }
    Ok(())
}

/// Backslash, quote and line feed have escapes, in label values and in help alike.
fn write_escaped(out: &mut String, text: &str) {
    for character in text.chars() {
        match character {
            '\\' => out.push_str("\\\\"),
            '"' => out.push_str("\\\""),
            '\n' => out.push_str("\\n"),
            other => out.push(other),
        }
    }
}

fn write_number(out: &mut String, number: f64) -> fmt::Result {
    if number.is_nan() {
        out.push_str("NaN");
        Ok(())
    } else if number.is_infinite() {
        out.push_str(if number > 0.0 { "+Inf" } else { "-Inf" });
        Ok(())
    } else {
        write!(out, "{number}")
    }
}

#[cfg(test)]
mod tests {
    use prometheus::proto::{Counter, Gauge, LabelPair};

    use super::*;

    fn family(name: &str, kind: MetricType, value: f64, labels: &[(&str, &str)]) -> MetricFamily {
        let mut metric = Metric::default();
        let mut pairs = Vec::new();
        for (name, value) in labels {
            let mut pair = LabelPair::default();
            pair.set_name((*name).to_owned());
            pair.set_value((*value).to_owned());
            pairs.push(pair);
        }
        metric.set_label(pairs);
        let (mut gauge, mut counter) = (Gauge::default(), Counter::default());
        gauge.set_value(value);
        counter.set_value(value);
        metric.set_gauge(gauge);
        metric.set_counter(counter);
        let mut family = MetricFamily::default();
        family.set_name(name.to_owned());
        family.set_help("Help, \"quoted\" \\ on\ntwo lines.".to_owned());
        family.set_field_type(kind);
        family.mut_metric().push(metric);
        family
    }

    const HELP: &str = r#"Help, \"quoted\" \\ on\ntwo lines."#;

    #[test]
    fn each_type_has_its_form() {
        let hostile = [("subject", "CN=\"a\\b\nc\" \u{202e}x")];
        let written = encode(&[
            family("a_info", MetricType::GAUGE, 1.0, &hostile),
            family("b_seconds_total", MetricType::COUNTER, 3.0, &[("x", "1"), ("y", "")]),
            family("c_days_to_expiry", MetricType::GAUGE, -0.5, &[]),
            family("d_timestamp_seconds", MetricType::GAUGE, 1_795_000_000.25, &[]),
            family("seconds", MetricType::GAUGE, f64::INFINITY, &[]),
        ]);
        let wanted = [
            "# TYPE a info".to_owned(),
            format!("# HELP a {HELP}"),
            "a_info{subject=\"CN=\\\"a\\\\b\\nc\\\" \u{202e}x\"} 1".to_owned(),
            "# TYPE b_seconds counter".to_owned(),
            "# UNIT b_seconds seconds".to_owned(),
            format!("# HELP b_seconds {HELP}"),
            "b_seconds_total{x=\"1\",y=\"\"} 3".to_owned(),
            "# TYPE c_days_to_expiry gauge".to_owned(),
            format!("# HELP c_days_to_expiry {HELP}"),
            "c_days_to_expiry -0.5".to_owned(),
            "# TYPE d_timestamp_seconds gauge".to_owned(),
            "# UNIT d_timestamp_seconds seconds".to_owned(),
            format!("# HELP d_timestamp_seconds {HELP}"),
            "d_timestamp_seconds 1795000000.25".to_owned(),
            "# TYPE seconds gauge".to_owned(),
            format!("# HELP seconds {HELP}"),
            "seconds +Inf".to_owned(),
            "# EOF".to_owned(),
        ];
        assert_eq!(written.unwrap().lines().collect::<Vec<_>>(), wanted);
    }

    #[test]
    fn what_has_no_form_is_an_error() {
        assert!(encode(&[family("a", MetricType::HISTOGRAM, 1.0, &[])]).is_err());
        assert!(encode(&[family("a", MetricType::COUNTER, 1.0, &[])]).is_err());
    }

    /// Two families of ours that differ only in a suffix would be one in OpenMetrics.
    #[test]
    fn no_two_families_share_a_name() {
        let families: Vec<MetricFamily> = crate::metrics::families()
            .iter()
            .map(|known| family(known.name, known.kind.into(), 1.0, &[]))
            .collect();
        let mut names: Vec<&str> = families.iter().map(|family| Head::of(family).unwrap().name).collect();
        names.sort_unstable();
        let all = names.len();
        names.dedup();
        assert_eq!(names.len(), all);
    }
}
