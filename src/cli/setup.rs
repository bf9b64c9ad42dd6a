//! From settings to the parts that do the work; `run`, a reload and `check` have this in common.

use std::sync::Arc;

use crate::agent::{Schedule, Setup};
use crate::aws::Account;
use crate::chain::{CaFileError, TrustStore, read_ca_file};
use crate::clock::Clock;
use crate::config::{Settings, SettingsError, Trust};
use crate::poll::{AddressPolicy, Limits, Poller, Resolver, Tls};

/// Settings with what the files that they name hold.
pub struct Loaded {
    pub settings: Settings,
    pub trust: TrustStore,
}

/// Why a configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    #[error(transparent)]
    Settings(#[from] SettingsError),
    #[error("trust.ca_files: {0}")]
    CaFile(#[from] CaFileError),
}

/// Reads the files that the settings name.
///
/// # Errors
/// One that cannot be used.
pub fn load(settings: Settings) -> Result<Loaded, LoadError> {
    let trust = trust_store(&settings.trust)?;
    Ok(Loaded { settings, trust })
}

/// All that the agent works with. The AWS client is a new one, so that credential files are read again too.
pub async fn setup(loaded: Loaded, clock: Clock, look_again: bool) -> Setup {
    let Loaded { settings, trust } = loaded;
    let schedule = Schedule {
        round: settings.poll.interval,
        account: settings.aws.interval,
        concurrency: settings.poll.concurrency,
        tls12: settings.poll.tls12_interval,
        poll_limit: settings.poll.timeout,
    };
    let (poller, account) = (poller(&settings, clock.clone()), account(&settings, clock).await);
    Setup { settings, trust, poller, account, schedule, look_again }
}

/// The poller that the settings describe.
pub fn poller(settings: &Settings, clock: Clock) -> Poller {
    let poll = &settings.poll;
    let table = poll.resolve.iter().map(|(host, addresses)| (host.to_ascii_lowercase(), addresses.clone()));
    Poller {
        clock,
        resolver: Resolver::System(Arc::new(table.collect())),
        addresses: AddressPolicy { allow_loopback: poll.allow_loopback },
        tls: Tls::default(),
        limits: Limits { connect: poll.connect_timeout, request: poll.request_timeout, poll: poll.timeout },
    }
}

/// The account, if IAM is to be read.
pub async fn account(settings: &Settings, clock: Clock) -> Option<Account> {
    if settings.aws.enabled { Some(Account::connect(clock, settings.aws.timeout).await) } else { None }
}

/// The roots that the settings trust.
///
/// # Errors
/// A CA file that cannot be used.
pub fn trust_store(trust: &Trust) -> Result<TrustStore, CaFileError> {
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
