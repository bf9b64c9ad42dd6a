//! The service manager: what it is told (READY, STATUS, RELOADING, WATCHDOG, STOPPING), and the sockets that it hands
//! over. Outside systemd all of this is nothing.

use std::env;
use std::ffi::OsStr;
use std::io;
use std::net::TcpListener;
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::net::{SocketAddr, UnixDatagram, UnixListener};
use std::time::Duration;

use listenfd::ListenFd;
use sd_notify::NotifyState;

/// How often the loop looks after itself at least, even when no watchdog asks for it: health checks go by it too.
const AT_LEAST: Duration = Duration::from_secs(5);

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

    /// How often [`Self::alive`] is to be called: within a third of the watchdog's patience.
    #[must_use]
    pub fn watchdog_interval(self) -> Duration {
        let third = self.watchdog.map_or(AT_LEAST, |patience| patience / 3);
        third.clamp(Duration::from_millis(1), AT_LEAST)
    }

    /// Configuration and listeners are in force; again after each [`Self::reloading`].
    pub fn ready(self) {
        send(&[NotifyState::Ready]);
    }

    /// The configuration is being read again. The time lets `Type=notify-reload` tell which request is answered.
    pub fn reloading(self) {
        match NotifyState::monotonic_usec_now() {
            Ok(now) => send(&[NotifyState::Reloading, now]),
            Err(_) => send(&[NotifyState::Reloading]),
        }
    }

    /// One sentence for `systemctl status`.
    pub fn status(self, sentence: &str) {
        // A line break would begin another message.
        send(&[NotifyState::Status(&sentence.replace(char::is_control, " "))]);
    }

    /// The loop is getting through its work.
    pub fn alive(self) {
        if self.watchdog.is_some() {
            send(&[NotifyState::Watchdog]);
        }
    }

    /// The end has begun.
    pub fn stopping(self) {
        send(&[NotifyState::Stopping]);
    }
}

/// Tells the service manager, if there is one, and does not wait for it: should it hang, and its queue be full, the
/// message is lost rather than the daemon stopped. (`sd_notify::notify` would wait.)
fn send(states: &[NotifyState<'_>]) {
    let Some(socket) = env::var_os("NOTIFY_SOCKET") else { return };
    if let Err(error) = send_to(&socket, states) {
        tracing::debug!(%error, "could not notify the service manager");
    }
}

fn send_to(socket: &OsStr, states: &[NotifyState<'_>]) -> io::Result<()> {
    let address = match socket.as_bytes() {
        [b'@', name @ ..] => SocketAddr::from_abstract_name(name)?,
        path => SocketAddr::from_pathname(OsStr::from_bytes(path))?,
    };
    let message = states.iter().fold(String::new(), |message, state| format!("{message}{state}\n"));
    let datagram = UnixDatagram::unbound()?;
    datagram.set_nonblocking(true)?;
    datagram.send_to_addr(message.as_bytes(), &address).map(drop)
}

/// A socket that was handed over.
#[derive(Debug)]
pub enum Handed {
    Tcp(TcpListener),
    Unix(UnixListener),
}

/// Sockets that were handed over (`sd_listen_fds(3)`), by the names of `FileDescriptorName=`.
#[derive(Debug, Default)]
pub struct Sockets {
    /// Named `http`, or the only ones there are and without a name that means something here.
    pub http: Vec<Handed>,
    /// Named `health`.
    pub health: Vec<Handed>,
}

/// Why sockets that were handed over cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SocketsError {
    /// Neither `http` nor `health`, while others are.
    #[error("socket {number} is named `{name}`, but FileDescriptorName= must be http or health")]
    Name {
        /// Counted from 1.
        number: usize,
        name: String,
    },
    /// Neither a TCP socket nor a unix socket of streams.
    #[error("socket {number} (`{name}`): {error}")]
    Socket {
        /// Counted from 1.
        number: usize,
        name: String,
        error: io::Error,
    },
}

impl Sockets {
    /// Takes the sockets that are meant for this process; none is the normal case. Call it before any thread is
    /// started: it takes `LISTEN_FDS` out of the environment.
    ///
    /// # Errors
    /// [`SocketsError`].
    pub fn from_environment() -> Result<Self, SocketsError> {
        let names = env::var("LISTEN_FDNAMES").unwrap_or_default();
        let mut handed = ListenFd::from_env();
        let names: Vec<&str> = names.split(':').chain(std::iter::repeat("")).take(handed.len()).collect();
        let mut sockets = Self::default();
        for (index, name) in names.iter().enumerate() {
            let (number, name) = (index + 1, (*name).to_owned());
            let place = place(&names, index).ok_or(SocketsError::Name { number, name: name.clone() })?;
            let socket = take(&mut handed, index);
            match socket.map_err(|error| SocketsError::Socket { number, name, error })? {
                Some(socket) if place == Place::Http => sockets.http.push(socket),
                Some(socket) => sockets.health.push(socket),
                None => {}
            }
        }
        Ok(sockets)
    }
}

/// The socket at `index`, of either kind.
fn take(handed: &mut ListenFd, index: usize) -> io::Result<Option<Handed>> {
    // What is no unix socket either is told as no TCP socket: that is what most people meant it to be.
    let socket = handed.take_tcp_listener(index).map(|socket| socket.map(Handed::Tcp)).or_else(|error| {
        handed.take_unix_listener(index).map(|socket| socket.map(Handed::Unix)).map_err(|_| error)
    })?;
    match &socket {
        Some(Handed::Tcp(socket)) => socket.set_nonblocking(true)?,
        Some(Handed::Unix(socket)) => socket.set_nonblocking(true)?,
        None => {}
    }
    Ok(socket)
}

/// What a socket is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Http,
    Health,
}

/// By its name. Without `FileDescriptorName=` systemd gives the name of the unit: those sockets are for `http` as long as
/// no socket is named so.
fn place(names: &[&str], index: usize) -> Option<Place> {
    match *names.get(index)? {
        "http" => Some(Place::Http),
        "health" => Some(Place::Health),
        _ if !names.contains(&"http") => Some(Place::Http),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_what_sockets_are_for() {
        const HTTP: Option<Place> = Some(Place::Http);
        const HEALTH: Option<Place> = Some(Place::Health);
        for (names, places) in [
            (&["http"][..], &[HTTP][..]),
            (&["http", "http"], &[HTTP, HTTP]),
            (&["health", "http"], &[HEALTH, HTTP]),
            (&["oidc-thumbprint-exporter.socket"], &[HTTP]),
            (&["oidc-thumbprint-exporter.socket", "health"], &[HTTP, HEALTH]),
            (&["unknown", ""], &[HTTP, HTTP]),
            (&["http", "htpp"], &[HTTP, None]),
            (&[], &[]),
        ] {
            let found: Vec<_> = (0..names.len()).map(|index| place(names, index)).collect();
            assert_eq!(found, places, "{names:?}");
        }
    }
}
