//! Does an endpoint take TLS 1.2? AWS STS relies on the thumbprint of those that do not (IAM user guide, "Create an
//! OpenID Connect identity provider"), so a wrong "no" makes an outage of what is harmless.

use futures_util::{StreamExt as _, stream};
use rustls::pki_types::ServerName;
use rustls::{AlertDescription, ProtocolVersion};
use tokio::time::timeout;

use super::alert::Alert;
use super::attempt::Attempt;
use super::clear::{self, ClearError, ClearFailure};
use super::poller::Poller;
use super::tls::Offer;
use super::tls_failure::TlsFailure;
use super::via::Via;
use crate::endpoint::Endpoint;

/// Faces that are asked at the same time.
const CONCURRENT_QUESTIONS: usize = 16;

/// By what each address chose; those that chose TLS 1.3 are asked once more, with nothing above TLS 1.2 to choose.
pub(super) async fn takes_tls12(
    poller: &Poller,
    endpoint: &Endpoint,
    name: &ServerName<'static>,
    attempts: &[Attempt],
) -> Option<bool> {
    let chosen: Vec<_> = attempts.iter().map(|attempt| (attempt.capture.via, attempt.version)).collect();
    let answers = stream::iter(chosen)
        .map(|(via, version)| async move {
            match version {
                Some(ProtocolVersion::TLSv1_2) => Some(true),
                Some(ProtocolVersion::TLSv1_3) => ask(poller, endpoint, via, name).await,
                _ => None,
            }
        })
        .buffered(CONCURRENT_QUESTIONS);
    together(&answers.collect::<Vec<_>>().await)
}

/// AWS may meet any address, so one that refuses decides; those that do not tell say nothing.
fn together(answers: &[Option<bool>]) -> Option<bool> {
    answers.iter().flatten().copied().reduce(|all, one| all && one)
}

/// First as the poll would go on, then with all that `openssl s_client` offers: a server whose suites this program does not
/// speak takes TLS 1.2 nevertheless, and rustls does not tell an alert that answers our hello from one after the server's.
async fn ask(poller: &Poller, endpoint: &Endpoint, via: Via, name: &ServerName<'static>) -> Option<bool> {
    let limit = poller.limits.connect;
    let stream = poller.dial(endpoint, via).await.ok()?;
    let handshake = poller.tls.handshake(stream, name.clone(), Offer::UpToTls12, limit).await;
    let told = match (handshake.version, handshake.stream) {
        (Some(_), _) | (_, Ok(_)) => return Some(true),
        (None, Err(TlsFailure::TimedOut)) => return None,
        (None, Err(TlsFailure::Alert(alert))) => refused(alert),
        (None, Err(_)) => None,
    };
    let Ok(stream) = poller.dial(endpoint, via).await else { return told };
    match timeout(limit, clear::ask(stream, name)).await {
        Ok(Ok(flight)) => (flight.choice.version() == ProtocolVersion::TLSv1_2).then_some(true),
        Ok(Err(ClearFailure::Flight(ClearError::AlertAfterHello(..)))) => None,
        Ok(Err(ClearFailure::Flight(ClearError::Alert(alert)))) => told.or_else(|| refused(alert)),
        Ok(Err(_)) | Err(_) => told,
    }
}

/// Only `protocol_version` says that the version is not taken (RFC 8446, section 6.2); what else a server says or does has
/// more than one cause.
fn refused(alert: Alert) -> Option<bool> {
    (alert.0 == AlertDescription::ProtocolVersion).then_some(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_alert_alone_is_a_refusal() {
        for code in 0..=u8::MAX {
            assert_eq!(refused(Alert(code.into())), (code == 70).then_some(false), "{code}");
        }
    }

    #[test]
    fn addresses_that_differ() {
        for (answers, all) in [
            (&[][..], None),
            (&[None, None], None),
            (&[None, Some(true)], Some(true)),
            (&[Some(true), Some(false), None], Some(false)),
            (&[Some(false), Some(true)], Some(false)),
        ] {
            assert_eq!(together(answers), all, "{answers:?}");
        }
    }
}
