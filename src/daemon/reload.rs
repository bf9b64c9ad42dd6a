//! Reads the configuration again while the daemon runs: on SIGHUP, on request, and when its content has changed.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use sha2::{Digest as _, Sha256};
use tokio::runtime::Handle;
use tokio::signal::unix::Signal;
use tokio_util::sync::CancellationToken;

use super::logging::LevelHandle;
use super::setup::{LoadError, Loaded, named_files};
use crate::agent::{Changes, Setup, every};
use crate::clock::Clock;
use crate::config::{Settings, Web};
use crate::files::{Settled, read_regular};
use crate::log_limit::{Admitted, Limiter, NOTE};
use crate::off_loop::OffLoop;
use crate::systemd::Supervisor;
use crate::web::{ProbeMeans, Prober, ReloadOutcome, ReloadRequests};

/// From one look at the content to the next.
const LOOK_INTERVAL: Duration = Duration::from_secs(2);

/// Longest wait for the configuration and all files that it names.
const LONGEST_READ: Duration = Duration::from_secs(30);

/// What a reload changes, or goes by.
pub(super) struct Running {
    pub file: Option<PathBuf>,
    pub clock: Clock,
    pub level: LevelHandle,
    pub supervisor: Supervisor,
    /// In force.
    pub settings: Settings,
    /// Polls by the settings too.
    pub prober: Arc<Prober>,
}

/// Whoever may be told to reload.
pub(super) struct Reloader {
    running: Running,
    changes: Changes,
    requests: ReloadRequests,
    /// Known is that of the last attempt, good or bad.
    content: Settled<Content>,
    reads: OffLoop<Attempt>,
    looks: OffLoop<Content>,
    told: Limiter<ReloadOutcome>,
    /// Of the proxy in force.
    warning: Option<String>,
}

/// What was read, and what it makes.
type Attempt = (Content, Result<(Loaded, Setup), LoadError>);

impl Reloader {
    pub(super) fn new(
        running: Running,
        changes: Changes,
        requests: ReloadRequests,
        content: Content,
    ) -> Self {
        let (reads, looks) = (OffLoop::within(LONGEST_READ), OffLoop::within(LONGEST_READ));
        Self {
            running,
            changes,
            requests,
            content: Settled::new(content),
            reads,
            looks,
            told: Limiter::new(),
            warning: None,
        }
    }

    /// Reloads when told to, until `stop`.
    pub(super) async fn run(mut self, mut hangup: Signal, stop: CancellationToken) {
        self.requests.enable(self.running.settings.web.enable_reload);
        let mut look = every(LOOK_INTERVAL);
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                Some(()) = hangup.recv() => drop(self.reload().await),
                request = self.requests.next() => {
                    // Who asked may have gone.
                    let _ = request.send(self.reload().await);
                }
                _ = look.tick(), if self.running.settings.reload.watch => {
                    let now = self.look().await;
                    if self.content.look(now) {
                        let _ = self.reload().await;
                    }
                }
            }
        }
    }

    async fn reload(&mut self) -> ReloadOutcome {
        self.running.supervisor.reloading();
        let outcome = self.attempt().await;
        // A line that the level leaves out is none of the few.
        let is_told = outcome.is_err() || tracing::enabled!(tracing::Level::INFO);
        let admitted = is_told.then(|| self.told.admit(outcome.clone(), Instant::now())).flatten();
        if let Some(Admitted { held_back, last }) = admitted {
            self.tell(&outcome, held_back, last.then_some(NOTE));
        }
        if let Err(reason) = &outcome {
            self.changes.refuse(reason.clone()).await;
        }
        self.running.supervisor.ready();
        outcome
    }

    fn tell(&self, outcome: &ReloadOutcome, held_back: Option<u64>, note: Option<&str>) {
        match outcome {
            Ok(left_out) => {
                let settings = &self.running.settings;
                let (issuers, aws) = (settings.issuers.len(), settings.aws.enabled);
                tracing::info!(issuers, aws, held_back, note, "configuration reloaded");
                if !left_out.is_empty() {
                    let keys = left_out.join(", ");
                    tracing::warn!(
                        keys,
                        "some changed settings need a restart; their old values stay in use"
                    );
                }
                if let Some(warning) = &self.warning {
                    tracing::warn!("{warning}");
                }
            }
            Err(reason) => {
                tracing::error!(%reason, held_back, note, "new configuration rejected; the old one stays in use");
            }
        }
    }

    async fn attempt(&mut self) -> ReloadOutcome {
        let running = &mut self.running;
        let (file, former) = (running.file.clone(), self.content.known().clone());
        let (clock, runtime) = (running.clock.clone(), Handle::current());
        let attempt = self.reads.run(move || {
            let (content, loaded) = Content::load(file.as_deref(), &former);
            // The SDK reads its files as it goes, so that belongs here too.
            let with_setup = |loaded: Loaded| (runtime.block_on(loaded.setup(clock)), loaded);
            (content, loaded.map(with_setup).map(|(setup, loaded)| (loaded, setup)))
        });
        let (content, loaded) = attempt.await.map_err(|error| error.to_string())?;
        let same_files = content.files == self.content.known().files;
        self.content.set(content);
        let (mut loaded, setup) = loaded.map_err(|error| error.to_string())?;
        let left_out = keep_fixed(&running.settings, &mut loaded.settings);
        let (old, new) = (&running.settings, &loaded.settings);
        let look_again =
            old.poll != new.poll || old.trust != new.trust || old.proxy != new.proxy || !same_files;
        self.warning = loaded.egress.warning().map(ToString::to_string);
        running.settings = loaded.settings;
        running.level.set(running.settings.log.level);
        self.requests.enable(running.settings.web.enable_reload);
        running.prober.reload(ProbeMeans::new(&running.settings.probe, &setup));
        self.changes.apply(setup, look_again).await;
        Ok(left_out)
    }

    /// What the files hold now; what is known, when they cannot be read in time.
    async fn look(&mut self) -> Content {
        let (file, former) = (self.running.file.clone(), self.content.known().clone());
        let look = self.looks.run(move || former.again(file.as_deref())).await;
        look.unwrap_or_else(|_| self.content.known().clone())
    }
}

