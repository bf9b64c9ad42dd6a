//! The paths of the leaf through what was served, apart from the order it was served in.
//!
//! AWS takes the thumbprint of the last certificate *served* and wants leaf first, each next certificate
//! certifying the one before (RFC 8446, section 4.4.2; IAM user guide, "Obtain the thumbprint for an `OpenID`
//! Connect identity provider"). This module finds the paths by names and signatures, and says where the
//! served order differs from the best of them.

use super::certificate::Certificate;
use super::signature::{SignatureBudget, has_issued_within};
use crate::clock::Timestamp;

/// Certificates looked at: the first ones and the last. Real chains have 2 to 5; the TLS limit of 64 KiB allows hundreds.
pub const MAX_PATH_CERTIFICATES: usize = 20;
/// Paths kept. A chain with a cross-signed twin has two.
const MAX_PATHS: usize = 32;
/// Steps of the search, so that a chain of look-alikes cannot keep the processor.
const MAX_STEPS: usize = 2_000;

/// The leaf's path through the served certificates.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServedPath {
    /// Positions in served order, from the leaf upwards. Empty when no leaf can be read.
    pub positions: Vec<usize>,
    /// Where served order and path differ, in a fixed order. Any of them makes the chain misordered.
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
    /// One that is not on the path has subject and key of one that is: a root and its cross-signed twin, or an
    /// intermediate and its renewal.
    Twin {
        /// Position of the one on the path.
        on_path: usize,
        /// Position of the other.
        other: usize,
    },
    /// The certificate at this position is not on the path, nor a twin of one that is.
    Unrelated(usize),
    /// The last served certificate is not on the path, so the thumbprint of AWS's procedure means nothing.
    LastOffPath,
    /// More certificates, or more look-alikes, than are looked at.
    TooMany,
}

/// The best path of the leaf, and how the served order differs from it.
#[must_use]
pub fn served_path(served: &[Certificate]) -> ServedPath {
    ServedPaths::find(served).best
}

/// The leaf's paths through the served certificates.
pub(super) struct ServedPaths {
    /// The best one, and how the served order differs from it.
    pub best: ServedPath,
    /// All of them, best first.
    pub all: Vec<Vec<usize>>,
}

impl ServedPaths {
    /// The best one holds the last served certificate if any path does, is as long as it can be, and ends as late
    /// as it can: of an intermediate and its renewal, the renewal.
    pub(super) fn find(served: &[Certificate]) -> Self {
        let mut graph = Graph::new(served);
        let Some(leaf) = graph.find_leaf() else {
            return Self { best: ServedPath::default(), all: Vec::new() };
        };
        let mut search = Search { graph: &graph, found: Vec::new(), steps: 0, was_stopped: false };
        search.extend(&mut vec![leaf]);
        let Search { found: mut all, was_stopped, .. } = search;
        graph.partial |= was_stopped;
        all.sort_by_cached_key(|path| std::cmp::Reverse(graph.rank(path)));
        let positions = all.first().cloned().unwrap_or_default();
        let findings = graph.findings(&positions);
        Self { best: ServedPath { positions, findings }, all }
    }
}

/// Who issued whom among the served certificates.
struct Graph<'a> {
    served: &'a [Certificate],
    /// The positions looked at, each certificate once.
    nodes: Vec<usize>,
    duplicates: Vec<usize>,
    /// For each position, the positions of its issuers; itself is none of them.
    issuers: Vec<Vec<usize>>,
    /// Something was left out.
    partial: bool,
}

impl<'a> Graph<'a> {
    fn new(served: &'a [Certificate]) -> Self {
        let (mut nodes, mut duplicates) = (Vec::new(), Vec::new());
        let first = served.len().min(MAX_PATH_CERTIFICATES - 1);
        let last = served.len().checked_sub(1).filter(|last| *last >= first);
        for position in (0..first).chain(last) {
            let is_same = |other: &usize| served[*other].sha256 == served[position].sha256;
            if nodes.iter().any(is_same) { duplicates.push(position) } else { nodes.push(position) }
        }
        let mut budget = SignatureBudget::default();
        let mut issuers = vec![Vec::new(); served.len()];
        for &child in &nodes {
            // The next one served is most likely the issuer: look upwards first.
            let (below, above): (Vec<usize>, Vec<usize>) = nodes.iter().partition(|node| **node <= child);
            issuers[child] = above
                .into_iter()
                .chain(below)
                .filter(|&node| node != child)
                .filter(|&node| has_issued_within(&mut budget, &served[node], &served[child]))
                .collect();
        }
        let partial = served.len() > MAX_PATH_CERTIFICATES || budget.is_spent();
        Self { served, nodes, duplicates, issuers, partial }
    }

