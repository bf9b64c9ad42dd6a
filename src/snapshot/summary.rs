//! The state in one sentence.

use super::Snapshot;
use crate::plural::counted;
use crate::verdict::{Class, Status, worst};

impl Snapshot {
    /// One sentence for `systemctl status`.
    #[must_use]
    pub fn sentence(&self) -> String {
        let down =
            self.issuers.values().filter(|issuer| issuer.last_poll.is_some() && !issuer.is_up()).count();
        let of_class = |class| self.providers.iter().filter(|p| worst(&p.problems) == Some(class)).count();
        let [failing, at_risk] = [Class::Failing, Class::AtRisk].map(of_class);
        let mut parts = Vec::new();
        let [mismatch, partial, unknown] =
            [Status::Mismatch, Status::Partial, Status::Unknown].map(|status| self.count(status));
        for (count, words) in [
            (failing, format!("{} refused by STS", counted(failing, "provider"))),
            (mismatch, counted(mismatch, "mismatch")),
            (partial, format!("{partial} partial")),
            (unknown, format!("{unknown} unknown")),
            (at_risk, format!("{} at risk", counted(at_risk, "provider"))),
            (down, format!("{} down", counted(down, "issuer"))),
        ] {
            if count > 0 {
                parts.push(words);
            }
        }
        let unusable = self.account.as_ref().map_or(0, |account| account.unusable().len());
        if unusable > 0 {
            parts.push(format!("{} cannot be watched", counted(unusable, "listed provider")));
        }
        if self.account.as_ref().is_some_and(|account| account.error.is_some()) {
            parts.push("IAM cannot be read".to_owned());
        }
        if parts.is_empty() {
            parts.push(
                if self.providers.is_empty() { "no thumbprints to compare" } else { "all match" }.to_owned(),
            );
        }
        if let Some(reason) = self.refused.as_deref().and_then(|reason| reason.lines().next()) {
            parts.push(format!("new configuration rejected ({reason})"));
        }
        let findings = parts.join(", ");
        let polled = match self.issuers.values().filter_map(|issuer| issuer.last_poll).max() {
            Some(at) => format!("last poll {at}"),
            None => "no poll has finished yet".to_owned(),
        };
        let providers = counted(self.providers.len(), "provider");
        let issuers = counted(self.issuers.len(), "issuer");
        format!("{providers}, {issuers}: {findings}; {polled}")
    }
}
