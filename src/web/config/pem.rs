//! PEM texts of the configuration.

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

use super::names::{Fault, fault_of};

/// A PEM text and the key that it comes from.
pub(super) struct Pem {
    pub key: &'static str,
    pub bytes: Vec<u8>,
}

/// The certificates of a PEM text, at least one.
pub(super) fn certificates(pem: Option<&Pem>, key: &str) -> Result<Vec<CertificateDer<'static>>, Fault> {
    let Some(pem) = pem else { return Err(fault_of(key, "is missing")) };
    let parsed = CertificateDer::pem_slice_iter(&pem.bytes).collect::<Result<Vec<_>, _>>();
    match parsed {
        Ok(certificates) if certificates.is_empty() => Err(fault_of(pem.key, "holds no certificate in PEM")),
        Ok(certificates) => Ok(certificates),
        Err(error) => Err(fault_of(pem.key, format!("is not PEM: {error}"))),
    }
}
