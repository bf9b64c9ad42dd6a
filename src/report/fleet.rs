//! What `check` says: one row for each provider, and for each issuer that nobody expects anything of. Pure.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use serde::ser::SerializeStruct as _;
use serde::{Serialize, Serializer};

use super::problem::{ProblemReport, before_creation, own_spelling};
use super::shown::{shown, shown_if_any};
use super::warnings;
use crate::aws::{AccountError, UnusableProvider};
use crate::chain::{JudgedChain, Thumbprint};
use crate::clock::Timestamp;
use crate::issuer::Issuer;
use crate::printable::some_of;
use crate::provider::Origin;
use crate::snapshot::{IssuerState, JudgedProvider, Snapshot};
use crate::spelling::is_taken_by_iam;
use crate::verdict::{Health, Problem, Status, Verdict, health, not_listed};

/// Of the form that `check` and the API have. Fields may be added within it; none is removed or changes its meaning.
pub(crate) const SCHEMA_VERSION: u32 = 1;
/// Thumbprints that a note names.
const MAX_NAMED: usize = 5;

/// One round over everything configured.
#[derive(Debug, Serialize)]
pub(crate) struct FleetReport {
    /// [`SCHEMA_VERSION`].
    pub schema_version: u32,
    /// When it ended, RFC 3339.
    #[serde(serialize_with = "shown")]
    pub at: Timestamp,
    /// How many of what, in one sentence.
    pub summary: String,
    /// Worst first.
    pub rows: Vec<Row>,
    /// Why IAM could not be read, or not whole.
    #[serde(serialize_with = "shown_if_any")]
    pub account_error: Option<AccountError>,
    /// Providers that IAM lists and that cannot be watched.
    pub unusable_providers: Vec<UnusableProvider>,
}

/// One provider, or one issuer without any.
#[derive(Debug, Serialize)]
pub(crate) struct Row {
    /// The verdict on the provider; none for an issuer that is only watched.
    #[serde(serialize_with = "serialize_verdict")]
    pub verdict: Option<Status>,
    /// Whether AWS would rely on the thumbprint.
    pub enforced: Option<bool>,
    /// Who expects something of the issuer.
    #[serde(flatten, serialize_with = "origin_labels")]
    pub origin: Option<Origin>,
    pub issuer: Issuer,
    /// Days until the soonest root CA expires.
    pub root_ca_days_to_expiry: Option<f64>,
    /// `verdict` as the metrics and the API call it; null where nobody expects anything.
    pub thumbprint_status: Option<Status>,
    pub thumbprint_match: Option<bool>,
    /// What the provider lists; null when that could not be read.
    pub listed_thumbprints: Option<BTreeSet<Thumbprint>>,
    /// Listed, and no thumbprints at all.
    pub malformed_thumbprints: Option<usize>,
    /// The root CAs that are served.
    pub thumbprints: BTreeSet<Thumbprint>,
    /// Those of them whose chains hold nothing that the provider lists.
    pub not_listed: BTreeSet<Thumbprint>,
    /// Of the provider and of its issuer.
    pub problems: Vec<ProblemReport>,
    /// Problems in words, states of the chains that a person should look at, failures, and why a verdict is unknown.
    pub notes: Vec<String>,
    /// The worst of the problems.
    #[serde(serialize_with = "shown")]
    pub health: Health,
    /// Since when it is that; only a daemon knows.
    #[serde(skip)]
    pub since: Timestamp,
    /// The last poll did not get everything.
    #[serde(skip)]
    pub has_failed: bool,
}

impl Row {
    /// Who expects nothing has no verdict.
    #[must_use]
    pub(crate) fn verdict_word(&self) -> &'static str {
        verdict_word(self.verdict)
    }

    /// Among rows of one severity, worst first.
    fn rank(&self) -> u8 {
        match self.verdict {
            Some(Status::Mismatch) => 0,
            Some(Status::Partial) => 1,
            Some(Status::Unknown) => 2,
            Some(Status::Match) => 3,
            None => 4,
        }
    }
}

fn verdict_word(verdict: Option<Status>) -> &'static str {
    verdict.map_or("watched", |status| status.into_str())
}

#[allow(clippy::ref_option, clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn serialize_verdict<S: Serializer>(verdict: &Option<Status>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(verdict_word(*verdict))
}

/// As the labels of the metrics: `account_id` and `provider_arn`, null where there is no provider.
#[allow(clippy::ref_option, reason = "serde calls it so")]
fn origin_labels<S: Serializer>(origin: &Option<Origin>, serializer: S) -> Result<S::Ok, S::Error> {
    let mut labels = serializer.serialize_struct("Origin", 2)?;
    labels.serialize_field("account_id", &origin.as_ref().map(Origin::account_label))?;
    labels.serialize_field("provider_arn", &origin.as_ref().map(Origin::arn_label))?;
    labels.end()
}

