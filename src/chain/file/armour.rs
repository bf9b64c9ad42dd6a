//! Lines become blocks between `-----BEGIN` and `-----END` (RFC 7468, section 2), and what stands outside of them. Armour
//! is found anywhere in a line, and with dashes lost, since that is how it is pasted.

use super::lines::Line;

/// The longest label that is looked at.
const MAX_LABEL: usize = 64;

/// What a label says of the bytes under it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Label {
    /// A certificate, or PKCS#7, which holds some. Programs write one under the label of the other.
    Certificate,
    /// OpenSSL's own: its trust settings follow the certificate.
    Trusted,
    /// What is known to be something else; left out, and never looked at, since it may be a key.
    Other,
    /// Not known; the bytes tell.
    Unknown,
}

impl Label {
    fn of(label: &str) -> Self {
        const OTHERS: [&str; 10] =
            ["KEY", "REQUEST", "CRL", "PARAM", "OCSP", "SESSION", "ATTRIBUTE", "PGP", "SIGNATURE", "MESSAGE"];
        let label = label.to_ascii_uppercase();
        if OTHERS.iter().any(|other| label.contains(other)) {
            Self::Other
        } else if label.contains("TRUSTED") {
            Self::Trusted
        } else if ["CERT", "PKCS", "CMS"].iter().any(|known| label.contains(known)) {
            Self::Certificate
        } else {
            Self::Unknown
        }
    }

    /// Whoever wrote it meant a certificate.
    pub(super) fn means_certificate(self) -> bool {
        matches!(self, Self::Certificate | Self::Trusted)
    }
}

/// What stands between a BEGIN and its END.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Block {
    pub label: Label,
    /// Of the BEGIN line.
    pub line: usize,
    /// What stands before BEGIN in its line.
    pub prefix: String,
    /// The last line is what stands before END in its line.
    pub body: Vec<Line>,
    pub has_end: bool,
}

/// A part of a text, in its order.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Part {
    Block(Block),
    /// Text outside of blocks.
    Loose(Vec<Line>),
    /// The line of an END of a certificate that has no BEGIN.
    NoBegin(usize),
}

/// Takes a text apart. Every line of it is in one of the parts.
pub(super) fn parts(lines: &[Line]) -> Vec<Part> {
    let mut parts = Parts::default();
    for Line { number, text } in lines {
        let mut rest = text.as_str();
        while let Some(marker) = Marker::find(rest) {
            let before = &rest[..marker.at.start];
            rest = &rest[marker.at.end..];
            parts.line(*number, before);
            if marker.is_begin {
                parts.begin(*number, marker.label, before);
            } else {
                parts.end(*number, marker.label);
            }
        }
        parts.line(*number, rest);
    }
    let last = lines.iter().rev().find(|line| !line.text.trim().is_empty());
    match last {
        Some(Line { number, text }) if parts.open.is_none() && is_cut_begin(text) => {
            parts.begin(*number, Label::Certificate, "");
        }
        _ => {}
    }
    parts.close(false);
    parts.end_loose();
    parts.done
}

/// The text ends within a BEGIN of a certificate: there was one more.
fn is_cut_begin(line: &str) -> bool {
    const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
    let tail = line.rfind("-----").map_or("", |at| line[at..].trim_end());
    tail.len() > "-----".len() && BEGIN.starts_with(tail)
}

#[derive(Default)]
struct Parts {
    done: Vec<Part>,
    loose: Vec<Line>,
    open: Option<Block>,
}

impl Parts {
    fn line(&mut self, number: usize, text: &str) {
        let lines = self.open.as_mut().map_or(&mut self.loose, |block| &mut block.body);
        lines.push(Line { number, text: text.to_owned() });
    }

    fn begin(&mut self, line: usize, label: Label, prefix: &str) {
        self.close(false);
        self.end_loose();
        self.open = Some(Block { label, line, prefix: prefix.to_owned(), body: Vec::new(), has_end: false });
    }

    fn end(&mut self, line: usize, label: Label) {
        let open = self.open.as_ref().map(|block| block.label.means_certificate());
        self.close(open == Some(label.means_certificate()));
        if label.means_certificate() && open != Some(true) {
            self.end_loose();
            self.done.push(Part::NoBegin(line));
        }
    }

    fn close(&mut self, has_end: bool) {
        self.done.extend(self.open.take().map(|block| Part::Block(Block { has_end, ..block })));
    }

    fn end_loose(&mut self) {
        self.done.push(Part::Loose(std::mem::take(&mut self.loose)));
    }
}

