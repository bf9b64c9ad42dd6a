//! A scraper over TLS.

use std::io;
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{
    ClientConfig, ClientConnection, HandshakeKind, RootCertStore, StreamOwned, SupportedProtocolVersion,
};

use super::daemon::Answer;
use super::daemon::get::exchange;
use super::web_certificates::{Ca, Pair};

/// Remembers its sessions from one connection to the next.
pub struct Https(Arc<ClientConfig>);

impl Https {
    /// Trusts this CA, and shows this certificate if it is asked for one.
    pub fn new(ca: &Ca, pair: Option<&Pair>) -> Self {
        Self::with_versions(ca, pair, rustls::ALL_VERSIONS)
    }

    /// The same with these TLS versions.
    pub fn with_versions(
        ca: &Ca,
        pair: Option<&Pair>,
        versions: &[&'static SupportedProtocolVersion],
    ) -> Self {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(ca.pem().as_bytes()).unwrap()).unwrap();
        let builder = ClientConfig::builder_with_provider(Arc::new(default_provider()))
            .with_protocol_versions(versions)
            .unwrap()
            .with_root_certificates(roots);
        let mut config = match pair {
            None => builder.with_no_client_auth(),
            Some(pair) => {
                let chain = vec![CertificateDer::from_pem_slice(pair.certificate.as_bytes()).unwrap()];
                let key = PrivateKeyDer::from_pem_slice(pair.key.as_bytes()).unwrap();
                builder.with_client_auth_cert(chain, key).unwrap()
            }
        };
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Self(Arc::new(config))
    }

    /// A connection whose handshake is still to come.
    pub fn connect(&self, address: SocketAddr) -> StreamOwned<ClientConnection, TcpStream> {
        let tcp = TcpStream::connect(address).unwrap();
        tcp.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        let name = ServerName::try_from("localhost").unwrap();
        StreamOwned::new(ClientConnection::new(Arc::clone(&self.0), name).unwrap(), tcp)
    }

    /// One GET on a connection of its own.
    pub fn get(&self, address: SocketAddr, path: &str, headers: &[&str]) -> io::Result<Answer> {
        exchange(&mut self.connect(address), "localhost", "GET", path, headers)
    }

    /// One GET, and whether its session was a new one.
    pub fn get_and_kind(&self, address: SocketAddr) -> io::Result<(u16, HandshakeKind)> {
        let mut stream = self.connect(address);
        let answer = exchange(&mut stream, "localhost", "GET", "/-/healthy", &[])?;
        Ok((answer.status, stream.conn.handshake_kind().unwrap()))
    }
}