/// Puts the former values of what cannot change while the daemon runs into `new`, and names what that concerned.
fn keep_fixed(running: &Settings, new: &mut Settings) -> Vec<&'static str> {
    let mut left_out = Vec::new();
    let mut keep = |key, changed| {
        if changed {
            left_out.push(key);
        }
    };
    keep("web.listen", running.web.listen != new.web.listen);
    keep("web.health_listen", running.web.health_listen != new.web.health_listen);
    keep("web.config_file", running.web.config_file != new.web.config_file);
    keep("web.max_scrapes", running.web.max_scrapes != new.web.max_scrapes);
    keep("web.max_probes", running.web.max_probes != new.web.max_probes);
    keep("state.file", running.state.file != new.state.file);
    keep("state.interval", running.state.interval != new.state.interval);
    keep("log.format", running.log.format != new.log.format);
    new.web = Web { enable_reload: new.web.enable_reload, ..running.web.clone() };
    new.state = running.state.clone();
    new.log.format = running.log.format;
    left_out
}

/// What the configuration file and the files that it names hold, as far as a change can be told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Content {
    file: Option<[u8; 32]>,
    files: Vec<(PathBuf, Option<[u8; 32]>)>,
}

impl Content {
    /// Loads the configuration. The content is what was there before it was read: what changes meanwhile is seen as a
    /// change by the next look.
    pub(super) fn load(file: Option<&Path>, former: &Self) -> (Self, Result<Loaded, LoadError>) {
        let mut content = former.again(file);
        let settings = match Settings::load(file) {
            Ok(settings) => settings,
            Err(error) => return (content, Err(error.into())),
        };
        content.files = with_digests(named_files(&settings));
        (content, Loaded::of(settings))
    }

    /// What the same files hold now.
    fn again(&self, file: Option<&Path>) -> Self {
        Self {
            file: file.and_then(digest),
            files: with_digests(self.files.iter().map(|(path, _)| path.clone())),
        }
    }
}

fn with_digests(paths: impl IntoIterator<Item = PathBuf>) -> Vec<(PathBuf, Option<[u8; 32]>)> {
    let with_digest = |path: PathBuf| {
        let digest = digest(&path);
        (path, digest)
    };
    paths.into_iter().map(with_digest).collect()
}

/// `None` when the file cannot be read.
fn digest(path: &Path) -> Option<[u8; 32]> {
    read_regular(path).ok().map(|bytes| Sha256::digest(bytes).into())
}
