//! A TLS handshake that records first and judges nothing: whatever is served, the connection goes on.
//!
//! A client that verifies while it connects loses the chain exactly when it is expired or untrusted. Only the
//! handshake signature is still checked, so that a server must hold the key of the leaf that it shows: of the first
//! certificate, or of the one that is plainly the leaf of a chain in the wrong order.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use rustls::client::Resumption;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms, aws_lc_rs};
use rustls::pki_types::{CertificateDer, ServerName, SubjectPublicKeyInfoDer, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, Error, SignatureScheme, SupportedProtocolVersion};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use webpki::{EndEntityCert, RawPublicKeyEntity};
use x509_parser::prelude::{FromDer as _, X509Certificate};

use super::stream::Stream;
use crate::chain::{Certificate, served_path};

/// What a handshake showed, whether or not it came to an end.
pub(super) struct Handshake {
    /// The certificates in served order; `None` when it broke off before, or when the server does not hold
    /// the key of the leaf.
    pub served: Option<Vec<CertificateDer<'static>>>,
    /// The connection, when the handshake ended well.
    pub stream: io::Result<TlsStream<Stream>>,
}

/// TLS as used for all endpoints; cheap to clone.
#[derive(Clone)]
pub struct Tls {
    provider: Arc<CryptoProvider>,
}

impl Default for Tls {
    fn default() -> Self {
        Self { provider: Arc::new(aws_lc_rs::default_provider()) }
    }
}

impl Tls {
    /// Shakes hands over `stream`; not limited in time.
    pub(super) async fn handshake(
        &self,
        stream: Stream,
        name: ServerName<'static>,
        versions: &[&'static SupportedProtocolVersion],
    ) -> Handshake {
        let recorder = Arc::new(Recorder {
            algorithms: self.provider.signature_verification_algorithms,
            record: Mutex::default(),
        });
        let stream = match self.config(versions, Arc::clone(&recorder)) {
            Ok(config) => TlsConnector::from(Arc::new(config)).connect(name, stream).await,
            Err(error) => Err(io::Error::other(error)),
        };
        Handshake { served: recorder.take(), stream }
    }

    fn config(
        &self,
        versions: &[&'static SupportedProtocolVersion],
        recorder: Arc<Recorder>,
    ) -> Result<ClientConfig, Error> {
        let mut config = ClientConfig::builder_with_provider(Arc::clone(&self.provider))
            .with_protocol_versions(versions)?
            .dangerous()
            .with_custom_certificate_verifier(recorder)
            .with_no_client_auth();
        // A resumed session sends no chain.
        config.resumption = Resumption::disabled();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(config)
    }
}

/// Remembers what was served and accepts it.
#[derive(Debug)]
struct Recorder {
    algorithms: WebPkiSupportedAlgorithms,
    record: Mutex<Record>,
}

#[derive(Debug, Default)]
struct Record {
    served: Vec<CertificateDer<'static>>,
    /// The server signed the handshake with the leaf's key, or that key cannot be read.
    key_held: bool,
}

impl Recorder {
    fn take(&self) -> Option<Vec<CertificateDer<'static>>> {
        let record = std::mem::take(&mut *self.record.lock().unwrap_or_else(PoisonError::into_inner));
        (record.key_held && !record.served.is_empty()).then_some(record.served)
    }

    /// Lets the handshake go on when the first certificate's key signed it, or the leaf's, should that be another.
    fn check_key(
        &self,
        message: &[u8],
        first: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
        by_rustls: impl Fn() -> Result<HandshakeSignatureValid, Error>,
    ) -> Result<HandshakeSignatureValid, Error> {
        let mut result = match EndEntityCert::try_from(first) {
            Ok(_) => by_rustls(),
            Err(_) => self.verify_with_key_alone(message, first, signed),
        };
        let mut record = self.record.lock().unwrap_or_else(PoisonError::into_inner);
        if result.is_err() {
            let served: Vec<Certificate> = record.served.iter().cloned().map(Certificate::new).collect();
            let leaf = served_path(&served).positions.first().copied().filter(|leaf| *leaf != 0);
            if let Some(leaf) = leaf.and_then(|leaf| served.get(leaf)) {
                result = self.verify_with_key_alone(message, &leaf.der, signed);
            }
        }
        record.key_held = result.is_ok();
        result
    }

    /// With nothing but the key, for a certificate that webpki cannot read, such as X.509 version 1. An unreadable
    /// certificate passes, since its thumbprint is worth knowing.
    fn verify_with_key_alone(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let Ok((_, certificate)) = X509Certificate::from_der(leaf) else {
            return Ok(HandshakeSignatureValid::assertion());
        };
        let key = SubjectPublicKeyInfoDer::from(certificate.public_key().raw);
        let Ok(key) = RawPublicKeyEntity::try_from(&key) else {
            return Ok(HandshakeSignatureValid::assertion());
        };
        let of_scheme = self.algorithms.mapping.iter().filter(|(scheme, _)| *scheme == signed.scheme);
        let verified = of_scheme
            .flat_map(|(_, algorithms)| algorithms.iter())
            .any(|algorithm| key.verify_signature(*algorithm, message, signed.signature()).is_ok());
        if verified {
            Ok(HandshakeSignatureValid::assertion())
        } else {
            Err(Error::InvalidCertificate(rustls::CertificateError::BadSignature))
        }
    }
}

impl ServerCertVerifier for Recorder {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let served = std::iter::once(end_entity).chain(intermediates);
        let served = served.map(|certificate| certificate.clone().into_owned()).collect();
        self.record.lock().unwrap_or_else(PoisonError::into_inner).served = served;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.check_key(message, cert, dss, || {
            rustls::crypto::verify_tls12_signature(message, cert, dss, &self.algorithms)
        })
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.check_key(message, cert, dss, || {
            rustls::crypto::verify_tls13_signature(message, cert, dss, &self.algorithms)
        })
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}
