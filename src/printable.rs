//! Text that strangers chose, made fit for a log line, a terminal, a label or a page.

use std::fmt::{self, Display, Write};

/// Control characters, and those that reorder or hide the text around them.
pub(crate) fn is_unprintable(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// About the first `max_chars` characters of `text` on one line, as they are shown; an ellipsis stands for the rest.
#[must_use]
pub(crate) fn printable(text: &str, max_chars: usize) -> String {
    let mut shown = String::new();
    let mut length = 0;
    for character in text.chars() {
        if length >= max_chars {
            shown.push('\u{2026}');
            break;
        }
        let end = shown.len();
        // Writing to a string does not fail.
        let _ = write_printable(&mut shown, character);
        length += shown[end..].chars().count();
    }
    shown
}

/// `a, b and 3 more`: no more than `max` of `items`.
#[must_use]
pub(crate) fn some_of(items: impl ExactSizeIterator<Item: Display>, max: usize) -> String {
    let all = items.len();
    let shown: Vec<String> = items.take(max).map(|item| item.to_string()).collect();
    match (shown.split_last(), all - shown.len()) {
        (_, hidden @ 1..) => format!("{} and {hidden} more", shown.join(", ")),
        (Some((last, [])), 0) => last.clone(),
        (Some((last, others)), 0) => format!("{} and {last}", others.join(", ")),
        (None, _) => String::new(),
    }
}

/// Writes a character, or its number when it cannot be shown.
///
/// # Errors
/// When `out` fails.
pub(crate) fn write_printable(out: &mut impl Write, character: char) -> fmt::Result {
    if is_unprintable(character) {
        write!(out, "{}", character.escape_unicode())
    } else {
        out.write_char(character)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_says_how_many_it_leaves_out() {
        for (items, words) in [
            (&[][..], ""),
            (&["a"], "a"),
            (&["a", "b"], "a and b"),
            (&["a", "b", "c"], "a, b and c"),
            (&["a", "b", "c", "d", "e"], "a, b, c and 2 more"),
        ] {
            assert_eq!(some_of(items.iter(), 3), words);
        }
    }

    #[test]
    fn nothing_hides_or_breaks_the_line() {
        assert_eq!(
            printable("a\u{202e}b\nc\u{1b}[0m \"\u{fc}\"", 99),
            "a\\u{202e}b\\u{a}c\\u{1b}[0m \"\u{fc}\""
        );
        assert_eq!(printable("abcd", 3), "abc\u{2026}");
        assert_eq!(printable("abc", 3), "abc");
        // A number is as long as it looks.
        assert_eq!(printable(&"\0".repeat(9_000), 11), format!("{}\u{2026}", "\\u{0}".repeat(3)));
    }
}
