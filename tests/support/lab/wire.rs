//! What goes wrong on a connection before any HTTP.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::sleep;

use super::behaviour::Wire;

/// Plays the part of a broken server on a fresh TCP connection. [`Wire::CloseAfterHandshake`] is played by the TLS
/// server, since it starts with a handshake.
pub async fn misbehave(wire: Wire, mut tcp: TcpStream) -> std::io::Result<()> {
    let mut hello = [0; 4096];
    if wire != Wire::Silence {
        let _ = tcp.read(&mut hello).await?;
    }
    match wire {
        Wire::Silence | Wire::CloseAfterHandshake => {}
        Wire::PlainHttp => {
            let answer = "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nConnection: close\r\n\
                          Content-Length: 13\r\n\r\nWe are plain.";
            tcp.write_all(answer.as_bytes()).await?;
            return tcp.shutdown().await;
        }
        Wire::Garbage => {
            let bytes: Vec<u8> =
                (0..512_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8 | 0x80).collect();
            tcp.write_all(&bytes).await?;
            return tcp.shutdown().await;
        }
        Wire::Alert => {
            // alert(21), TLS 1.2, 2 bytes: fatal(2), handshake_failure(40)
            tcp.write_all(&[21, 3, 3, 0, 2, 2, 40]).await?;
            return tcp.shutdown().await;
        }
        Wire::Reset => {
            // Closing with a linger time of zero sends RST instead of FIN.
            return tcp.set_zero_linger();
        }
        Wire::OneByteASecond => {
            // handshake(22), TLS 1.2, 16 KiB of which the first is a ServerHello of 16 KiB - 4.
            let record = [22, 3, 3, 0x40, 0, 2, 0, 0x3f, 0xfc, 3, 3];
            for byte in record.into_iter().chain(std::iter::repeat(0)) {
                tcp.write_all(&[byte]).await?;
                tcp.flush().await?;
                sleep(Duration::from_secs(1)).await;
            }
        }
    }
    // Say nothing more, until the client has had enough.
    while tcp.read(&mut hello).await? > 0 {}
    Ok(())
}
