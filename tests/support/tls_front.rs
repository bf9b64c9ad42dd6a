//! A server in front of another: who offers TLS 1.3 is let through, and who does not gets an answer of its own.

use std::net::{IpAddr, SocketAddr};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// What a client gets that offers nothing above TLS 1.2.
#[derive(Clone, Copy, Debug)]
pub enum Answer {
    Bytes(&'static [u8]),
    /// The connection ends without a word.
    Close,
    /// The connection is reset.
    Reset,
    /// Another server has it.
    From(SocketAddr),
}

/// A running front; it ends when it is dropped.
pub struct TlsFront {
    task: JoinHandle<()>,
}

impl TlsFront {
    /// In front of `behind`, at another address with the same port.
    pub async fn start(at: IpAddr, behind: SocketAddr, answer: Answer) -> Self {
        let listener = TcpListener::bind((at, behind.port())).await.unwrap();
        let task = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(converse(client, behind, answer));
            }
        });
        Self { task }
    }
}

impl Drop for TlsFront {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn converse(mut client: TcpStream, behind: SocketAddr, answer: Answer) -> std::io::Result<()> {
    let mut head = [0; 5];
    client.read_exact(&mut head).await?;
    let mut hello = vec![0; usize::from(u16::from_be_bytes([head[3], head[4]]))];
    client.read_exact(&mut hello).await?;
    let answer = if offers_tls13(&hello) { Answer::From(behind) } else { answer };
    match answer {
        Answer::From(server) => {
            let mut server = TcpStream::connect(server).await?;
            server.write_all(&[&head[..], &hello].concat()).await?;
            copy_bidirectional(&mut client, &mut server).await.map(drop)
        }
        Answer::Bytes(bytes) => client.write_all(bytes).await,
        Answer::Close => client.shutdown().await,
        Answer::Reset => client.set_zero_linger(),
    }
}

/// The extension `supported_versions` (43) holds 0x0304 (RFC 8446, section 4.2.1).
fn offers_tls13(hello: &[u8]) -> bool {
    let mut windows = hello.windows(7);
    windows.any(|window| matches!(window, [0, 43, 0, length, list, 3, 4] if *length == list + 1))
}
