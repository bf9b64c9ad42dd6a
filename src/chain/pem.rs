//! Certificates in a file: one or many in PEM, a whole `openssl s_client -showcerts` transcript, or one in DER.

use base64::engine::general_purpose::STANDARD;
use base64::{DecodeError, Engine as _};
use rustls::pki_types::CertificateDer;
use strum::{EnumIter, IntoEnumIterator as _, IntoStaticStr};

use super::certificate::{Certificate, Unreadable};
use crate::files::MAX_FILE_BYTES;

/// The labels under which certificates are found (RFC 7468, section 5.1; the third is OpenSSL's own).
#[derive(Clone, Copy, PartialEq, Eq, EnumIter, IntoStaticStr)]
#[strum(const_into_str)]
enum Label {
    #[strum(serialize = "CERTIFICATE")]
    Certificate,
    #[strum(serialize = "X509 CERTIFICATE")]
    X509,
    #[strum(serialize = "TRUSTED CERTIFICATE")]
    Trusted,
}

/// Why a file yields no certificates.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FileError {
    /// Longer than [`MAX_FILE_BYTES`].
    #[error("larger than 1 MiB")]
    TooLong,
    /// Neither `-----BEGIN CERTIFICATE-----` nor DER.
    #[error("contains no certificate in PEM or DER")]
    NoCertificate,
    /// One certificate of several is damaged.
    #[error("certificate {number}, line {line}: {fault}")]
    Damaged {
        /// Which one, counted from 1.
        number: usize,
        /// Where in the file, counted from 1: the line of the fault, or the first line of the certificate.
        line: usize,
        fault: Fault,
    },
    /// The file looks like DER, and is not a certificate.
    #[error("looks like DER, but cannot be read: {0}")]
    Der(Unreadable),
}

/// What is wrong with one certificate of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The file ends, or another certificate begins, before `-----END CERTIFICATE-----`.
    #[error("the `-----END` line is missing")]
    NoEnd,
    /// A character that base64 does not have.
    #[error("not base64: {}", shown(*.0))]
    Character(u8),
    /// `=` anywhere but at the end.
    #[error("not base64: `=` before the end of the data")]
    Padding,
    /// The number of characters is no multiple of four, or bits are left over at the end.
    #[error("not base64: characters are missing or were changed")]
    Length,
    /// Good base64, but not a certificate.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
}

fn shown(byte: u8) -> String {
    if byte.is_ascii_graphic() { format!("`{}`", char::from(byte)) } else { format!("byte 0x{byte:02x}") }
}

/// Reads every certificate of a file, in its order. Text around and between them is skipped.
///
/// # Errors
/// The first damaged certificate, by number and line.
pub fn read_certificates(bytes: &[u8]) -> Result<Vec<CertificateDer<'static>>, FileError> {
    if bytes.len() > MAX_FILE_BYTES {
        return Err(FileError::TooLong);
    }
    let mut found = Vec::new();
    let mut lines = bytes.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii).zip(1..);
    while let Some((text, begin)) = lines.next() {
        let Some(label) = label(text, "BEGIN") else { continue };
        let number = found.len() + 1;
        let damaged = |(line, fault)| FileError::Damaged { number, line, fault };
        let mut der = body(&mut lines, begin).map_err(damaged)?;
        if label == Label::Trusted {
            // OpenSSL's trust settings follow the certificate.
            der.truncate(first_element(&der));
        }
        let certificate = Certificate::new(der.into());
        certificate.fields.map_err(|unreadable| damaged((begin, unreadable.into())))?;
        found.push(certificate.der);
    }
    match bytes {
        _ if !found.is_empty() => Ok(found),
        // No PEM at all. DER begins with the tag of a SEQUENCE and a length of one to three bytes.
        [0x30, 0x80..=0xff, ..] => {
            let certificate = Certificate::new(bytes.to_vec().into());
            certificate.fields.map_err(FileError::Der)?;
            Ok(vec![certificate.der])
        }
        _ => Err(FileError::NoCertificate),
    }
}

/// The label of a `-----BEGIN label-----` line, if it is one of a certificate. A byte order mark may precede it.
fn label(line: &[u8], keyword: &str) -> Option<Label> {
    let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
    let inner = line.strip_prefix(b"-----")?.strip_suffix(b"-----")?.strip_prefix(keyword.as_bytes())?;
    Label::iter().find(|label| inner.trim_ascii() == label.into_str().as_bytes())
}

/// Decodes up to the `-----END` line; of a fault, the line it is on.
fn body<'a>(
    lines: &mut impl Iterator<Item = (&'a [u8], usize)>,
    begin: usize,
) -> Result<Vec<u8>, (usize, Fault)> {
    let mut base64 = Vec::new();
    // For each line of the body, how many characters there are up to its end.
    let mut ends = Vec::new();
    let mut ended = false;
    for (text, line) in lines {
        if text.starts_with(b"-----") {
            ended = label(text, "END").is_some();
            break;
        }
        base64.extend(text.iter().filter(|character| !character.is_ascii_whitespace()));
        ends.push((base64.len(), line));
    }
    let line_of =
        |offset| ends.iter().find(|(end, _)| offset < *end).or(ends.last()).map_or(begin, |end| end.1);
    let is_at_end = |offset: usize| base64[offset..].iter().all(|character| *character == b'=');
    let decoded = STANDARD.decode(&base64).map_err(|error| match error {
        DecodeError::InvalidByte(offset, b'=') if is_at_end(offset) => (line_of(offset), Fault::Length),
        DecodeError::InvalidByte(offset, b'=') => (line_of(offset), Fault::Padding),
        DecodeError::InvalidByte(offset, byte) => (line_of(offset), Fault::Character(byte)),
        DecodeError::InvalidLength(_)
        | DecodeError::InvalidLastSymbol { .. }
        | DecodeError::InvalidPadding => (line_of(base64.len()), Fault::Length),
    });
    match decoded {
        // What stands where the `-----END` line belongs says more than that it is missing.
        decoded if ended || matches!(decoded, Err((_, Fault::Character(_)))) => decoded,
        _ => Err((begin, Fault::NoEnd)),
    }
}

/// Length in bytes of the first DER element, or of everything if that cannot be told.
fn first_element(der: &[u8]) -> usize {
    use x509_parser::der_parser::asn1_rs::{Any, FromDer};
    Any::from_der(der).map_or(der.len(), |(rest, _)| der.len() - rest.len())
}
