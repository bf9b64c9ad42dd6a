//! Which page answers which request.
//!
//! | path | methods | what it answers |
//! |---|---|---|
//! | `/` | GET, HEAD | every provider, worst first, for people |
//! | `/issuer?url=` | GET, HEAD | one issuer and its chains, for people |
//! | `/metrics` | GET, HEAD | the exposition |
//! | `/api/v1/providers`, `/api/v1/issuers` | GET, HEAD | the same state as JSON |
//! | `/sd` | GET, HEAD | the issuers, for Prometheus' HTTP service discovery |
//! | `/probe?target=` | GET, HEAD | a poll of its own, for Prometheus' multi-target pattern |
//! | `/-/healthy`, `/-/ready` | GET, HEAD | health checks, on a listener of their own too |
//! | `/-/reload` | POST | reads the configuration again, where that is enabled |

use std::sync::Arc;
use std::time::Duration;

use hyper::{Method, Request, StatusCode};
use tokio::time::Instant;

use super::answer::{Answer, TEXT, again, json, page, page_of, refusal};
use super::api::{IssuerList, ProviderList};
use super::client::Client;
use super::discovery::{Exporter, targets};
use super::exposition::Exposition;
use super::page::{issuer, overview};
use super::probe::{ProbeError, Prober};
use super::queue::Queue;
use super::readiness::{Detail, readiness};
use super::reload::ReloadHandle;
use super::work::work;
use crate::agent::{Heartbeat, Stall};
use crate::clock::{Clock, Timestamp};
use crate::metrics::Format;
use crate::refusal::Refusal;
use crate::snapshot::{Published, Snapshot};

/// What the server can show.
pub(crate) struct Pages {
    exposition: Exposition,
    published: Published,
    heartbeat: Heartbeat,
    clock: Clock,
    prober: Arc<Prober>,
    reload: ReloadHandle,
    /// For pages, the API and `/sd`: of thousands of issuers they are as large as an exposition.
    makings: Arc<Queue>,
    /// One reload at a time.
    reloads: Arc<Queue>,
}

/// Pages that are made, and the large ones that are read, at the same time; and as many that wait.
const MAX_PAGES: usize = 16;
/// Requests to reload that wait for the one that is under way.
const MAX_RELOADS: usize = 8;
/// Longest wait of such a one.
const RELOAD_PATIENCE: Duration = Duration::from_mins(1);

impl Pages {
    /// Pages on what the agent publishes.
    #[must_use]
    pub(crate) fn new(
        exposition: Exposition,
        published: Published,
        heartbeat: Heartbeat,
        clock: Clock,
        prober: Arc<Prober>,
        reload: ReloadHandle,
    ) -> Self {
        let (makings, reloads) = (Queue::new(MAX_PAGES, MAX_PAGES), Queue::new(1, MAX_RELOADS));
        Self { exposition, published, heartbeat, clock, prober, reload, makings, reloads }
    }

    /// Whether the answer costs nothing, and comes at once.
    #[must_use]
    pub(super) fn is_free<B>(request: &Request<B>) -> bool {
        matches!(request.uri().path(), "/-/healthy" | "/-/ready")
    }

    /// The answer to one request; its body is not read.
    pub(super) async fn route<B>(&self, client: &Client, request: &Request<B>) -> Answer {
        let (query, headers) = (request.uri().query(), request.headers());
        match request.uri().path() {
            "/" | "/issuer" | "/api/v1/providers" | "/api/v1/issuers" | "/sd" | "/probe" | "/metrics"
                if !reads(request) =>
            {
                refusal("GET, HEAD")
            }
            "/-/reload" => self.reload(client, request.method()).await,
            "/" => self.page(client, request, overview).await,
            "/issuer" => self.page(client, request, issuer).await,
            "/api/v1/providers" => {
                self.page(client, request, |state, _, now| json(&ProviderList::of(state, now))).await
            }
            "/api/v1/issuers" => {
                self.page(client, request, |state, _, now| json(&IssuerList::of(state, now))).await
            }
            "/sd" => match Exporter::of(request, client) {
                Ok(at) => self.page(client, request, move |state, _, _| targets(state, &at)).await,
                Err(why) => page(StatusCode::BAD_REQUEST, TEXT, why),
            },
            "/probe" => probed(self.prober.probe(client, query, headers).await),
            "/metrics" => self.exposition.scrape(client, headers).await,
            _ => self.health(request, Detail::Names),
        }
    }

    /// What `make` makes of the state, the query and the time.
    async fn page<B>(
        &self,
        client: &Client,
        request: &Request<B>,
        make: impl FnOnce(&Snapshot, Option<&str>, Timestamp) -> Answer + Send + 'static,
    ) -> Answer {
        let (state, now) = (self.published.load_full(), self.clock.now());
        let query = request.uri().query().map(str::to_owned);
        let make = move || make(&state, query.as_deref(), now);
        work(&self.makings, client, request.headers(), "too many pages at the same time\n", make).await
    }

    /// Reads the configuration again and says what came of it.
    async fn reload(&self, client: &Client, method: &Method) -> Answer {
        if *method != Method::POST {
            return refusal("POST");
        }
        let until = Instant::now() + RELOAD_PATIENCE;
        let turn = client.place.queue(self.reloads.wait(client.peer, client.rank(), until)).await;
        let Ok(_turn) = turn else {
            return again(
                Refusal::Busy,
                StatusCode::SERVICE_UNAVAILABLE,
                "too many reloads at the same time\n",
            );
        };
        match self.reload.reload().await {
            None => page(
                StatusCode::FORBIDDEN,
                TEXT,
                "reloading over HTTP is disabled (web.enable_reload is false)\n",
            ),
            Some(Ok(left_out)) if left_out.is_empty() => page(StatusCode::OK, TEXT, "reloaded\n"),
            Some(Ok(left_out)) => {
                let body = format!("reloaded; these changes need a restart: {}\n", left_out.join(", "));
                page_of(StatusCode::OK, TEXT, body.into())
            }
            Some(Err(reason)) => page_of(StatusCode::INTERNAL_SERVER_ERROR, TEXT, (reason + "\n").into()),
        }
    }

    /// The answer of a listener that shows no more than `/-/healthy` and `/-/ready`.
    pub(super) fn health<B>(&self, request: &Request<B>, detail: Detail) -> Answer {
        match request.uri().path() {
            "/-/healthy" | "/-/ready" if !reads(request) => refusal("GET, HEAD"),
            "/-/healthy" => healthy(self.heartbeat.stall(std::time::Instant::now())),
            "/-/ready" => readiness(&self.published.load(), detail, self.clock.now()),
            _ => page(StatusCode::NOT_FOUND, TEXT, "no such page\n"),
        }
    }
}

/// A restart is the remedy for a stall, as for the service manager's watchdog, which goes by the same rule.
fn healthy(stall: Option<Stall>) -> Answer {
    match stall {
        None => page(StatusCode::OK, TEXT, "healthy\n"),
        Some(stall) => {
            page_of(StatusCode::SERVICE_UNAVAILABLE, TEXT, format!("not healthy: {stall}\n").into())
        }
    }
}

fn probed(result: Result<String, ProbeError>) -> Answer {
    match result {
        Ok(text) => page_of(StatusCode::OK, Format::Text.content_type(), text.into()),
        Err(error) => {
            let mut answer = page_of(error.status(), TEXT, format!("{error}\n").into());
            error.add_headers(&mut answer);
            answer
        }
    }
}

fn reads<B>(request: &Request<B>) -> bool {
    matches!(*request.method(), Method::GET | Method::HEAD)
}
