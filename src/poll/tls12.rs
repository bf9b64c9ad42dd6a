//! Does an endpoint take TLS 1.2? AWS STS relies on the thumbprint of those that do not (IAM user guide, "Create an
//! OpenID Connect identity provider").

use rustls::pki_types::ServerName;
use rustls::{AlertDescription, Error, ProtocolVersion};
use tokio::time::timeout;

use super::poller::Poller;
use super::via::Via;
use crate::endpoint::Endpoint;

/// A face with which a handshake came to its end, and the version that came of it.
#[derive(Clone, Copy)]
pub(super) struct Negotiated {
    pub via: Via,
    pub version: ProtocolVersion,
}

/// By what was negotiated, or one more handshake that offers nothing above TLS 1.2. A refusal counts when the server says
/// it in TLS; silence says nothing.
pub(super) async fn takes_tls12(
    poller: &Poller,
    endpoint: &Endpoint,
    name: ServerName<'static>,
    negotiated: &[Negotiated],
) -> Option<bool> {
    if negotiated.iter().any(|known| known.version == ProtocolVersion::TLSv1_2) {
        return Some(true);
    }
    let stream = poller.dial(endpoint, negotiated.first()?.via).await.ok()?;
    let versions = [&rustls::version::TLS12];
    let handshake = poller.tls.handshake(stream, name, &versions);
    match timeout(poller.limits.connect, handshake).await.ok()?.stream {
        Ok(_) => Some(true),
        Err(error) => match error.get_ref().and_then(|error| error.downcast_ref::<Error>()) {
            Some(Error::AlertReceived(
                AlertDescription::ProtocolVersion
                | AlertDescription::HandshakeFailure
                | AlertDescription::InsufficientSecurity,
            )) => Some(false),
            _ => None,
        },
    }
}
