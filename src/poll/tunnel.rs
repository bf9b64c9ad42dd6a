//! A tunnel through a proxy: TCP, TLS where the proxy speaks it, and one CONNECT (RFC 9110, section 9.3.6), with limits on
//! all that the proxy may say and take.

use std::sync::Arc;
use std::time::Duration;

use http_body_util::Empty;
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::header::{HOST, HeaderMap, PROXY_AUTHENTICATE, PROXY_AUTHORIZATION, USER_AGENT};
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
use crate::printable::printable;
use crate::proxy::{Egress, ProxyServer};

/// Longest head of the proxy's answer, bytes.
const MAX_HEAD_BYTES: usize = 16 * 1024;
/// Headers of its answer.
const MAX_HEADERS: usize = 100;
/// Ways of authentication that are named, and characters of each.
const MAX_SCHEMES: usize = 5;
const MAX_SCHEME_CHARS: usize = 30;
/// Characters of what the proxy says of its failure.
const MAX_CAUSE_CHARS: usize = 200;

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

/// TCP to the first address of the proxy that takes it. One that never answers leaves the others their share of the time.
async fn reach(
    server: &ProxyServer,
    resolver: &Resolver,
    limit: Duration,
) -> Result<TcpStream, ProxyFailure> {
    let endpoint = &server.url.endpoint;
    let addresses = resolver.resolve(endpoint, limit).await;
    let addresses = addresses.map_err(|error| ProxyFailure::Unreachable(error.to_string()))?;
    let addresses = addresses.addresses;
    let share = limit / u32::try_from(addresses.len()).unwrap_or(u32::MAX).max(1);
    let mut last = String::new();
    for address in addresses {
        match timeout(share, TcpStream::connect((address, endpoint.port()))).await {
            Ok(Ok(tcp)) => return Ok(tcp),
            Ok(Err(error)) => last = format!("cannot connect to {address}: {error}"),
            Err(_) => last = format!("timed out connecting to {address}"),
        }
    }
    Err(ProxyFailure::Unreachable(last))
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
            let schemes = schemes(answer.headers());
            if !schemes.is_empty() && !schemes.iter().any(|scheme| scheme.eq_ignore_ascii_case("basic")) {
                return Err(ProxyFailure::OtherScheme { status, schemes: schemes.join(", ") });
            }
            Err(match server.credentials {
                Some(_) => ProxyFailure::CredentialsRefused { status },
                None => ProxyFailure::CredentialsWanted { status },
            })
        }
        status => {
            let cause = cause(answer.headers());
            Err(ProxyFailure::Refused { to: to.clone(), status: status.as_u16(), cause })
        }
    }
}

/// What the proxy says of its failure, in brackets: `Proxy-Status` (RFC 9209), or the field that squid has for it.
fn cause(headers: &HeaderMap) -> String {
    let said =
        ["proxy-status", "x-squid-error"].into_iter().find_map(|name| headers.get(name)?.to_str().ok());
    said.map(|said| format!(" ({})", printable(said, MAX_CAUSE_CHARS))).unwrap_or_default()
}

/// The ways of authentication that the proxy takes (RFC 9110, section 11.6.1): the words of its challenges before which
/// stands a comma or nothing, and behind which no equals sign.
fn schemes(headers: &HeaderMap) -> Vec<String> {
    let mut schemes = Vec::new();
    for challenges in headers.get_all(PROXY_AUTHENTICATE).iter().filter_map(|value| value.to_str().ok()) {
        // What stands in quotes is for people.
        let bare: String = challenges.split('"').step_by(2).collect();
        let words = bare.split(',').filter_map(|part| part.split_whitespace().next());
        schemes
            .extend(words.filter(|word| !word.contains('=')).map(|word| printable(word, MAX_SCHEME_CHARS)));
    }
    schemes.truncate(MAX_SCHEMES);
    schemes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ways_of_authentication() {
        for (challenges, told) in [
            (&["Basic realm=\"x\""][..], "Basic"),
            (&["Negotiate", "NTLM"], "Negotiate NTLM"),
            (
                &["Digest realm=\"a, Basic b\", nonce=\"x\", algorithm=MD5, Negotiate abc=="],
                "Digest Negotiate",
            ),
            (&["bAsIc"], "bAsIc"),
            (&["", ","], ""),
        ] {
            let mut headers = HeaderMap::new();
            for challenge in challenges {
                headers.append(PROXY_AUTHENTICATE, challenge.parse().unwrap());
            }
            assert_eq!(schemes(&headers).join(" "), told, "{challenges:?}");
        }
    }
}
