//! What the service manager is told: READY, STATUS, WATCHDOG, STOPPING. Outside systemd it is nothing.

use std::time::Duration;

use sd_notify::NotifyState;

/// How often the loop looks after itself when no watchdog asks for it.
const WITHOUT_WATCHDOG: Duration = Duration::from_secs(30);

/// The service manager, if there is one.
#[derive(Clone, Copy, Debug)]
pub struct Supervisor {
    watchdog: Option<Duration>,
}

impl Supervisor {
    /// Reads `NOTIFY_SOCKET` and `WATCHDOG_USEC` (`sd_notify(3)`, `sd_watchdog_enabled(3)`).
    #[must_use]
    pub fn from_environment() -> Self {
        Self { watchdog: sd_notify::watchdog_enabled() }
    }

    /// How often [`Self::alive`] is to be called: a third of the watchdog's patience.
    #[must_use]
    pub fn watchdog_interval(self) -> Duration {
        self.watchdog.map_or(WITHOUT_WATCHDOG, |patience| patience / 3).max(Duration::from_millis(1))
    }

    /// The listeners are bound and the agent runs.
    pub fn ready(self) {
        send(&NotifyState::Ready);
    }

    /// One sentence for `systemctl status`.
    pub fn status(self, sentence: &str) {
        send(&NotifyState::Status(sentence));
    }

    /// The loop is getting through its work.
    pub fn alive(self) {
        if self.watchdog.is_some() {
            send(&NotifyState::Watchdog);
        }
    }

    /// The end has begun.
    pub fn stopping(self) {
        send(&NotifyState::Stopping);
    }
}

fn send(state: &NotifyState<'_>) {
    // Without a service manager there is nobody to tell.
    if let Err(error) = sd_notify::notify(std::slice::from_ref(state)) {
        tracing::debug!(%error, "the service manager could not be told");
    }
}
