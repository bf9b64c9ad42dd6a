//! A configuration in place of another while the agent runs.

use tokio::sync::{mpsc, oneshot};

use super::schedule::Schedule;
use super::state::Watch;
use crate::aws::Account;
use crate::poll::Poller;

/// All that the agent works with.
pub struct Setup {
    /// What to watch, and how to judge it.
    pub watch: Watch,
    /// How to poll.
    pub poller: Poller,
    /// The IAM account, if it is to be read.
    pub account: Option<Account>,
    /// When to do what.
    pub schedule: Schedule,
}

/// What the agent is to do with an attempt to reload.
pub(super) enum Change {
    Apply {
        setup: Box<Setup>,
        /// Former results may not hold: every issuer is polled again at once.
        look_again: bool,
    },
    Refuse(String),
}

/// A change, and who waits until it is in force.
pub(super) struct Submitted {
    pub change: Change,
    pub in_force: oneshot::Sender<()>,
}

/// Gives changes to a running agent.
#[derive(Clone)]
pub struct Changes(mpsc::Sender<Submitted>);

impl Changes {
    /// The two ends: one for those who change, one for the agent.
    pub(super) fn channel() -> (Self, mpsc::Receiver<Submitted>) {
        let (sender, receiver) = mpsc::channel(1);
        (Self(sender), receiver)
    }

    /// Puts `setup` in force; returns when the first snapshot under it is published.
    pub async fn apply(&self, setup: Setup, look_again: bool) {
        self.submit(Change::Apply { setup: Box::new(setup), look_again }).await;
    }

    /// Makes known that a configuration was not usable, and why; the one in force stays.
    pub async fn refuse(&self, reason: String) {
        self.submit(Change::Refuse(reason)).await;
    }

    async fn submit(&self, change: Change) {
        let (in_force, done) = oneshot::channel();
        // The agent only goes when everything ends.
        if self.0.send(Submitted { change, in_force }).await.is_ok() {
            let _ = done.await;
        }
    }
}
