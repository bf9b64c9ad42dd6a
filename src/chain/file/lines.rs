//! Text becomes lines as they were meant: characters that word processors put in place of others are put back, and line
//! breaks that were written as something else are line breaks again. None of it touches a letter of base64.

/// A line as it was meant. Several have the same number when they stand in one line of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// In the file, counted from 1.
    pub number: usize,
    pub text: String,
}

/// The longest name of an HTML tag with its attributes, and of an entity.
const MAX_TAG: usize = 200;
const MAX_ENTITY: usize = 8;
const MAX_COLOUR: usize = 20;
/// JSON in JSON in JSON has seven.
const MAX_SLASHES: usize = 7;

/// How many lines end in `text`: at LF, CR LF, or CR alone.
pub(super) fn breaks(text: &str) -> usize {
    let bytes = text.as_bytes();
    let ends = |(index, byte): (usize, &u8)| {
        *byte == b'\n' || (*byte == b'\r' && bytes.get(index + 1) != Some(&b'\n'))
    };
    bytes.iter().enumerate().filter(|indexed| ends(*indexed)).count()
}

/// The lines of `text`, whose first is number `first` of the file.
pub(super) fn lines(first: usize, text: &str) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut rest = text;
    for number in first.. {
        let end = rest.find(['\n', '\r']);
        let physical = &rest[..end.unwrap_or(rest.len())];
        let meant = if physical.bytes().all(is_plain) {
            vec![physical.to_owned()]
        } else {
            meant(&physical.chars().filter_map(typed).collect::<String>())
        };
        lines.extend(meant.into_iter().map(|text| Line { number, text }));
        let Some(end) = end else { break };
        rest = &rest[end..];
        rest = rest.strip_prefix("\r\n").unwrap_or(&rest[1..]);
    }
    without_stapled_responses(&lines)
}

/// Most of most files: nothing that could stand for something else.
fn is_plain(byte: u8) -> bool {
    matches!(byte, b' '..=b'~') && !b"\\%=&<".contains(&byte)
}

/// The character that was typed, before it was made pretty; `None` for one that nobody sees.
fn typed(character: char) -> Option<char> {
    match character {
        '\u{ad}'
        | '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{2064}'
        | '\u{feff}' => None,
        '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{2500}' | '\u{fe58}' | '\u{fe63}' | '\u{ff0d}' => Some('-'),
        '\u{a0}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}' => Some(' '),
        '\u{2018}' | '\u{2019}' => Some('\''),
        '\u{201c}'..='\u{201e}' => Some('"'),
        other => Some(other),
    }
}

/// Undoes the escapes of JSON, of shells and of URLs, of HTML and of mail, in one line of a file.
fn meant(line: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut rest = line;
    while let Some(next) = rest.chars().next() {
        let (meant, length) = escape(rest).unwrap_or((next, next.len_utf8()));
        rest = &rest[length..];
        if matches!(meant, '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}') {
            lines.push(String::new());
        } else if let Some(last) = lines.last_mut() {
            last.extend(typed(meant));
        }
    }
    lines
}

/// What an escape at the beginning of `text` stands for, and its length in bytes.
fn escape(text: &str) -> Option<(char, usize)> {
    let ascii = |digits: Option<&str>| {
        let code = u8::from_str_radix(digits?, 16).ok()?;
        code.is_ascii().then_some(char::from(code))
    };
    match text.as_bytes() {
        [b'\\', ..] => {
            // JSON within JSON doubles them.
            let slashes = text.bytes().take(MAX_SLASHES).take_while(|byte| *byte == b'\\').count();
            let after = &text[slashes..];
            let (meant, length) = match after.as_bytes() {
                [b'n' | b'r', ..] => ('\n', 1),
                [b't', ..] => (' ', 1),
                [b'/', ..] => ('/', 1),
                [b'"', ..] => ('"', 1),
                [b'x', ..] => (ascii(after.get(1..3))?, 3),
                [b'u', b'0', b'0', ..] => (ascii(after.get(3..5))?, 5),
                _ => return None,
            };
            Some((meant, slashes + length))
        }
        // Colours of a terminal (ECMA-48, section 5.4); in their place something that nobody sees.
        [0x1b, b'[', ..] => {
            let end = text.bytes().skip(2).take(MAX_COLOUR).position(|byte| matches!(byte, b'@'..=b'~'))?;
            Some(('\u{200b}', 2 + end + 1))
        }
        [b'%', ..] => Some((ascii(text.get(1..3)).filter(|meant| "\n\r +/=-".contains(*meant))?, 3)),
        // Quoted-printable (RFC 2045, section 6.7). In base64 nothing but `=` follows `=`.
        [b'=', b'0', b'A' | b'D', ..] => Some(('\n', 3)),
        [b'=', b'3', b'D', ..] => Some(('=', 3)),
        [b'&', ..] => {
            let end = text.bytes().take(MAX_ENTITY).position(|byte| byte == b';')?;
            Some((entity(text.get(1..end)?)?, end + 1))
        }
        [b'<', b'a'..=b'z' | b'A'..=b'Z' | b'/', ..] => {
            let end = text.bytes().take(MAX_TAG).position(|byte| byte == b'>')?;
            Some(('\n', end + 1))
        }
        _ => None,
    }
}

