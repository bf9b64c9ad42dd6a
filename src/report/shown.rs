//! Values that leave as the words they are shown as.

use std::fmt::Display;

use serde::Serializer;

/// As its text.
pub(super) fn shown<S: Serializer>(value: &impl Display, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}

/// As its text, or null.
#[allow(clippy::ref_option, reason = "serde calls it so")]
pub(super) fn shown_if_any<S: Serializer>(
    value: &Option<impl Display>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match value {
        Some(value) => serializer.collect_str(value),
        None => serializer.serialize_none(),
    }
}
