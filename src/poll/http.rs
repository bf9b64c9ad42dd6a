//! One GET after another over one connection, with limits on everything that is read.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use http_body_util::{BodyExt as _, Empty, LengthLimitError, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1::{self, SendRequest};
use hyper::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_ENCODING, HOST, TRANSFER_ENCODING, USER_AGENT};
use hyper::http::HeaderValue;
use hyper::{HeaderMap, Request, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_rustls::client::TlsStream;
use tokio_util::task::AbortOnDropHandle;
use url::{Position, Url};

use super::bounds::{MAX_DOCUMENT_BYTES, MAX_HEAD_BYTES, MAX_HEADERS};
use super::coding::codings;
use super::error::PollError;
use super::http_error::HttpError;
use super::phase::Phase;
use super::wire::Stream;

pub(super) const AGENT: &str = concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION"));
/// The types of both documents (OpenID Connect Discovery 1.0, section 4.2; RFC 7517, section 8.5.2), and whatever else a
/// server has: it is read all the same.
const TYPES: &str = "application/json, application/jwk-set+json, */*;q=0.1";
/// Without this, any coding would be acceptable (RFC 9110, section 12.5.3).
const CODINGS: &str = "identity";

/// An open connection to one face of an endpoint; closed when dropped.
pub struct Connection {
    sender: SendRequest<Empty<Bytes>>,
    _driver: AbortOnDropHandle<()>,
}

impl Connection {
    /// Speaks HTTP/1.1 over `stream`; sends nothing yet. What old servers send is taken where it does no harm: folded
    /// headers (RFC 9112, section 5.2, asks clients for that), spaces before the colon, lines that are no header.
    ///
    /// # Errors
    /// [`PollError::Http`].
    pub(super) async fn new(stream: TlsStream<Stream>) -> Result<Self, PollError> {
        let (sender, connection) = http1::Builder::new()
            .max_buf_size(MAX_HEAD_BYTES)
            .max_headers(MAX_HEADERS)
            .title_case_headers(true)
            .allow_obsolete_multiline_headers_in_responses(true)
            .allow_spaces_after_header_name_in_responses(true)
            .ignore_invalid_headers_in_responses(true)
            .handshake(TokioIo::new(EndsAsTcp(stream)))
            .await
            .map_err(|error| PollError::Http { phase: Phase::Discovery, error: HttpError::of(&error) })?;
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
        let broken = |error: &(dyn std::error::Error + 'static)| PollError::Http {
            phase,
            error: HttpError::of(error),
        };
        let not_read = |error: HttpError| PollError::Http { phase, error };
        self.sender.ready().await.map_err(|error| broken(&error))?;
        let request = Request::get(&url[Position::BeforePath..Position::AfterQuery])
            .header(HOST, &url[Position::BeforeHost..Position::AfterPort])
            .header(USER_AGENT, AGENT)
            .header(ACCEPT, TYPES)
            .header(ACCEPT_ENCODING, CODINGS)
            .body(Empty::new())
            .map_err(|error| broken(&error))?;
        let answer = self.sender.send_request(request).await.map_err(|error| {
            if error.is_parse_too_large() { PollError::HeadTooLarge(phase) } else { broken(&error) }
        })?;
        match answer.status() {
            StatusCode::OK => {}
            status if status.is_redirection() && status != StatusCode::NOT_MODIFIED => {
                return Err(PollError::Redirect { phase, status: status.as_u16() });
            }
            status => return Err(PollError::HttpStatus { phase, status: status.as_u16() }),
        }
        let (head, body) = answer.into_parts();
        let body = match Limited::new(body, MAX_DOCUMENT_BYTES).collect().await {
            Ok(body) => body.to_bytes(),
            Err(error) if error.is::<LengthLimitError>() => {
                return Err(PollError::TooLarge { phase, limit: MAX_DOCUMENT_BYTES });
            }
            Err(error) => return Err(broken(error.as_ref())),
        };
        plain(&head.headers, body).map_err(not_read)
    }
}

/// The document without its codings. Transfer codings come after content codings
/// (RFC 9112, section 6.1), and hyper has undone the last of them, chunked.
fn plain(headers: &HeaderMap, body: Bytes) -> Result<Bytes, HttpError> {
    let named = |header| headers.get_all(header).into_iter().map(HeaderValue::as_bytes);
    let transfer = named(TRANSFER_ENCODING).map(without_chunked);
    let content = named(CONTENT_ENCODING);
    Ok(codings(content.chain(transfer))?.undo(body)?)
}

fn without_chunked(header: &[u8]) -> &[u8] {
    let at = header.len().saturating_sub(b"chunked".len());
    match header.split_at(at) {
        (others, last) if last.eq_ignore_ascii_case(b"chunked") => others,
        _ => header,
    }
}

/// A TLS stream that ends where its TCP connection does. Without `close_notify` nobody can tell whether the other side
/// or somebody in between ended it; but here Content-Length, the chunks or the JSON show whether a document is whole.
struct EndsAsTcp<S>(S);

impl<S: AsyncRead + Unpin> AsyncRead for EndsAsTcp<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match Pin::new(&mut self.0).poll_read(cx, buf) {
            Poll::Ready(Err(error)) if error.kind() == io::ErrorKind::UnexpectedEof => Poll::Ready(Ok(())),
            other => other,
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for EndsAsTcp<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}
