//! The daemon, put together: in goes a configuration file, out come a running agent, its server and its reloads, until a
//! signal ends them. Only here and above are the settings known as a whole.

mod logging;
mod reload;
pub(crate) mod setup;
mod text_fields;

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::{JoinError, JoinSet};
use tokio_util::sync::CancellationToken;

use logging::LevelHandle;
use reload::{Content, Reloader};
use setup::{LoadError, Loaded, runtime};

use crate::agent::Agent;
use crate::chain::AnchorCounts;
use crate::clock::Clock;
use crate::files::Settled;
use crate::metrics::Metrics;
use crate::proxy::Egress;
use crate::systemd::{Sockets, SocketsError, Supervisor};
use crate::web::{
    self, Exposition, ListenError, LiveConfig, Pages, ProbeMeans, Prober, Server, WebConfigError,
    reload_requests,
};

/// Why the daemon did not start, or ended.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RunError {
    #[error(transparent)]
    Load(#[from] LoadError),
    #[error("web.config_file: {0}")]
    WebConfig(#[from] WebConfigError),
    /// A port that is taken, or the like.
    #[error(transparent)]
    Listen(#[from] ListenError),
    /// What systemd handed over.
    #[error("socket activation: {0}")]
    Sockets(#[from] SocketsError),
    /// A defect of this program.
    #[error("metrics: {0}")]
    Metrics(#[from] prometheus::Error),
    /// Signals, threads or sockets.
    #[error("cannot start: {0}")]
    Io(#[from] io::Error),
    /// A defect of this program.
    #[error("a task of the daemon failed unexpectedly: {0}")]
    Task(#[from] JoinError),
}

impl RunError {
    /// A person has to mend a file first.
    #[must_use]
    pub(crate) fn is_mistake(&self) -> bool {
        matches!(self, Self::Load(_) | Self::WebConfig(_))
    }
}

/// Runs until SIGTERM or SIGINT.
///
/// # Errors
/// When the configuration has a mistake, or the daemon cannot start or go on.
pub(crate) fn run(file: Option<&Path>) -> Result<(), RunError> {
    let sockets = Sockets::from_environment()?;
    let (content, loaded) = Content::load(file, &Content::default());
    let loaded = loaded?;
    let level = logging::start(&loaded.settings.log);
    let web = Arc::new(LiveConfig::read(&loaded.settings.web.config_file)?);
    runtime()?.block_on(serve(file, sockets, content, loaded, level, web))
}

async fn serve(
    file: Option<&Path>,
    sockets: Sockets,
    content: Content,
    loaded: Loaded,
    level: LevelHandle,
    web: Arc<LiveConfig>,
) -> Result<(), RunError> {
    let stop = stop_on_signal()?;
    let hangup = signal(SignalKind::hangup())?;
    let listeners = listeners(sockets.http, Some(loaded.settings.web.listen))?;
    let health = self::listeners(sockets.health, loaded.settings.web.health_listen)?;
    note_start(&listeners, &health, &loaded)?;

    let clock = Clock::system();
    let setup = loaded.setup(clock.clone()).await;
    let keeping = loaded.keeping();
    let settings = loaded.settings;
    let means = ProbeMeans::new(&settings.probe, &setup);
    let agent = match keeping {
        Some(keeping) => Agent::new(setup).kept(keeping).await,
        None => Agent::new(setup),
    };
    let metrics = Metrics::new(agent.published(), clock.clone(), web.last_reload())?;
    let exposition = Exposition::new(metrics, settings.web.max_scrapes);
    let prober = Arc::new(Prober::new(means, agent.published(), settings.web.max_probes));
    let (reload, requests) = reload_requests();
    let pages = Pages::new(exposition, agent.published(), clock.clone(), Arc::clone(&prober), reload);
    let at_work = settings.web.max_scrapes + settings.web.max_probes;
    let server = Server { listeners, health, pages: Arc::new(pages), config: web, at_work };
    let supervisor = Supervisor::from_environment();
    let (file, changes, content) = (file.map(Path::to_owned), agent.changes(), Settled::new(content));
    let reloader = Reloader { file, clock, changes, requests, level, supervisor, settings, content, prober };

    supervisor.ready();
    // Tasks of their own: scrapes are answered even while another part hangs, and the watchdog hears of that.
    let mut parts = JoinSet::new();
    parts.spawn(agent.run(supervisor, stop.clone()));
    parts.spawn(reloader.run(hangup, stop.clone()));
    parts.spawn(server.serve(stop.clone()));
    // One of them, so that the process does not end before this is said.
    parts.spawn(async move {
        stop.cancelled().await;
        supervisor.stopping();
        tracing::info!("stopping");
    });
    while let Some(ended) = parts.join_next().await {
        ended?;
    }
    Ok(())
}

/// The sockets that systemd has bound, or else one at `address`.
fn listeners(
    bound: Vec<std::net::TcpListener>,
    address: Option<SocketAddr>,
) -> Result<Vec<TcpListener>, RunError> {
    match address {
        Some(address) if bound.is_empty() => Ok(vec![web::listen(address)?]),
        _ => Ok(bound.into_iter().map(TcpListener::from_std).collect::<Result<_, _>>()?),
    }
}

fn note_start(listeners: &[TcpListener], health: &[TcpListener], loaded: &Loaded) -> io::Result<()> {
    let AnchorCounts { mozilla, system, added } = loaded.trust.counts();
    for listener in listeners {
        tracing::info!(
            version = env!("CARGO_PKG_VERSION"),
            listen = %listener.local_addr()?,
            issuers = loaded.settings.issuers.len(),
            aws = loaded.settings.aws.enabled,
            roots = format!("{mozilla} Mozilla, {system} system, {added} added"),
            "started"
        );
    }
    note_proxy(&loaded.egress);
    for listener in health {
        tracing::info!(health_listen = %listener.local_addr()?, "serving health checks without login");
    }
    Ok(())
}

/// Which proxy is in force, and what is wrong with its exceptions.
fn note_proxy(egress: &Egress) {
    if let Some(server) = egress.server() {
        tracing::info!(proxy = %server.url, credentials = server.credentials.is_some(), "connecting through a proxy");
    }
    if let Some(warning) = egress.warning() {
        tracing::warn!("{warning}");
    }
}

fn stop_on_signal() -> io::Result<CancellationToken> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let stop = CancellationToken::new();
    let token = stop.clone();
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        token.cancel();
    });
    Ok(stop)
}