impl FleetReport {
    /// Of `snapshot`, at `now`.
    #[must_use]
    pub(crate) fn new(snapshot: &Snapshot, now: Timestamp) -> Self {
        let problems = snapshot.problems(now);
        let expected = problems.of_providers().filter_map(|(judged, found)| {
            let issuer = &judged.provider.issuer;
            Some(row(snapshot, issuer, snapshot.issuers.get(issuer)?, Some(judged), found, now))
        });
        let watched = problems
            .of_watched_only()
            .map(|(issuer, state, found)| row(snapshot, issuer, state, None, found, now));
        let mut rows: Vec<Row> = expected.chain(watched).collect();
        rows.sort_by(|a, b| {
            let key = |row: &Row| (Reverse(row.health), row.rank(), row.enforced != Some(true));
            key(a).cmp(&key(b)).then_with(|| a.issuer.cmp(&b.issuer))
        });
        let account = snapshot.account.as_ref();
        let account_error = account.and_then(|account| account.error.clone());
        let unusable_providers = account.map(|account| account.unusable().to_vec()).unwrap_or_default();
        Self {
            schema_version: SCHEMA_VERSION,
            at: now,
            summary: problems.sentence(),
            rows,
            account_error,
            unusable_providers,
        }
    }

    /// Something that a person should look at.
    #[must_use]
    pub(crate) fn has_finding(&self) -> bool {
        !self.unusable_providers.is_empty()
            || self.rows.iter().flat_map(|row| &row.problems).any(|problem| problem.is_finding)
    }

    /// Nothing can be told of some part, or there is nothing at all to tell of.
    #[must_use]
    pub(crate) fn is_incomplete(&self) -> bool {
        self.rows.is_empty()
            || self.account_error.is_some()
            || self
                .rows
                .iter()
                .any(|row| row.has_failed || row.problems.iter().any(|problem| !problem.is_finding))
    }
}

fn row(
    snapshot: &Snapshot,
    issuer: &Issuer,
    state: &IssuerState,
    judged: Option<&JudgedProvider>,
    found: &[Problem],
    now: Timestamp,
) -> Row {
    let provider = judged.map(|judged| &*judged.provider);
    let verdict = judged.map(|judged| &judged.verdict);
    let not_listed =
        provider.map(|provider| not_listed(provider, snapshot.chains(state))).unwrap_or_default();
    let health = health(found);
    let since = match provider {
        Some(provider) => snapshot.since.of_provider(issuer, &provider.origin, health, now),
        None => snapshot.since.of_issuer(issuer, health, now),
    };
    let mut problems = ProblemReport::all(found);
    problems.sort_by_key(|problem| Reverse(problem.class));
    let mut notes: Vec<String> = problems.iter().map(ProblemReport::note).collect();
    if !not_listed.is_empty() {
        let are = if not_listed.len() == 1 { "is" } else { "are" };
        notes.push(format!("serves {}, which {are} not listed", some_of(not_listed.iter(), MAX_NAMED)));
    }
    if snapshot.chains(state).any(JudgedChain::is_unvouched) {
        notes.push(warnings::UNVOUCHED.to_owned());
    }
    if !matches!(provider.map(|provider| &provider.origin), Some(Origin::Iam(_))) {
        notes.extend(before_creation(&state.documents));
        // The file's own spelling is forgiven as far as the canonical form goes.
        let own = state.documents.issuer.as_deref();
        let is_forgiven =
            own.is_some_and(|own| is_taken_by_iam(own) && own.parse::<Issuer>().as_ref() == Ok(issuer));
        notes.extend(own_spelling(issuer, &state.documents).filter(|_| !is_forgiven));
    }
    for endpoint in state.known_endpoints() {
        let Some(seen) = snapshot.endpoints.get(endpoint).filter(|seen| seen.window.unseen() > 0) else {
            continue;
        };
        let (unseen, all) = (seen.window.unseen(), seen.addresses);
        notes.push(format!("{unseen} of {all} addresses of {endpoint} not looked at"));
    }
    if let Some(error) = &state.error {
        notes.push(format!("{}: {error}", error.reason()));
    }
    let details = provider.and_then(|provider| provider.details.as_ref());
    Row {
        verdict: verdict.map(|verdict| verdict.status),
        enforced: verdict.and_then(|verdict| verdict.enforced),
        origin: provider.map(|provider| provider.origin.clone()),
        issuer: issuer.clone(),
        thumbprint_status: verdict.map(|verdict| verdict.status),
        thumbprint_match: verdict.and_then(Verdict::is_match),
        listed_thumbprints: details.map(|details| details.thumbprints.clone()),
        malformed_thumbprints: details.map(|details| details.malformed),
        root_ca_days_to_expiry: snapshot.root_ca_not_after(state).map(|soonest| soonest.days_from(now)),
        thumbprints: state.root_cas.clone(),
        not_listed,
        problems,
        notes,
        health,
        since,
        has_failed: state.error.is_some(),
    }
}
