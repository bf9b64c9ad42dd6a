//! The certificates of one handshake in the order they were sent, and what each is by its place.

use std::fmt;

use rustls::pki_types::CertificateDer;
use serde::Serialize;
use strum::{Display, IntoStaticStr};

use super::certificate::Certificate;
use super::thumbprint::{Fingerprint, Thumbprint};

/// The certificates that an endpoint sent in one handshake, in the order it sent them; never empty.
#[derive(Clone)]
pub struct ServedChain {
    id: Fingerprint,
    certificates: Vec<Certificate>,
}

/// What a certificate is by its place in the served chain, in the words of AWS's procedure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, IntoStaticStr, Display, Serialize)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case", const_into_str)]
pub enum Role {
    /// First served (RFC 8446, section 4.4.2: the sender's own certificate comes first).
    Leaf,
    /// Neither first nor last.
    Intermediate,
    /// Last served, of two or more: what AWS calls the root CA.
    Root,
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
pub(super) const fn role(position: usize, served: usize) -> Role {
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
