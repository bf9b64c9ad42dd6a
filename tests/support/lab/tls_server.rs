//! A TLS server on some addresses of one host, which serves at each address the chain that it is told to.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs::{default_provider, sign::any_supported_type};
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::version::{TLS12, TLS13};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::TlsAcceptor;

use super::behaviour::Wire;
use super::by_hand;
use super::chains::Chain;
use super::issuer::Site;
use super::wire::misbehave;

/// No connection lives longer, so that a forgotten client holds nothing for ever.
const CONNECTION_LIMIT: Duration = Duration::from_mins(5);

/// The TLS versions that a server takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TlsVersions {
    #[default]
    Both,
    Only12,
    Only13,
}

/// One address of a host: what is served there, and how often it was.
#[derive(Debug)]
pub struct Face {
    address: IpAddr,
    in_turn: Mutex<Vec<(Chain, Arc<CertifiedKey>)>>,
    served: AtomicUsize,
    connections: AtomicUsize,
    handshakes: AtomicUsize,
}

impl Face {
    /// A face that serves this chain.
    pub fn new(address: IpAddr, chain: Chain) -> Arc<Self> {
        let key = certified(&chain);
        Arc::new(Self {
            address,
            in_turn: Mutex::new(vec![(chain, key)]),
            served: AtomicUsize::new(0),
            connections: AtomicUsize::new(0),
            handshakes: AtomicUsize::new(0),
        })
    }

    pub fn address(&self) -> IpAddr {
        self.address
    }

    /// Serves these chains from now on, one after the other and again from the first.
    pub fn serve_in_turn(&self, chains: &[Chain]) {
        assert!(!chains.is_empty(), "a face serves at least one chain");
        let chains = chains.iter().map(|chain| (chain.clone(), certified(chain)));
        *self.in_turn.lock().unwrap() = chains.collect();
        self.served.store(0, Ordering::SeqCst);
    }

    /// The chains that it serves in turn; one, unless told otherwise.
    pub fn chains(&self) -> Vec<Chain> {
        self.in_turn.lock().unwrap().iter().map(|(chain, _)| chain.clone()).collect()
    }

    /// How many TCP connections it has accepted.
    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    /// How many TLS handshakes it has completed.
    pub fn handshakes(&self) -> usize {
        self.handshakes.load(Ordering::SeqCst)
    }
}

impl ResolvesServerCert for Face {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let turn = self.served.fetch_add(1, Ordering::SeqCst);
        let chains = self.in_turn.lock().unwrap();
        Some(chains[turn % chains.len()].1.clone())
    }
}

/// `CertifiedKey::new` does not look at the certificates, so a chain may be anything.
fn certified(chain: &Chain) -> Arc<CertifiedKey> {
    let key = PrivatePkcs8KeyDer::from(chain.key.serialize_der());
    Arc::new(CertifiedKey::new(chain.served.clone(), any_supported_type(&key.into()).unwrap()))
}

/// Listens on all these addresses, on one port that is free on each.
pub async fn listen(addresses: &[IpAddr]) -> io::Result<Vec<TcpListener>> {
    let mut last = io::Error::other("no address to listen on");
    for _ in 0..100 {
        match listen_once(addresses).await {
            Ok(listeners) => return Ok(listeners),
            Err(error) => last = error,
        }
    }
    Err(last)
}

async fn listen_once(addresses: &[IpAddr]) -> io::Result<Vec<TcpListener>> {
    let mut listeners: Vec<TcpListener> = Vec::new();
    for address in addresses {
        let port = listeners.first().map_or(Ok(0), |first| first.local_addr().map(|local| local.port()))?;
        listeners.push(TcpListener::bind(SocketAddr::new(*address, port)).await?);
    }
    Ok(listeners)
}

/// Accepts at a face for a site, until the task is aborted; its connections end with it.
pub fn accept(listener: TcpListener, face: Arc<Face>, site: Arc<Site>) -> JoinHandle<()> {
    tokio::spawn(async move {
        let acceptor = TlsAcceptor::from(Arc::new(config(&face, site.versions())));
        let mut connections = JoinSet::new();
        loop {
            tokio::select! {
                accepted = listener.accept() => if let Ok((tcp, _)) = accepted {
                    face.connections.fetch_add(1, Ordering::SeqCst);
                    let connection = converse(tcp, acceptor.clone(), face.clone(), site.clone());
                    connections.spawn(tokio::time::timeout(CONNECTION_LIMIT, connection));
                },
                Some(_) = connections.join_next() => {}
            }
        }
    })
}

fn config(face: &Arc<Face>, versions: TlsVersions) -> ServerConfig {
    let versions = match versions {
        TlsVersions::Both => vec![&TLS12, &TLS13],
        TlsVersions::Only12 => vec![&TLS12],
        TlsVersions::Only13 => vec![&TLS13],
    };
    // Session resumption stays on, as it is on most servers: a client that resumes sees no chain.
    ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_protocol_versions(&versions)
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(face.clone())
}

/// Errors of a connection are the client's to report.
async fn converse(tcp: TcpStream, acceptor: TlsAcceptor, face: Arc<Face>, site: Arc<Site>) {
    let wire = site.wire();
    if let Some(wire) = wire.filter(|wire| *wire != Wire::CloseAfterHandshake) {
        let _ = misbehave(wire, tcp).await;
        return;
    }
    let Ok(tls) = acceptor.accept(tcp).await else { return };
    face.handshakes.fetch_add(1, Ordering::SeqCst);
    if wire.is_some() {
        return;
    }
    if let Some(by_hand) = site.by_hand() {
        let good = |head: &str, path: &str| {
            site.hear(head);
            site.document(path).map(ToString::to_string)
        };
        let _ = by_hand::answer(tls, &by_hand, good).await;
        return;
    }
    let service = service_fn(|request| {
        let answer = site.answer(&request);
        async { Ok::<_, io::Error>(answer) }
    });
    let _ = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .serve_connection(TokioIo::new(tls), service)
        .await;
}
