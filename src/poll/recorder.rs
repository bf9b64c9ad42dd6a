//! The verifier of our handshakes: it remembers what was served and accepts it. Only the signature of the handshake is
//! checked, so that a server must hold the key of the leaf that it shows: of the first certificate, or of the one that is
//! plainly the leaf of a chain in the wrong order.

use std::sync::{Mutex, PoisonError};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, DigitallySignedStruct, Error, ProtocolVersion, SignatureScheme};

use super::key_proof::{KeyProof, Signed, check};
use crate::chain::{Certificate, served_path};

/// What a handshake has shown so far.
#[derive(Debug, Default)]
pub(super) struct Record {
    pub served: Vec<CertificateDer<'static>>,
    /// Of the handshake's signature, once there was one.
    pub proof: Option<KeyProof>,
    /// The version that the server chose, once a signature has come.
    pub version: Option<ProtocolVersion>,
}

/// Remembers what was served and accepts it.
#[derive(Debug)]
pub(super) struct Recorder {
    schemes: Vec<SignatureScheme>,
    record: Mutex<Record>,
}

impl Recorder {
    /// One that offers these signature schemes.
    pub(super) fn new(schemes: Vec<SignatureScheme>) -> Self {
        Self { schemes, record: Mutex::default() }
    }

    /// What was remembered.
    pub(super) fn take(&self) -> Record {
        std::mem::take(&mut *self.record.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Lets the handshake go on unless its signature is wrong for the first certificate, and for the leaf, should that be
    /// another.
    fn prove(
        &self,
        version: Signed,
        message: &[u8],
        first: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let mut record = self.record.lock().unwrap_or_else(PoisonError::into_inner);
        record.version = Some(match version {
            Signed::Tls12 => ProtocolVersion::TLSv1_2,
            Signed::Tls13 => ProtocolVersion::TLSv1_3,
        });
        let mut proof = check(version, message, first, signed);
        if proof == KeyProof::Wrong {
            let served: Vec<Certificate> = record.served.iter().cloned().map(Certificate::new).collect();
            let leaf = served_path(&served).positions.first().copied().filter(|leaf| *leaf != 0);
            if let Some(leaf) = leaf.and_then(|leaf| served.get(leaf)) {
                proof = check(version, message, &leaf.der, signed);
            }
        }
        record.proof = Some(proof);
        match proof {
            KeyProof::Proved | KeyProof::NotChecked(_) => Ok(HandshakeSignatureValid::assertion()),
            KeyProof::Wrong => Err(Error::InvalidCertificate(CertificateError::BadSignature)),
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
        self.prove(Signed::Tls12, message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.prove(Signed::Tls13, message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.schemes.clone()
    }
}
