//! Which page answers which request.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{
    ACCEPT_ENCODING, ALLOW, CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderValue, VARY,
    X_CONTENT_TYPE_OPTIONS,
};
use hyper::{Method, Request, Response, StatusCode};

use crate::agent::{Published, ReloadHandle};
use crate::metrics::{self, Metrics};

const TEXT: &str = "text/plain; charset=utf-8";
const HTML: &str = "text/html; charset=utf-8";
const INDEX: &str = include_str!("index.html");

/// What the server can show.
pub struct Pages {
    metrics: Metrics,
    published: Published,
    reload: ReloadHandle,
}

type Answer = Response<Full<Bytes>>;

impl Pages {
    /// Pages on what the agent publishes.
    #[must_use]
    pub fn new(metrics: Metrics, published: Published, reload: ReloadHandle) -> Self {
        Self { metrics, published, reload }
    }

    /// The answer to one request; its body is not read.
    pub async fn answer<B>(&self, request: &Request<B>) -> Answer {
        let page = match request.uri().path() {
            "/" => page(StatusCode::OK, HTML, INDEX),
            "/metrics" => self.exposition(request.headers()),
            "/-/healthy" => page(StatusCode::OK, TEXT, "healthy\n"),
            "/-/ready" => self.readiness(),
            "/-/reload" => return self.reload(request.method()).await,
            _ => return page(StatusCode::NOT_FOUND, TEXT, "no such page\n"),
        };
        if matches!(*request.method(), Method::GET | Method::HEAD) {
            return page;
        }
        refusal("GET, HEAD")
    }

    /// Reads the configuration again and says what came of it.
    async fn reload(&self, method: &Method) -> Answer {
        if *method != Method::POST {
            return refusal("POST");
        }
        match self.reload.reload().await {
            None => page(StatusCode::FORBIDDEN, TEXT, "off: web.enable_reload is false\n"),
            Some(Ok(left_out)) if left_out.is_empty() => page(StatusCode::OK, TEXT, "reloaded\n"),
            Some(Ok(left_out)) => {
                let body = format!("reloaded; a restart is needed for {}\n", left_out.join(", "));
                page_of(StatusCode::OK, TEXT, body.into())
            }
            Some(Err(reason)) => page_of(StatusCode::INTERNAL_SERVER_ERROR, TEXT, (reason + "\n").into()),
        }
    }

    fn readiness(&self) -> Answer {
        if self.published.load().ready {
            page(StatusCode::OK, TEXT, "ready\n")
        } else {
            page(StatusCode::SERVICE_UNAVAILABLE, TEXT, "not every issuer has its first result yet\n")
        }
    }

    fn exposition(&self, headers: &HeaderMap) -> Answer {
        let text = match self.metrics.text() {
            Ok(text) => text,
            Err(error) => {
                tracing::error!(%error, "the metrics cannot be encoded; this is a defect of this program");
                return page(StatusCode::INTERNAL_SERVER_ERROR, TEXT, "the metrics cannot be encoded\n");
            }
        };
        let zipped = if accepts_gzip(headers) { gzip(&text) } else { None };
        let encoding = zipped.is_some().then_some(HeaderValue::from_static("gzip"));
        let mut answer = page_of(StatusCode::OK, metrics::CONTENT_TYPE, zipped.unwrap_or(text).into());
        answer.headers_mut().insert(VARY, HeaderValue::from_static("Accept-Encoding"));
        if let Some(encoding) = encoding {
            answer.headers_mut().insert(CONTENT_ENCODING, encoding);
        }
        answer
    }
}

/// For a method that the page does not know.
fn refusal(allowed: &'static str) -> Answer {
    let body = format!("only {}\n", allowed.replace(", ", " and "));
    let mut answer = page_of(StatusCode::METHOD_NOT_ALLOWED, TEXT, body.into());
    answer.headers_mut().insert(ALLOW, HeaderValue::from_static(allowed));
    answer
}

fn page(status: StatusCode, content_type: &'static str, body: &'static str) -> Answer {
    page_of(status, content_type, Bytes::from_static(body.as_bytes()))
}

fn page_of(status: StatusCode, content_type: &'static str, body: Bytes) -> Answer {
    let mut answer = Response::new(Full::new(body));
    *answer.status_mut() = status;
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    answer.headers_mut().insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    answer
}

/// `Accept-Encoding` names gzip, or everything, and does not refuse it with `q=0` (RFC 9110, section 12.5.3).
fn accepts_gzip(headers: &HeaderMap) -> bool {
    let offers = || {
        let lines = headers.get_all(ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
        lines.flat_map(|line| line.split(',')).map(|offer| {
            let mut parts = offer.split(';').map(str::trim);
            let name = parts.next().unwrap_or_default().to_ascii_lowercase();
            let quality = parts.find_map(|part| part.strip_prefix("q=")).map_or(Ok(1.0), str::parse::<f32>);
            (name, quality.is_ok_and(|quality| quality > 0.0))
        })
    };
    let named = |wanted: &str| offers().find(|(name, _)| name == wanted).map(|(_, accepted)| accepted);
    named("gzip").or_else(|| named("*")).unwrap_or(false)
}

fn gzip(text: &[u8]) -> Option<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text).ok()?;
    encoder.finish().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gzip_only_for_those_who_take_it() {
        for (header, accepted) in [
            ("gzip", true),
            ("GZIP;q=0.5, identity", true),
            ("deflate, gzip", true),
            ("*", true),
            ("gzip;q=0, *", false),
            ("*;q=0", false),
            ("identity", false),
            ("", false),
            ("gzip;q=nonsense", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT_ENCODING, HeaderValue::from_static(header));
            assert_eq!(accepts_gzip(&headers), accepted, "{header}");
        }
        assert!(!accepts_gzip(&HeaderMap::new()));
    }
}
