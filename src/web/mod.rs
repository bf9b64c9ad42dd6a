//! The HTTP server: in go the snapshot and the metrics, out come read-only pages, behind TLS and login where the web
//! configuration file asks for them, within limits on what a client may take. Nothing here changes the agent's state.

mod answer;
mod api;
mod auth;
mod body;
mod config;
mod connections;
mod exposition;
mod handshake_failure;
mod listen;
mod listener;
mod negotiate;
mod page;
mod probe;
mod query;
mod rate_limit;
mod refusal_log;
mod reload;
mod routes;
mod socket;

use std::sync::Arc;

use futures_util::future::join_all;
use hyper::body::Incoming;
use hyper::header::{HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use hyper::{Request, StatusCode};
use tokio_util::sync::CancellationToken;

pub use config::WebConfig;
pub(crate) use config::{LiveConfig, WebConfigError};
pub(crate) use exposition::Exposition;
pub(crate) use listen::{ListenError, listen};
pub(crate) use probe::{ProbeMeans, Prober};
pub(crate) use reload::{ReloadOutcome, ReloadRequests, reload_requests};
pub(crate) use routes::Pages;
pub(crate) use socket::Listener;

use answer::{Answer, TEXT, page};
use listener::Service;
use refusal_log::RefusalLog;

use crate::refusal::{Refusal, Refusals};

/// Connections at the same time; see [`connections`] for what happens to further ones.
const MAX_CONNECTIONS: usize = 512;
/// The same of the listener for health checks.
const MAX_HEALTH_CONNECTIONS: usize = 32;

/// All that is served.
pub(crate) struct Server {
    /// Where every page is served, under the rules of `config`.
    pub listeners: Vec<Listener>,
    /// Where `/-/healthy` and `/-/ready` are served to anybody, in the clear.
    pub health: Vec<Listener>,
    pub pages: Arc<Pages>,
    pub config: Arc<LiveConfig>,
    /// Whom it refuses.
    pub refusals: Arc<Refusals>,
}

impl Server {
    /// Serves until `stop`, then lets answers that are under way end for a few seconds.
    pub(crate) async fn serve(self, stop: CancellationToken) {
        let Self { listeners, health, pages, config, refusals } = self;
        let refused = Arc::new(RefusalLog::new(refusals));
        let open = Arc::new(HealthPages { pages: Arc::clone(&pages), open: Arc::default() });
        let gated = Arc::new(GatedPages { pages, config: Arc::clone(&config) });
        let every = listeners.into_iter().map(|listener| {
            listener::serve(listener, Arc::clone(&gated), MAX_CONNECTIONS, Arc::clone(&refused), stop.clone())
        });
        let checks = health.into_iter().map(|listener| {
            let refused = Arc::clone(&refused);
            listener::serve(listener, Arc::clone(&open), MAX_HEALTH_CONNECTIONS, refused, stop.clone())
        });
        tokio::join!(join_all(every), join_all(checks), config.watch(stop.clone()));
    }
}

/// Every page, behind rate limit and login.
struct GatedPages {
    pages: Arc<Pages>,
    config: Arc<LiveConfig>,
}

impl GatedPages {
    async fn respond_within_rules(&self, config: &WebConfig, request: &Request<Incoming>) -> Answer {
        if config.rate_limit.as_ref().is_some_and(|limit| !limit.allows(std::time::Instant::now())) {
            let mut refusal = page(StatusCode::TOO_MANY_REQUESTS, TEXT, "too many requests\n");
            refusal.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
            refusal.extensions_mut().insert(Refusal::RateLimit);
            return refusal;
        }
        if let Some(users) = &config.users
            && !users.admit(request.headers()).await
        {
            let mut refusal = page(StatusCode::UNAUTHORIZED, TEXT, "user name and password required\n");
            refusal.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static(auth::CHALLENGE));
            refusal.extensions_mut().insert(Refusal::Login);
            return refusal;
        }
        self.pages.route(request).await
    }
}

impl Service for GatedPages {
    fn config(&self) -> Arc<WebConfig> {
        self.config.in_force()
    }

    async fn respond(&self, config: &WebConfig, request: &Request<Incoming>) -> Answer {
        let mut answer = self.respond_within_rules(config, request).await;
        for (name, value) in &config.headers {
            answer.headers_mut().insert(name.clone(), value.clone());
        }
        answer
    }
}

/// The two pages for those who restart what is not well.
struct HealthPages {
    pages: Arc<Pages>,
    open: Arc<WebConfig>,
}

impl Service for HealthPages {
    fn config(&self) -> Arc<WebConfig> {
        Arc::clone(&self.open)
    }

    async fn respond(&self, _: &WebConfig, request: &Request<Incoming>) -> Answer {
        self.pages.health(request)
    }
}
