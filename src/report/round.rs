//! What `check` says: one row for each provider, and for each issuer that nobody expects anything of. Pure.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde::Serialize;

use super::text::Style;
use crate::chain::Thumbprint;
use crate::clock::Timestamp;
use crate::issuer::Issuer;
use crate::provider::Provider;
use crate::snapshot::{IssuerState, Snapshot};
use crate::verdict::{Status, Verdict};
use crate::window::JudgedChain;

/// One round over everything configured.
#[derive(Debug, Serialize)]
pub struct RoundReport {
    /// When it ended, RFC 3339.
    pub at: String,
    /// How many of what, in one sentence.
    pub summary: String,
    /// Worst first.
    pub rows: Vec<Row>,
    /// Why IAM could not be read, or not whole.
    pub account_error: Option<String>,
}

/// One provider, or one issuer without any.
#[derive(Debug, Serialize)]
pub struct Row {
    /// match, partial, mismatch, unknown; `watched` for an issuer without a provider.
    pub verdict: &'static str,
    /// Whether AWS would rely on the thumbprint.
    pub enforced: Option<bool>,
    /// The provider's account.
    pub account_id: Option<String>,
    /// The issuer.
    pub issuer: String,
    /// The provider.
    pub provider_arn: Option<String>,
    /// Days until the soonest root CA expires.
    pub root_ca_days_to_expiry: Option<f64>,
    /// The root CAs that are served.
    pub thumbprints: Vec<String>,
    /// Those of them whose chains hold nothing that the provider lists.
    pub not_listed: Vec<String>,
    /// States of the chains that a person should look at, failures, and why a verdict is unknown.
    pub notes: Vec<String>,
    /// What decides the order of the rows.
    #[serde(skip)]
    pub severity: Severity,
}

/// Best to worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// All is well.
    Good,
    /// Nobody can tell.
    Untold,
    /// A person should look at it.
    Finding,
    /// The thumbprints do not match, and AWS would not rely on them.
    Drift,
    /// The thumbprints do not match, and AWS relies on them, or may.
    Outage,
}

impl Row {
    /// Among rows of one severity.
    fn rank(&self) -> usize {
        let worst_first = [Status::Mismatch, Status::Partial, Status::Unknown, Status::Match];
        let rank = worst_first.iter().position(|status| status.as_str() == self.verdict);
        rank.unwrap_or(worst_first.len())
    }
}

impl Severity {
    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Untold => "unclear",
            Self::Finding => "finding",
            Self::Drift => "drift",
            Self::Outage => "outage",
        }
    }
}

impl RoundReport {
    /// Of `snapshot`, at `now`.
    #[must_use]
    pub fn new(snapshot: &Snapshot, now: Timestamp) -> Self {
        let expected = snapshot.providers.iter().filter_map(|(provider, verdict)| {
            let state = snapshot.issuers.get(&provider.issuer)?;
            let mut row = row(snapshot, &provider.issuer, state, Some((provider, verdict)), now);
            row.account_id = Some(provider.account_id.clone());
            row.provider_arn = Some(provider.arn.clone());
            Some(row)
        });
        let is_expected = |issuer: &Issuer| snapshot.providers.iter().any(|(p, _)| p.issuer == *issuer);
        let watched = snapshot.issuers.iter().filter(|(issuer, _)| !is_expected(issuer));
        let watched = watched.map(|(issuer, state)| row(snapshot, issuer, state, None, now));
        let mut rows: Vec<Row> = expected.chain(watched).collect();
        rows.sort_by(|a, b| {
            let key = |row: &Row| (Reverse(row.severity), row.rank(), row.enforced != Some(true));
            key(a).cmp(&key(b)).then_with(|| a.issuer.cmp(&b.issuer))
        });
        let account = snapshot.account.as_ref();
        let account_error = account.and_then(|account| account.error.as_ref()).map(ToString::to_string);
        Self { at: now.to_string(), summary: snapshot.sentence(), rows, account_error }
    }

    /// Something that a person should look at.
    #[must_use]
    pub fn has_finding(&self) -> bool {
        self.rows.iter().any(|row| row.severity >= Severity::Finding)
    }

    /// Nothing can be told of some part, or there is nothing at all to tell of.
    #[must_use]
    pub fn is_incomplete(&self) -> bool {
        self.rows.is_empty()
            || self.account_error.is_some()
            || self.rows.iter().any(|row| row.severity == Severity::Untold)
    }

