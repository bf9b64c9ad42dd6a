//! `client_auth_type`, `client_ca` and `client_allowed_sans`: which clients may connect.
//!
//! The five policies are those of Go's `crypto/tls`. Whatever the policy, a client must hold the key of the
//! certificate that it shows.

use std::net::IpAddr;
use std::sync::Arc;

use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, Error, RootCertStore, SignatureScheme,
};
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer as _, X509Certificate};
use x509_parser::time::ASN1Time;

use super::file::{TlsSection, given};
use super::names::{Fault, by_name, fault_of};
use super::pem::{Pem, certificates};
use crate::trust_files::system_roots;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Policy {
    /// No certificate, no connection.
    required: bool,
    /// One that is shown must be issued by a client CA.
    verified: bool,
}

const POLICIES: [(&str, Option<Policy>); 6] = [
    ("NoClientCert", None),
    ("RequestClientCert", Some(Policy { required: false, verified: false })),
    ("RequireAnyClientCert", Some(Policy { required: true, verified: false })),
    // The toolkit's older name for the one before.
    ("RequireClientCert", Some(Policy { required: true, verified: false })),
    ("VerifyClientCertIfGiven", Some(Policy { required: false, verified: true })),
    ("RequireAndVerifyClientCert", Some(Policy { required: true, verified: true })),
];

/// Whether a client CA must vouch for what clients show.
pub(super) fn verifies(section: &TlsSection) -> bool {
    let name = given(section.client_auth_type.as_ref()).unwrap_or_default();
    by_name(&POLICIES, "client_auth_type", name)
        .is_ok_and(|policy| policy.is_some_and(|policy| policy.verified))
}

/// The verifier that a section asks for; `None` when clients need not show anything.
///
/// # Errors
/// Keys that cannot work, or do not go together.
pub(super) fn verifier(
    section: &TlsSection,
    client_ca: Option<&Pem>,
    crypto: &Arc<CryptoProvider>,
    warnings: &mut Vec<String>,
) -> Result<Option<Arc<dyn ClientCertVerifier>>, Fault> {
    let name = given(section.client_auth_type.as_ref()).unwrap_or("NoClientCert");
    let policy = by_name(&POLICIES, "client_auth_type", name)?;
    let allowed_sans = section.client_allowed_sans.clone();
    if allowed_sans.is_some() && !policy.is_some_and(|policy| policy.required) {
        let message = "needs client_auth_type RequireAndVerifyClientCert or RequireAnyClientCert; \
            otherwise clients without a certificate would be accepted";
        return Err(fault_of("client_allowed_sans", message));
    }
    let Some(policy) = policy else {
        return match client_ca {
            Some(pem) => Err(fault_of(pem.key, "has no effect without client_auth_type")),
            None => Ok(None),
        };
    };
    if allowed_sans.as_ref().is_some_and(Vec::is_empty) {
        warnings.push("tls_server_config.client_allowed_sans: is empty, so nobody can connect".to_owned());
    }
    let pinned = match client_ca {
        // As in Go, a file without a certificate is no mistake.
        Some(pem) => certificates(Some(pem), pem.key, warnings).unwrap_or_else(|fault| {
            warnings.push(format!("{}: {}, so it vouches for nobody", fault.key, fault.message));
            Vec::new()
        }),
        None if policy.verified => {
            warnings.push(format!(
                "tls_server_config.client_auth_type: {name} without client_ca_file lets in whoever has a client \
                 certificate of any CA that this system trusts"
            ));
            system_roots()
        }
        None => Vec::new(),
    };
    let issued = if policy.verified { issued_by(&pinned, client_ca, crypto, warnings)? } else { None };
    Ok(Some(Arc::new(Clients { crypto: Arc::clone(crypto), policy, issued, pinned, allowed_sans })))
}

