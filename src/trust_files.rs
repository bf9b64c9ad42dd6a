//! Where trust anchors come from on this machine: CA files that the operator names, and the system's store.

use std::io;
use std::path::{Path, PathBuf};

use rustls::pki_types::CertificateDer;

use crate::chain::{Certificate, Distrust, FileError, Unreadable, check_anchor, read_certificates};
use crate::files::read_regular;

/// A file of CA certificates that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CaFileError {
    #[error("{path}: {error}")]
    Io {
        path: PathBuf,
        /// What the operating system said.
        error: io::Error,
    },
    /// Holds no certificate, or a damaged one.
    #[error("{path}: {error}")]
    Unreadable {
        path: PathBuf,
        /// Which certificate, where, and why.
        error: FileError,
    },
    /// A certificate that cannot be read anchors nothing.
    #[error("{path}: certificate {number} cannot be used as a trust anchor: {error}")]
    UnreadableCertificate {
        path: PathBuf,
        /// Counted from 1.
        number: usize,
        error: Unreadable,
    },
    /// A certificate that nothing can be anchored to.
    #[error("{path}: certificate {number} cannot be used as a trust anchor: {error}")]
    NoAnchor {
        path: PathBuf,
        /// Counted from 1.
        number: usize,
        /// What the path validator has against it.
        error: Distrust,
    },
}

/// The system's roots: `SSL_CERT_FILE`, `SSL_CERT_DIR`, or the usual places. What cannot be read is left out and logged.
#[must_use]
pub fn system_roots() -> Vec<CertificateDer<'static>> {
    let found = rustls_native_certs::load_native_certs();
    for error in &found.errors {
        tracing::warn!(%error, "part of the system trust store could not be read");
    }
    found.certs
}

/// Reads a regular file of CA certificates: PEM, DER or PKCS#7.
///
/// # Errors
/// When the file cannot be read, or not every certificate in it is a CA's: names the file, and the certificate by its
/// number and line in it.
pub fn read_ca_file(path: &Path) -> Result<Vec<CertificateDer<'static>>, CaFileError> {
    let bytes = read_regular(path).map_err(|error| CaFileError::Io { path: path.to_owned(), error })?;
    ca_certificates(path, &bytes)
}

/// The CA certificates of a file that was read already.
///
/// # Errors
/// As [`read_ca_file`].
pub fn ca_certificates(path: &Path, bytes: &[u8]) -> Result<Vec<CertificateDer<'static>>, CaFileError> {
    let found =
        read_certificates(bytes).map_err(|error| CaFileError::Unreadable { path: path.to_owned(), error })?;
    for (number, der) in (1..).zip(&found) {
        Certificate::new(der.clone()).fields.map_err(|error| CaFileError::UnreadableCertificate {
            path: path.to_owned(),
            number,
            error,
        })?;
        check_anchor(der).map_err(|error| CaFileError::NoAnchor { path: path.to_owned(), number, error })?;
    }
    Ok(found)
}
