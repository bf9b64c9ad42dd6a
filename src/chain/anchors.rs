//! The trust anchors: Mozilla's, the system's, and those the operator added.

use std::fmt;
use std::path::{Path, PathBuf};

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, TrustAnchor};

use super::certificate::Certificate;
use super::path::has_issued;

/// Where a trust anchor comes from, most public first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AnchorSource {
    /// Mozilla's root program: stands in for AWS's own, unpublished library of trusted root CAs.
    Mozilla,
    /// This machine's trust store, and not in Mozilla's: somebody added it to the machine.
    System,
    /// A file named in the configuration.
    Added,
    /// A self-signed certificate that the server itself sent: trusted by nobody here.
    Served,
}

impl AnchorSource {
    /// The word for it in JSON and text.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Mozilla => "mozilla",
            Self::System => "system",
            Self::Added => "added",
            Self::Served => "served",
        }
    }
}

impl fmt::Display for AnchorSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Anchors of one source; the two lists go by the same index.
#[derive(Clone, Default)]
pub(super) struct Anchors {
    pub for_webpki: Vec<TrustAnchor<'static>>,
    pub certificates: Vec<Certificate>,
}

impl Anchors {
    /// Takes what can serve as an anchor; a root that cannot be read is left out and anchors nothing.
    fn add(&mut self, certificate: Certificate) {
        if let Ok(anchor) = webpki::anchor_from_trusted_cert(&certificate.der).map(|anchor| anchor.to_owned())
        {
            self.for_webpki.push(anchor);
            self.certificates.push(certificate);
        }
    }

    fn contains(&self, certificate: &Certificate) -> bool {
        self.certificates.iter().any(|known| {
            known.sha256 == certificate.sha256
                || known.readable().zip(certificate.readable()).is_some_and(|(a, b)| a.is_twin_of(b))
        })
    }

    /// The self-signed certificates among what a server sent.
    pub fn served(chain: &[Certificate]) -> Self {
        let mut anchors = Self::default();
        for certificate in chain.iter().filter(|certificate| has_issued(certificate, certificate)) {
            anchors.add(certificate.clone());
        }
        anchors
    }
}

/// The anchors that a chain is judged against.
#[derive(Clone, Default)]
pub struct TrustStore {
    pub(super) mozilla: Anchors,
    pub(super) system: Anchors,
    pub(super) added: Anchors,
}

/// A file of CA certificates that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CaFileError {
    /// Cannot be read.
    #[error("{path}: {error}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        error: std::io::Error,
    },
    /// Not PEM, or a damaged one.
    #[error("{path}: certificate {number}: {error}")]
    Pem {
        /// The file.
        path: PathBuf,
        /// Counted from 1.
        number: usize,
        /// What is wrong with it.
        error: String,
    },
    /// No `BEGIN CERTIFICATE` in it.
    #[error("{0}: holds no PEM certificate")]
    Empty(PathBuf),
}

impl TrustStore {
    /// No anchors at all; sources are added to it.
    #[must_use]
    pub fn empty() -> Self {
        Self::default()
    }

    /// Adds Mozilla's roots, as of the build.
    #[must_use]
    pub fn with_mozilla(mut self) -> Self {
        for der in webpki_root_certs::TLS_SERVER_ROOT_CERTS {
            self.mozilla.add(Certificate::new(der.clone()));
        }
        self
    }

    /// Adds the system's roots (`SSL_CERT_FILE`, `SSL_CERT_DIR`, or the usual places) that Mozilla does not have.
    #[must_use]
    pub fn with_system(mut self) -> Self {
        let found = rustls_native_certs::load_native_certs();
        for error in &found.errors {
            tracing::warn!(%error, "a system trust store could not be read whole");
        }
        for certificate in found.certs.into_iter().map(Certificate::new) {
            if !self.mozilla.contains(&certificate) && !self.system.contains(&certificate) {
                self.system.add(certificate);
            }
        }
        self
    }

    /// Adds roots that the operator vouches for.
    #[must_use]
    pub fn with_added(mut self, certificates: impl IntoIterator<Item = CertificateDer<'static>>) -> Self {
        for certificate in certificates.into_iter().map(Certificate::new) {
            self.added.add(certificate);
        }
        self
    }

    /// How many anchors there are of each source: Mozilla, system, added.
    #[must_use]
    pub fn sizes(&self) -> [usize; 3] {
        [&self.mozilla, &self.system, &self.added].map(|anchors| anchors.certificates.len())
    }
}

/// Reads a PEM file of CA certificates.
///
/// # Errors
/// Names the file, and the certificate by its number in it.
pub fn read_ca_file(path: &Path) -> Result<Vec<CertificateDer<'static>>, CaFileError> {
    let io = |error| CaFileError::Io { path: path.to_owned(), error };
    let bytes = std::fs::read(path).map_err(io)?;
    let mut found = Vec::new();
    for (index, item) in CertificateDer::pem_slice_iter(&bytes).enumerate() {
        let broken = |error: String| CaFileError::Pem { path: path.to_owned(), number: index + 1, error };
        let der = item.map_err(|error| broken(error.to_string()))?;
        if let Err(error) = webpki::anchor_from_trusted_cert(&der) {
            return Err(broken(format!("cannot be a trust anchor: {error}")));
        }
        found.push(der);
    }
    if found.is_empty() { Err(CaFileError::Empty(path.to_owned())) } else { Ok(found) }
}