/// The verifier for these roots; none when there is none, so that nobody is vouched for. As in Go, a root that cannot
/// be used is left out beside one that can.
fn issued_by(
    roots: &[CertificateDer<'static>],
    pem: Option<&Pem>,
    crypto: &Arc<CryptoProvider>,
    warnings: &mut Vec<String>,
) -> Result<Option<Arc<dyn ClientCertVerifier>>, Fault> {
    let mut store = RootCertStore::empty();
    let unusable = roots.iter().filter_map(|root| store.add(root.clone()).err()).last();
    if let (Some(pem), Some(error)) = (pem, unusable) {
        warnings.push(format!(
            "tls_server_config.{}: a certificate that cannot be used is left out: {error}",
            pem.key
        ));
    }
    if store.is_empty() {
        let what = if pem.is_some() { "no client CA can be used" } else { "this system trusts no CA either" };
        warnings
            .push(format!("tls_server_config.client_ca_file: {what}, so no client certificate is accepted"));
        return Ok(None);
    }
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(store), Arc::clone(crypto)).build();
    verifier
        .map(|verifier| Some(verifier as _))
        .map_err(|error| fault_of("client_ca_file", error.to_string()))
}

/// Lets clients in by policy, issuer and name.
#[derive(Debug)]
struct Clients {
    crypto: Arc<CryptoProvider>,
    policy: Policy,
    /// None where nobody is vouched for.
    issued: Option<Arc<dyn ClientCertVerifier>>,
    /// The client CAs. A certificate that is itself among them is let in too, as in Go: many people put a scraper's
    /// self-signed certificate there, which webpki takes for no leaf.
    pinned: Vec<CertificateDer<'static>>,
    allowed_sans: Option<Vec<String>>,
}

impl Clients {
    fn check(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<(), Error> {
        if !self.policy.verified {
            return Ok(());
        }
        let Some(issued) = &self.issued else { return Err(CertificateError::UnknownIssuer.into()) };
        if self.pinned.iter().any(|pinned| pinned == leaf) {
            return check_dates(leaf, now);
        }
        issued.verify_client_cert(leaf, intermediates, now).map(|_| ())
    }
}

impl ClientCertVerifier for Clients {
    fn client_auth_mandatory(&self) -> bool {
        self.policy.required
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        self.issued.as_ref().map_or(&[], |issued| issued.root_hint_subjects())
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        self.check(end_entity, intermediates, now)?;
        if let Some(allowed) = &self.allowed_sans
            && !names(end_entity)?.iter().any(|name| allowed.contains(name))
        {
            return Err(CertificateError::ApplicationVerificationFailure.into());
        }
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.crypto.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.crypto.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.crypto.signature_verification_algorithms.supported_schemes()
    }
}

fn parse<'a>(certificate: &'a CertificateDer<'_>) -> Result<X509Certificate<'a>, Error> {
    let parsed = X509Certificate::from_der(certificate);
    parsed.map(|(_, certificate)| certificate).map_err(|_| CertificateError::BadEncoding.into())
}

fn check_dates(certificate: &CertificateDer<'_>, now: UnixTime) -> Result<(), Error> {
    let now = i64::try_from(now.as_secs()).ok().and_then(|now| ASN1Time::from_timestamp(now).ok());
    let validity = parse(certificate)?.validity().clone();
    match now {
        Some(now) if now < validity.not_before => Err(CertificateError::NotValidYet.into()),
        Some(now) if now <= validity.not_after => Ok(()),
        _ => Err(CertificateError::Expired.into()),
    }
}

/// The subject alternative names that can be listed: DNS names, e-mail addresses, URIs, IP addresses.
fn names(certificate: &CertificateDer<'_>) -> Result<Vec<String>, Error> {
    let parsed = parse(certificate)?;
    let extension = parsed.subject_alternative_name().map_err(|_| CertificateError::BadEncoding)?;
    let names = extension.map(|extension| &extension.value.general_names[..]).unwrap_or_default();
    Ok(names.iter().filter_map(name).collect())
}

fn name(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::DNSName(text) | GeneralName::RFC822Name(text) | GeneralName::URI(text) => {
            Some((*text).to_owned())
        }
        GeneralName::IPAddress(bytes) => {
            let v4 = <[u8; 4]>::try_from(*bytes).map(IpAddr::from);
            let v6 = || <[u8; 16]>::try_from(*bytes).map(IpAddr::from);
            v4.or_else(|_| v6()).ok().map(|address| address.to_string())
        }
        _ => None,
    }
}
