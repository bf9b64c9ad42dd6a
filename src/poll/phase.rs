//! The steps of a poll, and how long each took.

use std::time::Duration;

use enum_map::{Enum, EnumMap};
use strum::{Display, EnumIter, IntoStaticStr};

/// The steps of a poll, in order; the value of the label `phase`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum, EnumIter, IntoStaticStr, Display)]
#[strum(serialize_all = "snake_case", const_into_str)]
pub enum Phase {
    /// Name to addresses.
    Resolve,
    Connect,
    Tls,
    /// The discovery document, request to last byte.
    Discovery,
    /// The JWKS, request to last byte.
    Jwks,
}

impl Phase {
    /// In words, after "timed out".
    pub(super) const fn activity(self) -> &'static str {
        match self {
            Self::Resolve => "resolving the host name",
            Self::Connect => "connecting",
            Self::Tls => "during the TLS handshake",
            Self::Discovery => "fetching the discovery document",
            Self::Jwks => "fetching the JWKS",
        }
    }

    /// In words: what is fetched or made.
    pub(crate) const fn object(self) -> &'static str {
        match self {
            Self::Resolve => "host name",
            Self::Connect => "connection",
            Self::Tls => "TLS handshake",
            Self::Discovery => "discovery document",
            Self::Jwks => "JWKS",
        }
    }
}

/// How long each phase of a poll took, where it was reached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Timings {
    took: EnumMap<Phase, Option<Duration>>,
    gave_up: Option<(Phase, Duration)>,
}

impl Timings {
    /// Notes how long `phase` took.
    pub fn set(&mut self, phase: Phase, duration: Duration) {
        self.took[phase] = Some(duration);
    }

    /// How long `phase` took, if it was reached.
    #[must_use]
    pub fn get(&self, phase: Phase) -> Option<Duration> {
        self.took[phase]
    }

    /// Notes that `phase` was given up after this time.
    pub fn give_up(&mut self, phase: Phase, waited: Duration) {
        self.gave_up = Some((phase, waited));
    }

    /// The phase that was given up, and after which time.
    #[must_use]
    pub fn gave_up(&self) -> Option<(Phase, Duration)> {
        self.gave_up
    }

    /// The phases that were reached, in order.
    pub fn reached(&self) -> impl Iterator<Item = (Phase, Duration)> + '_ {
        self.took.iter().filter_map(|(phase, duration)| Some((phase, (*duration)?)))
    }
}
