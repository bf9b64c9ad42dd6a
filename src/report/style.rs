//! Colours of words on a terminal.

/// Whether words of state are coloured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Style {
    /// With escape sequences: on a terminal, unless `NO_COLOR` is set (no-color.org).
    pub colour: bool,
}

impl Style {
    /// Good news.
    #[must_use]
    pub(crate) fn good(self, text: &str) -> String {
        self.paint("32", text)
    }

    /// Bad news.
    #[must_use]
    pub(crate) fn bad(self, text: &str) -> String {
        self.paint("1;31", text)
    }

    /// Something in between.
    #[must_use]
    pub(crate) fn doubtful(self, text: &str) -> String {
        self.paint("33", text)
    }

    fn paint(self, code: &str, text: &str) -> String {
        if self.colour && !text.is_empty() { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }
}
