//! One GET after another over one connection, with limits on everything that is read.

use std::time::Duration;

use http_body_util::{BodyExt as _, Empty, LengthLimitError, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1::{self, SendRequest};
use hyper::header::{ACCEPT, HOST, USER_AGENT};
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use tokio_rustls::client::TlsStream;
use tokio_util::task::AbortOnDropHandle;
use url::{Position, Url};

use super::error::PollError;
use super::phase::Phase;
use super::stream::Stream;

/// Longest discovery document or JWKS, bytes.
pub(super) const MAX_DOCUMENT_BYTES: usize = 1024 * 1024;
/// Longest head of an answer, bytes.
const MAX_HEAD_BYTES: usize = 64 * 1024;
/// Headers of an answer.
const MAX_HEADERS: usize = 100;
pub(super) const AGENT: &str = concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION"));

/// An open connection to one face of an endpoint; closed when dropped.
pub struct Connection {
    sender: SendRequest<Empty<Bytes>>,
    _driver: AbortOnDropHandle<()>,
}

impl Connection {
    /// Speaks HTTP/1.1 over `stream`; sends nothing yet.
    ///
    /// # Errors
    /// [`PollError::Http`].
    pub(super) async fn new(stream: TlsStream<Stream>) -> Result<Self, PollError> {
        let (sender, connection) = http1::Builder::new()
            .max_buf_size(MAX_HEAD_BYTES)
            .max_headers(MAX_HEADERS)
            .handshake(TokioIo::new(stream))
            .await
            .map_err(|error| PollError::Http { phase: Phase::Discovery, error: with_causes(&error) })?;
        // Its end, good or bad, reaches the request that is under way.
        let driver = tokio::spawn(async move { drop(connection.await) });
        Ok(Self { sender, _driver: AbortOnDropHandle::new(driver) })
    }

    /// The other side has not closed it, as far as is known. (It can be open and not ready yet: [`Self::get`] waits.)
    pub fn is_open(&self) -> bool {
        !self.sender.is_closed()
    }

    /// Fetches `url`, which must be on this connection's endpoint, within `limit`.
    ///
    /// # Errors
    /// `Http`, `Redirect`, `HttpStatus`, `TooLarge`, `HeadTooLarge`, `Timeout`.
    pub async fn get(&mut self, url: &Url, phase: Phase, limit: Duration) -> Result<Bytes, PollError> {
        tokio::time::timeout(limit, self.get_unlimited(url, phase))
            .await
            .map_err(|_| PollError::Timeout(phase))?
    }

    async fn get_unlimited(&mut self, url: &Url, phase: Phase) -> Result<Bytes, PollError> {
        let broken = |error: &dyn std::error::Error| PollError::Http { phase, error: with_causes(error) };
        self.sender.ready().await.map_err(|error| broken(&error))?;
        let request = Request::get(&url[Position::BeforePath..Position::AfterQuery])
            .header(HOST, &url[Position::BeforeHost..Position::AfterPort])
            .header(USER_AGENT, AGENT)
            .header(ACCEPT, "application/json")
            .body(Empty::new())
            .map_err(|error| broken(&error))?;
        let answer = self.sender.send_request(request).await.map_err(|error| {
            if error.is_parse_too_large() { PollError::HeadTooLarge(phase) } else { broken(&error) }
        })?;
        match answer.status() {
            StatusCode::OK => {}
            status if status.is_redirection() => {
                return Err(PollError::Redirect { phase, status: status.as_u16() });
            }
            status => return Err(PollError::HttpStatus { phase, status: status.as_u16() }),
        }
        match Limited::new(answer.into_body(), MAX_DOCUMENT_BYTES).collect().await {
            Ok(body) => Ok(body.to_bytes()),
            Err(error) if error.is::<LengthLimitError>() => {
                Err(PollError::TooLarge { phase, limit: MAX_DOCUMENT_BYTES })
            }
            Err(error) => Err(broken(error.as_ref())),
        }
    }
}

/// An error and what caused it, in one line.
pub(super) fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}
