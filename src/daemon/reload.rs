//! Reads the configuration again while the daemon runs: on SIGHUP, on request, and when its content has changed.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use sha2::{Digest as _, Sha256};
use tokio::signal::unix::Signal;
use tokio_util::sync::CancellationToken;

use super::logging::LevelHandle;
use super::setup::{LoadError, Loaded, named_files};
use crate::agent::{Changes, every};
use crate::clock::Clock;
use crate::config::{Settings, Web};
use crate::files::{Settled, read_regular};
use crate::systemd::Supervisor;
use crate::web::{ProbeMeans, Prober, ReloadOutcome, ReloadRequests};

/// From one look at the content to the next.
const LOOK_INTERVAL: Duration = Duration::from_secs(2);

/// Whoever may be told to reload.
pub(super) struct Reloader {
    pub file: Option<PathBuf>,
    pub clock: Clock,
    pub changes: Changes,
    pub requests: ReloadRequests,
    pub level: LevelHandle,
    pub supervisor: Supervisor,
    /// In force.
    pub settings: Settings,
    /// Known is that of the last attempt, good or bad.
    pub content: Settled<Content>,
    /// Polls by the settings too.
    pub prober: Arc<Prober>,
}

impl Reloader {
    /// Reloads when told to, until `stop`.
    pub(super) async fn run(mut self, mut hangup: Signal, stop: CancellationToken) {
        self.requests.enable(self.settings.web.enable_reload);
        let mut look = every(LOOK_INTERVAL);
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                Some(()) = hangup.recv() => drop(self.reload().await),
                request = self.requests.next() => {
                    // Who asked may have gone.
                    let _ = request.send(self.reload().await);
                }
                _ = look.tick(), if self.settings.reload.watch => {
                    let now = self.look().await;
                    if self.content.look(now) {
                        let _ = self.reload().await;
                    }
                }
            }
        }
    }

    async fn reload(&mut self) -> ReloadOutcome {
        self.supervisor.reloading();
        let outcome = self.attempt().await;
        match &outcome {
            Ok(left_out) => {
                let issuers = self.settings.issuers.len();
                tracing::info!(issuers, aws = self.settings.aws.enabled, "configuration reloaded");
                if !left_out.is_empty() {
                    let keys = left_out.join(", ");
                    tracing::warn!(
                        keys,
                        "some changed settings need a restart; their old values stay in use"
                    );
                }
            }
            Err(reason) => {
                tracing::error!(%reason, "new configuration rejected; the old one stays in use");
                self.changes.refuse(reason.clone()).await;
            }
        }
        self.supervisor.ready();
        outcome
    }

    async fn attempt(&mut self) -> ReloadOutcome {
        let (file, former) = (self.file.clone(), self.content.known().clone());
        let attempt = tokio::task::spawn_blocking(move || Content::load(file.as_deref(), &former));
        let (content, loaded) = attempt.await.map_err(|error| error.to_string())?;
        let same_files = content.files == self.content.known().files;
        self.content.set(content);
        let mut loaded = loaded.map_err(|error| error.to_string())?;
        let left_out = keep_fixed(&self.settings, &mut loaded.settings);
        let (old, new) = (&self.settings, &loaded.settings);
        let look_again =
            old.poll != new.poll || old.trust != new.trust || old.proxy != new.proxy || !same_files;
        if let Some(warning) = loaded.egress.warning() {
            tracing::warn!("{warning}");
        }
        let setup = loaded.setup(self.clock.clone()).await;
        self.settings = loaded.settings;
        self.level.set(self.settings.log.level);
        self.requests.enable(self.settings.web.enable_reload);
        self.prober.reload(ProbeMeans::new(&self.settings.probe, &setup));
        self.changes.apply(setup, look_again).await;
        Ok(left_out)
    }

    async fn look(&self) -> Content {
        let (file, former) = (self.file.clone(), self.content.known().clone());
        let look = tokio::task::spawn_blocking(move || former.again(file.as_deref()));
        look.await.unwrap_or_else(|_| self.content.known().clone())
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
