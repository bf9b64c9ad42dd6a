//! An HTTP proxy of the lab, which alone knows where names lead, and a TLS front for whatever speaks in the clear.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::PrivatePkcs8KeyDer;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{AbortHandle, JoinSet};
use tokio_rustls::TlsAcceptor;

use super::lab::{Chain, LabIssuer};

/// What the proxy does with a CONNECT.
#[derive(Clone)]
pub enum Manner {
    /// Opens a tunnel to where this name leads, after these bytes; 502 for names that it does not know.
    Connect(&'static [u8]),
    /// Says this and hangs up.
    Say(Vec<u8>),
    /// Says this and nothing more, and holds the connection.
    Hold(Vec<u8>),
    /// Says this again and again.
    Repeat(&'static [u8]),
    /// Says this, one byte each 100 ms.
    Drip(&'static [u8]),
}

/// The head of a good answer.
pub const ESTABLISHED: &[u8] = b"HTTP/1.1 200 Connection established\r\n\r\n";

/// What it was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The first line, without the HTTP version.
    pub request: String,
    /// The whole head, with what it was told of us.
    pub head: String,
}

/// A running proxy; it stops when it is dropped.
pub struct ConnectProxy {
    address: SocketAddr,
    state: Arc<State>,
    task: AbortHandle,
}

struct State {
    names: BTreeMap<String, SocketAddr>,
    manner: Manner,
    /// `user:password` in Base64; else 407.
    wanted: Mutex<Option<String>>,
    asked: Mutex<Vec<Asked>>,
}

impl ConnectProxy {
    /// One that knows these issuers, each at its first address, and these other names.
    pub async fn start(issuers: &[&LabIssuer], names: &[(&str, SocketAddr)]) -> Self {
        let hosts = issuers.iter().flat_map(|issuer| issuer.hosts());
        let of_issuers = hosts.map(|host| (host.endpoint(), host.sockets()[0]));
        let others = names.iter().map(|(name, socket)| ((*name).to_owned(), *socket));
        Self::with(Manner::Connect(ESTABLISHED), of_issuers.chain(others).collect()).await
    }

    /// One of these manners, that knows these names with their ports.
    pub async fn with(manner: Manner, names: BTreeMap<String, SocketAddr>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = State { names, manner, wanted: Mutex::default(), asked: Mutex::default() };
        let state = Arc::new(state);
        let task = tokio::spawn(accept(listener, Arc::clone(&state))).abort_handle();
        Self { address, state, task }
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Wants these credentials from now on: `user:password` in Base64.
    pub fn want(&self, token: &str) {
        *self.state.wanted.lock().unwrap() = Some(token.to_owned());
    }

    /// What it was asked so far.
    pub fn asked(&self) -> Vec<Asked> {
        self.state.asked.lock().unwrap().clone()
    }

    /// Each distinct request so far, sorted.
    pub fn requests(&self) -> Vec<String> {
        let mut requests: Vec<String> = self.asked().into_iter().map(|asked| asked.request).collect();
        requests.sort();
        requests.dedup();
        requests
    }
}

impl Drop for ConnectProxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn accept(listener: TcpListener, state: Arc<State>) {
    let mut connections = JoinSet::new();
    while let Ok((tcp, _)) = listener.accept().await {
        let state = Arc::clone(&state);
        // Whoever goes away early has seen enough.
        connections.spawn(async move { drop(converse(tcp, &state).await) });
    }
}

async fn converse(mut near: TcpStream, state: &State) -> std::io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(near.read_u8().await?);
    }
    let head = String::from_utf8(head).unwrap();
    let request = head.split(" HTTP/").next().unwrap().to_owned();
    state.asked.lock().unwrap().push(Asked { request: request.clone(), head: head.clone() });
    let wanted = state.wanted.lock().unwrap().clone();
    if wanted.is_some_and(|token| !head.contains(&format!("Proxy-Authorization: Basic {token}\r\n"))) {
        let refusal = b"HTTP/1.1 407 Who are you\r\nProxy-Authenticate: Basic realm=\"lab\"\r\n\r\n";
        return near.write_all(refusal).await;
    }
    match &state.manner {
        Manner::Connect(answer) => {
            let target = request.strip_prefix("CONNECT ").unwrap_or_default();
            let Some(target) = state.names.get(target) else {
                return near.write_all(b"HTTP/1.1 502 No such host\r\nContent-Length: 0\r\n\r\n").await;
            };
            let mut far = TcpStream::connect(target).await?;
            near.write_all(answer).await?;
            copy_bidirectional(&mut near, &mut far).await?;
        }
        Manner::Say(bytes) => near.write_all(bytes).await?,
        Manner::Hold(bytes) => {
            near.write_all(bytes).await?;
            while near.read(&mut [0; 1024]).await? > 0 {}
        }
        Manner::Repeat(bytes) => loop {
            near.write_all(bytes).await?;
        },
        Manner::Drip(bytes) => {
            for byte in *bytes {
                near.write_u8(*byte).await?;
                tokio::time::sleep(std::time::Duration::from_millis(100)).await;
            }
        }
    }
    Ok(())
}

/// TLS before a server that speaks in the clear; it stops when it is dropped.
pub struct TlsFront {
    address: SocketAddr,
    task: AbortHandle,
}

impl TlsFront {
    /// Shows this chain.
    pub async fn start(chain: &Chain, server: SocketAddr) -> Self {
        Self::start_at(SocketAddr::from(([127, 0, 0, 1], 0)), chain, server).await
    }

    /// Shows this chain at this address.
    pub async fn start_at(at: SocketAddr, chain: &Chain, server: SocketAddr) -> Self {
        let key = PrivatePkcs8KeyDer::from(chain.key.serialize_der());
        let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(chain.served.clone(), key.into())
            .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind(at).await.unwrap();
        let address = listener.local_addr().unwrap();
        let task = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((tcp, _)) = listener.accept().await {
                let acceptor = acceptor.clone();
                connections.spawn(async move {
                    let mut near = acceptor.accept(tcp).await?;
                    let mut far = TcpStream::connect(server).await?;
                    copy_bidirectional(&mut near, &mut far).await
                });
            }
        });
        Self { address, task: task.abort_handle() }
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for TlsFront {
    fn drop(&mut self) {
        self.task.abort();
    }
}