/// A BEGIN or an END, with the dashes around it.
struct Marker {
    is_begin: bool,
    label: Label,
    at: std::ops::Range<usize>,
}

impl Marker {
    /// The first one in a line.
    fn find(line: &str) -> Option<Self> {
        let mut words = line.char_indices().filter(|(_, letter)| matches!(letter, 'B' | 'b' | 'E' | 'e'));
        words.find_map(|(at, _)| Self::at(line, at))
    }

    /// The one whose keyword begins at `at`.
    fn at(line: &str, at: usize) -> Option<Self> {
        let has_word =
            |word: &str| line.get(at..at + word.len()).is_some_and(|found| found.eq_ignore_ascii_case(word));
        let is_begin = has_word("BEGIN");
        if !is_begin && !has_word("END") {
            return None;
        }
        let word_end = at + if is_begin { 5 } else { 3 };
        let before = line[..at].trim_end_matches(' ');
        let start = before.trim_end_matches('-').len();
        let follows_letter = line[..at].ends_with(|last: char| last.is_ascii_alphanumeric());
        let after = &line[word_end..];
        // `+` is how a form of the web writes a space.
        let is_of_label = |letter: char| letter.is_ascii_alphanumeric() || " .#_+".contains(letter);
        // Letters of a label are ASCII.
        let length = after.chars().take(MAX_LABEL).take_while(|letter| is_of_label(*letter)).count();
        let (label, rest) = (&after[..length], &after[length..]);
        let end = line.len() - rest.trim_start_matches('-').len();
        let dashes = (before.len() - start, rest.len() - (line.len() - end));
        let label_of = Label::of(label);
        let is_apart = label.is_empty() || label.starts_with([' ', '+', '_']);
        // Dashes on both sides make it armour; on one side, only with a label that means a certificate.
        let is_armour = match dashes {
            (2.., 2..) => is_apart,
            (2.., _) | (_, 2..) => is_apart && !follows_letter && label_of.means_certificate(),
            _ => false,
        };
        is_armour.then_some(Self { is_begin, label: label_of, at: start..end })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(line: &str) -> Option<(bool, Label, &str)> {
        Marker::find(line).map(|marker| (marker.is_begin, marker.label, &line[marker.at]))
    }

    #[test]
    fn armour_is_found_anywhere_and_with_dashes_lost() {
        use Label::{Certificate, Other, Trusted, Unknown};
        for (line, marker) in [
            ("-----BEGIN CERTIFICATE-----", Some((true, Certificate, "-----BEGIN CERTIFICATE-----"))),
            ("a: -----END CERTIFICATE-----b", Some((false, Certificate, "-----END CERTIFICATE-----"))),
            (
                "-----END CERTIFICATE----------BEGIN X-----",
                Some((false, Certificate, "-----END CERTIFICATE----------")),
            ),
            ("-- -BEGIN  X509 CERTIFICATE --", Some((true, Certificate, "-BEGIN  X509 CERTIFICATE --"))),
            ("---- BEGIN SSH2 PUBLIC KEY ----", Some((true, Other, "---- BEGIN SSH2 PUBLIC KEY ----"))),
            ("BEGIN TRUSTED CERTIFICATE-----", Some((true, Trusted, "BEGIN TRUSTED CERTIFICATE-----"))),
            ("-----BEGIN PKCS #7 SIGNED DATA", Some((true, Certificate, "-----BEGIN PKCS #7 SIGNED DATA"))),
            ("-----begin certificate-----", Some((true, Certificate, "-----begin certificate-----"))),
            ("-----BEGIN+CERTIFICATE-----", Some((true, Certificate, "-----BEGIN+CERTIFICATE-----"))),
            ("-----BEGIN X509 CRL-----", Some((true, Other, "-----BEGIN X509 CRL-----"))),
            (
                "-----BEGIN SSL SESSION PARAMETERS-----",
                Some((true, Other, "-----BEGIN SSL SESSION PARAMETERS-----")),
            ),
            ("--BEGIN THING--", Some((true, Unknown, "--BEGIN THING--"))),
            ("BEGIN CERTIFICATE", None),
            ("--BEGIN THING", None),
            ("the end - of a certificate", None),
            ("BACKEND ----", None),
            ("--APPEND CERT", None),
            ("--BEGINNING--", None),
            ("caf\u{e9} -- END\u{e9}--", None),
        ] {
            assert_eq!(found(line), marker, "{line}");
        }
    }
}
