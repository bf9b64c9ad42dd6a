//! Answers over HTTP, good and hostile.

use std::convert::Infallible;
use std::io;
use std::time::Duration;

use futures_util::stream::{self, Stream, StreamExt};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Bytes, Frame};
use hyper::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderName, LOCATION};
use hyper::http::HeaderValue;
use hyper::{Response, StatusCode};
use serde_json::Value;

use super::behaviour::Reply;

/// A body of the lab: it may end in an error, which makes hyper close the connection.
pub type Body = UnsyncBoxBody<Bytes, io::Error>;

/// What a body that is too large holds: twice the 1 MiB that a client should take.
const TOO_LARGE: usize = 2 << 20;
const CHUNK: usize = 16 << 10;

/// The document, as the reply has it; `None` is the good one.
pub fn answer(document: &Value, reply: Option<&Reply>) -> Response<Body> {
    let text = document.to_string();
    match reply {
        None => json(whole(text)),
        Some(Reply::Member(member, value)) => {
            let mut document = document.clone();
            if let Some(members) = document.as_object_mut() {
                members.remove(*member);
                members.extend(value.clone().map(|value| ((*member).to_owned(), value)));
            }
            json(whole(document.to_string()))
        }
        Some(Reply::Text(text)) => json(whole(text.clone())),
        Some(Reply::Status(status)) => refusal(StatusCode::from_u16(*status).unwrap()),
        Some(Reply::Redirect(url)) => {
            let mut response = refusal(StatusCode::FOUND);
            response.headers_mut().insert(LOCATION, HeaderValue::from_str(url).unwrap());
            response
        }
        Some(Reply::TooLarge) => json(whole(format!("{text}{}", " ".repeat(TOO_LARGE - text.len())))),
        Some(Reply::TooLargeChunked) => json(padded(&text, TOO_LARGE / CHUNK)),
        Some(Reply::Endless) => json(padded(&text, usize::MAX)),
        Some(Reply::OneByteASecond) => json(slow(text)),
        Some(Reply::After(pause)) => {
            let pause = *pause;
            json(streamed(stream::once(async move {
                tokio::time::sleep(pause).await;
                Ok(text)
            })))
        }
        Some(Reply::HeaderBomb) => {
            let mut response = json(whole(text));
            for n in 0..10_000 {
                let name = HeaderName::try_from(format!("x-bomb-{n}")).unwrap();
                response.headers_mut().insert(name, HeaderValue::from_static("boom"));
            }
            response
        }
        Some(Reply::Truncated) => {
            let half = text[..text.len() / 2].to_owned();
            let mut response = json(cut_off(half));
            response.headers_mut().insert(CONTENT_LENGTH, text.len().into());
            response
        }
    }
}

/// An answer with this status and a page for people.
pub fn refusal(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(whole(format!("<html><body><h1>{status}</h1></body></html>\n")));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/html"));
    response
}

/// A body whose length is known.
pub fn whole(text: String) -> Body {
    Full::new(Bytes::from(text)).map_err(|never: Infallible| match never {}).boxed_unsync()
}

fn json(body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// The text and then so many chunks of spaces.
fn padded(text: &str, chunks: usize) -> Body {
    let spaces = stream::iter((0..chunks).map(|_| Ok(" ".repeat(CHUNK))));
    streamed(stream::iter([Ok(text.to_owned())]).chain(spaces))
}

fn slow(text: String) -> Body {
    streamed(stream::unfold(text.into_bytes().into_iter(), |mut rest| async {
        let byte = rest.next()?;
        tokio::time::sleep(Duration::from_secs(1)).await;
        Some((Ok(char::from(byte).to_string()), rest))
    }))
}

/// The text and then an error, after a pause in which hyper sends what it has.
fn cut_off(text: String) -> Body {
    let give_up = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        Err(io::Error::other("the issuer gave up"))
    };
    streamed(stream::iter([Ok(text)]).chain(stream::once(give_up)))
}

fn streamed(frames: impl Stream<Item = io::Result<String>> + Send + 'static) -> Body {
    StreamBody::new(frames.map(|text| text.map(|text| Frame::data(Bytes::from(text))))).boxed_unsync()
}
