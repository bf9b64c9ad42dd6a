//! Health: would STS accept a token of this issuer in this account, now and soon?

use strum::{Display, EnumIter, EnumString, IntoStaticStr};

use super::problems::Class;

/// The worst class of the problems; best to worst.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, EnumIter, EnumString, IntoStaticStr, Display,
)]
#[strum(serialize_all = "snake_case", const_into_str)]
pub enum Health {
    /// There is none.
    Healthy,
    /// It would, and soon may not.
    AtRisk,
    /// Nobody can tell.
    Unknown,
    /// It would not, or not always.
    Failing,
}

impl Health {
    /// As people say it.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::AtRisk => "at risk",
            Self::Unknown => "unknown",
            Self::Failing => "failing",
        }
    }
}

impl From<Class> for Health {
    fn from(class: Class) -> Self {
        match class {
            Class::AtRisk => Self::AtRisk,
            Class::Unknown => Self::Unknown,
            Class::Failing => Self::Failing,
        }
    }
}
