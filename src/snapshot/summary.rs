//! The state in one sentence.

use super::Snapshot;
use crate::plural::counted;
use crate::verdict::Status;

impl Snapshot {
    /// One sentence for `systemctl status`.
    #[must_use]
    pub fn sentence(&self) -> String {
        let down =
            self.issuers.values().filter(|issuer| issuer.last_poll.is_some() && !issuer.is_up()).count();
        let mut parts = Vec::new();
        for (count, word) in [
            (self.count(Status::Mismatch), "mismatch"),
            (self.count(Status::Partial), "partial"),
            (self.count(Status::Unknown), "unknown"),
            (down, if down == 1 { "issuer down" } else { "issuers down" }),
        ] {
            if count > 0 {
                parts.push(format!("{count} {word}"));
            }
        }
        if self.account.as_ref().is_some_and(|account| account.error.is_some()) {
            parts.push("IAM not readable".to_owned());
        }
        if parts.is_empty() {
            parts.push(if self.providers.is_empty() { "nothing to compare" } else { "all match" }.to_owned());
        }
        if let Some(reason) = self.refused.as_deref().and_then(|reason| reason.lines().next()) {
            parts.push(format!("new configuration refused ({reason})"));
        }
        let findings = parts.join(", ");
        let polled = match self.issuers.values().filter_map(|issuer| issuer.last_poll).max() {
            Some(at) => format!("last poll {at}"),
            None => "no poll has ended yet".to_owned(),
        };
        let providers = counted(self.providers.len(), "provider");
        let issuers = counted(self.issuers.len(), "issuer");
        format!("{providers}, {issuers}: {findings}; {polled}")
    }
}
