//! What a served chain is worth: who anchors it, whether it verifies for the host now, and if not, why.

use std::time::Duration;

use enum_map::{EnumMap, enum_map};
use rustls::pki_types::ServerName;

use super::certificate::Certificate;
use super::distrust::Distrust;
use super::judgement::{Anchored, FoundAnchor, Judgement, statuses};
use super::path::{ServedPath, ServedPaths};
use super::public_issuers::is_well_known_public_issuer;
use super::status::ChainStatus;
use super::trust_store::{AnchorSource, Anchors, TrustStore};
use super::validate::{ValidPath, is_named, validate_path};
use crate::clock::Timestamp;

impl TrustStore {
    /// Judges `served` for `host` at `now`: any valid path wins over the others, and a public anchor over private ones.
    #[must_use]
    pub fn judge(&self, served: &[Certificate], host: Option<&ServerName<'_>>, now: Timestamp) -> Judgement {
        let ServedPaths { best: path, all: candidates } = ServedPaths::find(served);
        let served_roots = Anchors::served(served);
        let sources = enum_map! {
            AnchorSource::Mozilla => &self.mozilla,
            AnchorSource::System => &self.system,
            AnchorSource::Added => &self.added,
            AnchorSource::Served => &served_roots,
        };

        let mut refusals = Refusals::default();
        let valid = first_valid(served, &candidates, sources, now, &mut refusals);
        let is_valid = valid.is_some();
        let valid_until = valid.as_ref().and_then(|first| last_end(served, &candidates, sources, first));
        let anchored = valid.unwrap_or_else(|| anchor_by_name(served, &path, sources, now));
        let source = anchored.anchor.as_ref().map(|anchor| anchor.source);
        let named = path.positions.first().is_none_or(|&leaf| is_named(&served[leaf], host));
        let verified = match source {
            Some(source) if is_valid && named => Ok(source),
            _ if is_valid => Err(Distrust::NameMismatch),
            _ => Err(reason(refusals, source)),
        };
        let doubt = host.and_then(|host| self.doubt(host, anchored.anchor.as_ref(), named));
        let statuses = statuses(served, &path, &anchored, verified, named, doubt, now);
        let (anchored_path, anchor) = (anchored.positions, anchored.anchor);
        Judgement { path, anchored_path, anchor, verified, valid_until, unproven: None, statuses }
    }

    /// Whether the chain may be that of a TLS-inspecting proxy, as a state: no public root ends it, and nobody has said that
    /// `host` has a CA of its own. At well-known public issuers nobody can say so.
    fn doubt(&self, host: &ServerName<'_>, anchor: Option<&FoundAnchor>, named: bool) -> Option<ChainStatus> {
        if anchor.is_some_and(|found| !self.is_local(found.source, &found.certificate)) {
            return None;
        }
        let host = host.to_str().to_ascii_lowercase();
        if is_well_known_public_issuer(&host) {
            // A chain that ends nowhere may lack no more than an intermediate.
            let is_proxy = named && anchor.is_some();
            return Some(if is_proxy { ChainStatus::Intercepted } else { ChainStatus::Unvouched });
        }
        (!self.is_private_host(&host)).then_some(ChainStatus::Unvouched)
    }
}

/// Paths that are tried for a later end: one that ends is followed by another, as after a cross-sign.
const MAX_SUCCESSORS: usize = 4;

/// A valid path by the most public source that has one, and what the sources before it say.
fn first_valid(
    served: &[Certificate],
    candidates: &[Vec<usize>],
    sources: EnumMap<AnchorSource, &Anchors>,
    now: Timestamp,
    refusals: &mut Refusals,
) -> Option<Anchored> {
    for (source, anchors) in sources {
        match validate(served, candidates, anchors, now) {
            Ok(ValidPath { positions, anchor: certificate }) => {
                return Some(Anchored { positions, anchor: Some(FoundAnchor { source, certificate }) });
            }
            Err(reason) => refusals[source] = Some(reason),
        }
    }
    None
}

/// The end of `first`, or of the paths that are valid after it.
fn last_end(
    served: &[Certificate],
    candidates: &[Vec<usize>],
    sources: EnumMap<AnchorSource, &Anchors>,
    first: &Anchored,
) -> Option<Timestamp> {
    let mut ends = end(served, first)?;
    for _ in 0..MAX_SUCCESSORS {
        let later = ends.plus(Duration::from_secs(1));
        let next = first_valid(served, candidates, sources, later, &mut Refusals::default());
        match next.and_then(|next| end(served, &next)).filter(|end| *end > ends) {
            Some(end) => ends = end,
            None => break,
        }
    }
    Some(ends)
}

/// When the first member of a path ends, its anchor included.
fn end(served: &[Certificate], path: &Anchored) -> Option<Timestamp> {
    let members = path.positions.iter().filter_map(|&position| served.get(position));
    let anchor = path.anchor.iter().map(|found| &found.certificate);
    members.chain(anchor).filter_map(|member| Some(member.readable()?.not_after)).min()
}

/// The first of the leaf's paths that is valid, cut at its anchor; or the first telling reason why none is.
fn validate(
    served: &[Certificate],
    candidates: &[Vec<usize>],
    anchors: &Anchors,
    now: Timestamp,
) -> Result<ValidPath, Distrust> {
    let mut reason = Distrust::UnknownIssuer;
    match candidates.first().and_then(|best| best.first()) {
        None => reason = Distrust::Malformed,
        // A TLS client takes the first certificate for the leaf, whatever it is.
        Some(1..) => reason = Distrust::LeafNotFirst,
        Some(0) => {
            for path in candidates {
                match validate_path(served, path, anchors, now) {
                    Err(error) if reason == Distrust::UnknownIssuer => reason = error,
                    Err(_) => {}
                    valid => return valid,
                }
            }
        }
    }
    Err(reason)
}

/// What each source that was asked says against the chain.
type Refusals = EnumMap<AnchorSource, Option<Distrust>>;

/// What the source that should have anchored the path says against it; without one, the first that is telling.
fn reason(refusals: Refusals, anchored_by: Option<AnchorSource>) -> Distrust {
    let reason = match anchored_by {
        Some(source) => refusals[source],
        None => refusals.values().flatten().copied().find(|reason| *reason != Distrust::UnknownIssuer),
    };
    reason.unwrap_or(Distrust::UnknownIssuer)
}

/// The anchor by names and signatures alone, for a path that is not valid: most public source first.
fn anchor_by_name(
    served: &[Certificate],
    path: &ServedPath,
    sources: EnumMap<AnchorSource, &Anchors>,
    now: Timestamp,
) -> Anchored {
    for (source, anchors) in sources {
        for (index, &position) in path.positions.iter().enumerate() {
            if let Some(certificate) = anchors.issuer_of(&served[position], now) {
                let positions = path.positions[..=index].to_vec();
                return Anchored { positions, anchor: Some(FoundAnchor { source, certificate }) };
            }
        }
    }
    Anchored { positions: path.positions.clone(), anchor: None }
}
