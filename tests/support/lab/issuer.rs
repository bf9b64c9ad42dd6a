//! One loopback OIDC issuer: a host name, some addresses, a port, a discovery document and a JWKS.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};

use hyper::body::Incoming;
use hyper::{Request, Response, StatusCode};
use serde_json::{Value, json};
use tokio::net::TcpSocket;
use tokio::task::JoinHandle;

use super::behaviour::{Behaviour, Wire, ec_key, rsa_key};
use super::by_hand::ByHand;
use super::ca::Der;
use super::chains::{Chain, good};
use super::http::{self, Body};
use super::tls_server::{self, Face, TlsVersions};

/// What is asked of an issuer before it starts.
#[derive(Clone)]
pub struct Spec {
    pub host: String,
    /// The path of the issuer URL, such as `/id/EXAMPLE`; empty for none.
    pub path: String,
    /// One sentence for people.
    pub story: &'static str,
    /// Which chain is served at which address of the host.
    pub faces: Vec<(IpAddr, Chain)>,
    pub versions: TlsVersions,
    pub behaviour: Behaviour,
    /// Another host that serves the JWKS.
    pub jwks_host: Option<Box<Spec>>,
    /// Whether its chains' anchors are among those that clients shall trust.
    pub trusted: bool,
    /// Whether anything listens on its port.
    pub alive: bool,
}

impl Spec {
    /// A good issuer at 127.0.0.1 with this chain.
    pub fn new(host: &str, chain: Chain) -> Self {
        Self {
            host: host.to_owned(),
            path: String::new(),
            story: "",
            faces: vec![(Ipv4Addr::LOCALHOST.into(), chain)],
            versions: TlsVersions::Both,
            behaviour: Behaviour::Good,
            jwks_host: None,
            trusted: true,
            alive: true,
        }
    }

    /// The same at one more address, with its own chain there.
    pub fn also_at(mut self, address: IpAddr, chain: Chain) -> Self {
        self.faces.push((address, chain));
        self
    }
}

/// What all addresses of an issuer have in common.
pub struct Site {
    path: String,
    discovery: Value,
    jwks: Value,
    behaviour: Mutex<Behaviour>,
    versions: TlsVersions,
    /// Heads of the requests that were answered by hand.
    heads: Mutex<Vec<String>>,
}

impl Site {
    fn new(spec: &Spec, url: &str, jwks_uri: &str) -> Self {
        let discovery = json!({
            "issuer": url,
            "jwks_uri": jwks_uri,
            "authorization_endpoint": "urn:kubernetes:programmatic_authorization",
            "response_types_supported": ["id_token"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256", "ES256"],
            "claims_supported": ["sub", "iss"],
        });
        Self {
            path: spec.path.clone(),
            discovery,
            jwks: json!({"keys": [rsa_key("lab-rsa-1"), ec_key("lab-ec-1")]}),
            behaviour: Mutex::new(spec.behaviour.clone()),
            versions: spec.versions,
            heads: Mutex::default(),
        }
    }

    /// The TLS versions it takes.
    pub fn versions(&self) -> TlsVersions {
        self.versions
    }

    /// How the next connection goes wrong, if it shall.
    pub fn wire(&self) -> Option<Wire> {
        match &*self.behaviour.lock().unwrap() {
            Behaviour::Wire(wire) => Some(*wire),
            _ => None,
        }
    }

    /// What is answered byte by byte, if anything is.
    pub fn by_hand(&self) -> Option<ByHand> {
        match &*self.behaviour.lock().unwrap() {
            Behaviour::ByHand(by_hand) => Some(by_hand.clone()),
            _ => None,
        }
    }

    /// Remembers the head of a request.
    pub fn hear(&self, head: &str) {
        self.heads.lock().unwrap().push(head.to_owned());
    }

    /// The good document at this path.
    pub fn document(&self, path: &str) -> Option<&Value> {
        match path.strip_prefix(&self.path)? {
            "/.well-known/openid-configuration" => Some(&self.discovery),
            "/keys" => Some(&self.jwks),
            _ => None,
        }
    }

    /// Answers one request.
    pub fn answer(&self, request: &Request<Incoming>) -> Response<Body> {
        let behaviour = self.behaviour.lock().unwrap().clone();
        match request.uri().path().strip_prefix(&self.path) {
            Some("/.well-known/openid-configuration") => match behaviour {
                Behaviour::Discovery(reply) => http::answer(&self.discovery, Some(&reply)),
                _ => http::answer(&self.discovery, None),
            },
            Some("/keys") => match behaviour {
                Behaviour::Jwks(reply) => http::answer(&self.jwks, Some(&reply)),
                _ => http::answer(&self.jwks, None),
            },
            _ => http::refusal(StatusCode::NOT_FOUND),
        }
    }
}

/// A running issuer; it stops when it is dropped.
pub struct LabIssuer {
    /// The first label of its host name.
    pub name: String,
    /// One sentence for people.
    pub story: &'static str,
    host: String,
    port: u16,
    url: String,
    site: Arc<Site>,
    faces: Vec<Arc<Face>>,
    jwks_host: Option<Box<LabIssuer>>,
    trusted: bool,
    tasks: Vec<JoinHandle<()>>,
    /// Holds the port of an issuer that does not listen.
    _reserved: Vec<TcpSocket>,
}

impl LabIssuer {
    /// Starts an issuer that does everything well.
    pub async fn good(host: &str) -> Self {
        Self::start(Spec::new(host, good(host))).await
    }

