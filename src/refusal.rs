//! Why a client of the web server is refused: a closed set, which the log and a metric go by, and how often it was.

use std::sync::atomic::{AtomicU64, Ordering};

use enum_map::{Enum, EnumMap};
use strum::{Display, EnumIter, IntoStaticStr};

/// Why a client gets nothing, or not what it asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Enum, EnumIter, IntoStaticStr, Display)]
#[strum(serialize_all = "snake_case")]
pub enum Refusal {
    /// Plain HTTP where TLS is spoken.
    PlainHttp,
    /// None, or one that is not accepted.
    ClientCertificate,
    /// Whatever else keeps a handshake from its end, the client's own refusal included.
    TlsHandshake,
    /// No name and password, or wrong ones.
    Login,
    /// Beyond `rate_limit` of the web configuration file.
    RateLimit,
    /// As many of the kind are being answered as are allowed.
    Busy,
    /// Not HTTP/1, or a head that is too long.
    BadRequest,
    /// Every place was taken, and this client had been waited for longest.
    TooManyConnections,
    /// The handshake, the request, or the reading of the answer took too long.
    TooSlow,
}

impl Refusal {
    /// What happened, in the words of the log.
    pub(crate) const fn sentence(self) -> &'static str {
        match self {
            Self::PlainHttp => "refused a client: it spoke plain HTTP, and this port speaks HTTPS",
            Self::ClientCertificate => "refused a client: its certificate is missing or not accepted",
            Self::TlsHandshake => "refused a client: the TLS handshake failed",
            Self::Login => "refused a client: no user name and password, or wrong ones",
            Self::RateLimit => "refused a client: more requests than rate_limit allows",
            Self::Busy => "refused a client: too many such requests at the same time",
            Self::BadRequest => {
                "refused a client: the request is not one of HTTP/1.1, or its head is too long"
            }
            Self::TooManyConnections => {
                "closed a connection: there are too many, and it was idle the longest"
            }
            Self::TooSlow => "closed a connection: the client was too slow",
        }
    }
}

/// How often, since the start.
#[derive(Debug, Default)]
pub struct Refusals(EnumMap<Refusal, AtomicU64>);

impl Refusals {
    /// Counts one.
    pub(crate) fn count(&self, refusal: Refusal) {
        self.0[refusal].fetch_add(1, Ordering::Relaxed);
    }

    /// Every reason with its count.
    pub(crate) fn counts(&self) -> impl Iterator<Item = (Refusal, u64)> {
        self.0.iter().map(|(refusal, count)| (refusal, count.load(Ordering::Relaxed)))
    }
}
