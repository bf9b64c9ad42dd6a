//! Accepts connections, shakes hands where TLS is on, and speaks HTTP/1.1 until the client, its deadline or the
//! program ends it. Whoever gets nothing, or not what was asked for, is taken note of.

use std::convert::Infallible;
use std::io::Cursor;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use hyper::body::Incoming;
use hyper::header::{AUTHORIZATION, CONNECTION, HeaderValue};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::answer::{Answer, TEXT, page};
use super::body::Body;
use super::client::Client;
use super::config::WebConfig;
use super::connections::{Place, Places};
use super::handshake_failure::HandshakeFailure;
use super::refusal_log::RefusalLog;
use super::socket::{Listener, Peer, Stream};
use crate::log_limit::{Admitted, Limiter, NOTE};
use crate::refusal::Refusal;

/// Longest head of a request, bytes; hyper answers 431 to a longer one. Also how much of an answer waits in memory
/// for a slow client.
const MAX_HEAD_BYTES: usize = 16 * 1024;
/// Longest wait for answers that are under way when the end comes.
const DRAIN: Duration = Duration::from_secs(5);
/// Pause after a failed accept, such as when file descriptors have run out.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// What one listener serves: the rules for its connections, and the answers.
pub(super) trait Service: Send + Sync + 'static {
    /// The configuration in force, which a connection keeps until it is superseded.
    fn config(&self) -> Arc<WebConfig>;

    /// The answer to one request. One that is a refusal has its [`Refusal`] among its extensions.
    fn respond(
        &self,
        config: &WebConfig,
        client: &Client,
        request: &Request<Incoming>,
    ) -> impl Future<Output = Response<Body>> + Send;
}

