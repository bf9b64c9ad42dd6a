//! The thread of control, and the signals that it listens to. They are heard even when everything that works hangs, and are
//! taken before anything that needs time: one that comes early is not the end.

use std::io;

use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{Signal, SignalKind, signal};

/// From here on, no signal ends the process by itself.
pub(crate) struct Control {
    /// Of its own, with nothing on it that could hang.
    pub(super) runtime: Runtime,
    pub(super) ends: Ends,
    /// SIGHUP, which is a reload. One that has come is kept until somebody asks.
    pub(super) hangup: Signal,
}

/// SIGTERM and SIGINT.
pub(super) struct Ends {
    terminate: Signal,
    interrupt: Signal,
}

impl Control {
    /// Takes the signals.
    ///
    /// # Errors
    /// When the operating system refuses.
    pub(crate) fn take() -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let in_runtime = runtime.enter();
        let hangup = signal(SignalKind::hangup())?;
        let (terminate, interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
        drop(in_runtime);
        Ok(Self { runtime, ends: Ends { terminate, interrupt }, hangup })
    }
}

impl Ends {
    /// Waits until the process shall end.
    pub(super) async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
