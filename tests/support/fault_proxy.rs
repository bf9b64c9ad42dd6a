//! A proxy in front of an IAM that does not throttle: it answers some calls itself, as IAM answers too many.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio::task::{JoinHandle, JoinSet};

const THROTTLING: &str = "<ErrorResponse xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\"><Error>\
    <Type>Sender</Type><Code>Throttling</Code><Message>Rate exceeded</Message></Error>\
    <RequestId>lab</RequestId></ErrorResponse>";

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// A running proxy; it stops when it is dropped.
pub struct FaultProxy {
    address: SocketAddr,
    /// Calls still to be refused, and calls refused.
    left: Arc<AtomicUsize>,
    refused: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

impl FaultProxy {
    pub fn start(runtime: &Runtime, upstream: SocketAddr) -> Self {
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let (left, refused) = (Arc::<AtomicUsize>::default(), Arc::<AtomicUsize>::default());
        Self {
            address: listener.local_addr().unwrap(),
            task: runtime.spawn(accept(listener, upstream, Arc::clone(&left), Arc::clone(&refused))),
            left,
            refused,
        }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Refuses so many calls from now on.
    pub fn throttle(&self, calls: usize) {
        self.left.store(calls, Ordering::SeqCst);
    }

    /// How many calls were refused so far.
    pub fn refused(&self) -> usize {
        self.refused.load(Ordering::SeqCst)
    }
}

impl Drop for FaultProxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn accept(
    listener: TcpListener,
    upstream: SocketAddr,
    left: Arc<AtomicUsize>,
    refused: Arc<AtomicUsize>,
) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let (left, refused) = (Arc::clone(&left), Arc::clone(&refused));
        let answer = service_fn(move |request| {
            let take = left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
            if take.is_ok() {
                refused.fetch_add(1, Ordering::SeqCst);
            }
            async move { if take.is_ok() { Ok(throttling()) } else { forward(request, upstream).await } }
        });
        connections
            .spawn(hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), answer));
    }
}

fn throttling() -> Response<Full<Bytes>> {
    let mut answer = Response::new(Full::from(THROTTLING));
    *answer.status_mut() = StatusCode::BAD_REQUEST;
    answer
}

/// As it came: the signature covers the `Host` header.
async fn forward(request: Request<Incoming>, upstream: SocketAddr) -> Result<Response<Full<Bytes>>, Failure> {
    let stream = TokioIo::new(TcpStream::connect(upstream).await?);
    let (mut sender, connection) = hyper::client::conn::http1::handshake(stream).await?;
    tokio::spawn(connection);
    let (head, body) = sender.send_request(request).await?.into_parts();
    Ok(Response::from_parts(head, Full::new(body.collect().await?.to_bytes())))
}
