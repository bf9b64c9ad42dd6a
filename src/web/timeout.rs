//! How long whoever asks will wait for the answer.

use std::time::Duration;

use hyper::header::HeaderMap;

/// Prometheus tells how long it waits, in seconds.
const SCRAPE_TIMEOUT: &str = "X-Prometheus-Scrape-Timeout-Seconds";
/// Of that, what is left for the way back.
const MARGIN: Duration = Duration::from_millis(500);

/// How long Prometheus waits, less a margin; `None` when it does not say so.
#[must_use]
pub(super) fn scrape_timeout(headers: &HeaderMap) -> Option<Duration> {
    let whole = seconds(headers.get(SCRAPE_TIMEOUT)?.to_str().ok()?)?;
    Some(whole.saturating_sub(MARGIN).max(whole / 2))
}

/// The parameter `timeout` of a probe: `30s`, `1m` or a number of seconds.
#[must_use]
pub(super) fn parse(text: &str) -> Option<Duration> {
    seconds(text).or_else(|| humantime::parse_duration(text.trim()).ok()).filter(|time| !time.is_zero())
}

fn seconds(text: &str) -> Option<Duration> {
    let seconds: f64 = text.trim().parse().ok()?;
    Duration::try_from_secs_f64(seconds).ok().filter(|time| !time.is_zero())
}

#[cfg(test)]
mod tests {
    use hyper::header::HeaderValue;

    use super::*;

    #[test]
    fn the_scrape_timeout_less_a_margin() {
        for (header, millis) in [
            ("10", Some(9_500)),
            ("10.25", Some(9_750)),
            ("1", Some(500)),
            ("0.2", Some(100)),
            ("0", None),
            ("-1", None),
            ("NaN", None),
            ("inf", None),
            ("1e300", None),
            ("soon", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(SCRAPE_TIMEOUT, HeaderValue::from_static(header));
            assert_eq!(scrape_timeout(&headers), millis.map(Duration::from_millis), "{header}");
        }
        assert_eq!(scrape_timeout(&HeaderMap::new()), None);
    }

    #[test]
    fn the_parameter_of_a_probe() {
        for (text, millis) in [
            ("10", Some(10_000)),
            ("2.5", Some(2_500)),
            ("10s", Some(10_000)),
            ("1m", Some(60_000)),
            ("0", None),
            ("0s", None),
            ("-5s", None),
            ("", None),
            ("soon", None),
        ] {
            assert_eq!(parse(text), millis.map(Duration::from_millis), "{text}");
        }
    }
}
