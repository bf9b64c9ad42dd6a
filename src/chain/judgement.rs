//! What is found out about a chain, put into words: its states, and what on it expires next.

use std::collections::BTreeSet;
use std::fmt;

use super::certificate::Certificate;
use super::distrust::Distrust;
use super::path::{OrderFinding, ServedPath};
use super::served_chain::{Role, ServedChain, role};
use super::status::ChainStatus;
use super::trust_store::AnchorSource;
use super::unproven::Unproven;
use crate::clock::Timestamp;

/// A served chain and what it is worth.
#[derive(Clone, Debug)]
pub struct JudgedChain {
    /// As served.
    pub served: ServedChain,
    /// For the endpoint's host, at the time it was last seen.
    pub judgement: Judgement,
}

/// A chain judged for one host at one time.
#[derive(Clone, Debug)]
pub struct Judgement {
    /// The leaf's path through the served certificates, and what is odd about the order.
    pub path: ServedPath,
    /// The part of a path that the anchor completes: positions from the leaf up to the certificate that the anchor
    /// issued. The valid path if there is one; the whole of `path` when it reaches no anchor.
    pub anchored_path: Vec<usize>,
    /// The trust anchor of the path, whether or not the path verifies; `None` when it reaches none.
    pub anchor: Option<FoundAnchor>,
    /// Verified by path, dates and name against `anchor`; or the first reason why not. Revocation is not looked at.
    pub verified: Result<AnchorSource, Distrust>,
    /// Until when a path verifies, if one does now: the end of its first member, or of that of the path which lasts longest.
    pub valid_until: Option<Timestamp>,
    /// Why it is not known whether the server holds the key of the leaf; `None` when it has shown that it does, or when
    /// there was no server.
    pub unproven: Option<Unproven>,
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

/// A path and what it ends at.
pub(super) struct Anchored {
    pub positions: Vec<usize>,
    pub anchor: Option<FoundAnchor>,
}

/// What a member of a path is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PathMember {
    /// A served certificate, by its place in served order.
    Served(Role),
    /// The root that ends the path, from a trust store.
    TrustAnchor,
}

impl PathMember {
    /// The word for it in labels, JSON and text.
    #[must_use]
    pub const fn into_str(self) -> &'static str {
        match self {
            Self::Served(role) => role.into_str(),
            Self::TrustAnchor => "trust_anchor",
        }
    }
}

impl fmt::Display for PathMember {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.into_str())
    }
}

/// The certificate that ends first on the path of a leaf.
#[derive(Clone, Copy, Debug)]
pub struct NextExpiry<'a> {
    /// What it is.
    pub member: PathMember,
    /// The certificate.
    pub certificate: &'a Certificate,
    /// Its last valid second; in the past when it has expired.
    pub not_after: Timestamp,
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

    /// The same chain, of a server that did not show that it holds the key of the leaf.
    #[must_use]
    pub(crate) fn without_proof(mut self, why: Unproven) -> Self {
        self.unproven = Some(why);
        self.statuses.insert(ChainStatus::Unproven);
        self
    }

    /// What ends first of the path from the leaf to the anchor, both included; the one nearer to the leaf of two that
    /// end together. Served certificates beside that path do not count. `served` is what was judged.
    #[must_use]
    pub fn next_expiry<'a>(&'a self, served: &'a [Certificate]) -> Option<NextExpiry<'a>> {
        let on_path = self.anchored_path.iter().filter_map(|&position| {
            Some((PathMember::Served(role(position, served.len())), served.get(position)?))
        });
        let anchor = self.anchor.iter().map(|anchor| (PathMember::TrustAnchor, &anchor.certificate));
        on_path
            .chain(anchor)
            .filter_map(|(member, certificate)| {
                let not_after = certificate.readable()?.not_after;
                Some(NextExpiry { member, certificate, not_after })
            })
            .min_by_key(|next| next.not_after)
    }
}

impl JudgedChain {
    /// The chain of a proxy, not the issuer's own.
    #[must_use]
    pub fn is_intercepted(&self) -> bool {
        self.judgement.statuses.contains(&ChainStatus::Intercepted)
    }

    /// Nobody vouches for the root behind it: the chain may be a proxy's.
    #[must_use]
    pub fn is_unvouched(&self) -> bool {
        self.judgement.statuses.contains(&ChainStatus::Unvouched)
    }

    /// The last served certificate is where the path of the leaf ends, so that its thumbprint means something.
    #[must_use]
    pub fn root_ca_ends_path(&self) -> bool {
        self.judgement.path.positions.last() == Some(&(self.served.certificates().len() - 1))
    }

    /// What ends first on the path from the leaf to the anchor.
    #[must_use]
    pub fn next_expiry(&self) -> Option<NextExpiry<'_>> {
        self.judgement.next_expiry(self.served.certificates())
    }
}

/// Every state that holds. They do not exclude each other: a chain can be trusted, because one path is valid, *and*
/// expired, because the last served certificate, whose thumbprint AWS takes, is on another.
pub(super) fn statuses(
    served: &[Certificate],
    path: &ServedPath,
    anchored: &Anchored,
    verified: Result<AnchorSource, Distrust>,
    named: bool,
    doubt: Option<ChainStatus>,
    now: Timestamp,
) -> BTreeSet<ChainStatus> {
    let anchor = anchored.anchor.as_ref();
    let source = anchor.map(|anchor| anchor.source);
    let dated = || served.iter().chain(anchor.map(|anchor| &anchor.certificate));
    let reason = verified.err().map(|reason| match reason {
        // An anchor was found by name and signature, and yet there is no path to it.
        Distrust::UnknownIssuer if anchor.is_some() => ChainStatus::Invalid,
        reason => reason.status(),
    });
    [
        (ChainStatus::Trusted, matches!(verified, Ok(AnchorSource::Mozilla | AnchorSource::System))),
        (ChainStatus::Private, matches!(source, Some(AnchorSource::Added | AnchorSource::Served))),
        (ChainStatus::Expired, dated().any(|certificate| certificate.is_expired(now))),
        (ChainStatus::NotYetValid, dated().any(|certificate| certificate.is_not_yet_valid(now))),
        (ChainStatus::NameMismatch, !named),
        (ChainStatus::Incomplete, !path.positions.is_empty() && anchor.is_none()),
        (ChainStatus::Misordered, !path.findings.is_empty()),
        (ChainStatus::RootOffPath, path.findings.contains(&OrderFinding::LastOffPath)),
        (ChainStatus::Invalid, served.iter().any(|certificate| certificate.fields.is_err())),
    ]
    .into_iter()
    .filter_map(|(status, holds)| holds.then_some(status))
    .chain(reason)
    .chain(doubt)
    .collect()
}