    /// A table for people.
    #[must_use]
    pub fn as_text(&self, style: Style) -> String {
        let mut text = String::new();
        if let Some(error) = &self.account_error {
            let _ = writeln!(text, "{} {error}", style.bad("IAM:"));
        }
        if self.rows.is_empty() {
            text += "nothing to check: no issuer is configured, and no provider was read from IAM\n";
            return text;
        }
        let width = self.rows.iter().map(|row| row.issuer.chars().count()).max().unwrap_or(0).max(6);
        let _ = writeln!(
            text,
            "{:<8}  {:<8}  {:<12}  {:<width$}  {:>12}  NOTES",
            "VERDICT", "ENFORCED", "ACCOUNT", "ISSUER", "ROOT CA ENDS"
        );
        for row in &self.rows {
            let verdict = format!("{:<8}", row.verdict);
            let verdict = match row.severity {
                Severity::Outage | Severity::Drift => style.bad(&verdict),
                Severity::Finding | Severity::Untold => style.doubtful(&verdict),
                Severity::Good => style.good(&verdict),
            };
            let enforced = match row.enforced {
                Some(true) => "yes",
                Some(false) => "no",
                None => "-",
            };
            let account = row.account_id.as_deref().unwrap_or("-");
            let ends = match row.root_ca_days_to_expiry {
                Some(days) if days < 0.0 => format!("{:.1} d ago", -days),
                Some(days) => format!("{days:.1} d"),
                None => "-".to_owned(),
            };
            let notes = row.notes.join("; ");
            let line = format!(
                "{verdict}  {enforced:<8}  {account:<12}  {:<width$}  {ends:>12}  {notes}",
                row.issuer
            );
            let _ = writeln!(text, "{}", line.trim_end());
        }
        let _ = writeln!(text, "\n{}", self.summary);
        if self.rows.iter().any(|row| row.severity > Severity::Good) {
            text += "`inspect ISSUER` shows the chain, and the command that updates IAM\n";
        }
        text
    }
}

fn row(
    snapshot: &Snapshot,
    issuer: &Issuer,
    state: &IssuerState,
    expected: Option<(&Provider, &Verdict)>,
    now: Timestamp,
) -> Row {
    let verdict = expected.map(|(_, verdict)| verdict);
    let chains = || snapshot.chains(state);
    let mut statuses: Vec<&str> = chains()
        .flat_map(|judged| judged.judgement.statuses.iter())
        .filter(|status| status.is_finding())
        .map(|status| status.as_str())
        .collect();
    statuses.sort_unstable();
    statuses.dedup();
    let not_listed = expected.map(|(provider, _)| not_listed(provider, chains())).unwrap_or_default();
    let mut notes: Vec<String> = Vec::new();
    if !not_listed.is_empty() {
        notes.push(format!("serves {}, not listed", not_listed.join(" and ")));
    }
    notes.extend(statuses.iter().map(ToString::to_string));
    let audiences = expected.into_iter().flat_map(|(provider, _)| snapshot.audiences.of(provider));
    let missing: Vec<&str> =
        audiences.filter(|(_, allowed)| !allowed).map(|(audience, _)| audience).collect();
    notes.extend(missing.iter().map(|audience| format!("audience {audience} is not allowed")));
    let malformed = expected.and_then(|(provider, _)| provider.details.as_ref()).map_or(0, |d| d.malformed);
    if malformed > 0 {
        notes.push(format!("listed entries that are no thumbprints: {malformed}"));
    }
    if let Some(why) = verdict.and_then(|verdict| verdict.unknown) {
        notes.push(why.to_string());
    }
    let fragile = verdict.is_some_and(|verdict| verdict.fragile);
    if fragile {
        notes.push("only the leaf is listed".to_owned());
    }
    if let Some(error) = &state.error {
        notes.push(format!("{}: {error}", error.reason()));
    }
    let severity = match verdict.map(|verdict| (verdict.status, verdict.enforced)) {
        Some((Status::Mismatch | Status::Partial, Some(false))) => Severity::Drift,
        Some((Status::Mismatch | Status::Partial, _)) => Severity::Outage,
        _ if fragile || !statuses.is_empty() || !missing.is_empty() => Severity::Finding,
        Some((Status::Unknown, _)) => Severity::Untold,
        _ if state.error.is_some() => Severity::Untold,
        _ => Severity::Good,
    };
    Row {
        verdict: verdict.map_or("watched", |verdict| verdict.status.as_str()),
        enforced: verdict.and_then(|verdict| verdict.enforced),
        account_id: None,
        issuer: issuer.to_string(),
        provider_arn: None,
        root_ca_days_to_expiry: snapshot.root_ca_not_after(state).map(|soonest| soonest.days_from(now)),
        thumbprints: state.root_cas.iter().map(ToString::to_string).collect(),
        not_listed,
        notes,
        severity,
    }
}

/// The root CAs of the chains that hold nothing that `provider` lists; none as long as it is not known what it lists.
fn not_listed<'a>(provider: &Provider, chains: impl Iterator<Item = &'a JudgedChain>) -> Vec<String> {
    let Some(details) = &provider.details else { return Vec::new() };
    let is_covered = |judged: &JudgedChain| {
        details.thumbprints.iter().any(|listed| judged.chain.role_of(*listed).is_some())
    };
    let root_cas: BTreeSet<Thumbprint> = chains
        .filter(|judged| !judged.is_intercepted() && !is_covered(judged))
        .map(|judged| judged.chain.root_ca().sha1)
        .collect();
    root_cas.iter().map(ToString::to_string).collect()
}
