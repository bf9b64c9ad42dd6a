//! A fake of AWS IAM, reached by the real AWS SDK or CLI over plain HTTP through `AWS_ENDPOINT_URL`.
//!
//! It knows the three calls about OIDC providers that this project makes, and `AssumeRoleWithWebIdentity` of STS,
//! through which many agents get their credentials. Unlike AWS it takes a port in a provider's URL, since loopback
//! issuers have one, and it checks that a call is signed but not the signature.

mod actions;
mod xml;

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

use super::http::whole;

const CONNECTION_LIMIT: Duration = Duration::from_mins(5);
/// Instead of a number of calls that are to fail.
const EVERY_READING: usize = usize::MAX;

/// What goes wrong with a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// 403 `AccessDenied`.
    AccessDenied,
    /// 400 `Throttling`.
    Throttled,
    /// 400 `InvalidIdentityToken`, as STS answers when the thumbprint does not match.
    InvalidIdentityToken,
    /// 403 `ExpiredToken`.
    ExpiredToken,
    /// 404 `NoSuchEntity`.
    NoSuchEntity,
    /// 500 `ServiceFailure`.
    ServerError,
    /// 200 with a page that is not XML.
    NotXml,
    /// 200 with an answer that is right, and longer than anybody should read: over 9 MiB.
    Huge,
    /// No answer at all, while the connection stays open.
    Hang,
    /// The connection is closed without an answer.
    CloseConnection,
}

/// An IAM OIDC provider as IAM keeps it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Provider {
    /// Without the scheme.
    pub url: String,
    pub thumbprints: Vec<String>,
    pub client_ids: Vec<String>,
    pub tags: BTreeMap<String, String>,
}

/// One call that was received.
#[derive(Clone, Debug)]
pub struct Call {
    pub action: String,
    /// All fields of the form, also `Action` and `Version`.
    pub form: BTreeMap<String, String>,
    /// The access key id of the signature; empty if the call is not signed.
    pub access_key: String,
    /// The region of the signature; empty if the call is not signed.
    pub region: String,
}

#[derive(Default)]
struct State {
    account: String,
    providers: BTreeMap<String, Provider>,
    fault: Option<(Fault, usize)>,
    get_faults: BTreeMap<String, Fault>,
    calls: Vec<Call>,
}

/// A running fake; it stops when it is dropped.
pub struct FakeIam {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
    task: JoinHandle<()>,
}

impl FakeIam {
    /// Starts on a free loopback port, as the account with this id of twelve digits.
    pub async fn start(account: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let state = Arc::new(Mutex::new(State { account: account.to_owned(), ..State::default() }));
        Self {
            address: listener.local_addr().unwrap(),
            task: tokio::spawn(accept(listener, state.clone())),
            state,
        }
    }

    /// For `AWS_ENDPOINT_URL`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The account's id.
    pub fn account(&self) -> String {
        self.state().account.clone()
    }

    /// The ARN that a provider of this issuer has here.
    pub fn arn(&self, issuer: &str) -> String {
        let url = issuer.strip_prefix("https://").unwrap_or(issuer);
        format!("arn:aws:iam::{}:oidc-provider/{url}", self.state().account)
    }

    /// Adds a provider for `sts.amazonaws.com`, or replaces that of the same issuer; gives its ARN. The thumbprints
    /// are kept as they are, unchecked.
    pub fn put(&self, issuer: &str, thumbprints: &[impl AsRef<str>]) -> String {
        self.put_provider(Provider {
            url: issuer.strip_prefix("https://").unwrap_or(issuer).to_owned(),
            thumbprints: thumbprints.iter().map(|text| text.as_ref().to_owned()).collect(),
            client_ids: vec!["sts.amazonaws.com".to_owned()],
            tags: BTreeMap::new(),
        })
    }

    /// Adds a provider, or replaces that of the same issuer; gives its ARN.
    pub fn put_provider(&self, provider: Provider) -> String {
        let arn = self.arn(&provider.url);
        self.state().providers.insert(arn.clone(), provider);
        arn
    }

    /// Removes a provider; false if there is none.
    pub fn remove(&self, arn: &str) -> bool {
        self.state().providers.remove(arn).is_some()
    }

    /// The provider as it is now.
    pub fn provider(&self, arn: &str) -> Option<Provider> {
        self.state().providers.get(arn).cloned()
    }

