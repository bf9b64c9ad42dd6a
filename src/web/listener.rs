//! Accepts connections, shakes hands where TLS is on, and speaks HTTP/1.1 until the client, its deadline or the
//! program ends it.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::body::Body;
use super::client::Client;
use super::config::WebConfig;
use super::connections::{Place, Places};

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

    /// The answer to one request.
    fn respond(
        &self,
        config: &WebConfig,
        client: &Client,
        request: &Request<Incoming>,
    ) -> impl Future<Output = Response<Body>> + Send;
}

/// Serves until `stop`, on at most `limit` connections at a time; then drains for at most [`DRAIN`].
pub(super) async fn serve(
    listener: TcpListener,
    service: Arc<impl Service>,
    limit: usize,
    stop: CancellationToken,
) {
    let places = Places::new(limit);
    let connections = TaskTracker::new();
    let abort = CancellationToken::new();
    for id in 0.. {
        let accepted = tokio::select! {
            () = stop.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        let place = tokio::select! {
            () = stop.cancelled() => break,
            place = places.take(id, peer.ip().into()) => Arc::new(place),
        };
        let connection = connection(stream, peer, place, Arc::clone(&service), stop.clone());
        let abort = abort.clone();
        connections.spawn(async move {
            tokio::select! {
                () = abort.cancelled() => {}
                () = connection => {}
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

async fn connection(
    tcp: TcpStream,
    peer: SocketAddr,
    place: Arc<Place>,
    service: Arc<impl Service>,
    stop: CancellationToken,
) {
    let config = service.config();
    let client = |is_vouched_for| Client {
        peer: peer.ip().into(),
        is_vouched_for,
        is_encrypted: config.tls.is_some(),
        place: Arc::clone(&place),
    };
    let Some(tls) = config.tls.clone() else {
        return talk(tcp, peer, client(false), service, Arc::clone(&config), stop).await;
    };
    let shaken = tokio::select! {
        () = stop.cancelled() => return,
        () = place.lost() => return,
        shaken = TlsAcceptor::from(tls).accept(tcp) => shaken,
    };
    match shaken {
        Ok(stream) => {
            place.shaken();
            let is_vouched_for = config.verifies_clients && stream.get_ref().1.peer_certificates().is_some();
            if is_vouched_for {
                place.note_known();
            }
            talk(stream, peer, client(is_vouched_for), service, Arc::clone(&config), stop).await;
        }
        Err(error) => tracing::debug!(%peer, %error, "TLS handshake with a client failed"),
    }
}

async fn talk<S>(
    stream: S,
    peer: SocketAddr,
    client: Client,
    service: Arc<impl Service>,
    config: Arc<WebConfig>,
    stop: CancellationToken,
) where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let place = Arc::clone(&client.place);
    let answer = service_fn(|request: Request<Incoming>| {
        let (service, config, client) = (Arc::clone(&service), Arc::clone(&config), client.clone());
        let turn = place.turn();
        async move {
            let mut answer = service.respond(&config, &client, &request).await;
            answer.body_mut().hold_turn(turn.reading());
            Ok::<_, Infallible>(answer)
        }
    });
    let connection = hyper::server::conn::http1::Builder::new()
        .header_read_timeout(None)
        .max_buf_size(MAX_HEAD_BYTES)
        .serve_connection(TokioIo::new(stream), answer);
    let mut connection = std::pin::pin!(connection);
    tokio::select! {
        ended = &mut connection => return note(peer, ended),
        () = place.lost() => return,
        () = stop.cancelled() => {}
        () = config.superseded.cancelled() => {}
    }
    if place.is_answering() {
        connection.as_mut().graceful_shutdown();
        tokio::select! {
            ended = connection => note(peer, ended),
            () = place.lost() => {}
        }
    }
}

fn note(peer: SocketAddr, ended: hyper::Result<()>) {
    if let Err(error) = ended {
        tracing::debug!(%peer, %error, "connection to a client failed");
    }
}
