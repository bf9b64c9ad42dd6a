//! The bytes of a document to the JSON object in it, or what they are instead. Pure.

use std::borrow::Cow;

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::printable::printable;

/// Characters of a stranger's text that are shown. Errors of serde repeat a whole string of the document.
const MAX_SHOWN_CHARS: usize = 200;

const UTF8_MARK: &[u8] = b"\xef\xbb\xbf";

/// What a document is instead of a JSON object that has what it must have.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JsonError {
    #[error("is empty")]
    Empty,
    #[error("is HTML or XML, not JSON")]
    Markup,
    #[error("is UTF-16 or UTF-32 text; JSON must be UTF-8 (RFC 8259, section 8.1)")]
    WideText,
    #[error("is gzip data that no Content-Encoding header tells of")]
    Gzip,
    #[error("is a signed token (JWT), not plain JSON")]
    Token,
    #[error("is JSON, but not an object")]
    NotAnObject,
    /// With serde's word for it, and the place.
    #[error("{0}")]
    Syntax(String),
}

/// The text of `document`. A byte order mark is ignored, which RFC 8259 (section 8.1) allows; a program that joins files
/// leaves several. Bytes that are no UTF-8 are
/// replaced, so that they spoil no more than the string that they are in.
pub(super) fn text(document: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(unmarked(document))
}

fn unmarked(mut document: &[u8]) -> &[u8] {
    while let Some(rest) = document.strip_prefix(UTF8_MARK) {
        document = rest;
    }
    document
}

/// Whether `document` is JSON of any kind.
pub(super) fn is_json(document: &[u8]) -> bool {
    serde_json::from_slice::<IgnoredAny>(unmarked(document)).is_ok()
}

/// The members of the object that `text` is.
///
/// # Errors
/// When it is no JSON object, or has not the members that it must have.
pub(super) fn object<'a, T: Deserialize<'a>>(document: &[u8], text: &'a str) -> Result<T, JsonError> {
    // serde would take an array for an object whose members come in order.
    if text.trim_ascii_start().starts_with('[') {
        return Err(JsonError::NotAnObject);
    }
    serde_json::from_str(text).map_err(|error| {
        let syntax = || JsonError::Syntax(shown(&error.to_string()));
        instead(document, text.trim_ascii_start()).unwrap_or_else(syntax)
    })
}

/// What is plainly no JSON text at all.
fn instead(document: &[u8], text: &str) -> Option<JsonError> {
    match document {
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] | [0, _, ..] | [_, 0, ..] => Some(JsonError::WideText),
        [0x1f, 0x8b, ..] => Some(JsonError::Gzip),
        _ if text.is_empty() => Some(JsonError::Empty),
        _ if text.starts_with('<') => Some(JsonError::Markup),
        // The header of every JWT begins with `{"`, which is `eyJ` in base64url.
        _ if text.starts_with("eyJ") && text.contains('.') => Some(JsonError::Token),
        _ if serde_json::from_str::<IgnoredAny>(text).is_ok() && !text.starts_with('{') => {
            Some(JsonError::NotAnObject)
        }
        _ => None,
    }
}

/// A stranger's text, bounded and safe to show. An escape takes up to ten characters, so that less is shown of a text
/// that is full of them.
pub(super) fn shown(text: &str) -> String {
    let shown = printable(text, MAX_SHOWN_CHARS);
    if shown.chars().count() <= MAX_SHOWN_CHARS + 1 { shown } else { printable(text, MAX_SHOWN_CHARS / 10) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    struct Members {
        a: u8,
    }

    fn read(document: &[u8]) -> Result<Members, JsonError> {
        object(document, &text(document))
    }

    #[test]
    fn as_editors_save_them() {
        for document in [
            &b"{\"a\":1}"[..],
            b"\xef\xbb\xbf{\"a\":1}",
            b"\xef\xbb\xbf\xef\xbb\xbf{\"a\":1}",
            b"\xef\xbb\xbf\r\n {\"a\":\t1}\r\n\r\n",
            b"{\"b\":\"caf\xe9\",\"a\":1}",
            b"{\"b\":\"\\ud800\",\"a\":1}",
            b"{\"b\":1e999,\"a\":1}",
        ] {
            assert_eq!(read(document), Ok(Members { a: 1 }), "{}", text(document));
        }
    }

    #[test]
    fn what_it_is_instead() {
        let wide =
            |unit: fn(u16) -> [u8; 2]| -> Vec<u8> { "{\"a\":1}".encode_utf16().flat_map(unit).collect() };
        let (little, big) = (wide(u16::to_le_bytes), wide(u16::to_be_bytes));
        for (document, error) in [
            (&b""[..], JsonError::Empty),
            (b" \r\n", JsonError::Empty),
            (b"\xef\xbb\xbf", JsonError::Empty),
            (b"\n<!DOCTYPE html><title>Sign in</title>", JsonError::Markup),
            (b"<?xml version=\"1.0\"?><Error><Code>NoSuchKey</Code></Error>", JsonError::Markup),
            (&little, JsonError::WideText),
            (&big, JsonError::WideText),
            (&[b"\xff\xfe", &little[..]].concat(), JsonError::WideText),
            (&[b"\xfe\xff", &big[..]].concat(), JsonError::WideText),
            (b"\x1f\x8b\x08\x00\x00", JsonError::Gzip),
            (b"eyJhbGciOiJSUzI1NiJ9.e30.AA", JsonError::Token),
            (b"[1]", JsonError::NotAnObject),
            (b"null", JsonError::NotAnObject),
            (b"\"text\"", JsonError::NotAnObject),
        ] {
            assert_eq!(read(document), Err(error), "{}", text(document));
        }
    }

    #[test]
    fn what_is_wrong_has_its_place() {
        for (document, words) in [
            (&b"{\"a\":1}\0"[..], "trailing characters at line 1 column 8"),
            (b"{\"a\":1,\"a\":2}", "duplicate field `a` at line 1 column 10"),
            (b"// by hand\n{\"a\":1}", "expected value at line 1 column 1"),
            (b"\r\n\n{\n// by hand\n\"a\":1}", "key must be a string at line 4 column 1"),
            (b"eyJhIjoxfQ==", "expected value at line 1 column 1"),
            (b"{\"b\":1}", "missing field `a` at line 1 column 7"),
            (b"{\"a\":1", "EOF while parsing an object at line 1 column 6"),
        ] {
            assert_eq!(read(document), Err(JsonError::Syntax(words.to_owned())), "{}", text(document));
        }
    }
}
