//! PEM texts of the configuration.

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::names::{Fault, fault_of};

/// A PEM text and the key that it comes from.
pub(super) struct Pem {
    pub key: &'static str,
    pub bytes: Vec<u8>,
}

/// The certificates of a PEM text, at least one. As in Go, what is damaged is left out beside one that is not.
pub(super) fn certificates(
    pem: Option<&Pem>,
    key: &str,
    warnings: &mut Vec<String>,
) -> Result<Vec<CertificateDer<'static>>, Fault> {
    let Some(pem) = pem else { return Err(fault_of(key, "is missing")) };
    let (good, bad): (Vec<_>, Vec<_>) = CertificateDer::pem_slice_iter(&pem.bytes).partition(Result::is_ok);
    let certificates: Vec<_> = good.into_iter().flatten().collect();
    match (certificates.is_empty(), bad.into_iter().find_map(Result::err)) {
        (true, Some(error)) => return Err(fault_of(pem.key, format!("is not PEM: {error}"))),
        (true, None) => return Err(fault_of(pem.key, "contains no certificate in PEM")),
        (false, Some(error)) => {
            warnings
                .push(format!("tls_server_config.{}: a part that is not PEM is left out: {error}", pem.key));
        }
        (false, None) => {}
    }
    Ok(certificates)
}

/// The first private key of a PEM text. Like Go, it does not believe the label: `RSA PRIVATE KEY` may hold any kind.
pub(super) fn private_key(pem: Option<&Pem>) -> Result<PrivateKeyDer<'static>, Fault> {
    let Some(pem) = pem else { return Err(fault_of("key_file", "is missing")) };
    let labelled = PrivateKeyDer::from_pem_slice(&pem.bytes)
        .map_err(|_| fault_of(pem.key, "contains no unencrypted private key in PEM"))?;
    Ok(PrivateKeyDer::try_from(labelled.secret_der().to_vec()).unwrap_or(labelled))
}
