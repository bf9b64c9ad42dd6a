//! Bytes of a file become text and DER: UTF-8, UTF-16 wherever in the file it begins, the dashes of Windows' code page, and
//! certificates that are not text at all.

use super::der;

/// Characters of UTF-16 in a row that are taken for it where no byte order mark stands.
const UTF16_CHARACTERS: usize = 4;
/// Bytes of ASCII in a row that end UTF-16. As UTF-16 they would be Chinese, which hits this range for so long only by design.
const ASCII_BYTES: usize = 24;

/// A part of a file, in its order.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece {
    Text {
        /// Of its first character, counted from 1.
        line: usize,
        text: String,
    },
    Der {
        line: usize,
        /// One element; shorter than it announces when the file ends before it.
        der: Vec<u8>,
    },
}

#[derive(Clone, Copy)]
enum ByteOrder {
    Little,
    Big,
}

impl ByteOrder {
    fn unit(self, pair: [u8; 2]) -> u16 {
        match self {
            Self::Little => u16::from_le_bytes(pair),
            Self::Big => u16::from_be_bytes(pair),
        }
    }
}

/// Takes a file apart. Every byte of it is in one of the pieces.
pub(super) fn pieces(bytes: &[u8]) -> Vec<Piece> {
    let mut pieces = Pieces { done: Vec::new(), line: 1, text: String::new() };
    let mut rest = bytes;
    while let [first, ..] = rest {
        let plain = plain(rest);
        let taken = if !plain.is_empty() {
            pieces.text.push_str(plain);
            plain.len()
        } else if let Some(length) = der_length(rest, rest.len() == bytes.len()) {
            pieces.end_text();
            pieces.done.push(Piece::Der { line: pieces.line, der: rest[..length].to_vec() });
            length
        } else if let Some(order) = utf16(rest) {
            utf16_text(rest, order, &mut pieces.text)
        } else if let Some(character) = utf8(rest) {
            pieces.text.push(character);
            character.len_utf8()
        } else {
            pieces.text.push(windows_1252(*first));
            1
        };
        rest = &rest[taken..];
    }
    pieces.end_text();
    pieces.done
}

struct Pieces {
    done: Vec<Piece>,
    line: usize,
    text: String,
}

impl Pieces {
    fn end_text(&mut self) {
        if self.text.is_empty() {
            return;
        }
        let text = std::mem::take(&mut self.text);
        let line = self.line;
        self.line += super::lines::breaks(&text);
        self.done.push(Piece::Text { line, text });
    }
}

/// Most of most files: ASCII that neither is UTF-16 nor begins DER.
fn plain(bytes: &[u8]) -> &str {
    let is_plain = |pair: &[u8]| pair[0].is_ascii() && pair[0] != 0 && pair[1].is_ascii() && pair[1] != 0;
    let length = bytes.windows(2).take_while(|pair| is_plain(pair)).count();
    std::str::from_utf8(&bytes[..length]).unwrap_or_default()
}

/// The length of the DER that begins here; of all there is, if it announces more.
fn der_length(bytes: &[u8], is_first: bool) -> Option<usize> {
    if !der::is_long(bytes) {
        return None;
    }
    if is_first {
        return Some(der::length(bytes).unwrap_or(bytes.len()).min(bytes.len()));
    }
    // Where a length is left open, all that follows would have to be read to find its end.
    let length = der::closed_length(bytes)?;
    let is_known = bytes.get(..length).is_some_and(|whole| der::kind(whole) != der::Kind::Other);
    (is_known || der::is_certificate_begun(bytes)).then_some(length.min(bytes.len()))
}

