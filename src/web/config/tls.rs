//! `tls_server_config` as a rustls configuration.
//!
//! The format's names are Go's. rustls has no TLS below 1.2, no RSA key exchange and no CBC: where a file asks for those
//! beside others, it is told so and the others are used.

use std::sync::Arc;

use rustls::crypto::SupportedKxGroup;
use rustls::crypto::{CryptoProvider, aws_lc_rs::cipher_suite as suites, aws_lc_rs::kx_group};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::ResolvesServerCert;
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{
    Error, InconsistentKeys, ProtocolVersion, ServerConfig, SupportedCipherSuite, SupportedProtocolVersion,
};
use x509_parser::prelude::{FromDer as _, X509Certificate};

use super::client_certificate;
use super::file::TlsSection;
use super::names::{Fault, by_name, fault_of};
use super::pem::{certificates, private_key};
use super::source::Source;
use crate::secp521r1::Secp521r1;

/// Go's secure cipher suites up to TLS 1.2 by name, with ours where there is one. TLS 1.3's own are always on.
const CIPHER_SUITES: [(&str, Option<SupportedCipherSuite>); 17] = [
    ("TLS_AES_128_GCM_SHA256", Some(suites::TLS13_AES_128_GCM_SHA256)),
    ("TLS_AES_256_GCM_SHA384", Some(suites::TLS13_AES_256_GCM_SHA384)),
    ("TLS_CHACHA20_POLY1305_SHA256", Some(suites::TLS13_CHACHA20_POLY1305_SHA256)),
    ("TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", Some(suites::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256)),
    ("TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", Some(suites::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384)),
    (
        "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
        Some(suites::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256),
    ),
    ("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", Some(suites::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256)),
    ("TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", Some(suites::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384)),
    (
        "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
        Some(suites::TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256),
    ),
    ("TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA", None),
    ("TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA", None),
    ("TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", None),
    ("TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA", None),
    ("TLS_RSA_WITH_AES_128_CBC_SHA", None),
    ("TLS_RSA_WITH_AES_256_CBC_SHA", None),
    ("TLS_RSA_WITH_AES_128_GCM_SHA256", None),
    ("TLS_RSA_WITH_AES_256_GCM_SHA384", None),
];

/// The format's curves by name.
static CURVES: [(&str, &dyn SupportedKxGroup); 4] = [
    ("CurveP256", kx_group::SECP256R1),
    ("CurveP384", kx_group::SECP384R1),
    ("CurveP521", &Secp521r1),
    ("X25519", kx_group::X25519),
];

/// TLS versions by the format's names.
const VERSIONS: [(&str, u16); 4] =
    [("TLS10", 0x0301), ("TLS11", 0x0302), ("TLS12", 0x0303), ("TLS13", 0x0304)];

