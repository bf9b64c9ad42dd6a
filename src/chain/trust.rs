//! What a served chain is worth: who anchors it, whether it verifies for the host now, and if not, why.

use rustls::pki_types::ServerName;

use super::anchors::{AnchorSource, Anchors, TrustStore};
use super::certificate::Certificate;
use super::judgement::{Anchored, FoundAnchor, Judgement, statuses};
use super::path::{ServedPath, served_paths};
use super::public_issuers::is_well_known;
use super::status::Distrust;
use super::validate::{is_named, validate_path};
use crate::clock::Timestamp;

impl TrustStore {
    /// Judges `served` for `host` at `now`: any valid path wins over the others, and a public anchor over private ones.
    #[must_use]
    pub fn judge(&self, served: &[Certificate], host: Option<&ServerName<'_>>, now: Timestamp) -> Judgement {
        let (path, candidates) = served_paths(served);
        let served_roots = Anchors::served(served);
        let sources = [
            (AnchorSource::Mozilla, &self.mozilla),
            (AnchorSource::System, &self.system),
            (AnchorSource::Added, &self.added),
            (AnchorSource::Served, &served_roots),
        ];

        let mut refusals = Vec::new();
        let mut valid = None;
        for (source, anchors) in sources {
            match validate(served, &candidates, anchors, now) {
                Ok((positions, certificate)) => {
                    valid = Some(Anchored { positions, anchor: Some(FoundAnchor { source, certificate }) });
                    break;
                }
                Err(reason) => refusals.push((source, reason)),
            }
        }

        let is_valid = valid.is_some();
        let anchored = valid.unwrap_or_else(|| anchor_by_name(served, &path, sources, now));
        let source = anchored.anchor.as_ref().map(|anchor| anchor.source);
        let named = path.positions.first().is_none_or(|&leaf| is_named(&served[leaf], host));
        let verified = match source {
            Some(source) if is_valid && named => Ok(source),
            _ if is_valid => Err(Distrust::NameMismatch),
            _ => Err(reason(&refusals, source)),
        };
        let intercepted = named
            && is_well_known(host)
            && anchored.anchor.as_ref().is_some_and(|found| self.is_local(found.source, &found.certificate));
        let statuses = statuses(served, &path, &anchored, verified, named, intercepted, now);
        Judgement { path, anchored_path: anchored.positions, anchor: anchored.anchor, verified, statuses }
    }
}

/// The first of the leaf's paths that is valid, cut at its anchor; or the first telling reason why none is.
fn validate(
    served: &[Certificate],
    candidates: &[Vec<usize>],
    anchors: &Anchors,
    now: Timestamp,
) -> Result<(Vec<usize>, Certificate), Distrust> {
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

/// What the source that should have anchored the path says against it; without one, the first that is telling.
fn reason(refusals: &[(AnchorSource, Distrust)], anchored_by: Option<AnchorSource>) -> Distrust {
    let is_telling = |(source, reason): &&(AnchorSource, Distrust)| match anchored_by {
        Some(wanted) => *source == wanted,
        None => *reason != Distrust::UnknownIssuer,
    };
    refusals.iter().find(is_telling).map_or(Distrust::UnknownIssuer, |refusal| refusal.1)
}

/// The anchor by names and signatures alone, for a path that is not valid: most public source first.
fn anchor_by_name(
    served: &[Certificate],
    path: &ServedPath,
    sources: [(AnchorSource, &Anchors); 4],
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
