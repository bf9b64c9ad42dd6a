//! From settings to the parts that do the work; `run` and `check` have this in common.

use std::sync::Arc;

use crate::aws::Account;
use crate::chain::{CaFileError, TrustStore, read_ca_file};
use crate::clock::Clock;
use crate::config::{Settings, Trust};
use crate::poll::{AddressPolicy, Limits, Poller, Resolver, Tls};

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
