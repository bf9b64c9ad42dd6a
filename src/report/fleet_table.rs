//! What `check` says, as a table for people.

use std::fmt::Write as _;

use super::fleet::FleetReport;
use super::style::Style;
use crate::provider::Origin;
use crate::verdict::Health;

/// One long URL does not make all other lines long.
const MAX_WIDTH: usize = 100;

impl FleetReport {
    /// A table for people.
    #[must_use]
    pub(crate) fn as_text(&self, style: Style) -> String {
        let mut text = String::new();
        if let Some(error) = &self.account_error {
            let _ = writeln!(text, "{} {error}", style.bad("IAM:"));
        }
        for provider in &self.unusable_providers {
            let _ = writeln!(text, "{} cannot be watched: {provider}", style.doubtful("IAM:"));
        }
        if self.rows.is_empty() {
            text += "nothing to check: no issuer is configured, and no provider was read from IAM\n";
            return text;
        }
        let width = self
            .rows
            .iter()
            .map(|row| row.issuer.as_str().chars().count())
            .max()
            .unwrap_or(0)
            .clamp(6, MAX_WIDTH);
        let _ = writeln!(
            text,
            "{:<8}  {:<8}  {:<8}  {:<12}  {:<width$}  {:>15}  NOTES",
            "HEALTH", "VERDICT", "ENFORCED", "ACCOUNT", "ISSUER", "ROOT CA EXPIRES"
        );
        for row in &self.rows {
            let verdict = format!("{:<8}", row.verdict_word());
            let health = format!("{:<8}", row.health.words());
            let health = match row.health {
                Health::Failing => style.bad(&health),
                Health::AtRisk | Health::Unknown => style.doubtful(&health),
                Health::Healthy => style.good(&health),
            };
            let enforced = match row.enforced {
                Some(true) => "yes",
                Some(false) => "no",
                None => "-",
            };
            let account = row.origin.as_ref().map_or("-", Origin::account_label);
            let expires = match row.root_ca_days_to_expiry {
                Some(days) if days < 0.0 => format!("{:.1} days ago", -days),
                Some(days) => format!("in {days:.1} days"),
                None => "-".to_owned(),
            };
            let notes = row.notes.join("; ");
            let line = format!(
                "{health}  {verdict}  {enforced:<8}  {account:<12}  {:<width$}  {expires:>15}  {notes}",
                row.issuer.as_str()
            );
            let _ = writeln!(text, "{}", line.trim_end());
        }
        let _ = writeln!(text, "\n{}", self.summary);
        if self.rows.iter().any(|row| row.health > Health::Healthy) {
            text += "run `oidc-thumbprint-exporter inspect ISSUER` to see the chain and the command that updates IAM\n";
        }
        text
    }
}
