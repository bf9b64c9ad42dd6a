//! The web configuration in force, and its exchange when a file changes.
//!
//! Files are compared by content every few seconds, which sees a rewritten file, a renamed one and a swapped mount or
//! symbolic link alike.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use tokio_util::sync::CancellationToken;

use super::error::WebConfigError;
use super::rules::WebConfig;
use super::source::{Fingerprint, Source};
use crate::files::Settled;
use crate::log_limit::{Admitted, Limiter, NOTE};
use crate::metrics::WebConfigReload;
use crate::off_loop::OffLoop;

/// Time between two looks at the files; a change is in force after two.
const LOOK_INTERVAL: Duration = Duration::from_secs(2);

/// Longest wait for the files.
const LONGEST_READ: Duration = Duration::from_secs(10);

/// The web configuration in force.
#[derive(Debug)]
pub(crate) struct LiveConfig {
    file: Option<File>,
    in_force: ArcSwap<WebConfig>,
}

#[derive(Debug)]
struct File {
    path: PathBuf,
    first: Fingerprint,
    successful: WebConfigReload,
}

/// What a look at the files showed: their content, or what was wrong with them.
type Look = Result<Fingerprint, String>;

impl LiveConfig {
    /// Reads the file at `path`; an empty path stands for no file, and no rules.
    ///
    /// # Errors
    /// What is wrong with the file.
    pub(crate) fn read(path: &Path) -> Result<Self, WebConfigError> {
        if path.as_os_str().is_empty() {
            return Ok(Self { file: None, in_force: ArcSwap::default() });
        }
        let source = Source::read(path)?;
        let config = WebConfig::build(&source)?;
        announce(&config, None, None);
        let successful = Arc::new(AtomicBool::new(true));
        Ok(Self {
            file: Some(File { path: path.to_owned(), first: source.fingerprint, successful }),
            in_force: ArcSwap::from_pointee(config),
        })
    }

    /// The rules of now.
    #[must_use]
    pub(crate) fn in_force(&self) -> Arc<WebConfig> {
        self.in_force.load_full()
    }

    /// Whether the file could be taken over as it is now; `None` when there is none.
    #[must_use]
    pub(crate) fn last_reload(&self) -> Option<WebConfigReload> {
        self.file.as_ref().map(|file| Arc::clone(&file.successful))
    }

    /// Looks at the files every few seconds until `stop`.
    pub(crate) async fn watch(&self, stop: CancellationToken) {
        let Some(file) = &self.file else { return };
        let mut looks = Settled::<Look>::new(Ok(file.first));
        let mut reads = OffLoop::within(LONGEST_READ);
        let mut told = Limiter::new();
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(LOOK_INTERVAL) => {}
            }
            let path = file.path.clone();
            let source = match reads.run(move || Source::read(&path)).await {
                Ok(source) => source.map_err(|error| error.to_string()),
                Err(error) => Err(format!("{}: {error}", file.path.display())),
            };
            let look = source.as_ref().map(|source| source.fingerprint).map_err(Clone::clone);
            if looks.look(look.clone()) {
                looks.set(look);
                let taken = source.and_then(|source| self.take(&source));
                file.successful.store(taken.is_ok(), Ordering::Relaxed);
                if let Some(admitted) = told.admit(taken.as_ref().err().cloned(), Instant::now()) {
                    self.tell(taken, &admitted);
                }
            }
        }
    }

    /// What came of a change.
    fn tell(&self, taken: Result<(), String>, &Admitted { held_back, last }: &Admitted) {
        let note = last.then_some(NOTE);
        match taken {
            Ok(()) => announce(&self.in_force(), held_back, note),
            Err(error) => {
                let message = "changed web configuration rejected; the old one stays in use";
                tracing::error!(%error, held_back, note, "{message}");
            }
        }
    }

    fn take(&self, source: &Source) -> Result<(), String> {
        let config = WebConfig::build(source).map_err(|error| error.to_string())?;
        let old = self.in_force();
        if old.tls.is_some() != config.tls.is_some() {
            return Err("turning TLS on or off needs a restart".to_owned());
        }
        // A file that lost its end, or all of it, must not open the door.
        if old.users.is_some() && config.users.is_none() {
            return Err("removing the last of basic_auth_users needs a restart".to_owned());
        }
        self.in_force.store(Arc::new(config));
        old.superseded.cancel();
        Ok(())
    }
}

fn announce(config: &WebConfig, held_back: Option<u64>, note: Option<&str>) {
    for warning in &config.warnings {
        tracing::warn!("web configuration: {warning}");
    }
    tracing::info!(held_back, note, "web configuration loaded: {}", config.summary());
}
