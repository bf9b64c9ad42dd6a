//! What mail, comments, logs, diffs and programs put around each line of a text that they quote.

/// The longest of it that is looked for on each line.
const MAX_PREFIX: usize = 200;

/// The line without a beginning like `prefix`, where any number stands for any other: `> `, `# `, `+`, ` 12: `,
/// `2026-01-01T00:00:00Z `. `None` when it begins differently.
pub(super) fn strip_like<'a>(prefix: &str, line: &'a str) -> Option<&'a str> {
    if prefix.len() > MAX_PREFIX {
        return None;
    }
    let (mut prefix, mut line) = (prefix.trim(), line.trim_start());
    let is_digit = |letter: char| letter.is_ascii_digit();
    while let Some(next) = prefix.chars().next() {
        if is_digit(next) {
            prefix = prefix.trim_start_matches(is_digit);
            line = line.strip_prefix(is_digit)?.trim_start_matches(is_digit);
        } else if next.is_whitespace() {
            (prefix, line) = (prefix.trim_start(), line.trim_start());
        } else {
            prefix = prefix.strip_prefix(next)?;
            line = line.strip_prefix(next)?;
        }
    }
    Some(line)
}

/// Space, and what parts texts in programs.
pub(super) fn is_decoration(letter: char) -> bool {
    letter.is_whitespace() || r#""'`,;\|"#.contains(letter)
}

/// The line without space around it, and without quotes, commas, backslashes and the like, none of which are base64.
pub(super) fn trimmed(line: &str) -> &str {
    let line = line.trim_matches(is_decoration);
    // A program joins strings: `"MII..." +`.
    match line.strip_suffix('+').map(str::trim_end) {
        Some(quoted) if quoted.is_empty() || quoted.ends_with(['"', '\'']) => {
            quoted.trim_matches(is_decoration)
        }
        _ => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_each_line_begins_with_is_taken_off() {
        for (prefix, line, rest) in [
            ("> ", "> MII", Some("MII")),
            ("> ", ">", Some("")),
            ("> ", "MII", None),
            ("# ", "#MII", Some("MII")),
            ("+", "+MII+", Some("MII+")),
            ("// ", "  // MII", Some("MII")),
            ("  9\t", " 10\tMII", Some("MII")),
            ("2026-01-01T00:00:00.1Z ", "2026-12-31T23:59:59.123Z MII", Some("MII")),
            ("cert: ", "MII", None),
            ("", "MII", Some("MII")),
        ] {
            assert_eq!(strip_like(prefix, line).map(str::trim_start), rest, "{prefix}|{line}");
        }
    }

    #[test]
    fn quotes_and_joints_are_taken_off() {
        for (line, rest) in [
            ("  \"MII+\",", "MII+"),
            ("MII/ \\", "MII/"),
            ("\"MII\" +", "MII"),
            ("\" +", ""),
            ("MII+", "MII+"),
            ("MI?", "MI?"),
        ] {
            assert_eq!(trimmed(line), rest, "{line}");
        }
    }
}
