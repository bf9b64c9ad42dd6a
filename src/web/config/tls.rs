//! `tls_server_config` as a rustls configuration.
//!
//! The format's names are Go's. rustls has no TLS below 1.2, no RSA key exchange, no CBC and no P-521 for the key
//! exchange: where a file asks for those beside others, it is told so and the others are used.

use std::sync::Arc;

use rustls::crypto::{CryptoProvider, aws_lc_rs::cipher_suite as suites, aws_lc_rs::kx_group};
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{NamedGroup, ProtocolVersion, ServerConfig, SupportedCipherSuite, SupportedProtocolVersion};

use super::client_certificate;
use super::file::{TlsSection, given};
use super::names::{Fault, by_name, fault_of};
use super::pem::{Pem, certificates};
use super::source::Source;

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

/// Go's curves by name, with ours where there is one.
const CURVES: [(&str, Option<NamedGroup>); 4] = [
    ("CurveP256", Some(NamedGroup::secp256r1)),
    ("CurveP384", Some(NamedGroup::secp384r1)),
    ("CurveP521", None),
    ("X25519", Some(NamedGroup::X25519)),
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
    let chain = certificates(source.certificate.as_ref(), "cert_file")?;
    let key = private_key(source.private_key.as_ref())?;
    let versions = versions(section, warnings)?;
    if let Some(names) = section.cipher_suites.as_ref().filter(|names| !names.is_empty()) {
        crypto.cipher_suites = cipher_suites(names, &crypto, warnings)?;
    }
    if let Some(names) = section.curve_preferences.as_ref().filter(|names| !names.is_empty()) {
        crypto.kx_groups = curves(names, warnings)?;
    }
    let crypto = Arc::new(crypto);
    let verifier = client_certificate::verifier(section, source.client_ca.as_ref(), &crypto)?;
    let builder = ServerConfig::builder_with_provider(crypto)
        .with_protocol_versions(&versions)
        .map_err(|_| fault_of("cipher_suites", "leaves none for the TLS versions that are allowed"))?;
    let builder = match verifier {
        Some(verifier) => builder.with_client_cert_verifier(verifier),
        None => builder.with_no_client_auth(),
    };
    let mut config = builder
        .with_single_cert(chain, key)
        .map_err(|error| fault_of("cert_file", format!("certificate and key cannot be used: {error}")))?;
    config.ignore_client_order = section.prefer_server_cipher_suites.unwrap_or(true);
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

fn private_key(pem: Option<&Pem>) -> Result<PrivateKeyDer<'static>, Fault> {
    let Some(pem) = pem else { return Err(fault_of("key_file", "is missing")) };
    PrivateKeyDer::from_pem_slice(&pem.bytes)
        .map_err(|_| fault_of(pem.key, "holds no private key in PEM that is not encrypted"))
}

fn versions(
    section: &TlsSection,
    warnings: &mut Vec<String>,
) -> Result<Vec<&'static SupportedProtocolVersion>, Fault> {
    let number = |key: &str, value: Option<&String>, default: u16| match given(value) {
        None => Ok(default),
        Some(name) => by_name(&VERSIONS, key, name),
    };
    let lowest = number("min_version", section.min_version.as_ref(), 0x0303)?;
    let highest = number("max_version", section.max_version.as_ref(), 0x0304)?;
    if lowest < 0x0303 {
        warnings.push("tls_server_config.min_version: TLS below 1.2 is not spoken; 1.2 it is".to_owned());
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
        return Err(fault_of("max_version", "leaves neither TLS 1.2 nor 1.3"));
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
            None => warnings.push(format!("tls_server_config.cipher_suites: {name} is left out")),
        }
    }
    Ok(chosen)
}

fn curves(
    names: &[String],
    warnings: &mut Vec<String>,
) -> Result<Vec<&'static dyn rustls::crypto::SupportedKxGroup>, Fault> {
    const GROUPS: [&dyn rustls::crypto::SupportedKxGroup; 3] =
        [kx_group::X25519, kx_group::SECP256R1, kx_group::SECP384R1];
    let mut chosen = Vec::new();
    for name in names {
        let wanted = by_name(&CURVES, "curve_preferences", name)?;
        match GROUPS.into_iter().find(|group| Some(group.name()) == wanted) {
            Some(group) => chosen.push(group),
            None => warnings.push(format!("tls_server_config.curve_preferences: {name} is left out")),
        }
    }
    if chosen.is_empty() {
        return Err(fault_of("curve_preferences", "leaves none of X25519, CurveP256, CurveP384"));
    }
    Ok(chosen)
}
