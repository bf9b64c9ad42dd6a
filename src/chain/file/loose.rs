//! Base64 without armour: in a Secret of Kubernetes, in XML, in JSON, or where both armour lines were lost. Transcripts are
//! full of other base64 and of hex, so only what turns out to be a certificate, or the beginning of one, counts.

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::decoration::{strip_like, trimmed};
use super::der;
use super::lines::Line;

/// Characters of base64 in a row that are looked at: the shortest line that anybody wraps at.
const SHORTEST: usize = 32;
/// Characters that decode to the head of a certificate, as far as it tells what it is.
const HEAD: usize = 24;
/// Characters that decode to as much of it as is the same in all of them, but for two lengths.
const SURE_HEAD: usize = 16;

/// Lines may be cut anywhere, and padding may be lost.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A run of base64 that is worth a look.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Run {
    /// Its first line.
    pub line: usize,
    pub bytes: Vec<u8>,
    /// Nothing follows it.
    pub is_last: bool,
}

/// The runs of base64 in `lines` that decode to DER, to text with armour in it, or to base64.
pub(super) fn runs(lines: &[Line]) -> Vec<Run> {
    let mut runs = Vec::new();
    // Lines before this one belong to a run.
    let mut next = 0;
    for (index, line) in lines.iter().enumerate() {
        if index < next {
            continue;
        }
        for token in tokens(&line.text).filter(Token::is_worth_a_look) {
            let (base64, more) = whole(&token, &lines[index + 1..]);
            next = index + 1 + more;
            let bytes = decoded(&base64);
            if der::is_long(&bytes) || is_encoded(&bytes) {
                let is_last = lines[next..].iter().all(|line| trimmed(&line.text).is_empty());
                runs.push(Run { line: line.number, bytes, is_last });
            }
        }
    }
    runs
}

struct Token<'a> {
    text: &'a str,
    before: &'a str,
    after: &'a str,
}

/// Base64 and its padding, as long as it goes.
fn tokens(line: &str) -> impl Iterator<Item = Token<'_>> {
    let is_base64 = |letter: char| letter.is_ascii_alphanumeric() || letter == '+' || letter == '/';
    let mut at = 0;
    std::iter::from_fn(move || {
        let start = at + line[at..].find(is_base64)?;
        let end = line[start..].find(|letter| !is_base64(letter)).map_or(line.len(), |length| start + length);
        let padding = line[end..].bytes().take(2).take_while(|byte| *byte == b'=').count();
        at = end + padding;
        Some(Token { text: &line[start..at], before: &line[..start], after: &line[at..] })
    })
}

impl Token<'_> {
    /// However short, the head of a certificate is one: the rest was cut, or is on narrow lines.
    fn is_worth_a_look(&self) -> bool {
        let letters = self.text.trim_end_matches('=');
        let head = letters.get(..SURE_HEAD).map(decoded);
        letters.len() >= SHORTEST || head.is_some_and(|head| der::is_certificate_begun(&head))
    }
}

/// A token with the lines that go on with it, and how many these are.
fn whole(token: &Token<'_>, lines: &[Line]) -> (String, usize) {
    let mut base64 = token.text.to_owned();
    let mut count = 0;
    if !trimmed(token.after).is_empty() {
        return (base64, count);
    }
    let head = head(token.text);
    let is_certificate = der::is_certificate_begun(&head);
    // DER says how long it is.
    let wanted = if der::is_long(&head) { der::closed_length(&head) } else { None };
    let wanted = wanted.map(|length| length.div_ceil(3) * 4);
    for line in lines {
        let own = strip_like(token.before, &line.text).unwrap_or(&line.text);
        let more = trimmed(own);
        let is_whole = tokens(more).next().is_some_and(|token| token.text.len() == more.len());
        let goes_on = is_whole || (more.is_empty() && wanted.is_some());
        let is_complete = base64.ends_with('=') || wanted.is_some_and(|wanted| base64.len() >= wanted);
        // Whatever this is, no certificate begins within it.
        let is_next = !is_certificate && der::is_certificate_begun(&self::head(more));
        if is_complete || !goes_on || is_next {
            break;
        }
        base64.push_str(more);
        count += 1;
    }
    (base64, count)
}

/// The first bytes, which tell what it is.
fn head(base64: &str) -> Vec<u8> {
    base64.get(..HEAD).map(decoded).unwrap_or_default()
}

fn decoded(base64: &str) -> Vec<u8> {
    let data = base64.trim_end_matches('=');
    // One character alone holds no byte.
    let whole = if data.len() % 4 == 1 { &data[..data.len() - 1] } else { data };
    LENIENT.decode(whole).unwrap_or_default()
}

/// Text with armour in it, or base64 once more.
pub(super) fn is_encoded(bytes: &[u8]) -> bool {
    holds_armour(bytes) || is_base64(bytes)
}

fn is_base64(bytes: &[u8]) -> bool {
    let is_letter = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/=\r\n".contains(byte);
    bytes.len() >= SHORTEST && bytes.iter().all(is_letter)
}

/// In any encoding of letters that are ASCII.
fn holds_armour(bytes: &[u8]) -> bool {
    let letters: Vec<u8> = bytes.iter().copied().filter(|byte| *byte != 0).collect();
    letters.windows(7).any(|window| window == b"--BEGIN")
}
