//! A served chain as plain data, in words: its certificates, what anchors it and what is odd about it.

use std::collections::BTreeSet;

use serde::Serialize;
use strum::Display;

use super::shown::{shown, shown_if_any};
use super::warnings;
use crate::chain::{
    AnchorSource, Certificate, ChainStatus, Distrust, Fingerprint, JudgedChain, Role, ServedChain,
    Thumbprint, Unproven, Unreadable,
};
use crate::clock::Timestamp;
use crate::verdict::Rules;

/// One served chain.
#[derive(Debug, Serialize)]
pub(crate) struct ChainReport {
    /// SHA-1 of the last certificate, as IAM stores it.
    pub thumbprint: Thumbprint,
    /// As in `oidc_chain_status`.
    pub statuses: BTreeSet<ChainStatus>,
    /// Why it does not verify, as in `oidc_chain_distrust_info`.
    pub distrust: Option<Distrust>,
    /// Why it is not known whether the server holds the key of the leaf.
    pub unproven: Option<Unproven>,
    /// The end of the path.
    pub anchor: Option<AnchorReport>,
    /// In served order.
    pub certificates: Vec<CertificateReport>,
    /// In words.
    pub warnings: Vec<String>,
    /// Something that a person should look at.
    #[serde(skip)]
    pub has_finding: bool,
    /// Nobody vouches for its root.
    #[serde(skip)]
    pub is_unvouched: bool,
    /// What was served.
    #[serde(skip)]
    pub served: ServedChain,
}

/// A trust anchor.
#[derive(Debug, Serialize)]
pub(crate) struct AnchorReport {
    /// Where it comes from.
    pub source: AnchorSource,
    /// What it is.
    #[serde(flatten)]
    pub certificate: CertificateReport,
}

/// What a certificate is, in words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Display, Serialize)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub(crate) enum CertificateRole {
    /// Served first.
    Leaf,
    /// Served between the first and the last.
    Intermediate,
    /// Served last, of two or more.
    Root,
    /// Ends the path, from a trust store.
    TrustAnchor,
    /// The only one of a file.
    Certificate,
}

impl CertificateRole {
    /// A certificate of this role and these dates is a problem soon.
    fn is_late(self, begins: Timestamp, ends: Timestamp, rules: &Rules, now: Timestamp) -> bool {
        match self {
            Self::Leaf => rules.is_leaf_late(begins, ends, now),
            Self::Root | Self::Certificate => rules.is_root_ca_expiring(ends, now),
            Self::Intermediate | Self::TrustAnchor => false,
        }
    }
}

impl From<Role> for CertificateRole {
    fn from(role: Role) -> Self {
        match role {
            Role::Leaf => Self::Leaf,
            Role::Intermediate => Self::Intermediate,
            Role::Root => Self::Root,
        }
    }
}

/// One certificate.
#[derive(Debug, Serialize)]
pub(crate) struct CertificateReport {
    /// What it is.
    pub role: CertificateRole,
    /// SHA-1 of the DER.
    pub sha1: Thumbprint,
    /// SHA-256 of the DER.
    pub sha256: Fingerprint,
    /// Why nothing else is known.
    #[serde(serialize_with = "shown_if_any")]
    pub unreadable: Option<Unreadable>,
    /// What it says.
    #[serde(flatten)]
    pub fields: Option<FieldsReport>,
}

/// What a readable certificate says.
#[derive(Debug, Serialize)]
pub(crate) struct FieldsReport {
    /// Subject.
    pub subject: String,
    /// Issuer.
    pub issuer: String,
    /// Serial number, hex.
    pub serial: String,
    /// Valid from, RFC 3339.
    #[serde(serialize_with = "shown")]
    pub not_before: Timestamp,
    /// Valid until, RFC 3339.
    #[serde(serialize_with = "shown")]
    pub not_after: Timestamp,
    /// Days left, negative once expired.
    pub days_left: f64,
    /// Fewer are left than there should be.
    #[serde(skip)]
    pub is_late: bool,
    /// Kind and size of the key.
    pub key: String,
    /// The first subject alternative names.
    pub names: Vec<String>,
    /// How many there are.
    pub names_total: usize,
}

impl ChainReport {
    /// A chain of the window, as of `now`.
    #[must_use]
    pub(crate) fn new(judged: &JudgedChain, rules: &Rules, now: Timestamp) -> Self {
        let JudgedChain { served, judgement } = judged;
        let certificates = served.certificates().iter().enumerate();
        let certificates = certificates.map(|(position, certificate)| {
            CertificateReport::new(served.role(position).into(), certificate, rules, now)
        });
        let certificates: Vec<_> = certificates.collect();
        let is_late = |of: &CertificateReport| of.fields.as_ref().is_some_and(|fields| fields.is_late);
        Self {
            thumbprint: served.root_ca().sha1,
            statuses: judgement.statuses.clone(),
            distrust: judgement.verified.err(),
            unproven: judgement.unproven,
            anchor: judgement.anchor.as_ref().map(|anchor| AnchorReport {
                source: anchor.source,
                certificate: CertificateReport::new(
                    CertificateRole::TrustAnchor,
                    &anchor.certificate,
                    rules,
                    now,
                ),
            }),
            warnings: warnings::of(judged, rules, now),
            has_finding: judgement.has_finding() || certificates.iter().any(is_late),
            certificates,
            is_unvouched: judged.is_unvouched(),
            served: served.clone(),
        }
    }

    /// A single certificate is neither a leaf, nor blamed for having no others beside it.
    pub(super) fn alone(judged: &JudgedChain, rules: &Rules, now: Timestamp) -> Self {
        let mut chain = Self::new(judged, rules, now);
        if let [alone] = chain.certificates.as_mut_slice() {
            alone.role = CertificateRole::Certificate;
            chain.statuses.retain(|status| matches!(status, ChainStatus::Expired | ChainStatus::NotYetValid));
            let is_late = alone.fields.as_ref().is_some_and(|fields| fields.is_late);
            chain.has_finding = is_late || !chain.statuses.is_empty();
            chain.warnings.clear();
            chain.distrust = None;
        }
        chain
    }

    /// The chain is a proxy's, so nobody should copy its thumbprint.
    #[must_use]
    pub(crate) fn is_intercepted(&self) -> bool {
        self.statuses.contains(&ChainStatus::Intercepted)
    }

    /// The certificate that gives the thumbprint is the leaf, for want of another.
    pub(super) fn is_leaf_alone(&self) -> bool {
        self.certificates.last().is_some_and(|last| last.role == CertificateRole::Leaf)
    }
}

impl CertificateReport {
    fn new(role: CertificateRole, certificate: &Certificate, rules: &Rules, now: Timestamp) -> Self {
        let fields = certificate.readable().map(|fields| FieldsReport {
            subject: fields.subject.clone(),
            issuer: fields.issuer.clone(),
            serial: fields.serial.clone(),
            not_before: fields.not_before,
            not_after: fields.not_after,
            days_left: fields.not_after.days_from(now),
            is_late: role.is_late(fields.not_before, fields.not_after, rules, now),
            key: fields.key.clone(),
            names: fields.names.clone(),
            names_total: fields.names_total,
        });
        Self {
            role,
            sha1: certificate.sha1,
            sha256: certificate.sha256,
            unreadable: certificate.fields.as_ref().err().copied(),
            fields,
        }
    }
}