/// The byte order of the UTF-16 that begins here, at a byte order mark or without one.
fn utf16(bytes: &[u8]) -> Option<ByteOrder> {
    let is_text = |byte: u8| matches!(byte, b'\t' | b'\n' | b'\r' | b' '..=b'~');
    let run = |order: ByteOrder, bytes: &[u8]| {
        let ascii = bytes.chunks_exact(2).map_while(|pair| u8::try_from(order.unit([pair[0], pair[1]])).ok());
        ascii.take(UTF16_CHARACTERS).take_while(|byte| is_text(*byte)).count()
    };
    match bytes {
        // Latin-1 begins with these two letters, too.
        [0xff, 0xfe, rest @ ..] if rest.iter().take(256).any(|byte| *byte == 0) => Some(ByteOrder::Little),
        [0xfe, 0xff, rest @ ..] if rest.iter().take(256).any(|byte| *byte == 0) => Some(ByteOrder::Big),
        [_, 0, ..] if run(ByteOrder::Little, bytes) == UTF16_CHARACTERS => Some(ByteOrder::Little),
        [0, ..] if run(ByteOrder::Big, bytes) == UTF16_CHARACTERS => Some(ByteOrder::Big),
        _ => None,
    }
}

/// Decodes UTF-16 up to where ASCII begins or the file ends; the number of bytes taken.
fn utf16_text(bytes: &[u8], order: ByteOrder, text: &mut String) -> usize {
    let is_ascii = |bytes: &[u8]| {
        let ascii = bytes.iter().take(ASCII_BYTES);
        ascii.take_while(|byte| byte.is_ascii() && **byte != 0).count() == ASCII_BYTES
    };
    let mut units = Vec::new();
    for pair in bytes.chunks_exact(2) {
        if is_ascii(&bytes[units.len() * 2..]) {
            break;
        }
        units.push(order.unit([pair[0], pair[1]]));
    }
    text.extend(
        char::decode_utf16(units.iter().copied()).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)),
    );
    // A last odd byte is taken as text, if it is one.
    units.len() * 2
}

fn utf8(bytes: &[u8]) -> Option<char> {
    (1..=4).find_map(|length| std::str::from_utf8(bytes.get(..length)?).ok()?.chars().next())
}

/// The characters of Windows' code page that matter in an armour line.
fn windows_1252(byte: u8) -> char {
    match byte {
        0x96 => '\u{2013}',
        0x97 => '\u{2014}',
        0xa0 => '\u{a0}',
        _ => char::REPLACEMENT_CHARACTER,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(bytes: &[u8]) -> String {
        let pieces = pieces(bytes);
        let [Piece::Text { line: 1, text }] = pieces.as_slice() else { panic!("{pieces:?}") };
        text.clone()
    }

    #[test]
    fn utf16_is_known_wherever_it_begins() {
        let encoded = |text: &str, order: ByteOrder| -> Vec<u8> {
            let bytes = |unit: u16| match order {
                ByteOrder::Little => unit.to_le_bytes(),
                ByteOrder::Big => unit.to_be_bytes(),
            };
            text.encode_utf16().flat_map(bytes).collect()
        };
        let words = "caf\u{e9} \u{65e5}\u{672c}\u{8a9e} \u{1f600}\r\n";
        for order in [ByteOrder::Little, ByteOrder::Big] {
            let marked = encoded(&format!("\u{feff}{words}"), order);
            assert_eq!(text(&marked), format!("\u{feff}{words}"));
            assert_eq!(text(&encoded(&format!("plain {words}"), order)), format!("plain {words}"));
            for ascii in ["odd", "even"] {
                let tail = [ascii.as_bytes(), &encoded("plain\r\n", order)].concat();
                assert_eq!(text(&tail), format!("{ascii}plain\r\n"));
            }
            let ascii = "a line that was appended by another program\n";
            assert_eq!(text(&[&marked, ascii.as_bytes()].concat()), format!("\u{feff}{words}{ascii}"));
        }
    }

    #[test]
    fn other_bytes_stay_in_their_place() {
        assert_eq!(text(b"\xff\xfe\nx"), "\u{fffd}\u{fffd}\nx");
        assert_eq!(text(b"a\x96\x97\xa0\xe9z"), "a\u{2013}\u{2014}\u{a0}\u{fffd}z");
        assert_eq!(text(b"a\0b"), "a\0b");
        assert_eq!(text("\u{feff}h\u{e9}".as_bytes()), "\u{feff}h\u{e9}");
        assert_eq!(pieces(b""), []);
    }
}
