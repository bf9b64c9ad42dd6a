//! The last resort for a server whose TLS this program does not speak: a client hello that offers what `openssl s_client`
//! offers up to TLS 1.2, where the certificates come in the clear, before any key is agreed on. In goes a connection, out
//! come the server's choice and its certificates. Nothing is proved by that, and nothing can be sent afterwards.

mod choice;
mod error;
mod hello;
mod reader;
mod suites;
mod wire;

use std::io;

use rustls::pki_types::ServerName;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

pub(super) use choice::Choice;
pub use error::ClearError;
pub use reader::{Flight, FlightReader};

use super::wire::Stream;

/// What goes wrong before the certificates.
#[derive(Debug, thiserror::Error)]
pub(super) enum ClearFailure {
    #[error(transparent)]
    Flight(#[from] ClearError),
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// A fatal alert, so that the server need not wait for the rest: `user_canceled` (RFC 5246, section 7.2).
const CANCEL: [u8; 7] = [21, 3, 1, 0, 2, 2, 90];

/// Asks for the certificates of `name`; not limited in time.
pub(super) async fn ask(mut stream: Stream, name: &ServerName<'_>) -> Result<Flight, ClearFailure> {
    let hello = hello::client_hello(name)?;
    stream.write_all(&hello).await?;
    let mut reader = FlightReader::default();
    let mut buffer = vec![0; 16 * 1024];
    loop {
        let count = stream.read(&mut buffer).await?;
        let Some(bytes) = buffer.get(..count).filter(|bytes| !bytes.is_empty()) else {
            return Err(reader.end().into());
        };
        if let Some(flight) = reader.take_in(bytes)? {
            // The server's opinion of that does not matter any more.
            let _ = stream.write_all(&CANCEL).await;
            return Ok(flight);
        }
    }
}
