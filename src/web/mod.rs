//! The HTTP server: in go the snapshot and the metrics, out come read-only pages, behind TLS and login where the web
//! configuration file asks for them, within limits on what a client may take. Nothing here changes the agent's state.

mod answer;
mod api;
mod auth;
mod body;
mod client;
mod config;
mod connections;
mod discovery;
mod exposition;
mod gate;
mod handshake_failure;
mod listen;
mod listener;
mod negotiate;
mod page;
mod probe;
mod probe_places;
mod query;
mod queue;
mod rate_limit;
mod readiness;
mod refusal_log;
mod reload;
mod routes;
mod shared_polls;
mod socket;
mod timeout;
mod work;

use std::sync::Arc;

use futures_util::future::join_all;
use hyper::Request;
use hyper::body::Incoming;
use tokio_util::sync::CancellationToken;

pub use config::WebConfig;
pub(crate) use config::{LiveConfig, WebConfigError};
pub(crate) use exposition::Exposition;
pub(crate) use listen::{ListenError, listen};
pub(crate) use probe::{ProbeMeans, Prober};
use readiness::Detail;
pub(crate) use reload::{ReloadOutcome, ReloadRequests, reload_requests};
pub(crate) use routes::Pages;
pub(crate) use socket::Listener;

use answer::Answer;
use client::Client;
use gate::Gate;
use listener::Service;
use refusal_log::RefusalLog;

use crate::refusal::Refusals;

/// Connections at the same time; see [`connections`] for what happens to further ones. Those that are worked for keep their
/// places, so there are twice as many as there can be of those.
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
    /// Scrapes and probes that are worked for at the same time.
    pub at_work: usize,
    /// Whom it refuses.
    pub refusals: Arc<Refusals>,
}

impl Server {
    /// Serves until `stop`, then lets answers that are under way end for a few seconds.
    pub(crate) async fn serve(self, stop: CancellationToken) {
        let Self { listeners, health, pages, config, at_work, refusals } = self;
        let limit = MAX_CONNECTIONS.max(2 * at_work);
        let refused = Arc::new(RefusalLog::new(refusals));
        let open = Arc::new(HealthPages { pages: Arc::clone(&pages), open: Arc::default() });
        let gated = Arc::new(GatedPages { pages, config: Arc::clone(&config), gate: Gate::new() });
        let every = listeners.into_iter().map(|listener| {
            listener::serve(listener, Arc::clone(&gated), limit, Arc::clone(&refused), stop.clone())
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
    gate: Gate,
}

impl Service for GatedPages {
    fn config(&self) -> Arc<WebConfig> {
        self.config.in_force()
    }

    async fn respond(&self, config: &WebConfig, client: &Client, request: &Request<Incoming>) -> Answer {
        let is_free = Pages::is_free(request);
        let mut answer = match self.gate.admit(config, client, request.headers(), is_free).await {
            Ok(()) => self.pages.route(client, request).await,
            Err(refusal) => refusal,
        };
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

    async fn respond(&self, _: &WebConfig, _: &Client, request: &Request<Incoming>) -> Answer {
        self.pages.health(request, Detail::Counts)
    }
}
