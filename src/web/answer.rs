//! What every answer of the server is made of: a status, a content type, a body.

use hyper::body::Bytes;
use hyper::header::{ALLOW, CONTENT_TYPE, HeaderValue, RETRY_AFTER, X_CONTENT_TYPE_OPTIONS};
use hyper::{Response, StatusCode};
use serde::Serialize;

use super::body::Body;
use crate::refusal::Refusal;

pub(super) const TEXT: &str = "text/plain; charset=utf-8";
const JSON: &str = "application/json";

pub(super) type Answer = Response<Body>;

pub(super) fn json(value: &impl Serialize) -> Answer {
    match serde_json::to_vec(value) {
        Ok(text) => page_of(StatusCode::OK, JSON, text.into()),
        Err(error) => {
            tracing::error!(%error, "cannot encode the state; please report this bug");
            page(StatusCode::INTERNAL_SERVER_ERROR, TEXT, "cannot encode the state\n")
        }
    }
}

/// For a method that the page does not know.
pub(super) fn refusal(allowed: &'static str) -> Answer {
    let body = format!("method not allowed; use {}\n", allowed.replace(", ", " or "));
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

/// A refusal that says when to ask again.
pub(super) fn again(reason: Refusal, status: StatusCode, body: &'static str) -> Answer {
    let mut refusal = page(status, TEXT, body);
    refusal.extensions_mut().insert(reason);
    refusal.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
    refusal
}
