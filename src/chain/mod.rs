//! Served chains as plain data: read, ordered, anchored and judged without any I/O.

mod anchors;
mod certificate;
mod issued;
mod judgement;
mod path;
mod pem;
mod public_issuers;
mod status;
mod thumbprint;
mod trust;
mod validate;

pub use anchors::{AnchorSource, CaFileError, TrustStore, read_ca_file};
pub(crate) use certificate::is_unprintable;
pub use certificate::{Certificate, Fields, Unreadable};
pub use issued::has_issued;
pub use judgement::{FoundAnchor, Judgement, NextExpiry, PathMember};
pub use path::{MAX_PATH_CERTIFICATES, OrderFinding, ServedPath, served_path};
pub use pem::{Fault, FileError, MAX_FILE_BYTES, read_certificates};
pub use public_issuers::is_well_known_public_issuer;
pub use status::{ChainStatus, Distrust};
pub use thumbprint::{Fingerprint, Thumbprint, ThumbprintError};

use std::fmt;

use rustls::pki_types::CertificateDer;

/// The certificates that an endpoint sent in one handshake, in the order it sent them; never empty.
#[derive(Clone)]
pub struct ServedChain {
    id: Fingerprint,
    certificates: Vec<Certificate>,
}

/// What a certificate is by its place in the served chain, in the words of AWS's procedure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// First served (RFC 8446, section 4.4.2: the sender's own certificate comes first).
    Leaf,
    /// Neither first nor last.
    Intermediate,
    /// Last served, of two or more: what AWS calls the root CA.
    Root,
}

impl Role {
    /// The value of the labels `role` and `position`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Leaf => "leaf",
            Self::Intermediate => "intermediate",
            Self::Root => "root",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl ServedChain {
    /// Reads what was served; `None` for an empty list, which is no chain.
    #[must_use]
    pub fn new(served: Vec<CertificateDer<'static>>) -> Option<Self> {
        if served.is_empty() {
            return None;
        }
        let id = Fingerprint::of_list(served.iter().map(AsRef::as_ref));
        Some(Self { id, certificates: served.into_iter().map(Certificate::new).collect() })
    }

    /// Equal for two chains exactly when they hold the same certificates in the same order.
    #[must_use]
    pub fn id(&self) -> Fingerprint {
        self.id
    }

    /// In served order.
    #[must_use]
    pub fn certificates(&self) -> &[Certificate] {
        &self.certificates
    }

    /// AWS's root CA: the last certificate served.
    ///
    /// # Panics
    /// Never: a chain is not empty.
    #[must_use]
    pub fn root_ca(&self) -> &Certificate {
        &self.certificates[self.certificates.len() - 1]
    }

    /// The role of the certificate at `position`, counted from 0.
    #[must_use]
    pub fn role(&self, position: usize) -> Role {
        role(position, self.certificates.len())
    }

    /// The role of the certificate with this thumbprint; the highest, should it be served more than once.
    #[must_use]
    pub fn role_of(&self, thumbprint: Thumbprint) -> Option<Role> {
        self.certificates.iter().rposition(|c| c.sha1 == thumbprint).map(|position| self.role(position))
    }
}

/// The role by position among `served` certificates.
const fn role(position: usize, served: usize) -> Role {
    match position {
        0 => Role::Leaf,
        _ if position + 1 == served => Role::Root,
        _ => Role::Intermediate,
    }
}

impl fmt::Debug for ServedChain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.certificates).finish()
    }
}
