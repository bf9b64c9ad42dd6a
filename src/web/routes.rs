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
use std::time::Instant;

use hyper::header::HOST;
use hyper::http::uri::Authority;
use hyper::{Method, Request, StatusCode};

use super::answer::{Answer, TEXT, json, page, page_of, refusal};
use super::api::{IssuerList, ProviderList, target_groups};
use super::exposition::Exposition;
use super::page::{issuer, overview};
use super::probe::{ProbeError, Prober, scrape_timeout};
use super::reload::ReloadHandle;
use crate::agent::{Heartbeat, Stall};
use crate::clock::Clock;
use crate::metrics::Format;
use crate::snapshot::Published;

/// What the server can show.
pub(crate) struct Pages {
    exposition: Exposition,
    published: Published,
    heartbeat: Heartbeat,
    clock: Clock,
    prober: Arc<Prober>,
    reload: ReloadHandle,
}

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
        Self { exposition, published, heartbeat, clock, prober, reload }
    }

    /// The answer to one request; its body is not read.
    pub(crate) async fn route<B>(&self, request: &Request<B>) -> Answer {
        let (query, now) = (request.uri().query(), self.clock.now());
        match request.uri().path() {
            "/" | "/issuer" | "/api/v1/providers" | "/api/v1/issuers" | "/sd" | "/probe" | "/metrics"
                if !reads(request) =>
            {
                refusal("GET, HEAD")
            }
            "/-/reload" => self.reload(request.method()).await,
            "/" => overview(&self.published.load(), query, now),
            "/issuer" => issuer(&self.published.load(), query, now),
            "/api/v1/providers" => json(&ProviderList::of(&self.published.load(), now)),
            "/api/v1/issuers" => json(&IssuerList::of(&self.published.load(), now)),
            "/sd" => self.targets(request),
            "/probe" => probed(self.prober.probe(query, scrape_timeout(request.headers())).await),
            "/metrics" => self.exposition.scrape(request.headers()).await,
            _ => self.health(request),
        }
    }

    /// Reads the configuration again and says what came of it.
    async fn reload(&self, method: &Method) -> Answer {
        if *method != Method::POST {
            return refusal("POST");
        }
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

    fn targets<B>(&self, request: &Request<B>) -> Answer {
        let authority = request.uri().authority().map(Authority::as_str);
        let host = || request.headers().get(HOST).and_then(|host| host.to_str().ok());
        match authority.or_else(host).map(str::parse::<Authority>) {
            Some(Ok(address)) => json(&target_groups(&self.published.load(), address.as_str())),
            _ => page(
                StatusCode::BAD_REQUEST,
                TEXT,
                "the Host header must name the address of this exporter\n",
            ),
        }
    }

    /// The answer of a listener that shows no more than `/-/healthy` and `/-/ready`.
    pub(crate) fn health<B>(&self, request: &Request<B>) -> Answer {
        match request.uri().path() {
            "/-/healthy" | "/-/ready" if !reads(request) => refusal("GET, HEAD"),
            "/-/healthy" => healthy(self.heartbeat.stall(Instant::now())),
            "/-/ready" if self.published.load().ready => page(StatusCode::OK, TEXT, "ready\n"),
            "/-/ready" => page(
                StatusCode::SERVICE_UNAVAILABLE,
                TEXT,
                "not ready: some issuers or IAM have no result yet\n",
            ),
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
