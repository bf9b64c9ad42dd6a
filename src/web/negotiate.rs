//! What a client can read: `Accept` and `Accept-Encoding` (RFC 9110, sections 12.5.1 and 12.5.3).

use std::cmp::Ordering;

use hyper::header::{ACCEPT, ACCEPT_ENCODING, HeaderMap, HeaderName};

use crate::metrics::Format;

/// How a body is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Coding {
    /// As it is.
    Identity,
    /// RFC 1952.
    Gzip,
    /// RFC 8878.
    Zstd,
}

impl Coding {
    /// Its name in `Content-Encoding`, where that is sent.
    pub(super) const fn name(self) -> Option<&'static str> {
        match self {
            Self::Identity => None,
            Self::Gzip => Some("gzip"),
            Self::Zstd => Some("zstd"),
        }
    }
}

/// One element of a list with weights.
struct Element<'a> {
    value: &'a str,
    parameters: Vec<(&'a str, &'a str)>,
    weight: f32,
}

/// The elements of all lines of a header; one whose weight cannot be read is left out.
fn elements(headers: &HeaderMap, name: HeaderName) -> Vec<Element<'_>> {
    let lines = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    lines.flat_map(|line| split(line, ',')).filter_map(element).collect()
}

fn element(text: &str) -> Option<Element<'_>> {
    let mut parts = split(text, ';').map(str::trim);
    let value = parts.next().filter(|value| !value.is_empty())?;
    let parameters: Vec<(&str, &str)> = parts
        .filter_map(|part| part.split_once('='))
        .map(|(key, value)| (key.trim(), value.trim().trim_matches('"')))
        .collect();
    let weight = parameters.iter().find(|(key, _)| key.eq_ignore_ascii_case("q"));
    let weight = weight.map_or(Ok(1.0), |(_, weight)| weight.parse::<f32>()).ok()?;
    (0.0..=1.0).contains(&weight).then_some(Element { value, parameters, weight })
}

/// Splits outside of quoted strings.
fn split(text: &str, separator: char) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    let mut escaped = false;
    text.split(move |character| {
        let ends = character == separator && !quoted;
        match character {
            '"' if !escaped => quoted = !quoted,
            _ => {}
        }
        escaped = quoted && character == '\\' && !escaped;
        ends
    })
}

/// The format that the client likes best. Between equals the one that it names more closely, then the text format;
/// that is also the answer to a client that takes none of them, as is the custom of exporters.
pub(super) fn format(headers: &HeaderMap) -> Format {
    const OFFERS: [Format; 3] = [Format::Text, Format::OpenMetrics, Format::OpenMetricsDraft];
    let ranges = elements(headers, ACCEPT);
    let ranked = OFFERS.into_iter().filter_map(|offer| {
        let matching = ranges.iter().filter_map(|range| Some((closeness(range, offer)?, range.weight)));
        let (closeness, weight) = matching.max_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)))?;
        (weight > 0.0).then_some((offer, weight, closeness))
    });
    // Of equals the first is kept.
    let best = ranked.reduce(|best, next| match next.1.total_cmp(&best.1).then(next.2.cmp(&best.2)) {
        Ordering::Greater => next,
        _ => best,
    });
    best.map_or(Format::Text, |(offer, ..)| offer)
}

/// How closely a media range names a format, if it covers it at all: `*/*`, `type/*`, `type/subtype`, with version.
fn closeness(range: &Element<'_>, offer: Format) -> Option<u8> {
    let (media, version) = match offer {
        Format::Text => ("text/plain", "0.0.4"),
        Format::OpenMetrics => ("application/openmetrics-text", "1.0.0"),
        Format::OpenMetricsDraft => ("application/openmetrics-text", "0.0.1"),
    };
    let kind = media.split('/').next().unwrap_or_default();
    if range.value == "*/*" {
        Some(0)
    } else if range.value.strip_suffix("/*").is_some_and(|named| named.eq_ignore_ascii_case(kind)) {
        Some(1)
    } else if range.value.eq_ignore_ascii_case(media) {
        match range.parameters.iter().find(|(key, _)| key.eq_ignore_ascii_case("version")) {
            Some((_, wanted)) if *wanted != version => None,
            Some(_) => Some(3),
            None => Some(2),
        }
    } else {
        None
    }
}

