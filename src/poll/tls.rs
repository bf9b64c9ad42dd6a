//! A TLS handshake that records first and judges nothing: whatever is served, the connection goes on. A client that
//! verifies while it connects loses the chain exactly when it is expired or untrusted.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use rustls::client::Resumption;
use rustls::crypto::aws_lc_rs::kx_group::{SECP256R1, SECP384R1, X25519, X25519MLKEM768};
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, Error, ProtocolVersion, SignatureScheme};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::key_proof::{KeyProof, RSA_PSS_PSS_SHA256, RSA_PSS_PSS_SHA384, RSA_PSS_PSS_SHA512};
use super::recorder::Recorder;
use super::tls_failure::TlsFailure;
use super::wire::Stream;
use crate::chain::Unproven;
use crate::secp521r1::Secp521r1;

/// What a handshake offers to the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Offer {
    /// What most servers take, and signatures that can be checked.
    Usual,
    /// All that can be spoken, whether or not its signatures can be checked, and no word of HTTP.
    Widest,
    /// The same, and nothing above TLS 1.2.
    UpToTls12,
}

/// What a handshake showed, whether or not it came to an end.
pub(super) struct Handshake {
    /// `None` when it broke off before, or when the server does not hold the key of the leaf.
    pub served: Option<Served>,
    /// The version that the server chose, as far as it is known.
    pub version: Option<ProtocolVersion>,
    /// The connection, when the handshake ended well.
    pub stream: Result<TlsStream<Stream>, TlsFailure>,
}

/// The certificates of one handshake, in served order, and whether the server has shown that it holds the key of the leaf.
pub(super) struct Served {
    pub certificates: Vec<CertificateDer<'static>>,
    pub unproven: Option<Unproven>,
}

/// TLS as used for all endpoints; cheap to clone.
#[derive(Clone)]
pub struct Tls {
    usual: Arc<CryptoProvider>,
    widest: Arc<CryptoProvider>,
}

impl Default for Tls {
    fn default() -> Self {
        // The post-quantum group last: its key share would make the first hello longer than a packet, which some servers and
        // middleboxes neither answer nor refuse. Where a server prefers it, it asks for it.
        let usual = vec![X25519, SECP256R1, SECP384R1, X25519MLKEM768];
        let widest = vec![X25519, SECP256R1, SECP384R1, &Secp521r1, X25519MLKEM768];
        let [usual, widest] = [usual, widest]
            .map(|kx_groups| Arc::new(CryptoProvider { kx_groups, ..aws_lc_rs::default_provider() }));
        Self { usual, widest }
    }
}

impl Tls {
    /// Shakes hands over `stream`. What was served before the time is over counts.
    pub(super) async fn handshake(
        &self,
        stream: Stream,
        name: ServerName<'static>,
        offer: Offer,
        limit: Duration,
    ) -> Handshake {
        let recorder = Arc::new(Recorder::new(self.schemes(offer)));
        let stream = match self.config(offer, Arc::clone(&recorder)) {
            Ok(config) => timeout(limit, TlsConnector::from(Arc::new(config)).connect(name, stream))
                .await
                .unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into())),
            Err(error) => Err(io::Error::other(error)),
        };
        let record = recorder.take();
        let unproven = match record.proof {
            Some(KeyProof::Proved) => Some(None),
            Some(KeyProof::NotChecked(why)) => Some(Some(why)),
            Some(KeyProof::Wrong) | None => None,
        };
        Handshake {
            served: unproven
                .filter(|_| !record.served.is_empty())
                .map(|unproven| Served { certificates: record.served, unproven }),
            version: record.version,
            stream: stream.map_err(|error| match record.proof {
                Some(KeyProof::Wrong) => TlsFailure::WrongKey,
                Some(_) => TlsFailure::from(&error).after_certificates(),
                None => TlsFailure::from(&error),
            }),
        }
    }

    fn schemes(&self, offer: Offer) -> Vec<SignatureScheme> {
        let mut schemes = self.usual.signature_verification_algorithms.supported_schemes();
        if offer != Offer::Usual {
            schemes.extend([
                RSA_PSS_PSS_SHA256,
                RSA_PSS_PSS_SHA384,
                RSA_PSS_PSS_SHA512,
                SignatureScheme::ED448,
                // ecdsa_brainpoolP256r1tls13_sha256 and its two sisters (RFC 8734, section 3).
                SignatureScheme::Unknown(0x081a),
                SignatureScheme::Unknown(0x081b),
                SignatureScheme::Unknown(0x081c),
                SignatureScheme::ECDSA_SHA1_Legacy,
                SignatureScheme::RSA_PKCS1_SHA1,
            ]);
        }
        schemes
    }

    fn config(&self, offer: Offer, recorder: Arc<Recorder>) -> Result<ClientConfig, Error> {
        let (provider, versions) = match offer {
            Offer::Usual => (&self.usual, rustls::ALL_VERSIONS),
            Offer::Widest => (&self.widest, rustls::ALL_VERSIONS),
            Offer::UpToTls12 => (&self.widest, &[&rustls::version::TLS12][..]),
        };
        let mut config = ClientConfig::builder_with_provider(Arc::clone(provider))
            .with_protocol_versions(versions)?
            .dangerous()
            .with_custom_certificate_verifier(recorder)
            .with_no_client_auth();
        // A resumed session sends no chain.
        config.resumption = Resumption::disabled();
        if offer == Offer::Usual {
            config.alpn_protocols = vec![b"http/1.1".to_vec()];
        }
        Ok(config)
    }
}
