//! From settings to the parts that do the work; `run`, a reload and `check` have this in common.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use tokio::runtime::{Builder, Runtime};

use crate::agent::{Keeping, Schedule, Setup, Watch};
use crate::aws::{Account, CaBundle};
use crate::chain::TrustStore;
use crate::clock::Clock;
use crate::config::{Settings, SettingsError, State, Trust};
use crate::memory::Store;
use crate::observe::WindowRules;
use crate::poll::{AddressPolicy, Limits, Poller, Resolver, Tls, Tunnels};
use crate::proxy::{Egress, ProxyError};
use crate::targets::FileTargets;
use crate::trust_files::{CaFileError, read_ca_file, system_roots};
use crate::verdict::Rules;

/// Threads that poll and answer. TLS handshakes are what costs time, and there are few at once.
const WORKERS: usize = 2;

/// Settings with what the files that they name hold.
pub(crate) struct Loaded {
    /// The settings.
    pub settings: Settings,
    /// Whose roots they trust.
    pub trust: TrustStore,
    /// The way out.
    pub egress: Egress,
    /// What vouches for AWS; empty when it is not asked.
    aws_roots: Vec<CertificateDer<'static>>,
}

/// Why a configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LoadError {
    /// A mistake in the settings.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// A file that they name.
    #[error("trust.ca_files: {0}")]
    CaFile(#[from] CaFileError),
    /// One that the AWS CLI would read too.
    #[error("{named_by}: {error}")]
    AwsCaBundle { named_by: String, error: CaFileError },
    #[error(transparent)]
    Proxy(#[from] ProxyError),
}

impl Loaded {
    /// Reads the settings and the files that they name.
    ///
    /// # Errors
    /// When the settings or the environment have a mistake, or a file that they name cannot be used.
    pub(crate) fn load(file: Option<&Path>) -> Result<Self, LoadError> {
        Self::of(Settings::load(file)?)
    }

    /// Reads the files that the settings name.
    ///
    /// # Errors
    /// When a file cannot be used, or the environment names no usable proxy.
    pub(crate) fn of(settings: Settings) -> Result<Self, LoadError> {
        let trust = trust_store(&settings.trust)?;
        let egress = settings.proxy.egress(|name| std::env::var(name))?;
        let aws_roots = if settings.aws.enabled { aws_roots(&settings.trust, &trust)? } else { Vec::new() };
        Ok(Self { settings, trust, egress, aws_roots })
    }

    /// All that the agent works with. The AWS client is a new one, so that credential files are read again too.
    pub(crate) async fn setup(&self, clock: Clock) -> Setup {
        let settings = &self.settings;
        let account = if settings.aws.enabled {
            Some(Account::connect(clock.clone(), settings.aws.timeout, &self.egress, &self.aws_roots).await)
        } else {
            None
        };
        let schedule = Schedule {
            round: settings.poll.interval,
            settle: settings.poll.settle_interval,
            account: settings.aws.interval,
            concurrency: settings.poll.concurrency,
            tls12: settings.poll.tls12_interval,
            poll_limit: settings.poll.timeout,
        };
        Setup { watch: self.watch(), poller: self.poller(clock), account, schedule }
    }

    /// Where the state is kept, if anywhere.
    pub(crate) fn keeping(&self) -> Option<Keeping> {
        let State { file, interval } = &self.settings.state;
        let of_service = std::env::var("STATE_DIRECTORY").ok();
        Some(Keeping { store: Store::at(file.path(of_service.as_deref())?), interval: *interval })
    }

    fn poller(&self, clock: Clock) -> Poller {
        let poll = &self.settings.poll;
        Poller {
            clock,
            resolver: Resolver::System(Arc::new(poll.resolve.clone())),
            addresses: AddressPolicy { allow_loopback: poll.allow_loopback },
            tunnels: Tunnels::new(self.egress.clone(), self.trust.anchors().cloned()),
            tls: Tls::default(),
            limits: Limits {
                connect: poll.connect_timeout,
                request: poll.request_timeout,
                poll: poll.timeout,
            },
        }
    }

    /// No evidence is stale only because rounds are rare.
    fn rules(&self) -> Rules {
        let Settings { poll, health, .. } = &self.settings;
        Rules {
            root_ca_days: health.root_ca_days.into(),
            leaf_days: health.leaf_days.into(),
            stale_after: health.stale_after.max(poll.interval * 3),
            failed_polls: health.failed_polls,
            slow: health.slow,
            window: poll.window,
            missing_for: health.missing_for,
        }
    }

    fn watch(&self) -> Watch {
        let Settings { poll, aws, issuers, .. } = &self.settings;
        Watch {
            file: FileTargets::new(issuers),
            reads_iam: aws.enabled,
            audiences: aws.audiences.clone(),
            interval: poll.interval,
            rules: WindowRules { window: poll.window, settle_looks: poll.settle_looks },
            health: self.rules(),
            trust: self.trust.clone(),
        }
    }
}

/// The files that these settings and the environment name, whose content can change.
pub(crate) fn named_files(settings: &Settings) -> Vec<PathBuf> {
    let credentials = Some(&settings.proxy.credentials_file).filter(|path| !path.as_os_str().is_empty());
    let mut files: Vec<PathBuf> = settings.trust.ca_files.iter().chain(credentials).cloned().collect();
    if settings.aws.enabled {
        files.extend(CaBundle::find().map(|bundle| bundle.path));
    }
    files
}

/// What is trusted here, this machine's store in any case, and the bundle of the AWS SDKs.
fn aws_roots(settings: &Trust, trust: &TrustStore) -> Result<Vec<CertificateDer<'static>>, LoadError> {
    let mut roots: Vec<_> = trust.anchors().cloned().collect();
    if !settings.system {
        roots.extend(system_roots());
    }
    if let Some(CaBundle { path, named_by }) = CaBundle::find() {
        roots.extend(read_ca_file(&path).map_err(|error| LoadError::AwsCaBundle { named_by, error })?);
    }
    Ok(roots)
}

fn trust_store(trust: &Trust) -> Result<TrustStore, CaFileError> {
    let mut store = TrustStore::empty().with_private_hosts(trust.private_hosts.iter().cloned());
    if trust.mozilla {
        store = store.with_mozilla();
    }
    if trust.system {
        store = store.with_system_roots(system_roots());
    }
    for path in &trust.ca_files {
        store = store.with_added(read_ca_file(path)?);
    }
    Ok(store)
}

/// The threads that everything asynchronous runs on.
///
/// # Errors
/// When the operating system gives no threads.
pub(crate) fn runtime() -> io::Result<Runtime> {
    Builder::new_multi_thread().worker_threads(WORKERS).enable_all().build()
}
