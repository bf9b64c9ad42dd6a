//! Why a file yields no certificates, and where in it.

use super::archive::Archive;
use crate::chain::certificate::Unreadable;

/// Why a file yields no certificates.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FileError {
    /// Longer than [`MAX_FILE_BYTES`](crate::files::MAX_FILE_BYTES).
    #[error("larger than 1 MiB")]
    TooLong,
    /// Nothing in it looks like a certificate.
    #[error("contains no certificate in PEM or DER")]
    NoCertificate,
    /// Whatever certificates are in it are packed.
    #[error("is {0}")]
    Archive(Archive),
    /// One certificate of several is damaged, or in a form that is not read.
    #[error("certificate {number}, line {line}: {fault}")]
    Damaged {
        /// Which one, counted from 1.
        number: usize,
        /// Where in the file, counted from 1: the line of the fault, or the first line of the certificate.
        line: usize,
        fault: Fault,
    },
    /// A certificate, counted nowhere.
    #[error(
        "line {line}: a certificate as hex digits, which are not read; turn them into DER with `xxd -r -p`"
    )]
    Hex { line: usize },
    /// The file looks like DER, and is not a certificate.
    #[error("looks like DER, but cannot be read: {0}")]
    Der(Unreadable),
}

/// What is wrong with one certificate of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// `-----END CERTIFICATE-----` where no certificate has begun.
    #[error("the `-----BEGIN` line is missing or was cut")]
    NoBegin,
    /// The file ends, or another certificate begins, before `-----END CERTIFICATE-----`.
    #[error("the `-----END` line is missing")]
    NoEnd,
    /// A character that base64 does not have.
    #[error("not base64: {}", shown(*.0))]
    Character(char),
    /// `=` anywhere but at the end.
    #[error("not base64: `=` before the end of the data")]
    Padding,
    /// The number of characters is no multiple of four, or bits are left over at the end.
    #[error("not base64: characters are missing or were changed")]
    Length,
    /// Neither UTF-8 nor UTF-16, nor DER: a part that nobody can read, beside certificates.
    #[error("zero bytes; save the file as UTF-8")]
    ZeroBytes,
    /// Needs a password, and holds a private key more often than not.
    #[error("PKCS#12, which is not read; extract the certificates with `openssl pkcs12 -nokeys`")]
    Pkcs12,
    /// PKCS#7 of another kind than signed data, or one without certificates.
    #[error("PKCS#7 without certificates")]
    EmptyPkcs7,
    /// Base64 of base64 of base64.
    #[error("encoded too many times over")]
    Nested,
    /// Good base64, but not a certificate.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
}

fn shown(character: char) -> String {
    if character.is_ascii_graphic() {
        format!("`{character}`")
    } else {
        format!("character U+{:04X}", u32::from(character))
    }
}
