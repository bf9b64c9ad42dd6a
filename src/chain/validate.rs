//! Path validation: webpki on one path at a time, and what it leaves out.

use std::cell::Cell;
use std::time::Duration;

use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use webpki::{EndEntityCert, KeyUsage};

use super::certificate::{Certificate, Fields};
use super::distrust::Distrust;
use super::signature::{Told, told_by};
use super::trust_store::Anchors;
use crate::clock::Timestamp;

/// Certificates of a path that are handed over: the leaf and one CA more than webpki takes, so that it says so.
const MAX_HANDED_OVER: usize = 8;
/// CAs of one name on a path. Key rollover makes two; webpki tries every order of them, and hostile chains have many.
const MAX_NAMESAKES: usize = 4;

/// A path that is valid, cut at its anchor.
pub(super) struct ValidPath {
    /// Positions from the leaf up to the certificate that the anchor issued.
    pub positions: Vec<usize>,
    pub anchor: Certificate,
}

/// Path validation by webpki (RFC 5280, section 6), and the anchor's own dates, which it does not look at.
pub(super) fn validate_path(
    served: &[Certificate],
    path: &[usize],
    anchors: &Anchors,
    now: Timestamp,
) -> Result<ValidPath, Distrust> {
    let path = path.get(..MAX_HANDED_OVER).unwrap_or(path);
    if most_namesakes(served, path) > MAX_NAMESAKES {
        return Err(Distrust::TooComplex);
    }
    let ders: Vec<CertificateDer<'_>> = path.iter().map(|&i| CertificateDer::from(&*served[i].der)).collect();
    let Some((leaf, others)) = ders.split_first() else { return Err(Distrust::UnknownIssuer) };
    let leaf = EndEntityCert::try_from(leaf).map_err(|error| Distrust::from(&error))?;
    let out_of_date = Cell::new(None);
    let verified = leaf
        .verify_for_usage(
            aws_lc_rs::default_provider().signature_verification_algorithms.all,
            &anchors.for_webpki,
            others,
            UnixTime::since_unix_epoch(Duration::from_secs(u64::try_from(now.seconds()).unwrap_or(0))),
            KeyUsage::server_auth(),
            None,
            Some(&|candidate| {
                match anchors.certificate(candidate.anchor()) {
                    Some(anchor) if anchor.is_expired(now) => Err(Distrust::AnchorExpired),
                    Some(anchor) if anchor.is_not_yet_valid(now) => Err(Distrust::AnchorNotYetValid),
                    Some(_) => Ok(()),
                    None => Err(Distrust::UnknownIssuer),
                }
                .map_err(|reason| {
                    out_of_date.set(Some(reason));
                    webpki::Error::CertDistrusted
                })
            }),
        )
        .map_err(|error| match (&error, out_of_date.get()) {
            // Only the closure above says so: webpki is given no list of distrusted keys.
            (webpki::Error::CertDistrusted, Some(reason)) => reason,
            _ => by_signatures(served, path, anchors, Distrust::from(&error)),
        })?;
    let on_path = |der: &[u8]| path.iter().copied().find(|&position| *served[position].der == *der);
    let positions =
        verified.intermediate_certificates().filter_map(|certificate| on_path(&certificate.der()));
    let anchor = anchors.certificate(verified.anchor()).ok_or(Distrust::UnknownIssuer)?;
    Ok(ValidPath { positions: path.iter().take(1).copied().chain(positions).collect(), anchor })
}

/// webpki calls a signature bad when it does not take the key, and unsupported when it has not looked at it. More can be told.
fn by_signatures(served: &[Certificate], path: &[usize], anchors: &Anchors, reason: Distrust) -> Distrust {
    if !matches!(reason, Distrust::BadSignature | Distrust::UnsupportedAlgorithm) {
        return reason;
    }
    let told: Vec<Told> = path
        .iter()
        .enumerate()
        .filter_map(|(index, &child)| match path.get(index + 1) {
            Some(&issuer) => told_by(&[&served[issuer]], &served[child]),
            // A root's own signature proves nothing.
            None if served[child].readable().is_some_and(Fields::is_self_issued) => None,
            None => told_by(&anchors.namesakes(&served[child]).iter().collect::<Vec<_>>(), &served[child]),
        })
        .collect();
    if told.contains(&Told::Bad) {
        Distrust::BadSignature
    } else if told.contains(&Told::BeyondValidation) {
        Distrust::UnsupportedAlgorithm
    } else {
        reason
    }
}

/// How often the most frequent subject of the path comes up.
fn most_namesakes(served: &[Certificate], path: &[usize]) -> usize {
    let subject = |i: &usize| served[*i].readable().map(|fields| served[*i].part(&fields.link.subject));
    path.iter().map(|a| path.iter().filter(|b| subject(a) == subject(b)).count()).max().unwrap_or(0)
}

/// The leaf's alternative names cover the host; its common name does not count (RFC 9525, section 2).
pub(super) fn is_named(leaf: &Certificate, host: Option<&ServerName<'_>>) -> bool {
    let Some(host) = host else { return true };
    EndEntityCert::try_from(&leaf.der).is_ok_and(|leaf| leaf.verify_is_valid_for_subject_name(host).is_ok())
}
