//! A request to read the configuration again: from the page that takes it to whoever reloads.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::{mpsc, oneshot};

/// What became of a request to reload: the settings that need a restart, or why the new configuration was refused.
pub(crate) type ReloadOutcome = Result<Vec<&'static str>, String>;

/// Asks for a reload from elsewhere, such as the HTTP server.
#[derive(Clone)]
pub(crate) struct ReloadHandle {
    enabled: Arc<AtomicBool>,
    requests: mpsc::Sender<oneshot::Sender<ReloadOutcome>>,
}

/// The other end of a [`ReloadHandle`].
pub(crate) struct ReloadRequests {
    enabled: Arc<AtomicBool>,
    requests: mpsc::Receiver<oneshot::Sender<ReloadOutcome>>,
}

/// A handle, and its other end for whoever reloads.
#[must_use]
pub(crate) fn reload_requests() -> (ReloadHandle, ReloadRequests) {
    let enabled = Arc::new(AtomicBool::new(false));
    let (sender, receiver) = mpsc::channel(1);
    let handle = ReloadHandle { enabled: Arc::clone(&enabled), requests: sender };
    (handle, ReloadRequests { enabled, requests: receiver })
}

impl ReloadHandle {
    /// Reloads and waits for the outcome; `None` when `web.enable_reload` is off.
    pub(crate) async fn reload(&self) -> Option<ReloadOutcome> {
        if !self.enabled.load(Ordering::Relaxed) {
            return None;
        }
        let (reply, outcome) = oneshot::channel();
        let ending = || Err("the daemon is shutting down".to_owned());
        if self.requests.send(reply).await.is_err() {
            return Some(ending());
        }
        Some(outcome.await.unwrap_or_else(|_| ending()))
    }
}

impl ReloadRequests {
    /// Whether requests are served from now on.
    pub(crate) fn enable(&self, enabled: bool) {
        self.enabled.store(enabled, Ordering::Relaxed);
    }

    /// The next request; never, once every handle is gone.
    pub(crate) async fn next(&mut self) -> oneshot::Sender<ReloadOutcome> {
        match self.requests.recv().await {
            Some(request) => request,
            None => std::future::pending().await,
        }
    }
}
