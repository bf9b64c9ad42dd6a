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
    /// TCP.
    Connect,
    /// The TLS handshake.
    Tls,
    /// The discovery document, request to last byte.
    Discovery,
    /// The JWKS, request to last byte.
    Jwks,
}

/// How long each phase of a poll took, where it was reached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Timings(EnumMap<Phase, Option<Duration>>);

impl Timings {
    /// Notes how long `phase` took.
    pub fn set(&mut self, phase: Phase, duration: Duration) {
        self.0[phase] = Some(duration);
    }

    /// How long `phase` took, if it was reached.
    #[must_use]
    pub fn get(&self, phase: Phase) -> Option<Duration> {
        self.0[phase]
    }

    /// The phases that were reached, in order.
    pub fn reached(&self) -> impl Iterator<Item = (Phase, Duration)> + '_ {
        self.0.iter().filter_map(|(phase, duration)| Some((phase, (*duration)?)))
    }
}
