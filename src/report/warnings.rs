//! What is odd about a chain, in words, and what it means for AWS.

use crate::chain::{AnchorSource, ChainStatus, Distrust, Judgement, OrderFinding, ServedChain};
use crate::clock::Timestamp;

/// The next expiry is worth a word when it is nearer than this many days.
const SOON_DAYS: f64 = 30.0;

/// One sentence for each thing that a person should know.
pub fn of(chain: &ServedChain, judgement: &Judgement, now: Timestamp) -> Vec<String> {
    let mut warnings: Vec<String> = judgement.path.findings.iter().map(|finding| order(*finding)).collect();
    if let Err(reason) = judgement.verified {
        let hint = match reason {
            Distrust::UnknownIssuer => ": a certificate is missing, or its CA is known to nobody here",
            _ => "",
        };
        warnings.push(format!("does not verify: {reason}{hint}"));
    }
    if judgement.statuses.contains(&ChainStatus::Intercepted) {
        warnings.push(
            "a well-known public issuer, but only a locally added root anchors it: a proxy between here and the issuer \
             serves a chain of its own, and AWS sees another"
                .to_owned(),
        );
    }
    match judgement.anchor.as_ref().map(|anchor| anchor.source) {
        Some(AnchorSource::Mozilla) => {}
        Some(AnchorSource::System | AnchorSource::Added | AnchorSource::Served) => warnings.push(
            "no public root anchors it: AWS most likely relies on the thumbprint, and a change is an outage"
                .to_owned(),
        ),
        None => warnings.push("it reaches no trust anchor that is known here".to_owned()),
    }
    if chain.certificates().len() == 1 {
        warnings.push(
            "only one certificate is served, so the thumbprint is the leaf's and ends with it".to_owned(),
        );
    }
    if let Some(next) = judgement.next_expiry(chain.certificates()) {
        let days = next.not_after.days_from(now);
        if days < 0.0 {
            warnings.push(format!("the {} expired {:.1} days ago", spoken(next.member.as_str()), -days));
        } else if days < SOON_DAYS {
            warnings.push(format!("the {} expires in {days:.1} days", spoken(next.member.as_str())));
        }
    }
    warnings
}

fn spoken(member: &str) -> String {
    member.replace('_', " ")
}

fn order(finding: OrderFinding) -> String {
    match finding {
        OrderFinding::LeafNotFirst(position) => {
            format!("the leaf is served at position {position}, not first: TLS clients and AWS refuse that")
        }
        OrderFinding::OutOfOrder => {
            "the certificates are not in path order, leaf first and root last: AWS refuses that".to_owned()
        }
        OrderFinding::Duplicate(position) => {
            format!("position {position} repeats a certificate: AWS refuses duplicates")
        }
        OrderFinding::Twin(one, other) => format!(
            "position {other} has subject and key of position {one}, and another thumbprint: only one of them is on the path"
        ),
        OrderFinding::Unrelated(position) => {
            format!("position {position} does not belong to the chain: AWS refuses additional certificates")
        }
        OrderFinding::LastOffPath => {
            "the last certificate is not on the path of the leaf, so the thumbprint that AWS's procedure yields means nothing"
                .to_owned()
        }
        OrderFinding::TooMany => "more certificates are served than are looked at".to_owned(),
    }
}
