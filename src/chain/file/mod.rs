//! Certificates in a file: PEM in whatever people paste or save it as, a whole `openssl s_client -showcerts` transcript,
//! PKCS#7, DER. What looks like a certificate is read, or refused with its place: were one left out in silence, another
//! would be the last, and its thumbprint would go to IAM. What is known to be something else (keys, requests, revocation
//! lists) is left out, and its bytes are not looked at.

mod archive;
mod armour;
mod body;
mod decoration;
mod der;
mod encoding;
mod error;
mod hex;
mod lines;
mod loose;

use rustls::pki_types::CertificateDer;

pub use archive::Archive;
pub use error::{Fault, FileError};

use self::armour::{Block, Label, Part};
use self::der::Kind;
use self::encoding::Piece;
use self::lines::Line;
use super::certificate::{Certificate, Unreadable};
use super::path::served_path;
use crate::files::MAX_FILE_BYTES;

/// Base64 within base64 that is followed: certutil's around a Secret's around PEM.
const MAX_DEPTH: usize = 3;

/// The certificates of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateFile {
    /// In the order of the file; those of PKCS#7 as `order` says. Some may be unreadable.
    pub certificates: Vec<CertificateDer<'static>>,
    /// What the order says.
    pub order: FileOrder,
}

/// What the order of a file's certificates says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileOrder {
    /// As somebody wrote them down.
    Written,
    /// Those of PKCS#7, which is a set (RFC 5652, section 5.1), from the leaf to the top of its path.
    ByIssuer,
    /// Those of PKCS#7 as they were found, since no one path holds them all.
    Unknown,
}

impl CertificateFile {
    /// Reads every certificate of a file.
    ///
    /// # Errors
    /// The first part that means a certificate and is none, by number and line; or that there is none at all.
    pub fn read(bytes: &[u8]) -> Result<Self, FileError> {
        if bytes.len() > MAX_FILE_BYTES {
            return Err(FileError::TooLong);
        }
        if let Some(archive) = Archive::of(bytes) {
            return Err(FileError::Archive(archive));
        }
        let mut reader = Reader::default();
        reader.pieces(encoding::pieces(bytes))?;
        if reader.found.is_empty() {
            return Err(FileError::NoCertificate);
        }
        let (found, order) =
            if reader.has_set { in_order(reader.found) } else { (reader.found, FileOrder::Written) };
        Ok(Self { certificates: found.into_iter().map(|certificate| certificate.der).collect(), order })
    }
}

/// Reads every certificate of a file, when its order does not matter.
///
/// # Errors
/// As [`CertificateFile::read`].
pub fn read_certificates(bytes: &[u8]) -> Result<Vec<CertificateDer<'static>>, FileError> {
    CertificateFile::read(bytes).map(|file| file.certificates)
}

#[derive(Default)]
struct Reader {
    found: Vec<Certificate>,
    /// Some are of a set, which has no order.
    has_set: bool,
}

impl Reader {
    /// The fault of the next certificate.
    fn damaged(&self, line: usize, fault: impl Into<Fault>) -> FileError {
        FileError::Damaged { number: self.found.len() + 1, line, fault: fault.into() }
    }

    fn pieces(&mut self, pieces: Vec<Piece>) -> Result<(), FileError> {
        let is_der = matches!(pieces.first(), Some(Piece::Der { .. }));
        for piece in pieces {
            match piece {
                Piece::Der { line, der } => self.der(line, &der).map_err(|error| match error {
                    FileError::Damaged { number: 1, fault: Fault::Unreadable(why), .. } if is_der => {
                        FileError::Der(why)
                    }
                    error => error,
                })?,
                Piece::Text { line, text } => {
                    let known = self.found.len();
                    if let Some(at) = hex::certificate(&text) {
                        return Err(FileError::Hex { line: line + lines::breaks(&text[..at]) });
                    }
                    self.text(&lines::lines(line, &text), 0)?;
                    let is_more = known == self.found.len() && !text.trim().is_empty();
                    if is_der && is_more && known == 1 {
                        return Err(FileError::Der(Unreadable::TrailingBytes));
                    }
                    if is_more && (is_der || der::is_stub(&text)) {
                        return Err(self.damaged(line, Unreadable::TrailingBytes));
                    }
                    self.zero_bytes(line, &text)?;
                }
            }
        }
        Ok(())
    }

    /// Text has no zero bytes but at the end of a file that was preallocated: beside certificates they are a part that
    /// was not understood.
    fn zero_bytes(&self, first: usize, text: &str) -> Result<(), FileError> {
        let Some((before, _)) = text.trim_end_matches('\0').split_once('\0') else { return Ok(()) };
        if self.found.is_empty() && !text.replace('\0', "").contains("CERTIFICATE") {
            return Ok(());
        }
        Err(self.damaged(first + lines::breaks(before), Fault::ZeroBytes))
    }

