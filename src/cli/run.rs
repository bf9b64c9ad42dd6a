//! `run`: the daemon, put together.

use std::io::{self, IsTerminal as _};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tracing_subscriber::EnvFilter;

use super::{FAILED, MISUSED, fail};
use crate::agent::{Agent, Schedule, State};
use crate::aws::Account;
use crate::chain::{CaFileError, TrustStore, read_ca_file};
use crate::clock::Clock;
use crate::config::{Log, LogFormat, LogLevel, Settings, SettingsError, Trust};
use crate::metrics::Metrics;
use crate::poll::{AddressPolicy, Limits, Poller, Resolver, Tls};
use crate::systemd::Supervisor;
use crate::web::{self, ListenError, Pages};

/// Threads that poll and answer. TLS handshakes are what costs time, and there are few at once.
const WORKERS: usize = 2;

/// Why the daemon did not start, or ended.
#[derive(Debug, thiserror::Error)]
enum RunError {
    #[error(transparent)]
    Settings(#[from] SettingsError),
    #[error("trust.ca_files: {0}")]
    CaFile(#[from] CaFileError),
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
        Err(error @ (RunError::Settings(_) | RunError::CaFile(_))) => fail(&error, MISUSED),
        Err(error) => fail(&error, FAILED),
    }
}

fn start(file: Option<&Path>) -> Result<(), RunError> {
    let settings = Settings::load(file)?;
    let trust = trust_store(&settings.trust)?;
    start_logging(&settings.log);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(WORKERS).enable_all().build()?;
    runtime.block_on(serve(settings, trust))
}

async fn serve(settings: Settings, trust: TrustStore) -> Result<(), RunError> {
    let stop = stop_on_signal()?;
    let listener = web::listen(settings.web.listen).await?;
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

    let account = if settings.aws.enabled {
        Some(Account::connect(clock.clone(), settings.aws.timeout).await)
    } else {
        None
    };
    let state = State::new(&settings, trust, &clock);
    let agent = Agent::new(state, poller(&settings, clock.clone()), account, schedule(&settings));
    let metrics = Metrics::new(agent.published(), clock)?;
    let pages = Arc::new(Pages::new(metrics, agent.published()));
    let supervisor = Supervisor::from_environment();

    supervisor.ready();
    tokio::join!(agent.run(supervisor, stop.clone()), web::serve(listener, pages, stop.clone()), async {
        stop.cancelled().await;
        supervisor.stopping();
        tracing::info!("stopping");
    },);
    Ok(())
}

fn poller(settings: &Settings, clock: Clock) -> Poller {
    let poll = &settings.poll;
    Poller {
        clock,
        resolver: Resolver::System(Arc::new(poll.resolve.clone())),
        addresses: AddressPolicy { allow_loopback: poll.allow_loopback },
        tls: Tls::default(),
        limits: Limits { connect: poll.connect_timeout, request: poll.request_timeout, poll: poll.timeout },
    }
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

fn trust_store(trust: &Trust) -> Result<TrustStore, CaFileError> {
    let mut store = TrustStore::empty();
    if trust.mozilla {
        store = store.with_mozilla();
    }
    if trust.system {
        store = store.with_system();
    }
    for path in &trust.ca_files {
        store = store.with_added(read_ca_file(path)?);
    }
    Ok(store)
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
