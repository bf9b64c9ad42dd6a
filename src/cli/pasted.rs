//! What was meant of a text that was copied from somewhere. Pure.

use crate::printable::is_unprintable;

/// Without the quotes, brackets and commas that it was copied with, and without what stands before it in its line:
/// `"Federated": "arn:..."`, `issuer = "https://..."`, `[a.example](https://a.example)`.
pub(super) fn pasted(text: &str) -> &str {
    let text = unquoted(text);
    let is_apart =
        |at: &usize| text[..*at].ends_with(|before: char| !before.is_alphanumeric() && before != '/');
    let url = text.to_ascii_lowercase().find("https://");
    match url.or_else(|| text.rfind("arn:")).filter(is_apart) {
        Some(at) => unquoted(text[at..].trim_end_matches(|after: char| "\"'`)>]}\u{bb}*,;".contains(after))),
        None => text,
    }
}

fn unquoted(text: &str) -> &str {
    const PAIRS: [(char, char); 6] = [
        ('\'', '\''),
        ('`', '`'),
        ('<', '>'),
        ('(', ')'),
        ('\u{201c}', '\u{201d}'),
        ('\u{2018}', '\u{2019}'),
    ];
    let mut text = bare(text);
    while let Some(inner) =
        PAIRS.iter().find_map(|(open, close)| text.strip_prefix(*open)?.strip_suffix(*close))
    {
        text = bare(inner);
    }
    text
}

/// Without what nobody sees around it, and without what follows it in a list.
fn bare(text: &str) -> &str {
    let is_invisible = |letter: char| letter.is_whitespace() || is_unprintable(letter);
    // A double quote is in no URL; one of a pair may have been left behind.
    text.trim_matches(|letter| is_invisible(letter) || letter == '"')
        .trim_end_matches([',', ';'])
        .trim_matches('"')
}
