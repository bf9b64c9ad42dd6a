//! How AWS is reached: through the same proxies as issuers, and trusting what vouches for AWS here.

use std::fmt::Write as _;
use std::sync::Arc;

use arc_swap::ArcSwapOption;
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use aws_smithy_http_client::{Builder, Connector};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use url::Url;

use crate::endpoint::Endpoint;
use crate::proxy::{Egress, ProxyServer};

/// The proxy of the latest request, if it had one: for calls that end by the SDK's own clock, when no connector is asked
/// any more.
pub(super) type LatestProxy = Arc<ArcSwapOption<String>>;

/// The client of all AWS calls, those for credentials included.
#[derive(Debug)]
struct Client {
    egress: Egress,
    latest: LatestProxy,
    straight: SharedHttpClient,
    /// The same through the proxy, when there is one.
    proxied: Option<SharedHttpClient>,
}

/// Sends each request the way that its host has.
#[derive(Debug)]
struct Fork {
    egress: Egress,
    latest: LatestProxy,
    straight: SharedHttpConnector,
    proxied: Option<SharedHttpConnector>,
}

/// A failure on the way through a proxy, in words that name the proxy. It has no source, so that it is what is shown.
#[derive(Debug, thiserror::Error)]
#[error("through the proxy {proxy}: {causes}")]
struct ThroughProxy {
    proxy: String,
    causes: String,
}

/// By `egress`; `roots` vouch for AWS; `latest` is kept up to date.
pub(super) fn http_client(
    egress: &Egress,
    roots: &[CertificateDer<'static>],
    latest: LatestProxy,
) -> SharedHttpClient {
    let trust = trust_store(roots);
    let proxied = egress.server().and_then(proxy_config).map(|proxy| client(&trust, &proxy));
    let straight = client(&trust, &ProxyConfig::disabled());
    SharedHttpClient::new(Client { egress: egress.clone(), latest, straight, proxied })
}

fn client(trust: &TrustStore, proxy: &ProxyConfig) -> SharedHttpClient {
    let (trust, proxy) = (trust.clone(), proxy.clone());
    Builder::new().build_with_connector_fn(move |settings, components| {
        let mut builder = Connector::builder();
        builder.set_connector_settings(settings.cloned());
        builder.set_sleep_impl(components.and_then(RuntimeComponents::sleep_impl));
        let mut builder =
            builder.proxy_config(proxy.clone()).tls_provider(Provider::Rustls(CryptoMode::AwsLc));
        // It fails for no input.
        builder.set_tls_context(
            TlsContext::builder().with_trust_store(trust.clone()).build().unwrap_or_default(),
        );
        builder.build()
    })
}

/// The SDK takes PEM, and panics over what is no anchor: that was left out before.
fn trust_store(roots: &[CertificateDer<'static>]) -> TrustStore {
    let is_anchor = |der: &&CertificateDer<'static>| RootCertStore::empty().add((*der).clone()).is_ok();
    let mut pem = String::new();
    for der in roots.iter().filter(is_anchor) {
        let _ =
            writeln!(pem, "-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----", STANDARD.encode(der));
    }
    TrustStore::empty().with_native_roots(false).with_pem_certificate(pem)
}

/// Which hosts go through it is decided here, and not by the SDK's own reading of the environment.
fn proxy_config(server: &ProxyServer) -> Option<ProxyConfig> {
    ProxyConfig::https(server.secret_url()).ok()
}

impl HttpClient for Client {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(Fork {
            egress: self.egress.clone(),
            latest: Arc::clone(&self.latest),
            straight: self.straight.http_connector(settings, components),
            proxied: self.proxied.as_ref().map(|client| client.http_connector(settings, components)),
        })
    }
}

impl Fork {
    /// The proxy for a request. Plain http is spoken with credentials endpoints and test servers: what is said to them is in
    /// the clear, and no proxy's business.
    fn proxy_for(&self, uri: &str) -> Option<&ProxyServer> {
        let url = Url::parse(uri).ok().filter(|url| url.scheme() == "https")?;
        self.egress.proxy_for(&Endpoint::of(&url).ok()?)
    }
}

impl HttpConnector for Fork {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let server = self.proxy_for(request.uri());
        self.latest.store(server.map(|server| Arc::new(server.url.to_string())));
        let Some(server) = server else {
            return self.straight.call(request);
        };
        let (proxy, has_credentials) = (server.url.to_string(), server.credentials.is_some());
        let Some(connector) = &self.proxied else {
            // Rather nothing than past the proxy.
            let causes = "its URL cannot be used for AWS".to_owned();
            return HttpConnectorFuture::ready(Err(ConnectorError::user(Box::new(ThroughProxy {
                proxy,
                causes,
            }))));
        };
        let call = connector.call(request);
        HttpConnectorFuture::new(
            async move { call.await.map_err(|error| told(proxy, has_credentials, error)) },
        )
    }
}

