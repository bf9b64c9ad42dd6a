//! Servers that refuse what rustls offers, and mean harm to whoever reads their certificates in the clear: the reading ends,
//! within its limits, with nothing recorded.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use crate::support::look::{look_within, said};

const HOST: &str = "host.oidc.test";
/// `handshake_failure`, fatal.
const REFUSAL: [u8; 7] = [21, 3, 3, 0, 2, 2, 40];
/// The hello of the last resort is padded to more than this; those of rustls are far below.
const LONG_HELLO: usize = 500;
/// What may be on its way when the client has had enough: the buffers of both sides.
const ON_ITS_WAY: usize = 16 << 20;

/// What the last resort gets: the first bytes, then the others again and again.
struct Flood {
    first: Vec<u8>,
    again: Vec<u8>,
    pause: Duration,
}

/// Runs until it is dropped.
struct Server {
    address: SocketAddr,
    /// Bytes of the flood that went out.
    sent: Arc<AtomicUsize>,
    connections: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

impl Server {
    async fn start(flood: Flood) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (sent, connections) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let counts = (Arc::clone(&sent), Arc::clone(&connections));
        let flood = Arc::new(flood);
        let task = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                counts.1.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(converse(client, Arc::clone(&flood), Arc::clone(&counts.0)));
            }
        });
        Self { address, sent, connections, task }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn converse(mut client: TcpStream, flood: Arc<Flood>, sent: Arc<AtomicUsize>) -> std::io::Result<()> {
    let mut head = [0; 5];
    client.read_exact(&mut head).await?;
    let mut hello = vec![0; usize::from(u16::from_be_bytes([head[3], head[4]]))];
    client.read_exact(&mut hello).await?;
    if hello.len() < LONG_HELLO {
        return client.write_all(&REFUSAL).await;
    }
    client.write_all(&flood.first).await?;
    while !flood.again.is_empty() {
        client.write_all(&flood.again).await?;
        sent.fetch_add(flood.again.len(), Ordering::SeqCst);
        tokio::time::sleep(flood.pause).await;
    }
    client.shutdown().await
}

fn record(kind: u8, fragment: &[u8]) -> Vec<u8> {
    let length = u16::try_from(fragment.len()).unwrap().to_be_bytes();
    [&[kind, 3, 3][..], &length, fragment].concat()
}

/// A hello of TLS 1.2 that chooses RSA key exchange, and the head of a list of certificates with this length.
fn started(length: [u8; 3]) -> Vec<u8> {
    let hello = [&[2, 0, 0, 38, 3, 3][..], &[7; 32], &[0, 0, 0x2f, 0]].concat();
    record(22, &[&hello[..], &[11], &length].concat())
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_read_without_end() {
    let at_once = Duration::ZERO;
    let floods = [
        ("alerts", vec![], record(21, &[1, 112]).repeat(1000), at_once),
        ("hello requests", vec![], record(22, &[0; 4]).repeat(1000), at_once),
        ("empty records", vec![], record(22, &[]).repeat(1000), at_once),
        ("a list without end", started([1, 0x8f, 0xff]), record(22, &[1; 16_000]), at_once),
        ("a list in pieces of a byte", started([1, 0x8f, 0xff]), record(22, &[1]).repeat(1000), at_once),
        ("a list of 16 MiB", started([0xff; 3]), record(22, &[1; 16_000]), at_once),
        ("a record of 64 KiB", vec![22, 3, 3, 0xff, 0xff], vec![1; 16_000], at_once),
        ("application data", started([1, 0, 0]), record(23, &[1; 16_000]), at_once),
        ("half a list, then the end", started([1, 0, 0]), vec![], at_once),
        ("a byte at a time", started([1, 0, 0]), record(22, &[1]), Duration::from_millis(100)),
        ("half a list, then silence", started([1, 0, 0]), record(22, &[1]), Duration::from_hours(1)),
    ];
    for (what, first, again, pause) in floods {
        let server = Server::start(Flood { first, again, pause }).await;
        let limit = Duration::from_secs(2);
        let capture = look_within(limit, HOST, &[server.address.ip()], server.address.port()).await;
        let address = &capture.addresses.as_ref().unwrap()[0];
        assert!(address.chain.is_none() && capture.takes_tls12.is_none(), "{what}");
        // What the last resort met is no better news than the first refusal.
        let why = said(&capture).unwrap();
        assert!(why.contains("(alert 40)"), "{what}: {why}");
        assert_eq!(server.connections.load(Ordering::SeqCst), 4, "{what}: each offer is made once");
        assert!(server.sent.load(Ordering::SeqCst) < ON_ITS_WAY, "{what}");
    }
}
