//! The daemon, put together: in goes a configuration file, out come a running agent, its server and its reloads, until a
//! signal ends them. Only here and above are the settings known as a whole.

mod log_queue;
mod logging;
mod reload;
pub(crate) mod setup;
mod signals;
mod text_fields;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::signal::unix::Signal;
use tokio::task::{JoinError, JoinSet, spawn_blocking};
use tokio_util::sync::CancellationToken;

use log_queue::LogQueue;
use logging::LevelHandle;
use reload::{Content, Reloader, Running};
use setup::{LoadError, Loaded};

pub(crate) use signals::Control;

use crate::agent::{Agent, Setup};
use crate::chain::AnchorCounts;
use crate::clock::Clock;
use crate::listen_address::ListenAddresses;
use crate::metrics::{Metrics, Own};
use crate::proxy::Egress;
use crate::refusal::Refusals;
use crate::systemd::{Handed, Sockets, SocketsError, Supervisor};
use crate::web::{
    self, Exposition, ListenError, Listener, LiveConfig, Pages, ProbeMeans, Prober, Server, WebConfigError,
    reload_requests,
};

/// Longest wait for all parts to come to their ends. Answers have 5 s, and the state is written.
const LONGEST_END: Duration = Duration::from_secs(8);
/// Longest wait for the last log lines to be read.
const LAST_LINES: Duration = Duration::from_secs(1);

/// Why the daemon did not start, or ended.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RunError {
    #[error(transparent)]
    Load(#[from] LoadError),
    #[error("web.config_file: {0}")]
    WebConfig(#[from] WebConfigError),
    /// A port that is taken, or the like.
    #[error("{key}: {error}")]
    Listen { key: &'static str, error: ListenError },
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

/// Runs until SIGTERM or SIGINT. Why it did not is told on standard error.
///
/// # Errors
/// When the configuration has a mistake, or the daemon cannot start or go on.
pub(crate) fn run(file: Option<&Path>, control: Control) -> Result<(), RunError> {
    // Before there are threads: it changes the environment.
    let sockets = Sockets::from_environment();
    let queue = LogQueue::to_stderr()?;
    let ended = supervise(file, control, sockets, &queue);
    if let Err(error) = &ended {
        queue.say(&format_args!("oidc-thumbprint-exporter: {error}"));
    }
    queue.finish(LAST_LINES);
    ended
}

/// Waits for the end on this thread, while the daemon works on others.
fn supervise(
    file: Option<&Path>,
    control: Control,
    sockets: Result<Sockets, SocketsError>,
    queue: &LogQueue,
) -> Result<(), RunError> {
    let Control { runtime, mut ends, hangup } = control;
    let start = Start { file: file.map(Path::to_owned), sockets: sockets?, queue: queue.clone(), hangup };
    let (stop, work) = (CancellationToken::new(), setup::runtime()?);
    let mut daemon = work.spawn(serve(start, stop.clone()));
    let ended = runtime.block_on(async {
        tokio::select! {
            ended = &mut daemon => return ended?,
            () = ends.next() => stop.cancel(),
        }
        if let Ok(ended) = tokio::time::timeout(LONGEST_END, daemon).await {
            return ended?;
        }
        tracing::warn!("a part of the daemon hangs; ending without it");
        Ok(())
    });
    // Threads that wait for a hung mount or a resolver are left behind.
    work.shutdown_background();
    ended
}

/// What the daemon begins with.
struct Start {
    file: Option<PathBuf>,
    sockets: Sockets,
    queue: LogQueue,
    hangup: Signal,
}

/// What it reads before it does anything. It may take long.
struct Read {
    content: Content,
    loaded: Loaded,
    setup: Setup,
    level: LevelHandle,
    web: Arc<LiveConfig>,
}

impl Read {
    fn of(file: Option<&Path>, queue: &LogQueue, clock: Clock) -> Result<Self, RunError> {
        let (content, loaded) = Content::load(file, &Content::default());
        let loaded = loaded?;
        let level = logging::start(&loaded.settings.log, queue);
        let web = Arc::new(LiveConfig::read(&loaded.settings.web.config_file)?);
        let setup = Handle::current().block_on(loaded.setup(clock));
        Ok(Self { content, loaded, setup, level, web })
    }
}

async fn serve(start: Start, stop: CancellationToken) -> Result<(), RunError> {
    let Start { file, sockets, queue, hangup } = start;
    let clock = Clock::system();
    let reading = spawn_blocking({
        let (file, queue, clock) = (file.clone(), queue.clone(), clock.clone());
        move || Read::of(file.as_deref(), &queue, clock)
    });
    let Read { content, loaded, setup, level, web } = tokio::select! {
        () = stop.cancelled() => return Ok(()),
        read = reading => read??,
    };
    let listeners = listeners("web.listen", sockets.http, Some(&loaded.settings.web.listen)).await?;
    let health = loaded.settings.web.health_listen.as_ref();
    let health = self::listeners("web.health_listen", sockets.health, health).await?;
    note_start(&listeners, &health, &loaded);

    let keeping = loaded.keeping();
    let settings = loaded.settings;
    let means = ProbeMeans::new(&settings.probe, &setup);
    let agent = match keeping {
        Some(keeping) => Agent::new(setup).kept(keeping).await,
        None => Agent::new(setup),
    };
    let refusals = Arc::<Refusals>::default();
    let own = Own {
        web_config: web.last_reload(),
        refusals: Arc::clone(&refusals),
        dropped_lines: queue.dropped(),
    };
    let metrics = Metrics::new(agent.published(), clock.clone(), own)?;
    let exposition = Exposition::new(metrics, settings.web.max_scrapes);
    let prober = Arc::new(Prober::new(means, agent.published(), settings.web.max_probes));
    let (reload, requests) = reload_requests();
    let pages = Pages::new(
        exposition,
        agent.published(),
        agent.heartbeat(),
        clock.clone(),
        Arc::clone(&prober),
        reload,
    );
    let at_work = settings.web.max_scrapes + settings.web.max_probes;
    let server = Server { listeners, health, pages: Arc::new(pages), config: web, at_work, refusals };
    let supervisor = Supervisor::from_environment();
    let reloader = Reloader::new(
        Running { file, clock, level, supervisor, settings, prober },
        agent.changes(),
        requests,
        content,
    );

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

/// The sockets that systemd has bound, or else those at `addresses`.
async fn listeners(
    key: &'static str,
    bound: Vec<Handed>,
    addresses: Option<&ListenAddresses>,
) -> Result<Vec<Listener>, RunError> {
    match addresses {
        Some(addresses) if bound.is_empty() => {
            web::listen(addresses).await.map_err(|error| RunError::Listen { key, error })
        }
        _ => Ok(bound.into_iter().map(Listener::handed).collect::<Result<_, _>>()?),
    }
}

fn note_start(listeners: &[Listener], health: &[Listener], loaded: &Loaded) {
    let AnchorCounts { mozilla, system, added } = loaded.trust.counts();
    for listener in listeners {
        tracing::info!(
            version = env!("CARGO_PKG_VERSION"),
            listen = %listener,
            issuers = loaded.settings.issuers.len(),
            aws = loaded.settings.aws.enabled,
            roots = format!("{mozilla} Mozilla, {system} system, {added} added"),
            "started"
        );
    }
    note_proxy(&loaded.egress);
    for listener in health {
        tracing::info!(health_listen = %listener, "serving health checks without login");
    }
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