/// A connection that failed names the proxy; of what kind the failure is stays, since retries go by it.
fn told(proxy: String, has_credentials: bool, error: ConnectorError) -> ConnectorError {
    if !error.is_io() && !error.is_other() {
        return error;
    }
    let is_io = error.is_io();
    let source = error.into_source();
    // The outermost says "client error" and no more.
    let mut next = source.source().or(Some(&*source));
    let mut causes = Vec::new();
    while let Some(cause) = next {
        causes.push(cause.to_string());
        next = cause.source();
    }
    let causes = in_words(&causes.join(": "), has_credentials);
    let told = Box::new(ThroughProxy { proxy, causes });
    if is_io { ConnectorError::io(told) } else { ConnectorError::other(told, None) }
}

/// The SDK keeps a proxy's answer to itself, and says of it one of two words.
fn in_words(causes: &str, has_credentials: bool) -> String {
    let ours = match (causes, has_credentials) {
        (causes, true) if causes.contains("proxy authorization required") => {
            "it does not accept the user name and password that are set, or wants another way than Basic"
        }
        (causes, false) if causes.contains("proxy authorization required") => {
            "it wants a user name and a password, and none are set"
        }
        // Some proxies answer 401 to a wrong password.
        (causes, true) if causes.ends_with("unsuccessful") => {
            "it opened no connection: by its rules, because it cannot, or because it does not accept the user name and password"
        }
        (causes, false) if causes.ends_with("unsuccessful") => {
            "it opened no connection: by its rules, or because it cannot"
        }
        _ => return causes.to_owned(),
    };
    format!("{ours} ({causes})")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proxy::{Exception, ProxyChoice};

    #[test]
    fn which_requests_go_through_the_proxy() {
        let ProxyChoice::Url(url) = "http://proxy:3128".parse().unwrap() else { unreachable!() };
        let server = ProxyServer { url, credentials: None };
        let egress = Egress::through(server, Exception::list("sts.eu-west-1.amazonaws.com").0);
        let fork = Fork {
            egress,
            latest: LatestProxy::default(),
            straight: SharedHttpConnector::new(Never),
            proxied: None,
        };
        for (uri, goes) in [
            ("https://iam.amazonaws.com/", true),
            ("https://iam.amazonaws.com:8443/?Action=x", true),
            ("https://sts.eu-west-1.amazonaws.com/", false),
            ("https://127.0.0.1:5000/", false),
            ("http://169.254.169.254/latest/api/token", false),
            ("http://169.254.170.2/v2/credentials/x", false),
            ("http://169.254.170.23/v1/credentials", false),
            ("http://[fd00:ec2::254]/latest", false),
            ("http://[fd00:ec2::23]/v1/credentials", false),
            ("http://localhost:1338/", false),
            ("http://iam.internal.example/", false),
            ("no URL", false),
        ] {
            assert_eq!(fork.proxy_for(uri).is_some(), goes, "{uri}");
        }
    }

    #[derive(Debug)]
    struct Never;

    impl HttpConnector for Never {
        fn call(&self, _: HttpRequest) -> HttpConnectorFuture {
            unreachable!()
        }
    }
}
