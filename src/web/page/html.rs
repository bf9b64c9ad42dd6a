//! HTML by construction: markup is written in the source, every other text is escaped on its way in.

use std::fmt::{self, Display, Write as _};

use crate::printable::write_printable;

/// A page, or a part of one. Nothing gets into it but literals and escaped texts.
#[derive(Default)]
pub(super) struct Html(String);

impl Html {
    /// Appends `markup`, in which each `{}` stands for the next of `texts`, escaped for element content and for
    /// attribute values in double quotes.
    pub(super) fn put(&mut self, markup: &'static str, texts: &[&dyn Display]) {
        let mut texts = texts.iter();
        for (index, literal) in markup.split("{}").enumerate() {
            if index > 0 {
                let text = texts.next();
                debug_assert!(text.is_some(), "too few texts for {markup}");
                // Writing to a string does not fail, and a text that refuses to be shown is left out.
                let _ = text.map(|text| write!(Escaping(&mut self.0), "{text}"));
            }
            self.0.push_str(literal);
        }
        debug_assert!(texts.next().is_none(), "too many texts for {markup}");
    }

    /// Appends a stylesheet or a script as it is in the source.
    pub(super) fn put_source(&mut self, source: &'static str) {
        self.0.push_str(source);
    }

    /// The whole text.
    #[must_use]
    pub(super) fn into_string(self) -> String {
        self.0
    }
}

/// Escapes what is written through it (HTML standard, section 13.1.2). Characters that hide or reorder the text around
/// them are shown by their number, as in log lines.
struct Escaping<'a>(&'a mut String);

impl fmt::Write for Escaping<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for character in text.chars() {
            match character {
                '&' => self.0.push_str("&amp;"),
                '<' => self.0.push_str("&lt;"),
                '>' => self.0.push_str("&gt;"),
                '"' => self.0.push_str("&quot;"),
                '\'' => self.0.push_str("&#39;"),
                character => write_printable(self.0, character)?,
            }
        }
        Ok(())
    }
}

/// A text as the value of a query parameter (URL standard, section 5).
pub(super) struct QueryValue<'a>(pub &'a str);

impl Display for QueryValue<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        url::form_urlencoded::byte_serialize(self.0.as_bytes()).try_for_each(|part| f.write_str(part))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_literals_are_markup() {
        let mut html = Html::default();
        html.put("<p title=\"{}\">{}</p>", &[&"\"><img src=x onerror='alert(1)'>", &"a & {} <script>"]);
        html.put("<i>", &[]);
        assert_eq!(
            html.into_string(),
            "<p title=\"&quot;&gt;&lt;img src=x onerror=&#39;alert(1)&#39;&gt;\">a &amp; {} &lt;script&gt;</p><i>"
        );
    }

    #[test]
    fn nothing_hides_or_reorders_the_text_around_it() {
        let mut html = Html::default();
        html.put("{}", &[&"a\u{202e}b\0c\nd\u{fc}"]);
        assert_eq!(html.into_string(), r"a\u{202e}b\u{0}c\u{a}dü");
    }

    #[test]
    fn a_query_value_stays_one() {
        assert_eq!(
            QueryValue("https://a/b?c=d&e#f g+").to_string(),
            "https%3A%2F%2Fa%2Fb%3Fc%3Dd%26e%23f+g%2B"
        );
    }
}
