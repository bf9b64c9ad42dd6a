//! How urgent something is.

use strum::{Display, IntoStaticStr};

use super::judge::{Status, Verdict};
use super::problems::Class;

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
    /// STS refuses tokens: the thumbprints do not match, and AWS relies on them, or may; or a problem makes it so.
    Outage,
}

impl Severity {
    /// Of an issuer, by the verdict on what is expected of it, if anything is; by the class of its worst problem; by whether
    /// a chain or the provider has a finding; and by whether the last poll failed.
    #[must_use]
    pub(crate) fn of(
        verdict: Option<&Verdict>,
        problem: Option<Class>,
        has_finding: bool,
        has_failed: bool,
    ) -> Self {
        if problem == Some(Class::Failing) {
            return Self::Outage;
        }
        let has_finding = has_finding || problem.is_some();
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
            assert_eq!(Severity::of(Some(&judged), None, has_finding, has_failed), severity, "{judged:?}");
        }
        for (has_finding, has_failed, severity) in
            [(false, false, Good), (false, true, Untold), (true, true, Finding)]
        {
            assert_eq!(Severity::of(None, None, has_finding, has_failed), severity);
        }
        for (problem, status, enforced, severity) in [
            (Class::Failing, Status::Match, Some(false), Outage),
            (Class::Failing, Status::Mismatch, Some(false), Outage),
            (Class::Failing, Status::Unknown, None, Outage),
            (Class::AtRisk, Status::Match, Some(true), Finding),
            (Class::AtRisk, Status::Mismatch, Some(false), Drift),
            (Class::AtRisk, Status::Unknown, None, Finding),
        ] {
            let judged = verdict(status, enforced, false);
            assert_eq!(
                Severity::of(Some(&judged), Some(problem), false, false),
                severity,
                "{problem} {judged:?}"
            );
        }
    }
}