/// The entities of HTML that PEM is written with.
fn entity(name: &str) -> Option<char> {
    if let Some(number) = name.strip_prefix('#') {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(digits) => u32::from_str_radix(digits, 16),
            None => number.parse(),
        };
        return char::from_u32(code.ok()?);
    }
    Some(match name {
        "plus" => '+',
        "sol" => '/',
        "equals" => '=',
        "nbsp" | "Tab" => ' ',
        "NewLine" => '\n',
        "ndash" | "mdash" | "hyphen" | "dash" | "minus" => '-',
        "quot" => '"',
        "apos" => '\'',
        "lt" => '<',
        "gt" => '>',
        "amp" => '&',
        _ => return None,
    })
}

/// `openssl s_client -status` shows the stapled response between two rules, with certificates of its responder, which are
/// no part of the chain.
fn without_stapled_responses(lines: &[Line]) -> Vec<Line> {
    let is_rule = |line: &Line| line.text.len() > 20 && line.text.bytes().all(|byte| byte == b'=');
    let mut kept = Vec::with_capacity(lines.len());
    let mut rest = lines;
    while let Some(begin) = rest.iter().position(|line| line.text.trim() == "OCSP Response Data:") {
        let Some(length) = rest[begin..].iter().position(is_rule) else { break };
        kept.extend_from_slice(&rest[..begin]);
        rest = &rest[begin + length..];
    }
    kept.extend_from_slice(rest);
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_breaks_of_every_kind_and_their_numbers() {
        for (text, meant) in [
            ("a\nb", vec![(7, "a"), (8, "b")]),
            ("a\r\nb\rc", vec![(7, "a"), (8, "b"), (9, "c")]),
            (r#"x = "a\nb\r\nc\\nd""#, vec![(7, "x = \"a"), (7, "b"), (7, ""), (7, "c"), (7, "d\"")]),
            ("a<br />b<BR>c</p>", vec![(7, "a"), (7, "b"), (7, "c"), (7, "")]),
            ("a&#10;b&#xA;c", vec![(7, "a"), (7, "b"), (7, "c")]),
            ("a%0Ab%20c", vec![(7, "a"), (7, "b c")]),
            ("a=0Ab", vec![(7, "a"), (7, "b")]),
            ("a\u{2028}b", vec![(7, "a"), (7, "b")]),
        ] {
            let lines = lines(7, text);
            let lines: Vec<_> = lines.iter().map(|line| (line.number, line.text.as_str())).collect();
            assert_eq!(lines, meant, "{text:?}");
            assert_eq!(breaks(text) + 7, lines.last().unwrap().0, "{text:?}");
        }
    }

    #[test]
    fn characters_as_they_were_typed() {
        for (text, meant) in [
            ("\u{feff}\u{2013}\u{2014}-\u{2212}BEGIN\u{a0}X\u{200b}", "----BEGIN X"),
            (r"MII\/\u002B\u002F\u003d\x2b", "MII/+/=+"),
            ("M&#43;&#x2B;&plus;&sol;&equals;&nbsp;x", "M+++/= x"),
            ("M%2B%2f%3D", "M+/="),
            ("AB=3D=3D", "AB=="),
            // What is no escape is left alone.
            (
                "100% & <3 \\ %zz &#; &unknown; <<< TLS 1.3 > =",
                "100% & <3 \\ %zz &#; &unknown; <<< TLS 1.3 > =",
            ),
        ] {
            assert_eq!(super::lines(1, text), [Line { number: 1, text: meant.to_owned() }], "{text}");
        }
    }
}
