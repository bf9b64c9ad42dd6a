//! The way out for every endpoint. Pure.

use std::sync::Arc;

use super::credentials::Credentials;
use super::exceptions::Exception;
use super::url::ProxyUrl;
use crate::endpoint::Endpoint;

/// A proxy, and what is needed to use it.
#[derive(Clone, Debug)]
pub struct ProxyServer {
    /// Where it is.
    pub url: ProxyUrl,
    /// What it is told when it asks who we are.
    pub credentials: Option<Credentials>,
}

/// The way out for every endpoint.
#[derive(Clone, Debug, Default)]
pub struct Egress {
    server: Option<Arc<ProxyServer>>,
    exceptions: Arc<[Exception]>,
    warning: Option<Arc<str>>,
}

impl ProxyServer {
    /// The URL with user name and password, as other programs want it: a secret.
    pub(crate) fn secret_url(&self) -> String {
        let userinfo = self.credentials.as_ref().map(|credentials| credentials.userinfo() + "@");
        format!("{}://{}{}", self.url.scheme(), userinfo.unwrap_or_default(), self.url.endpoint)
    }
}

impl Egress {
    /// No proxy at all.
    #[must_use]
    pub fn direct() -> Self {
        Self::default()
    }

    /// Through this proxy, but for the exceptions.
    #[must_use]
    pub fn through(server: ProxyServer, exceptions: Vec<Exception>) -> Self {
        Self { server: Some(Arc::new(server)), exceptions: exceptions.into(), warning: None }
    }

    pub(super) fn warn(self, warning: &str) -> Self {
        Self { warning: Some(warning.into()), ..self }
    }

    /// What somebody should mend, though it can be used as it is.
    #[must_use]
    pub fn warning(&self) -> Option<&str> {
        self.warning.as_deref()
    }

    /// The proxy that carries connections to `endpoint`, if any. Loopback, link-local and metadata addresses go straight,
    /// whatever is set: no proxy gets there, and what is said to them is for nobody else.
    #[must_use]
    pub fn proxy_for(&self, endpoint: &Endpoint) -> Option<&ProxyServer> {
        let server = self.server.as_deref()?;
        let mut exceptions = Exception::always().iter().chain(self.exceptions.iter());
        (!exceptions.any(|exception| exception.covers(endpoint))).then_some(server)
    }

    /// The proxy, if there is one at all.
    #[must_use]
    pub fn server(&self) -> Option<&ProxyServer> {
        self.server.as_deref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proxy::ProxyChoice;

    #[test]
    fn what_never_goes_through_a_proxy() {
        let ProxyChoice::Url(url) = "http://proxy:1".parse().unwrap() else { unreachable!() };
        let egress = Egress::through(ProxyServer { url, credentials: None }, Vec::new());
        for (endpoint, goes) in [
            ("a.example", true),
            ("10.0.0.1", true),
            ("[2001:db8::1]:8443", true),
            ("localhost", false),
            ("LOCALHOST.:8443", false),
            ("x.localhost", false),
            ("127.0.0.1", false),
            ("127.8.9.1", false),
            ("[::1]", false),
            ("[::ffff:127.0.0.1]", false),
            ("169.254.169.254", false),
            ("2852039166", false),
            ("169.254.170.2", false),
            ("169.254.170.23", false),
            ("[fd00:ec2::254]", false),
            ("[fd00:ec2::23]", false),
            ("[fe80::1]", false),
            ("100.100.100.200", false),
            ("metadata.google.internal", false),
        ] {
            let endpoint: Endpoint = endpoint.parse().unwrap();
            assert_eq!(egress.proxy_for(&endpoint).is_some(), goes, "{endpoint}");
        }
    }
}