/// The coding that the client likes best; between equals the smaller body. A client that takes anything gets gzip,
/// which every client knows.
pub(super) fn coding(headers: &HeaderMap) -> Coding {
    let elements = elements(headers, ACCEPT_ENCODING);
    let weight = |name: &str| {
        elements.iter().find(|element| element.value.eq_ignore_ascii_case(name)).map(|element| element.weight)
    };
    let anything = weight("*");
    let zstd = weight("zstd").unwrap_or(0.0);
    let gzip = weight("gzip").or(anything).unwrap_or(0.0);
    let identity = weight("identity").unwrap_or(0.0);
    if zstd > 0.0 && zstd >= gzip && zstd >= identity {
        Coding::Zstd
    } else if gzip > 0.0 && gzip >= identity {
        Coding::Gzip
    } else {
        Coding::Identity
    }
}

#[cfg(test)]
mod tests {
    use hyper::header::HeaderValue;

    use super::*;

    fn headers(name: &HeaderName, lines: &[&'static str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(name.clone(), HeaderValue::from_static(line));
        }
        headers
    }

    #[test]
    fn the_format_that_each_client_means() {
        use Format::{OpenMetrics, OpenMetricsDraft, Text};
        const PROMETHEUS_2: &str = "application/openmetrics-text;version=1.0.0,\
            application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1";
        const PROMETHEUS_2_26: &str =
            "application/openmetrics-text; version=0.0.1,text/plain;version=0.0.4;q=0.5,*/*;q=0.1";
        const PROMETHEUS_3: &str = "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,\
            application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,\
            text/plain;version=0.0.4;q=0.3,*/*;q=0.2";
        const WITH_PROTOBUF: &str = "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;\
            encoding=delimited;q=0.7,application/openmetrics-text;version=1.0.0;q=0.6,text/plain;q=0.5";
        for (lines, wanted) in [
            (&[PROMETHEUS_2][..], OpenMetrics),
            (&[PROMETHEUS_2_26], OpenMetricsDraft),
            (&[PROMETHEUS_3], OpenMetrics),
            (&[WITH_PROTOBUF], OpenMetrics),
            (&["text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"], Text),
            (&["*/*"], Text),
            (&[], Text),
            (&[""], Text),
            (&["application/json"], Text),
            (&["application/openmetrics-text"], OpenMetrics),
            (&["application/OpenMetrics-Text; Version=\"1.0.0\"; Q=0.3"], OpenMetrics),
            (&["application/openmetrics-text;version=2.0.0, text/plain;q=0.1"], Text),
            (&["application/openmetrics-text;version=1.0.0;q=0.2,text/plain;q=0.3"], Text),
            (&["text/plain;q=0.5", "application/openmetrics-text;q=0.6"], OpenMetrics),
            (&["application/openmetrics-text;q=0,*/*"], Text),
            (&["text/plain;q=0, application/*;q=0.1"], OpenMetrics),
            (&["*/*;q=0"], Text),
            (&["application/openmetrics-text;q=2, text/plain;q=0.1"], Text),
            (&["application/openmetrics-text;q=nan, text/plain;q=0.1"], Text),
            (&["x/y;z=\"a,application/openmetrics-text;q=1\", text/plain;q=0.1"], Text),
        ] {
            assert_eq!(format(&headers(&ACCEPT, lines)), wanted, "{lines:?}");
        }
    }

    #[test]
    fn the_coding_that_each_client_means() {
        use Coding::{Gzip, Identity, Zstd};
        for (lines, wanted) in [
            (&["gzip"][..], Gzip),
            (&["GZIP;q=0.5, identity;q=0.4"], Gzip),
            (&["gzip;q=0.5, identity"], Identity),
            (&["deflate, gzip"], Gzip),
            (&["gzip, deflate, br, zstd"], Zstd),
            (&["gzip;q=1.0", "zstd;q=0.9"], Gzip),
            (&["zstd"], Zstd),
            (&["*"], Gzip),
            (&["gzip;q=0, *"], Identity),
            (&["*;q=0"], Identity),
            (&["identity;q=0"], Identity),
            (&["identity"], Identity),
            (&["br"], Identity),
            (&[""], Identity),
            (&["gzip;q=nonsense"], Identity),
            (&["gzip;q=1e9, zstd;q=-1"], Identity),
            (&[], Identity),
        ] {
            assert_eq!(coding(&headers(&ACCEPT_ENCODING, lines)), wanted, "{lines:?}");
        }
    }
}