    /// From the next reading on every one fails so, at its first call; one that is under way ends as it began.
    pub fn fail(&self, fault: Fault) {
        self.state().fault = Some((fault, EVERY_READING));
    }

    /// The next calls, this many, fail so.
    pub fn fail_times(&self, fault: Fault, times: usize) {
        self.state().fault = Some((fault, times));
    }

    /// From now on `GetOpenIDConnectProvider` of this ARN fails so.
    pub fn fail_get(&self, arn: &str, fault: Fault) {
        self.state().get_faults.insert(arn.to_owned(), fault);
    }

    /// From now on nothing fails.
    pub fn heal(&self) {
        let mut state = self.state();
        state.fault = None;
        state.get_faults.clear();
    }

    /// All calls received so far, also those that failed.
    pub fn calls(&self) -> Vec<Call> {
        self.state().calls.clone()
    }

    /// How many calls of this action were received so far.
    pub fn count(&self, action: &str) -> usize {
        self.state().calls.iter().filter(|call| call.action == action).count()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }
}

impl Drop for FakeIam {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn accept(listener: TcpListener, state: Arc<Mutex<State>>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => if let Ok((tcp, _)) = accepted {
                connections.spawn(tokio::time::timeout(CONNECTION_LIMIT, converse(tcp, state.clone())));
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn converse(tcp: TcpStream, state: Arc<Mutex<State>>) {
    let service = service_fn(|request| answer(request, &state));
    let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(tcp), service).await;
}

/// An error makes hyper close the connection without an answer.
async fn answer(request: Request<Incoming>, state: &Mutex<State>) -> io::Result<Response<super::http::Body>> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
    let call = read_call(parts.headers.get(AUTHORIZATION), &body);
    let (answer, fault) = {
        let mut state = state.lock().unwrap();
        let fault = next_fault(&mut state, &call);
        let answer = match fault {
            Some(fault) if fault != Fault::Huge => Err(actions::failure(fault, &call, &state)),
            _ => actions::perform(&call, &mut state),
        };
        state.calls.push(call.clone());
        (answer, fault)
    };
    match fault {
        Some(Fault::Hang) => std::future::pending().await,
        Some(Fault::CloseConnection) => return Err(io::Error::other("closed without an answer")),
        Some(Fault::NotXml) => {
            return Ok(response(StatusCode::OK, "<html>Welcome to the hotel</html".to_owned()));
        }
        _ => {}
    }
    Ok(match answer {
        Ok(result) => {
            let padding = if fault == Some(Fault::Huge) { 9 << 20 } else { 0 };
            response(StatusCode::OK, xml::result(&call.action, &result) + &"\n".repeat(padding))
        }
        Err(refusal) => response(refusal.status, xml::error(&call.action, &refusal)),
    })
}

fn next_fault(state: &mut State, call: &Call) -> Option<Fault> {
    if call.action == "GetOpenIDConnectProvider"
        && let Some(fault) = state.get_faults.get(call.arn())
    {
        return Some(*fault);
    }
    let (fault, left) = state.fault?;
    if left == EVERY_READING {
        return (call.action != "GetOpenIDConnectProvider").then_some(fault);
    }
    state.fault = (left > 1).then(|| (fault, left - 1));
    Some(fault)
}

impl Call {
    /// The provider that the call is about.
    fn arn(&self) -> &str {
        self.form.get("OpenIDConnectProviderArn").map_or("", String::as_str)
    }
}

/// The signature looks so: `AWS4-HMAC-SHA256 Credential=KEY/20250101/us-east-1/iam/aws4_request, ...`.
fn read_call(authorization: Option<&HeaderValue>, body: &[u8]) -> Call {
    let signature = authorization.and_then(|value| value.to_str().ok()).unwrap_or_default();
    let credential = signature.split_once("Credential=").map_or("", |(_, rest)| rest);
    let mut scope = credential.split('/');
    let access_key = scope.next().unwrap_or_default().to_owned();
    let region = scope.nth(1).unwrap_or_default().to_owned();
    let form: BTreeMap<String, String> = url::form_urlencoded::parse(body).into_owned().collect();
    Call { action: form.get("Action").cloned().unwrap_or_default(), form, access_key, region }
}

fn response(status: StatusCode, text: String) -> Response<super::http::Body> {
    let body = whole(text);
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/xml"));
    response
}
