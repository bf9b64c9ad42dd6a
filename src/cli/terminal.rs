//! Who reads standard output.

use std::io::{self, IsTerminal as _};

use crate::report::Style;

/// Whether standard output is for a person who likes colours (no-color.org).
pub(super) fn style() -> Style {
    Style { colour: io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none() }
}