/// Serves until `stop`, on at most `limit` connections at a time; then drains for at most [`DRAIN`].
pub(super) async fn serve(
    listener: Listener,
    service: Arc<impl Service>,
    limit: usize,
    refused: Arc<RefusalLog>,
    stop: CancellationToken,
) {
    let places = Places::new(limit);
    let connections = TaskTracker::new();
    let abort = CancellationToken::new();
    let mut failures = Limiter::new();
    for id in 0.. {
        let accepted = tokio::select! {
            () = stop.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                if let Some(Admitted { held_back, last }) = failures.admit(error.kind(), Instant::now()) {
                    let note = last.then_some(NOTE);
                    tracing::warn!(%error, held_back, note, "cannot accept a connection");
                }
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        let place = tokio::select! {
            () = stop.cancelled() => break,
            place = places.take(id, peer.network()) => Arc::new(place),
        };
        let (service, config) = (Arc::clone(&service), service.config());
        let refused = Arc::clone(&refused);
        let connection = Connection { peer, place, service, config, refused, stop: stop.clone() };
        let abort = abort.clone();
        connections.spawn(async move {
            tokio::select! {
                () = abort.cancelled() => {}
                () = connection.meet(stream) => {}
            }
        });
    }
    drop(listener);
    connections.close();
    if tokio::time::timeout(DRAIN, connections.wait()).await.is_err() {
        tracing::warn!("closing connections that were still being answered");
        abort.cancel();
        connections.wait().await;
    }
}

/// Whether a client speaks as this port does.
#[derive(Clone, Copy)]
enum Scheme {
    Right,
    /// Plain HTTP in place of HTTPS.
    Wrong,
}

/// One connection.
struct Connection<S> {
    peer: Peer,
    place: Arc<Place>,
    service: Arc<S>,
    config: Arc<WebConfig>,
    refused: Arc<RefusalLog>,
    stop: CancellationToken,
}

impl<S: Service> Connection<S> {
    async fn meet(&self, mut stream: Stream) {
        let Some(tls) = self.config.tls.clone() else {
            return self.talk(stream, Scheme::Right, false).await;
        };
        let mut first = [0];
        let length = tokio::select! {
            () = self.stop.cancelled() => return,
            () = self.place.lost() => return self.note_lost(false),
            length = stream.read(&mut first) => length,
        };
        // One that only opens and closes, as probes of load balancers do, is no refusal.
        let Ok(1..) = length else { return };
        let (rest, out) = tokio::io::split(stream);
        let stream = tokio::io::join(Cursor::new(first).chain(rest), out);
        // A method of HTTP begins with such a letter; no record of TLS has that number (RFC 8446, section 5.1).
        if first[0].is_ascii_uppercase() {
            return self.talk(stream, Scheme::Wrong, false).await;
        }
        let shaken = tokio::select! {
            () = self.stop.cancelled() => return,
            () = self.place.lost() => return self.note_lost(false),
            shaken = TlsAcceptor::from(tls).accept(stream) => shaken,
        };
        match shaken {
            Ok(stream) => {
                self.place.shaken();
                let has_sent = stream.get_ref().1.peer_certificates().is_some();
                let is_vouched_for = self.config.verifies_clients && has_sent;
                if is_vouched_for {
                    self.place.note_known();
                }
                self.talk(stream, Scheme::Right, is_vouched_for).await;
            }
            Err(error) => {
                let failure = HandshakeFailure::of(&error);
                self.note(failure.refusal, Some(&failure.cause));
            }
        }
    }

    async fn talk(&self, stream: impl AsyncRead + AsyncWrite + Unpin, scheme: Scheme, is_vouched_for: bool) {
        let client = &Client {
            peer: self.peer.network(),
            is_vouched_for,
            is_encrypted: self.config.tls.is_some(),
            place: Arc::clone(&self.place),
        };
        let has_asked = &AtomicBool::new(false);
        let answer = service_fn(|request: Request<Incoming>| {
            has_asked.store(true, Ordering::Relaxed);
            let turn = self.place.turn();
            async move {
                let mut answer = match scheme {
                    Scheme::Right => self.service.respond(&self.config, client, &request).await,
                    Scheme::Wrong => plain_http(),
                };
                self.note_refusal(&request, &answer);
                answer.body_mut().hold_turn(turn.reading());
                Ok::<_, Infallible>(answer)
            }
        });
        let connection = hyper::server::conn::http1::Builder::new()
            .header_read_timeout(None)
            .max_buf_size(MAX_HEAD_BYTES)
            // A client may close its side once it has asked, and wait for the answer.
            .half_close(true)
            .serve_connection(TokioIo::new(stream), answer);
        let mut connection = std::pin::pin!(connection);
        let lost = || self.note_lost(has_asked.load(Ordering::Relaxed));
        tokio::select! {
            ended = &mut connection => return self.note_end(ended),
            () = self.place.lost() => return lost(),
            () = self.stop.cancelled() => {}
            () = self.config.superseded.cancelled() => {}
        }
        if self.place.is_answering() {
            connection.as_mut().graceful_shutdown();
            tokio::select! {
                ended = connection => self.note_end(ended),
                () = self.place.lost() => lost(),
            }
        }
    }

    /// An answer that refuses.
    fn note_refusal(&self, request: &Request<Incoming>, answer: &Answer) {
        let Some(refusal) = answer.extensions().get::<Refusal>() else { return };
        let sent = request.headers().contains_key(AUTHORIZATION);
        let cause = match refusal {
            Refusal::Login if sent => Some("what was sent is not right"),
            Refusal::Login => Some("nothing was sent"),
            _ => None,
        };
        self.note(*refusal, cause);
    }

    fn note(&self, refusal: Refusal, cause: Option<&str>) {
        self.refused.note(refusal, &self.peer, cause);
    }

    /// A connection that lost its place.
    fn note_lost(&self, has_asked: bool) {
        let (refusal, cause) = if self.place.is_evicted() {
            (Refusal::TooManyConnections, None)
        } else if self.place.is_answering() {
            (Refusal::TooSlow, Some("the answer was neither made nor read in time"))
        } else if !has_asked {
            (Refusal::TooSlow, Some("no whole request came in time"))
        } else {
            // Kept open between two requests for as long as is usual.
            return;
        };
        self.note(refusal, cause);
    }

    /// A connection that came to its end by itself.
    fn note_end(&self, ended: hyper::Result<()>) {
        let Err(error) = ended else { return };
        if error.is_parse_version_h2() {
            let cause = "the client speaks HTTP/2, and only HTTP/1.1 is spoken here";
            self.note(Refusal::BadRequest, Some(cause));
        } else if error.is_parse() || error.is_incomplete_message() {
            self.note(Refusal::BadRequest, Some(&error.to_string()));
        } else {
            tracing::debug!(peer = %self.peer, %error, "connection to a client failed");
        }
    }
}

/// For who has left out the `s`; the sentence is the one that Go's servers say.
fn plain_http() -> Answer {
    let mut answer = page(
        StatusCode::BAD_REQUEST,
        TEXT,
        "Client sent an HTTP request to an HTTPS server. Use https:// in place of http://.\n",
    );
    answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    answer.extensions_mut().insert(Refusal::PlainHttp);
    answer
}
