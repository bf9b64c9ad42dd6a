//! What every answer of the server is made of: a status, a content type, a body.

use hyper::body::Bytes;
use hyper::header::{ALLOW, CONTENT_TYPE, HeaderValue, X_CONTENT_TYPE_OPTIONS};
use hyper::{Response, StatusCode};
use serde::Serialize;

use super::body::Body;

pub(super) const TEXT: &str = "text/plain; charset=utf-8";
const JSON: &str = "application/json";

pub(super) type Answer = Response<Body>;

pub(super) fn json(value: &impl Serialize) -> Answer {
    match serde_json::to_vec(value) {
        Ok(text) => page_of(StatusCode::OK, JSON, text.into()),
        Err(error) => {
            tracing::error!(%error, "the state cannot be encoded; this is a defect of this program");
            page(StatusCode::INTERNAL_SERVER_ERROR, TEXT, "the state cannot be encoded\n")
        }
    }
}

/// For a method that the page does not know.
pub(super) fn refusal(allowed: &'static str) -> Answer {
    let body = format!("only {}\n", allowed.replace(", ", " and "));
    let mut answer = page_of(StatusCode::METHOD_NOT_ALLOWED, TEXT, body.into());
    answer.headers_mut().insert(ALLOW, HeaderValue::from_static(allowed));
    answer
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