    /// The first certificate, as TLS has it, unless it is plainly an issuer and another one is plainly the leaf.
    fn find_leaf(&self) -> Option<usize> {
        let readable = |node: usize| self.served[node].readable();
        let has_issued_none = |node| !self.nodes.iter().any(|child| self.issuers[*child].contains(&node));
        let is_leaf = |node| readable(node).is_some_and(|fields| !fields.is_ca) && has_issued_none(node);
        let first = *self.nodes.first()?;
        if is_leaf(first) {
            return Some(first);
        }
        let other = self.nodes.iter().copied().find(|&node| is_leaf(node) && !self.issuers[node].is_empty());
        other.or_else(|| readable(first).map(|_| first))
    }

    /// The last served first of all, then length, then the dates on which it ends, soonest first.
    fn rank(&self, path: &[usize]) -> (bool, usize, Vec<Timestamp>) {
        let ends = path.iter().filter_map(|node| Some(self.served[*node].readable()?.not_after));
        let mut ends: Vec<_> = ends.collect();
        ends.sort_unstable();
        (self.holds_last(path), path.len(), ends)
    }

    fn holds_last(&self, path: &[usize]) -> bool {
        let last = self.served.last().map(|certificate| certificate.sha256);
        path.iter().any(|node| Some(self.served[*node].sha256) == last)
    }

    fn are_twins(&self, a: usize, b: usize) -> bool {
        let fields = self.served[a].readable().zip(self.served[b].readable());
        fields.is_some_and(|(a, b)| a.is_twin_of(b))
    }

    fn findings(&self, path: &[usize]) -> Vec<OrderFinding> {
        let mut findings = Vec::new();
        if let Some(&leaf) = path.first().filter(|leaf| **leaf != 0) {
            findings.push(OrderFinding::LeafNotFirst(leaf));
        }
        if !path.is_sorted() {
            findings.push(OrderFinding::OutOfOrder);
        }
        findings.extend(self.duplicates.iter().map(|position| OrderFinding::Duplicate(*position)));
        for &node in self.nodes.iter().filter(|node| !path.contains(node)) {
            let twin = path.iter().find(|on_path| self.are_twins(**on_path, node));
            findings.push(match twin {
                Some(&on_path) => OrderFinding::Twin { on_path, other: node },
                None => OrderFinding::Unrelated(node),
            });
        }
        if !self.holds_last(path) {
            findings.push(OrderFinding::LastOffPath);
        }
        if self.partial {
            findings.push(OrderFinding::TooMany);
        }
        findings
    }
}

/// Collects the paths that cannot be made longer.
struct Search<'a> {
    graph: &'a Graph<'a>,
    found: Vec<Vec<usize>>,
    steps: usize,
    /// Some paths were not looked at.
    was_stopped: bool,
}

impl Search<'_> {
    fn extend(&mut self, path: &mut Vec<usize>) {
        self.steps += 1;
        let Some(&top) = path.last() else { return };
        let mut is_maximal = true;
        for &issuer in &self.graph.issuers[top] {
            // A name and its key come up once in a path (RFC 4158, section 5.2).
            if path.iter().any(|node| self.graph.are_twins(*node, issuer)) {
                continue;
            }
            is_maximal = false;
            if self.steps < MAX_STEPS && self.found.len() < MAX_PATHS {
                path.push(issuer);
                self.extend(path);
                path.pop();
            } else {
                self.was_stopped = true;
            }
        }
        // A search that was stopped keeps what it has.
        if (is_maximal || self.found.is_empty()) && self.found.len() < MAX_PATHS {
            self.found.push(path.clone());
        }
    }
}
