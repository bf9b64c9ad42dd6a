//! `run`: the daemon, put together.

use std::io::{self, IsTerminal as _};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tracing_subscriber::EnvFilter;

use super::setup::{account, poller, trust_store};
use super::{FAILED, MISUSED, fail, runtime};
use crate::agent::{Agent, Schedule, State};
use crate::chain::{CaFileError, TrustStore};
use crate::clock::Clock;
use crate::config::{Log, LogFormat, LogLevel, Settings, SettingsError};
use crate::metrics::Metrics;
use crate::systemd::Supervisor;
use crate::web::{self, ListenError, LiveConfig, Pages, Server, WebConfigError};

/// Why the daemon did not start, or ended.
#[derive(Debug, thiserror::Error)]
enum RunError {
    #[error(transparent)]
    Settings(#[from] SettingsError),
    #[error("trust.ca_files: {0}")]
    CaFile(#[from] CaFileError),
    #[error("web.config_file: {0}")]
    WebConfig(#[from] WebConfigError),
    #[error(transparent)]
    Listen(#[from] ListenError),
    #[error("metrics: {0}")]
    Metrics(#[from] prometheus::Error),
    #[error("cannot start: {0}")]
    Io(#[from] io::Error),
}

/// Runs until SIGTERM or SIGINT.
pub fn run(file: Option<&Path>) -> ExitCode {
    match start(file) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error @ (RunError::Settings(_) | RunError::CaFile(_) | RunError::WebConfig(_))) => {
            fail(&error, MISUSED)
        }
        Err(error) => fail(&error, FAILED),
    }
}

fn start(file: Option<&Path>) -> Result<(), RunError> {
    let settings = Settings::load(file)?;
    let trust = trust_store(&settings.trust)?;
    start_logging(&settings.log);
    let web = Arc::new(LiveConfig::read(&settings.web.config_file)?);
    runtime()?.block_on(serve(settings, trust, web))
}

async fn serve(settings: Settings, trust: TrustStore, web: Arc<LiveConfig>) -> Result<(), RunError> {
    let stop = stop_on_signal()?;
    let listener = web::listen(settings.web.listen)?;
    let health = settings.web.health_listen.map(web::listen).transpose()?;
    let clock = Clock::system();
    let [mozilla, system, added] = trust.sizes();
    tracing::info!(
        version = env!("CARGO_PKG_VERSION"),
        listen = %listener.local_addr()?,
        issuers = settings.issuers.len(),
        aws = settings.aws.enabled,
        roots = format!("{mozilla} Mozilla, {system} system, {added} added"),
        "started"
    );
    if let Some(health) = &health {
        tracing::info!(health_listen = %health.local_addr()?, "health checks are answered without login");
    }

    let account = account(&settings, clock.clone()).await;
    let state = State::new(&settings, trust, &clock);
    let agent = Agent::new(state, poller(&settings, clock.clone()), account, schedule(&settings));
    let metrics = Metrics::new(agent.published(), clock, web.last_reload())?;
    let pages = Arc::new(Pages::new(metrics, agent.published(), settings.web.max_scrapes));
    let server = Server { listener, health, pages, config: web };
    let supervisor = Supervisor::from_environment();

    supervisor.ready();
    tokio::join!(agent.run(supervisor, stop.clone()), server.serve(stop.clone()), async {
        stop.cancelled().await;
        supervisor.stopping();
        tracing::info!("stopping");
    },);
    Ok(())
}

fn schedule(settings: &Settings) -> Schedule {
    Schedule {
        round: settings.poll.interval,
        account: settings.aws.interval,
        concurrency: settings.poll.concurrency,
        tls12: settings.poll.tls12_interval,
        poll_limit: settings.poll.timeout,
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

/// Lines on standard error. The journal adds the time itself.
fn start_logging(log: &Log) {
    let level = match log.level {
        LogLevel::Error => "error",
        LogLevel::Warn => "warn",
        LogLevel::Info => "info",
        LogLevel::Debug => "debug",
        LogLevel::Trace => "trace",
    };
    // The libraries' own debug output can hold requests and their secrets.
    let filter = EnvFilter::new(format!("warn,oidc_thumbprint_exporter={level}"));
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_target(false)
        .with_ansi(io::stderr().is_terminal());
    let in_journal = std::env::var_os("JOURNAL_STREAM").is_some();
    match log.format {
        LogFormat::Json => lines.json().flatten_event(true).init(),
        LogFormat::Text if in_journal => lines.without_time().init(),
        LogFormat::Text => lines.init(),
    }
}
