//! The lines of a block become its bytes, or a fault and the line it is on.

use base64::engine::general_purpose::STANDARD;
use base64::{DecodeError, Engine as _};

use super::armour::Block;
use super::decoration::{is_decoration, strip_like, trimmed};
use super::error::Fault;

/// A fault and the line it is on.
type Located = (usize, Fault);

/// The bytes of a block.
pub(super) fn decode(block: &Block) -> Result<Vec<u8>, Located> {
    let mut base64 = String::new();
    // For each line of the body, how many characters there are up to its end.
    let mut ends = Vec::new();
    for (line, text) in data(block) {
        base64.extend(text.chars().filter(|character| !is_decoration(*character)));
        if !text.is_empty() {
            ends.push((base64.len(), line));
        }
    }
    let line_of =
        |offset| ends.iter().find(|(end, _)| offset < *end).or(ends.last()).map_or(block.line, |end| end.1);
    let rest = |offset: usize| base64.get(offset..).unwrap_or_default();
    let is_at_end = |offset: usize| rest(offset).bytes().all(|character| character == b'=');
    let decoded = STANDARD.decode(&base64).map_err(|error| match error {
        DecodeError::InvalidByte(offset, b'=') if is_at_end(offset) => (line_of(offset), Fault::Length),
        DecodeError::InvalidByte(offset, b'=') => (line_of(offset), Fault::Padding),
        DecodeError::InvalidByte(offset, _) => {
            (line_of(offset), rest(offset).chars().next().map_or(Fault::Length, Fault::Character))
        }
        DecodeError::InvalidLength(_)
        | DecodeError::InvalidLastSymbol { .. }
        | DecodeError::InvalidPadding => (line_of(base64.len()), Fault::Length),
    });
    match decoded {
        // What stands where the `-----END` line belongs says more than that it is missing.
        decoded if block.has_end || matches!(decoded, Err((_, Fault::Character(_)))) => decoded,
        _ => Err((block.line, Fault::NoEnd)),
    }
}

/// The lines of the body without what is put around them, and without headers.
fn data(block: &Block) -> Vec<(usize, &str)> {
    let before_end = block.body.last().map_or("", |line| line.text.as_str());
    let is_quoted = !block.prefix.trim().is_empty()
        && strip_like(&block.prefix, before_end).is_some_and(|rest| rest.trim().is_empty());
    let lines = block.body.iter().map(|line| {
        let own = if is_quoted { strip_like(&block.prefix, &line.text) } else { None };
        (line.number, trimmed(own.unwrap_or(&line.text)))
    });
    let mut is_head = true;
    lines
        .filter(|(_, text)| {
            is_head &= text.is_empty() || is_header(text);
            !is_head
        })
        .collect()
}

/// `Proc-Type: 4,CERT` and the like, which end before the first line of base64 (RFC 1421, section 4.4).
fn is_header(text: &str) -> bool {
    let name = text.split_once(": ").map_or("", |(name, _)| name);
    name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name.bytes().all(|letter| letter.is_ascii_alphanumeric() || letter == b'-')
}
