//! The state in one sentence.

use std::collections::{BTreeMap, BTreeSet};

use super::problems::Problems;
use crate::plural::counted;
use crate::verdict::{Health, Problem, ProblemName, health};

impl Problems<'_> {
    /// One sentence for `systemctl status`: how many are in which health, and what of.
    #[must_use]
    pub(crate) fn sentence(&self) -> String {
        let snapshot = self.snapshot;
        let mut parts = self.by_health();
        let unusable = snapshot.account.as_ref().map_or(0, |account| account.unusable().len());
        if unusable > 0 {
            parts.push(format!("{} cannot be watched", counted(unusable, "listed provider")));
        }
        if snapshot.account.as_ref().is_some_and(|account| account.error.is_some()) {
            parts.push("IAM cannot be read".to_owned());
        }
        let down =
            snapshot.issuers.values().filter(|issuer| issuer.last_poll.is_some() && !issuer.is_up()).count();
        if down > 0 {
            parts.push(format!("{} down", counted(down, "issuer")));
        }
        if parts.is_empty() {
            parts.push(
                if snapshot.issuers.is_empty() { "nothing is watched" } else { "all healthy" }.to_owned(),
            );
        }
        if let Some(reason) = snapshot.refused.as_deref().and_then(|reason| reason.lines().next()) {
            parts.push(format!("new configuration rejected ({reason})"));
        }
        let findings = parts.join(", ");
        let polled = match snapshot.issuers.values().filter_map(|issuer| issuer.last_poll).max() {
            Some(at) => format!("last poll {at}"),
            None => "no poll has finished yet".to_owned(),
        };
        let providers = counted(snapshot.providers.len(), "provider");
        let issuers = counted(snapshot.issuers.len(), "issuer");
        format!("{providers}, {issuers}: {findings}; {polled}")
    }

    /// Worst first: `1 failing (root_ca_expired)`, of providers and of issuers that nobody expects anything of.
    fn by_health(&self) -> Vec<String> {
        let of_providers = self.of_providers().map(|(_, found)| found);
        let of_issuers = self.of_watched_only().map(|(.., found)| found);
        let mut counts: BTreeMap<Health, (usize, BTreeSet<ProblemName>)> = BTreeMap::new();
        for found in of_providers.chain(of_issuers) {
            let (count, names) = counts.entry(health(found)).or_default();
            *count += 1;
            let decide = |problem: &&Problem| Health::from(problem.class()) == health(found);
            names.extend(found.iter().filter(decide).map(Problem::name));
        }
        counts.remove(&Health::Healthy);
        let words = |(health, (count, names)): (Health, (usize, BTreeSet<ProblemName>))| {
            let names: Vec<&str> = names.into_iter().map(|name| name.into_str()).collect();
            format!("{count} {} ({})", health.words(), names.join(", "))
        };
        counts.into_iter().rev().map(words).collect()
    }
}
