//! What a served chain is worth: who anchors it, whether it verifies for the host now, and if not, why.

use std::collections::BTreeSet;
use std::time::Duration;

use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use webpki::{EndEntityCert, KeyUsage};

use super::anchors::{AnchorSource, Anchors, TrustStore};
use super::certificate::Certificate;
use super::path::{ServedPath, has_issued, served_path};
use super::status::{ChainStatus, Distrust};
use crate::clock::Timestamp;

/// A chain judged for one host at one time.
#[derive(Clone, Debug)]
pub struct Judgement {
    /// The leaf's path through the served certificates, and what is odd about the order.
    pub path: ServedPath,
    /// The trust anchor of the path, whether or not the path verifies; `None` when it reaches none.
    pub anchor: Option<FoundAnchor>,
    /// Verified by path, dates and name against `anchor`; or the first reason why not.
    pub verified: Result<AnchorSource, Distrust>,
    /// Every state that holds.
    pub statuses: BTreeSet<ChainStatus>,
}

/// The trust anchor at the end of a path.
#[derive(Clone, Debug)]
pub struct FoundAnchor {
    /// Which store it is in.
    pub source: AnchorSource,
    /// The certificate itself, often not served.
    pub certificate: Certificate,
}

impl Judgement {
    /// The chain verifies to a root of Mozilla's: AWS would most likely not look at thumbprints.
    #[must_use]
    pub fn is_public(&self) -> bool {
        self.verified == Ok(AnchorSource::Mozilla)
    }

    /// Something that a person should look at.
    #[must_use]
    pub fn has_finding(&self) -> bool {
        self.statuses.iter().any(|status| status.is_finding())
    }
}

impl TrustStore {
    /// Judges `served` for `host` at `now`.
    #[must_use]
    pub fn judge(&self, served: &[Certificate], host: Option<&ServerName<'_>>, now: Timestamp) -> Judgement {
        let path = served_path(served);
        let served_roots = Anchors::served(served);
        let sources = [
            (AnchorSource::Mozilla, &self.mozilla),
            (AnchorSource::System, &self.system),
            (AnchorSource::Added, &self.added),
            (AnchorSource::Served, &served_roots),
        ];

        // The first source that verifies is the anchor; if none does, the most telling error is the reason.
        let mut reason = Distrust::UnknownIssuer;
        let mut verified = None;
        for (source, anchors) in sources {
            match verify(served, anchors, now) {
                Ok(index) => {
                    verified = anchors.certificates.get(index).map(|root| (source, root));
                    break;
                }
                Err(error) if reason == Distrust::UnknownIssuer => reason = error,
                Err(_) => {}
            }
        }
        let anchor = verified.or_else(|| anchor_of(served, &path, &sources));
        let anchor = anchor.map(|(source, root)| FoundAnchor { source, certificate: root.clone() });
        let named = host.is_none_or(|host| is_named(served, host));
        let verified = match verified {
            Some(_) if !named => Err(Distrust::NameMismatch),
            Some((source, _)) => Ok(source),
            None => Err(reason),
        };
        let statuses = statuses(served, &path, anchor.as_ref(), verified, named, now);
        Judgement { path, anchor, verified, statuses }
    }
}

/// Path validation by webpki (RFC 5280, section 6), and the anchor's own dates, which it does not look at.
fn verify(served: &[Certificate], anchors: &Anchors, now: Timestamp) -> Result<usize, Distrust> {
    let Some((leaf, others)) = served.split_first() else { return Err(Distrust::UnknownIssuer) };
    let leaf = EndEntityCert::try_from(&leaf.der).map_err(|error| Distrust::from(&error))?;
    let others: Vec<CertificateDer<'_>> = others.iter().map(|certificate| certificate.der.clone()).collect();
    let seconds = u64::try_from(now.seconds()).unwrap_or(0);
    let path = leaf
        .verify_for_usage(
            aws_lc_rs::default_provider().signature_verification_algorithms.all,
            &anchors.for_webpki,
            &others,
            UnixTime::since_unix_epoch(Duration::from_secs(seconds)),
            KeyUsage::server_auth(),
            None,
            Some(&|path| {
                let in_date = anchor_index(anchors, path.anchor()).is_some_and(|i| {
                    !anchors.certificates[i].is_expired(now) && !anchors.certificates[i].is_not_yet_valid(now)
                });
                if in_date { Ok(()) } else { Err(webpki::Error::CertDistrusted) }
            }),
        )
        .map_err(|error| match error {
            // Only the closure above says so: no list of distrusted keys is given.
            webpki::Error::CertDistrusted => Distrust::AnchorExpired,
            error => Distrust::from(&error),
        })?;
    anchor_index(anchors, path.anchor()).ok_or(Distrust::UnknownIssuer)
}

fn anchor_index(anchors: &Anchors, found: &rustls::pki_types::TrustAnchor<'_>) -> Option<usize> {
    anchors.for_webpki.iter().position(|anchor| {
        anchor.subject == found.subject && anchor.subject_public_key_info == found.subject_public_key_info
    })
}

/// The anchor by names and signatures alone, for a path that does not verify: most public source first.
fn anchor_of<'a>(
    served: &[Certificate],
    path: &ServedPath,
    sources: &[(AnchorSource, &'a Anchors); 4],
) -> Option<(AnchorSource, &'a Certificate)> {
    sources.iter().find_map(|(source, anchors)| {
        let issuer_of =
            |&position: &usize| anchors.certificates.iter().find(|root| has_issued(root, &served[position]));
        path.positions.iter().find_map(issuer_of).map(|root| (*source, root))
    })
}

fn is_named(served: &[Certificate], host: &ServerName<'_>) -> bool {
    served
        .first()
        .and_then(|leaf| EndEntityCert::try_from(&leaf.der).ok())
        .is_some_and(|leaf| leaf.verify_is_valid_for_subject_name(host).is_ok())
}

fn statuses(
    served: &[Certificate],
    path: &ServedPath,
    anchor: Option<&FoundAnchor>,
    verified: Result<AnchorSource, Distrust>,
    named: bool,
    now: Timestamp,
) -> BTreeSet<ChainStatus> {
    let dated = || served.iter().chain(anchor.map(|anchor| &anchor.certificate));
    let private = |source| matches!(source, AnchorSource::Added | AnchorSource::Served);
    let readable_leaf = !path.positions.is_empty();
    let other_reason = verified.err().map(|reason| match reason {
        // The names lead to an anchor, and yet there is no path.
        Distrust::UnknownIssuer if anchor.is_some() => ChainStatus::Invalid,
        reason => reason.status(),
    });
    [
        (ChainStatus::Trusted, matches!(verified, Ok(AnchorSource::Mozilla | AnchorSource::System))),
        (ChainStatus::Private, anchor.is_some_and(|anchor| private(anchor.source))),
        (ChainStatus::Expired, dated().any(|certificate| certificate.is_expired(now))),
        (ChainStatus::NotYetValid, dated().any(|certificate| certificate.is_not_yet_valid(now))),
        (ChainStatus::NameMismatch, readable_leaf && !named),
        (ChainStatus::Misordered, path.findings.iter().any(|finding| finding.is_misorder())),
        (ChainStatus::RootOffPath, path.findings.contains(&super::path::OrderFinding::LastOffPath)),
        (ChainStatus::Invalid, served.iter().any(|certificate| certificate.fields.is_err())),
    ]
    .into_iter()
    .filter_map(|(status, holds)| holds.then_some(status))
    .chain(other_reason)
    .collect()
}
