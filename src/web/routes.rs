//! Which page answers which request.

use hyper::body::Bytes;
use hyper::header::{ALLOW, CONTENT_TYPE, HeaderValue, X_CONTENT_TYPE_OPTIONS};
use hyper::{Method, Request, Response, StatusCode};

use super::body::Body;
use super::exposition::Exposition;
use crate::agent::Published;
use crate::metrics::Metrics;

pub(super) const TEXT: &str = "text/plain; charset=utf-8";
const HTML: &str = "text/html; charset=utf-8";
const INDEX: &str = include_str!("index.html");

/// What the server can show.
pub struct Pages {
    exposition: Exposition,
    published: Published,
}

pub(super) type Answer = Response<Body>;

impl Pages {
    /// Pages on what the agent publishes; at most `max_scrapes` expositions are under way at the same time.
    #[must_use]
    pub fn new(metrics: Metrics, published: Published, max_scrapes: usize) -> Self {
        Self { exposition: Exposition::new(metrics, max_scrapes), published }
    }

    /// The answer to one request; its body is not read.
    pub async fn answer<B>(&self, request: &Request<B>) -> Answer {
        match request.uri().path() {
            "/" | "/metrics" if !reads(request) => only_reading(),
            "/" => page(StatusCode::OK, HTML, INDEX),
            "/metrics" => self.exposition.answer(request.headers()).await,
            _ => self.health(request),
        }
    }

    /// The answer of a listener that shows no more than `/-/healthy` and `/-/ready`.
    pub fn health<B>(&self, request: &Request<B>) -> Answer {
        match request.uri().path() {
            "/-/healthy" | "/-/ready" if !reads(request) => only_reading(),
            "/-/healthy" => page(StatusCode::OK, TEXT, "healthy\n"),
            "/-/ready" if self.published.load().is_ready() => page(StatusCode::OK, TEXT, "ready\n"),
            "/-/ready" => {
                page(StatusCode::SERVICE_UNAVAILABLE, TEXT, "not every issuer has its first result yet\n")
            }
            _ => page(StatusCode::NOT_FOUND, TEXT, "no such page\n"),
        }
    }
}

fn reads<B>(request: &Request<B>) -> bool {
    matches!(*request.method(), Method::GET | Method::HEAD)
}

fn only_reading() -> Answer {
    let mut refusal = page(StatusCode::METHOD_NOT_ALLOWED, TEXT, "only GET and HEAD\n");
    refusal.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
    refusal
}

pub(super) fn page(status: StatusCode, content_type: &'static str, body: &'static str) -> Answer {
    page_of(status, content_type, Bytes::from_static(body.as_bytes()))
}

pub(super) fn page_of(status: StatusCode, content_type: &'static str, body: Bytes) -> Answer {
    let mut answer = Response::new(Body::from(body));
    *answer.status_mut() = status;
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    answer.headers_mut().insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    answer
}