    fn text(&mut self, lines: &[Line], depth: usize) -> Result<(), FileError> {
        let mut ends_in_certificate = false;
        for part in armour::parts(lines) {
            match part {
                // Only the BEGIN line is lost, when all of the certificate stands before END.
                Part::NoBegin(_) if ends_in_certificate => {}
                Part::NoBegin(line) => return Err(self.damaged(line, Fault::NoBegin)),
                Part::Loose(lines) => ends_in_certificate = self.loose(&lines, depth)?,
                Part::Block(block) => match block.label {
                    Label::Other => {}
                    Label::Certificate | Label::Trusted => self.block(&block, depth)?,
                    Label::Unknown => match body::decode(&block) {
                        Ok(bytes) if der::kind(&bytes) != Kind::Other => self.der(block.line, &bytes)?,
                        _ => ends_in_certificate = self.loose(&block.body, depth)?,
                    },
                },
            }
        }
        Ok(())
    }

    fn block(&mut self, block: &Block, depth: usize) -> Result<(), FileError> {
        let mut bytes = body::decode(block).map_err(|(line, fault)| self.damaged(line, fault))?;
        if block.label == Label::Trusted {
            // OpenSSL's trust settings follow the certificate.
            bytes.truncate(der::length(&bytes).unwrap_or(bytes.len()));
        }
        let known = self.found.len();
        if loose::is_encoded(&bytes) {
            self.nested(block.line, &bytes, depth)?;
        }
        // Whatever it is, it was called a certificate.
        if self.found.len() > known { Ok(()) } else { self.der(block.line, &bytes) }
    }

    /// Base64 without armour; true when a certificate ends it.
    fn loose(&mut self, lines: &[Line], depth: usize) -> Result<bool, FileError> {
        let mut ends_in_certificate = false;
        for run in loose::runs(lines) {
            if !der::is_long(&run.bytes) {
                self.nested(run.line, &run.bytes, depth)?;
            } else if der::kind(&run.bytes) != Kind::Other || der::is_certificate_begun(&run.bytes) {
                self.der(run.line, &run.bytes)?;
                ends_in_certificate = run.is_last;
            }
        }
        Ok(ends_in_certificate)
    }

    /// What base64 held: text with certificates in it, as in a Secret of Kubernetes.
    fn nested(&mut self, line: usize, bytes: &[u8], depth: usize) -> Result<(), FileError> {
        if depth == MAX_DEPTH {
            return Err(self.damaged(line, Fault::Nested));
        }
        for piece in encoding::pieces(bytes) {
            match piece {
                Piece::Der { der, .. } => self.der(line, &der)?,
                Piece::Text { text, .. } => {
                    let lines = lines::lines(line, &text).into_iter();
                    let lines: Vec<Line> = lines.map(|inner| Line { number: line, ..inner }).collect();
                    self.text(&lines, depth + 1)?;
                }
            }
        }
        Ok(())
    }

    /// One element, which was meant to be a certificate or to hold some.
    fn der(&mut self, line: usize, bytes: &[u8]) -> Result<(), FileError> {
        match der::kind(bytes) {
            Kind::SignedData => self.signed_data(line, bytes),
            Kind::Sealed => Err(self.damaged(line, Fault::EmptyPkcs7)),
            Kind::Pkcs12 => Err(self.damaged(line, Fault::Pkcs12)),
            kind => {
                let certificate = Certificate::new(bytes.to_vec().into());
                let is_whole = der::length(bytes) == Some(bytes.len());
                match certificate.fields {
                    // One that cannot be read has its thumbprint, as over TLS; what is no certificate has none.
                    Err(why) if kind != Kind::Certificate || !is_whole => Err(self.damaged(line, why)),
                    _ => {
                        self.found.push(certificate);
                        Ok(())
                    }
                }
            }
        }
    }

    fn signed_data(&mut self, line: usize, bytes: &[u8]) -> Result<(), FileError> {
        if der::length(bytes) != Some(bytes.len()) {
            return Err(self.damaged(line, Unreadable::TrailingBytes));
        }
        let set = der::certificates(bytes).ok_or_else(|| self.damaged(line, Unreadable::Malformed))?;
        if set.is_empty() {
            return Err(self.damaged(line, Fault::EmptyPkcs7));
        }
        self.has_set |= set.len() > 1;
        set.into_iter().try_for_each(|certificate| self.der(line, certificate))
    }
}

/// Puts the members of a set, and what stands beside them, in the order in which one issued the other.
fn in_order(found: Vec<Certificate>) -> (Vec<Certificate>, FileOrder) {
    let path = served_path(&found).positions;
    if path.len() < found.len() {
        return (found, FileOrder::Unknown);
    }
    let ordered = path.iter().filter_map(|position| found.get(*position).cloned()).collect();
    (ordered, FileOrder::ByIssuer)
}
