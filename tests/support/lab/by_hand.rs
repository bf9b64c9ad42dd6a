//! Answers written byte by byte, for what no HTTP library would send.

use std::io;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;

/// One document, answered with these bytes, head and all.
#[derive(Clone, Debug)]
pub struct ByHand {
    /// Its path below the issuer; others are answered as they should be.
    pub path: &'static str,
    pub bytes: Vec<u8>,
    pub end: End,
}

/// What follows the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The connection stays open.
    Open,
    /// TLS `close_notify`, then FIN.
    CloseNotify,
    /// FIN alone.
    Fin,
    /// RST.
    Reset,
}

/// Answers requests on one connection, until it ends. `good` hears each head, and knows the document at a path.
pub async fn answer(
    mut tls: TlsStream<TcpStream>,
    by_hand: &ByHand,
    good: impl Fn(&str, &str) -> Option<String>,
) -> io::Result<()> {
    while let Some(head) = request(&mut tls).await? {
        let path = head.split_whitespace().nth(1).unwrap_or_default();
        let good = good(&head, path);
        if !path.ends_with(by_hand.path) {
            let body = good.unwrap_or_default();
            let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
            tls.write_all(&[head.as_bytes(), body.as_bytes()].concat()).await?;
            tls.flush().await?;
            continue;
        }
        tls.write_all(&by_hand.bytes).await?;
        tls.flush().await?;
        match by_hand.end {
            End::Open => {}
            End::CloseNotify => return tls.shutdown().await,
            End::Fin => return tls.get_mut().0.shutdown().await,
            // Closing with a linger time of zero sends RST instead of FIN.
            End::Reset => return tls.get_ref().0.set_zero_linger(),
        }
    }
    Ok(())
}

/// The head of the next request; `None` when the client has gone.
async fn request(tls: &mut TlsStream<TcpStream>) -> io::Result<Option<String>> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        if tls.read(&mut byte).await? == 0 {
            return Ok(None);
        }
        head.extend(byte);
    }
    Ok(Some(String::from_utf8_lossy(&head).into_owned()))
}
