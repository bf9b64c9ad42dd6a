//! The settings: in go defaults, a file and the environment, out come typed settings, or the first mistake with its place.
//! Nothing here knows what the settings are for.

mod check;
mod hosts;
mod load;
mod settings;

pub(crate) use load::SettingsError;
pub(crate) use settings::{IssuerEntry, Log, LogFormat, LogLevel, Probe, Settings, State, Trust, Web};