/// The configuration of a section that is enabled. Its session cache is its own, so that no session outlives a change.
///
/// # Errors
/// The first key that cannot work.
pub(super) fn server_config(
    section: &TlsSection,
    source: &Source,
    mut crypto: CryptoProvider,
    warnings: &mut Vec<String>,
) -> Result<ServerConfig, Fault> {
    let chain = certificates(source.certificate.as_ref(), "cert_file", warnings)?;
    let key = private_key(source.private_key.as_ref())?;
    let versions = versions(section, warnings)?;
    if let Some(names) = section.cipher_suites.as_ref().filter(|names| !names.is_empty()) {
        crypto.cipher_suites = cipher_suites(names, &crypto, warnings)?;
    }
    if let Some(names) = section.curve_preferences.as_ref().filter(|names| !names.is_empty()) {
        let groups = names.iter().map(|name| by_name(&CURVES, "curve_preferences", name));
        crypto.kx_groups = groups.collect::<Result<_, _>>()?;
    }
    let crypto = Arc::new(crypto);
    let verifier = client_certificate::verifier(section, source.client_ca.as_ref(), &crypto, warnings)?;
    let identity = identity(chain, key, &crypto, warnings)?;
    let builder =
        ServerConfig::builder_with_provider(crypto).with_protocol_versions(&versions).map_err(|_| {
            fault_of("cipher_suites", "contains none that this server has for the TLS versions allowed")
        })?;
    let builder = match verifier {
        Some(verifier) => builder.with_client_cert_verifier(verifier),
        None => builder.with_no_client_auth(),
    };
    let mut config = builder.with_cert_resolver(identity);
    config.ignore_client_order = section.prefer_server_cipher_suites.unwrap_or(true);
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

/// Certificate and key, which have to belong together.
fn identity(
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
    crypto: &CryptoProvider,
    warnings: &mut Vec<String>,
) -> Result<Arc<dyn ResolvesServerCert>, Fault> {
    let unusable =
        |error: Error| fault_of("cert_file", format!("certificate and key cannot be used: {error}"));
    let key = crypto.key_provider.load_private_key(key).map_err(unusable)?;
    let certified = CertifiedKey::new(chain, key);
    match certified.keys_match() {
        Ok(()) | Err(Error::InconsistentKeys(InconsistentKeys::Unknown)) => {}
        // webpki reads no certificate of X.509 version 1, as `openssl x509 -req` makes; most clients take them.
        Err(Error::InvalidCertificate(_)) if is_key_of_leaf(&certified) => warnings.push(
            "tls_server_config.cert_file: the certificate is not of X.509 version 3; some clients refuse it"
                .to_owned(),
        ),
        Err(error) => return Err(unusable(error)),
    }
    Ok(Arc::new(SingleCertAndKey::from(certified)))
}

fn is_key_of_leaf(certified: &CertifiedKey) -> bool {
    let Some(key) = certified.key.public_key() else { return false };
    let leaf = certified.cert.first().and_then(|leaf| X509Certificate::from_der(leaf).ok());
    leaf.is_some_and(|(_, leaf)| leaf.public_key().raw == key.as_ref())
}

fn version(key: &str, name: Option<&String>) -> Result<Option<u16>, Fault> {
    name.map(|name| by_name(&VERSIONS, key, name)).transpose()
}

/// Names are looked at also where TLS is off, as in the toolkit.
///
/// # Errors
/// The first key with a name that is not known.
pub(super) fn check_names(section: &TlsSection) -> Result<(), Fault> {
    version("min_version", section.min_version.as_ref())?;
    version("max_version", section.max_version.as_ref())?;
    for name in section.cipher_suites.iter().flatten() {
        by_name(&CIPHER_SUITES, "cipher_suites", name)?;
    }
    for name in section.curve_preferences.iter().flatten() {
        by_name(&CURVES, "curve_preferences", name)?;
    }
    Ok(())
}

fn versions(
    section: &TlsSection,
    warnings: &mut Vec<String>,
) -> Result<Vec<&'static SupportedProtocolVersion>, Fault> {
    let lowest = version("min_version", section.min_version.as_ref())?.unwrap_or(0x0303);
    let highest = version("max_version", section.max_version.as_ref())?.unwrap_or(0x0304);
    if lowest < 0x0303 {
        warnings.push("tls_server_config.min_version: TLS below 1.2 is not supported; using 1.2".to_owned());
    }
    let in_range = |version: &&SupportedProtocolVersion| {
        let number = match version.version {
            ProtocolVersion::TLSv1_2 => 0x0303,
            _ => 0x0304,
        };
        (lowest..=highest).contains(&number)
    };
    let versions: Vec<_> = rustls::ALL_VERSIONS.iter().copied().filter(in_range).collect();
    if versions.is_empty() {
        return Err(fault_of(
            "max_version",
            "together with min_version, it allows neither TLS 1.2 nor TLS 1.3",
        ));
    }
    Ok(versions)
}

fn cipher_suites(
    names: &[String],
    crypto: &CryptoProvider,
    warnings: &mut Vec<String>,
) -> Result<Vec<SupportedCipherSuite>, Fault> {
    let is_tls13 = |suite: &SupportedCipherSuite| suite.tls13().is_some();
    let mut chosen: Vec<_> = crypto.cipher_suites.iter().copied().filter(is_tls13).collect();
    for name in names {
        match by_name(&CIPHER_SUITES, "cipher_suites", name)? {
            Some(suite) if is_tls13(&suite) => {}
            Some(suite) => chosen.push(suite),
            None => warnings
                .push(format!("tls_server_config.cipher_suites: {name} is not supported and is ignored")),
        }
    }
    Ok(chosen)
}
