//! A configuration in place of another while the daemon runs: how it is asked for, and what reaches the agent.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::{mpsc, oneshot};

use super::Schedule;
use crate::aws::Account;
use crate::chain::TrustStore;
use crate::config::Settings;
use crate::poll::Poller;

/// A configuration that was read and found good.
pub struct Setup {
    /// What to watch, and what to expect.
    pub settings: Settings,
    /// Whose roots are trusted.
    pub trust: TrustStore,
    /// How to poll.
    pub poller: Poller,
    /// The IAM account, if it is to be read.
    pub account: Option<Account>,
    /// When to do what.
    pub schedule: Schedule,
    /// Former results may not hold: every issuer is polled again at once.
    pub look_again: bool,
}

/// What the agent is to do with an attempt to reload.
pub(super) enum Change {
    Apply(Box<Setup>),
    Refuse(String),
}

/// A change, and who waits until it is in force.
pub(super) type Submitted = (Change, oneshot::Sender<()>);

/// Gives changes to a running agent.
#[derive(Clone)]
pub struct Changes(pub(super) mpsc::Sender<Submitted>);

impl Changes {
    /// Puts `setup` in force; returns when the first snapshot under it is published.
    pub async fn apply(&self, setup: Setup) {
        self.submit(Change::Apply(Box::new(setup))).await;
    }

    /// Makes known that a configuration was not usable, and why; the one in force stays.
    pub async fn refuse(&self, reason: String) {
        self.submit(Change::Refuse(reason)).await;
    }

    async fn submit(&self, change: Change) {
        let (done, in_force) = oneshot::channel();
        // The agent only goes when everything ends.
        if self.0.send((change, done)).await.is_ok() {
            let _ = in_force.await;
        }
    }
}

/// What became of a request to reload: the settings that need a restart, or why the new configuration was refused.
pub type Outcome = Result<Vec<&'static str>, String>;

/// Asks for a reload from elsewhere, such as the HTTP server.
#[derive(Clone)]
pub struct ReloadHandle {
    enabled: Arc<AtomicBool>,
    requests: mpsc::Sender<oneshot::Sender<Outcome>>,
}

/// The other end of a [`ReloadHandle`].
pub struct ReloadRequests {
    enabled: Arc<AtomicBool>,
    requests: mpsc::Receiver<oneshot::Sender<Outcome>>,
}

/// A handle, and its other end for whoever reloads.
#[must_use]
pub fn reload_requests() -> (ReloadHandle, ReloadRequests) {
    let enabled = Arc::new(AtomicBool::new(false));
    let (sender, receiver) = mpsc::channel(1);
    let handle = ReloadHandle { enabled: Arc::clone(&enabled), requests: sender };
    (handle, ReloadRequests { enabled, requests: receiver })
}

impl ReloadHandle {
    /// Reloads and waits for the outcome; `None` when `web.enable_reload` is off.
    pub async fn reload(&self) -> Option<Outcome> {
        if !self.enabled.load(Ordering::Relaxed) {
            return None;
        }
        let (reply, outcome) = oneshot::channel();
        let ending = || Err("the daemon is ending".to_owned());
        if self.requests.send(reply).await.is_err() {
            return Some(ending());
        }
        Some(outcome.await.unwrap_or_else(|_| ending()))
    }
}

impl ReloadRequests {
    /// Whether requests are served from now on.
    pub fn enable(&self, enabled: bool) {
        self.enabled.store(enabled, Ordering::Relaxed);
    }

    /// The next request; never, once every handle is gone.
    pub async fn next(&mut self) -> oneshot::Sender<Outcome> {
        match self.requests.recv().await {
            Some(request) => request,
            None => std::future::pending().await,
        }
    }
}
