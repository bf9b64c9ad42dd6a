//! A tunnel through a proxy: TCP, TLS where the proxy speaks it, and one CONNECT (RFC 9110, section 9.3.6), with limits on
//! all that the proxy may say and take.

use std::sync::Arc;
use std::time::Duration;

use http_body_util::Empty;
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::header::{HOST, PROXY_AUTHORIZATION, USER_AGENT};
use hyper::{Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::CertificateDer;
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_util::task::AbortOnDropHandle;

use super::address::Resolver;
use super::error::{PollError, ProxyFailure};
use super::http::AGENT;
use super::http_error::HttpError;
use super::wire::Stream;
use crate::endpoint::Endpoint;
use crate::proxy::{Egress, ProxyServer};

/// Longest head of the proxy's answer, bytes.
const MAX_HEAD_BYTES: usize = 16 * 1024;
/// Headers of its answer.
const MAX_HEADERS: usize = 100;

/// Opens tunnels where a proxy carries the connection; cheap to clone.
#[derive(Clone)]
pub struct Tunnels {
    egress: Egress,
    /// For a proxy that speaks TLS: its certificate is verified, as its answers and our credentials are worth it.
    tls: Option<TlsConnector>,
}

impl Tunnels {
    /// No proxy.
    #[must_use]
    pub fn none() -> Self {
        Self { egress: Egress::direct(), tls: None }
    }

    /// By `egress`; `roots` vouch for a proxy that speaks TLS.
    #[must_use]
    pub fn new(egress: Egress, roots: impl IntoIterator<Item = CertificateDer<'static>>) -> Self {
        let speaks_tls = egress.server().is_some_and(|server| server.url.is_tls);
        let tls = speaks_tls.then(|| client_config(roots)).flatten();
        Self { egress, tls: tls.map(|config| TlsConnector::from(Arc::new(config))) }
    }

    /// The proxy that carries connections to `endpoint`, if any.
    pub(super) fn proxy_for(&self, endpoint: &Endpoint) -> Option<&ProxyServer> {
        self.egress.proxy_for(endpoint)
    }

    /// A tunnel to `to`. `limit` holds for each step.
    ///
    /// # Errors
    /// [`PollError::Proxy`].
    pub(super) async fn open(
        &self,
        server: &ProxyServer,
        to: &Endpoint,
        resolver: &Resolver,
        limit: Duration,
    ) -> Result<Stream, PollError> {
        let fails = |failure| PollError::Proxy { proxy: server.url.to_string(), failure };
        let tcp = reach(server, resolver, limit).await.map_err(fails)?;
        let stream = self.secure(server, tcp, limit).await.map_err(fails)?;
        timeout(limit, connect(server, to, stream))
            .await
            .unwrap_or(Err(ProxyFailure::NoAnswer(to.clone())))
            .map_err(fails)
    }

    /// TLS with the proxy, where it speaks that.
    async fn secure(
        &self,
        server: &ProxyServer,
        tcp: TcpStream,
        limit: Duration,
    ) -> Result<Stream, ProxyFailure> {
        if !server.url.is_tls {
            return Ok(Box::new(tcp));
        }
        let failed = |error: &str| ProxyFailure::Tls(error.to_owned());
        let tls = self.tls.as_ref().ok_or_else(|| failed("no TLS configuration"))?;
        let name = server.url.endpoint.server_name().ok_or_else(|| failed("not a valid server name"))?;
        let shaken = timeout(limit, tls.connect(name, tcp)).await.map_err(|_| failed("timed out"))?;
        Ok(Box::new(shaken.map_err(|error| failed(&error.to_string()))?))
    }
}

/// The proxy is asked in HTTP/1.1 only, so that is all that is offered.
fn client_config(roots: impl IntoIterator<Item = CertificateDer<'static>>) -> Option<ClientConfig> {
    let mut store = RootCertStore::empty();
    store.add_parsable_certificates(roots);
    let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()));
    let mut config = config
        .with_safe_default_protocol_versions()
        .ok()?
        .with_root_certificates(store)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Some(config)
}

/// TCP to the first address of the proxy that takes it.
async fn reach(
    server: &ProxyServer,
    resolver: &Resolver,
    limit: Duration,
) -> Result<TcpStream, ProxyFailure> {
    let endpoint = &server.url.endpoint;
    let addresses = resolver.resolve(endpoint, limit).await;
    let addresses = addresses.map_err(|error| ProxyFailure::Unreachable(error.to_string()))?;
    let mut last = String::new();
    let attempts = async {
        for address in addresses.addresses {
            match TcpStream::connect((address, endpoint.port())).await {
                Ok(tcp) => return Some(tcp),
                Err(error) => last = format!("cannot connect to {address}: {error}"),
            }
        }
        None
    };
    match timeout(limit, attempts).await {
        Ok(Some(tcp)) => Ok(tcp),
        Ok(None) => Err(ProxyFailure::Unreachable(last)),
        Err(_) => Err(ProxyFailure::Unreachable("timed out connecting".to_owned())),
    }
}

/// One CONNECT. Answers before the final one are passed over; whatever comes after its head is the tunnel's.
async fn connect(server: &ProxyServer, to: &Endpoint, stream: Stream) -> Result<Stream, ProxyFailure> {
    let broken =
        |error: &(dyn std::error::Error + 'static)| ProxyFailure::Answer(HttpError::of(error).to_string());
    let (mut sender, connection) = http1::Builder::new()
        .max_buf_size(MAX_HEAD_BYTES)
        .max_headers(MAX_HEADERS)
        .title_case_headers(true)
        .handshake(TokioIo::new(stream))
        .await
        .map_err(|error| broken(&error))?;
    let driver = tokio::spawn(async move { drop(connection.with_upgrades().await) });
    let _driver = AbortOnDropHandle::new(driver);
    let authority = to.to_string();
    let mut request = Request::builder()
        .method(Method::CONNECT)
        .uri(&authority)
        .header(HOST, &authority)
        .header(USER_AGENT, AGENT)
        .body(Empty::<Bytes>::new())
        .map_err(|error| broken(&error))?;
    if let Some(credentials) = &server.credentials {
        request.headers_mut().insert(PROXY_AUTHORIZATION, credentials.basic());
    }
    let answer = sender.send_request(request).await.map_err(|error| broken(&error))?;
    match answer.status() {
        status if status.is_success() => {
            let tunnel = hyper::upgrade::on(answer).await.map_err(|error| broken(&error))?;
            Ok(Box::new(TokioIo::new(tunnel)))
        }
        status @ (StatusCode::PROXY_AUTHENTICATION_REQUIRED | StatusCode::UNAUTHORIZED) => {
            let status = status.as_u16();
            Err(match server.credentials {
                Some(_) => ProxyFailure::CredentialsRefused { status },
                None => ProxyFailure::CredentialsWanted { status },
            })
        }
        status => Err(ProxyFailure::Refused { to: to.clone(), status: status.as_u16() }),
    }
}
