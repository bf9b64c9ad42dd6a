//! How urgent something is.

use strum::{Display, IntoStaticStr};

use super::judge::{Status, Verdict};

/// Best to worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, IntoStaticStr, Display)]
#[strum(serialize_all = "snake_case", const_into_str)]
pub enum Severity {
    /// All is well.
    Good,
    /// Nobody can tell.
    #[strum(serialize = "unclear")]
    Untold,
    /// A person should look at it.
    Finding,
    /// The thumbprints do not match, and AWS would not rely on them.
    Drift,
    /// The thumbprints do not match, and AWS relies on them, or may.
    Outage,
}

impl Severity {
    /// Of an issuer, by the verdict on what is expected of it, if anything is; by whether a chain or the provider has a
    /// finding; and by whether the last poll failed.
    #[must_use]
    pub(crate) fn of(verdict: Option<&Verdict>, has_finding: bool, has_failed: bool) -> Self {
        let fragile = verdict.is_some_and(|verdict| verdict.fragile);
        match verdict.map(|verdict| (verdict.status, verdict.enforced)) {
            Some((Status::Mismatch | Status::Partial, Some(false))) => Self::Drift,
            Some((Status::Mismatch | Status::Partial, _)) => Self::Outage,
            _ if fragile || has_finding => Self::Finding,
            Some((Status::Unknown, _)) => Self::Untold,
            _ if has_failed => Self::Untold,
            _ => Self::Good,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::judge::Coverage;
    use super::*;

    #[test]
    fn what_decides() {
        use Severity::{Drift, Finding, Good, Outage, Untold};
        let verdict = |status, enforced, fragile| Verdict {
            status,
            unknown: None,
            coverage: Coverage::default(),
            fragile,
            enforced,
            positions: BTreeMap::new(),
        };
        for (status, enforced, fragile, has_finding, has_failed, severity) in [
            (Status::Mismatch, Some(true), false, false, false, Outage),
            (Status::Mismatch, None, false, false, false, Outage),
            (Status::Mismatch, Some(false), false, true, true, Drift),
            (Status::Partial, Some(true), false, false, false, Outage),
            (Status::Partial, Some(false), false, false, false, Drift),
            (Status::Match, Some(true), true, false, false, Finding),
            (Status::Match, Some(true), false, true, true, Finding),
            (Status::Match, Some(true), false, false, true, Untold),
            (Status::Match, Some(true), false, false, false, Good),
            (Status::Unknown, None, false, false, false, Untold),
            (Status::Unknown, None, false, true, false, Finding),
        ] {
            let judged = verdict(status, enforced, fragile);
            assert_eq!(Severity::of(Some(&judged), has_finding, has_failed), severity, "{judged:?}");
        }
        for (has_finding, has_failed, severity) in
            [(false, false, Good), (false, true, Untold), (true, true, Finding)]
        {
            assert_eq!(Severity::of(None, has_finding, has_failed), severity);
        }
    }
}