    /// Starts an issuer, and the host of its JWKS if that is another.
    pub async fn start(spec: Spec) -> Self {
        let jwks_host = match spec.jwks_host.clone() {
            Some(other) => Some(Box::new(Box::pin(Self::start(*other)).await)),
            None => None,
        };
        let addresses: Vec<IpAddr> = spec.faces.iter().map(|(address, _)| *address).collect();
        let (listeners, reserved) = if spec.alive {
            (tls_server::listen(&addresses).await.unwrap(), Vec::new())
        } else {
            (Vec::new(), vec![reserve(addresses[0]).unwrap()])
        };
        let local = match listeners.first() {
            Some(listener) => listener.local_addr(),
            None => reserved[0].local_addr(),
        };
        let port = local.unwrap().port();
        let url = format!("https://{}:{port}{}", spec.host, spec.path);
        let jwks_uri = format!("{}/keys", jwks_host.as_ref().map_or(&*url, |other| &*other.url));
        let site = Arc::new(Site::new(&spec, &url, &jwks_uri));
        let faces: Vec<_> =
            spec.faces.into_iter().map(|(address, chain)| Face::new(address, chain)).collect();
        let tasks = listeners
            .into_iter()
            .zip(&faces)
            .map(|(listener, face)| tls_server::accept(listener, face.clone(), site.clone()))
            .collect();
        Self {
            name: spec.host.split('.').next().unwrap_or_default().to_owned(),
            story: spec.story,
            host: spec.host,
            port,
            url,
            site,
            faces,
            jwks_host,
            trusted: spec.trusted,
            tasks,
            _reserved: reserved,
        }
    }

    /// The issuer URL, canonical.
    pub fn url(&self) -> &str {
        &self.url
    }

    pub fn host(&self) -> &str {
        &self.host
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// `host:port`, as the metrics' label `endpoint` has it.
    pub fn endpoint(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }

    /// The URL in its discovery document.
    pub fn jwks_uri(&self) -> &str {
        self.site.discovery["jwks_uri"].as_str().unwrap()
    }

    /// The good document at this path.
    pub fn document(&self, path: &str) -> String {
        self.site.document(path).unwrap().to_string()
    }

    /// The heads of the requests that were answered by hand.
    pub fn heads(&self) -> Vec<String> {
        self.site.heads.lock().unwrap().clone()
    }

    /// The addresses of its host.
    pub fn addresses(&self) -> Vec<IpAddr> {
        self.faces.iter().map(|face| face.address()).collect()
    }

    /// Its addresses with the port.
    pub fn sockets(&self) -> Vec<SocketAddr> {
        self.addresses().into_iter().map(|address| SocketAddr::new(address, self.port)).collect()
    }

    /// What is served at each of its addresses, and how often it was.
    pub fn faces(&self) -> &[Arc<Face>] {
        &self.faces
    }

    /// The other host that serves its JWKS, if there is one.
    pub fn jwks_host(&self) -> Option<&LabIssuer> {
        self.jwks_host.as_deref()
    }

    /// Itself and the host of its JWKS.
    pub fn hosts(&self) -> impl Iterator<Item = &LabIssuer> {
        std::iter::once(self).chain(self.jwks_host.as_deref())
    }

    /// Each distinct thumbprint that AWS's procedure can yield now: of all addresses of both hosts, in that order.
    /// One that does not listen tells what it would serve.
    pub fn thumbprints(&self) -> Vec<String> {
        let mut found = Vec::new();
        for chain in self.hosts().flat_map(|host| host.faces.iter().flat_map(|face| face.chains())) {
            let thumbprint = chain.thumbprint();
            if !found.contains(&thumbprint) {
                found.push(thumbprint);
            }
        }
        found
    }

    /// The trust anchors of its chains, where clients shall trust them.
    pub fn anchors(&self) -> Vec<Der> {
        let trusted = self.hosts().filter(|host| host.trusted);
        trusted
            .flat_map(|host| host.faces.iter().flat_map(|face| face.chains()))
            .filter_map(|chain| chain.anchor)
            .collect()
    }

    /// Behaves so from the next request (on the wire: from the next connection) on.
    pub fn behave(&self, behaviour: Behaviour) {
        *self.site.behaviour.lock().unwrap() = behaviour;
    }

    /// Serves this chain at all addresses from the next handshake on.
    pub fn serve(&self, chain: &Chain) {
        for face in &self.faces {
            face.serve_in_turn(std::slice::from_ref(chain));
        }
    }

    /// Serves this chain at one address from the next handshake on.
    pub fn serve_at(&self, address: IpAddr, chain: &Chain) {
        let face = self.faces.iter().find(|face| face.address() == address).unwrap();
        face.serve_in_turn(std::slice::from_ref(chain));
    }

    /// Stops listening, and ends its connections.
    pub fn end(&self) {
        for task in &self.tasks {
            task.abort();
        }
    }

    /// Handshakes completed at all addresses together.
    pub fn handshakes(&self) -> usize {
        self.faces.iter().map(|face| face.handshakes()).sum()
    }

    /// TCP connections accepted at all addresses together.
    pub fn connections(&self) -> usize {
        self.faces.iter().map(|face| face.connections()).sum()
    }
}

impl Drop for LabIssuer {
    fn drop(&mut self) {
        self.end();
    }
}

/// A port that is taken, so that nobody else gets it, but where nothing listens: a connection is refused.
fn reserve(address: IpAddr) -> io::Result<TcpSocket> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.bind(SocketAddr::new(address, 0))?;
    Ok(socket)
}
