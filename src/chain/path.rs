//! The path of the leaf through what was served, apart from the order it was served in.
//!
//! AWS takes the thumbprint of the last certificate *served* and wants leaf first, each next certificate
//! certifying the one before (RFC 8446, section 4.4.2; IAM user guide, "Obtain the thumbprint for an `OpenID`
//! Connect identity provider"). This module finds the path by names, key identifiers and signatures, and
//! says where the served order differs from it.

use rustls::crypto::aws_lc_rs;

use super::certificate::{Certificate, Link};

/// Certificates looked at for a path. Real chains have 2 to 5; the TLS limit of 64 KiB allows hundreds.
pub const MAX_PATH_CERTIFICATES: usize = 20;
/// Steps of the search, so that a chain of look-alikes cannot keep the processor.
const MAX_STEPS: usize = 10_000;

/// The leaf's path through the served certificates.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServedPath {
    /// Positions in served order, from the leaf upwards. Empty when there is no readable leaf.
    pub positions: Vec<usize>,
    /// Where served order and path differ, in a fixed order.
    pub findings: Vec<OrderFinding>,
}

/// One way in which the served order is not the path. Positions count from 0, as served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderFinding {
    /// The leaf was served at this position, not at 0.
    LeafNotFirst(usize),
    /// The certificates on the path were not served in path order.
    OutOfOrder,
    /// The certificate at this position was served before.
    Duplicate(usize),
    /// The certificate at this position is not on the path of the leaf.
    Unrelated(usize),
    /// Two certificates with the same subject and key, such as a root and its cross-signed twin.
    Twin(usize, usize),
    /// The last served certificate is not on the path, so the thumbprint of AWS's procedure means nothing.
    LastOffPath,
    /// More certificates than are looked at.
    TooMany,
}

impl OrderFinding {
    /// AWS refuses such a chain: "wrong order, duplicate or additional certificates". A twin on the path is none.
    #[must_use]
    pub fn is_misorder(self) -> bool {
        !matches!(self, Self::Twin(..))
    }
}

/// Did `issuer`'s key sign `child`?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Signature {
    Good,
    Bad,
    /// Signed in a way that cannot be checked here, such as SHA-1.
    Unsupported,
}

/// Finds the longest path of the leaf, preferring one that reaches the last served certificate.
#[must_use]
pub fn served_path(served: &[Certificate]) -> ServedPath {
    let considered = served.get(..MAX_PATH_CERTIFICATES).unwrap_or(served);
    let duplicates: Vec<usize> = (0..considered.len())
        .filter(|&i| considered[..i].iter().any(|c| c.sha256 == considered[i].sha256))
        .collect();
    let issuers: Vec<Vec<usize>> = (0..considered.len())
        .map(|child| {
            (0..considered.len())
                .filter(|&issuer| issuer != child && !duplicates.contains(&issuer))
                .filter(|&issuer| has_issued(&considered[issuer], &considered[child]))
                .collect()
        })
        .collect();
    let Some(leaf) = find_leaf(considered, &issuers) else { return ServedPath::default() };
    let last = considered.iter().position(|c| served.last().is_some_and(|last| last.sha256 == c.sha256));
    let mut search = Search { issuers: &issuers, last, best: vec![leaf], steps: 0 };
    search.extend(&mut vec![leaf]);
    let positions = search.best;
    let findings = findings(served, &positions, &duplicates);
    ServedPath { positions, findings }
}

/// The first certificate, as TLS has it, unless it is a CA and another one is plainly the leaf.
fn find_leaf(served: &[Certificate], issuers: &[Vec<usize>]) -> Option<usize> {
    let first = served.first()?.readable();
    if first.is_none_or(|fields| !fields.is_ca) {
        return first.map(|_| 0);
    }
    let issues_none = |i: usize| !issuers.iter().any(|of_one| of_one.contains(&i));
    let is_leaf = |i: &usize| {
        served[*i].readable().is_some_and(|f| !f.is_ca) && issues_none(*i) && !issuers[*i].is_empty()
    };
    (1..served.len()).find(is_leaf).or(Some(0))
}

struct Search<'a> {
    issuers: &'a [Vec<usize>],
    last: Option<usize>,
    best: Vec<usize>,
    steps: usize,
}

impl Search<'_> {
    fn extend(&mut self, path: &mut Vec<usize>) {
        self.steps += 1;
        let rank = |path: &[usize]| (self.last.is_some_and(|last| path.contains(&last)), path.len());
        if rank(path) > rank(&self.best) {
            self.best.clone_from(path);
        }
        let Some(&top) = path.last() else { return };
        for &issuer in &self.issuers[top] {
            if self.steps < MAX_STEPS && !path.contains(&issuer) {
                path.push(issuer);
                self.extend(path);
                path.pop();
            }
        }
    }
}

fn findings(served: &[Certificate], path: &[usize], duplicates: &[usize]) -> Vec<OrderFinding> {
    let mut findings = Vec::new();
    if let Some(&leaf) = path.first().filter(|leaf| **leaf != 0) {
        findings.push(OrderFinding::LeafNotFirst(leaf));
    }
    if !path.is_sorted() {
        findings.push(OrderFinding::OutOfOrder);
    }
    let considered = served.len().min(MAX_PATH_CERTIFICATES);
    for position in 0..considered {
        if duplicates.contains(&position) {
            findings.push(OrderFinding::Duplicate(position));
        } else if !path.contains(&position) {
            findings.push(OrderFinding::Unrelated(position));
        }
        let twin =
            (0..position).filter(|i| !duplicates.contains(i) && !duplicates.contains(&position)).find(|&i| {
                served[i].readable().zip(served[position].readable()).is_some_and(|(a, b)| a.is_twin_of(b))
            });
        findings.extend(twin.map(|first| OrderFinding::Twin(first, position)));
    }
    if !served.last().is_some_and(|last| path.iter().any(|&i| served[i].sha256 == last.sha256)) {
        findings.push(OrderFinding::LastOffPath);
    }
    if served.len() > considered {
        findings.push(OrderFinding::TooMany);
    }
    findings
}

/// `issuer` certifies `child`: names chain, key identifiers do not contradict, and the signature is not wrong.
#[must_use]
pub fn has_issued(issuer: &Certificate, child: &Certificate) -> bool {
    let (Some(issuer), Some(child)) = (issuer.readable(), child.readable()) else { return false };
    let (issuer, child) = (&issuer.link, &child.link);
    let ids_agree = match (&child.authority_key_id, &issuer.key_id) {
        (Some(wanted), Some(id)) => wanted == id,
        _ => true,
    };
    child.issuer == issuer.subject && ids_agree && signature(issuer, child) != Signature::Bad
}

fn signature(issuer: &Link, child: &Link) -> Signature {
    let algorithms = aws_lc_rs::default_provider().signature_verification_algorithms.all;
    let mut fitting = algorithms.iter().filter(|algorithm| {
        algorithm.signature_alg_id().as_ref() == child.signature_algorithm
            && algorithm.public_key_alg_id().as_ref() == issuer.key_algorithm
    });
    match fitting.next() {
        None => Signature::Unsupported,
        Some(algorithm) => {
            match algorithm.verify_signature(&issuer.public_key, &child.signed, &child.signature) {
                Ok(()) => Signature::Good,
                Err(_) => Signature::Bad,
            }
        }
    }
}
