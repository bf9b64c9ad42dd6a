//! What is odd about a chain, in words, and what it means for AWS.

use crate::chain::{
    AnchorSource, ChainStatus, Distrust, FileOrder, JudgedChain, NextExpiry, OrderFinding, PathMember, Role,
};
use crate::clock::Timestamp;
use crate::verdict::Rules;

/// The chain may be a proxy's.
pub(super) const UNVOUCHED: &str = "no public root anchors the chain: it may be that of a TLS-inspecting proxy (where the \
    host has a private CA of its own, name it in trust.private_hosts, or with --private-host)";
/// Positions that are named before the rest is only counted.
const NAMED_POSITIONS: usize = 5;

/// One sentence for each thing that a person should know.
pub(super) fn of(judged: &JudgedChain, rules: &Rules, now: Timestamp) -> Vec<String> {
    let JudgedChain { served, judgement } = judged;
    let mut warnings = order(&judgement.path.findings);
    let next = judged.next_expiry();
    let expired = next.filter(|next| next.not_after.days_from(now) < 0.0);
    // These have sentences of their own.
    let has_its_own = |reason| match reason {
        Distrust::UnknownIssuer => judgement.anchor.is_none(),
        Distrust::LeafNotFirst => true,
        Distrust::Expired | Distrust::AnchorExpired => expired.is_some(),
        _ => false,
    };
    warnings.extend(judgement.verified.err().filter(|reason| !has_its_own(*reason)).map(|reason| {
        match reason.status() {
            ChainStatus::Unproven => format!("cannot be verified here: {reason}"),
            _ => format!("does not verify: {reason}"),
        }
    }));
    warnings.extend(
        judgement
            .unproven
            .map(|why| format!("the server has not proved that it holds the key of this certificate: {why}")),
    );
    if judged.is_intercepted() {
        warnings.push(
            "a well-known public issuer, but only a locally added root anchors the chain: a proxy between here and the \
             issuer serves its own chain, and AWS sees a different one"
                .to_owned(),
        );
    }
    if judged.is_unvouched() {
        warnings.push(UNVOUCHED.to_owned());
    }
    match judgement.anchor.as_ref().map(|anchor| anchor.source) {
        Some(AnchorSource::Mozilla) => {}
        Some(AnchorSource::System | AnchorSource::Added | AnchorSource::Served) => warnings.push(
            "no Mozilla root anchors the chain (Mozilla's list stands in for AWS's, which is not published): AWS most \
             likely relies on the thumbprint, so a change of it means an outage"
                .to_owned(),
        ),
        None => warnings.push(
            "the chain reaches no known trust anchor: a certificate is missing, or its CA is not known here (add it with \
             --ca-file or trust.ca_files)"
                .to_owned(),
        ),
    }
    if served.certificates().len() == 1 {
        warnings.push(
            "only one certificate is served: the thumbprint is the leaf's, and changes at its next renewal"
                .to_owned(),
        );
    }
    warnings.extend(next.and_then(|next| expiry(judged, &next, rules, now)));
    warnings
}

/// What the order of a file's certificates does not tell.
pub(super) fn file_order(order: FileOrder) -> Option<&'static str> {
    match order {
        FileOrder::Written => None,
        FileOrder::ByIssuer => Some(
            "PKCS#7 does not say in which order certificates are served, or whether all of them are: they are shown from \
             the leaf upwards, and the thumbprint is right only if a server sends them so",
        ),
        FileOrder::Unknown => Some(
            "PKCS#7 does not say in which order certificates are served, and these do not form one chain: they are shown \
             as they were found, so the thumbprint may be of the wrong one",
        ),
    }
}

fn expiry(judged: &JudgedChain, next: &NextExpiry<'_>, rules: &Rules, now: Timestamp) -> Option<String> {
    let member = match next.member {
        PathMember::Served(Role::Leaf) => "leaf",
        PathMember::Served(Role::Intermediate) => "intermediate",
        PathMember::Served(Role::Root) => "root CA",
        PathMember::TrustAnchor => "trust anchor",
    };
    let ends = next.not_after;
    let is_soon = match next.member {
        PathMember::Served(Role::Leaf) => {
            let leaf = judged.served.certificates().first().and_then(|leaf| leaf.readable());
            leaf.is_some_and(|leaf| rules.is_leaf_late(leaf.not_before, ends, now))
        }
        PathMember::Served(Role::Intermediate | Role::Root) | PathMember::TrustAnchor => {
            rules.is_root_ca_expiring(ends, now)
        }
    };
    match ends.days_from(now) {
        days if days < 0.0 => Some(format!("does not verify: the {member} expired {:.1} days ago", -days)),
        days if is_soon => Some(format!("the {member} expires in {days:.1} days")),
        _ => None,
    }
}

fn order(findings: &[OrderFinding]) -> Vec<String> {
    let (mut duplicates, mut unrelated) = (Vec::new(), Vec::new());
    let mut warnings = Vec::new();
    for finding in findings {
        match *finding {
            OrderFinding::Duplicate(position) => duplicates.push(position),
            OrderFinding::Unrelated(position) => unrelated.push(position),
            OrderFinding::LeafNotFirst(position) => warnings.push(format!(
                "the leaf is served at position {position} instead of first; TLS clients and AWS refuse that"
            )),
            OrderFinding::OutOfOrder => warnings.push(
                "the certificates are not in order (leaf first, root last); AWS refuses that".to_owned(),
            ),
            OrderFinding::Twin { on_path, other } => warnings.push(format!(
                "position {other} has the same subject and key as position {on_path}, but another thumbprint; only one \
                 of them is on the path"
            )),
            OrderFinding::LastOffPath => warnings.push(
                "the last certificate is not on the leaf's path, so the thumbprint from AWS's procedure is meaningless"
                    .to_owned(),
            ),
            OrderFinding::TooMany => warnings.push("too many certificates are served; not all were examined".to_owned()),
        }
    }
    if !duplicates.is_empty() {
        let what = match duplicates.len() {
            1 => "duplicate of an earlier certificate",
            _ => "duplicates of earlier certificates",
        };
        warnings.push(format!("{}: {what}; AWS refuses duplicates", positions(&duplicates)));
    }
    if !unrelated.is_empty() {
        warnings.push(format!(
            "{}: not on the leaf's path; AWS refuses additional certificates",
            positions(&unrelated)
        ));
    }
    warnings
}

fn positions(positions: &[usize]) -> String {
    let named: Vec<String> = positions.iter().take(NAMED_POSITIONS).map(ToString::to_string).collect();
    let word = if positions.len() == 1 { "position" } else { "positions" };
    let more = match positions.len() - named.len() {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("{word} {}{more}", named.join(", "))
}
