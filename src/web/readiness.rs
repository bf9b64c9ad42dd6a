//! `/-/ready`: whether there is a first result of everything, and in any case what is not known. Pure.

use hyper::StatusCode;

use super::answer::{Answer, TEXT, page_of};
use crate::clock::Timestamp;
use crate::issuer::Issuer;
use crate::plural::counted;
use crate::printable::some_of;
use crate::snapshot::{AccountState, IssuerState, Snapshot};

/// How much is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Detail {
    /// For anybody.
    Counts,
    /// For who may see all other pages too.
    Names,
}

/// Issuers that are named.
const MAX_NAMES: usize = 5;

/// The answer: a word, and a line for each thing that is not known.
pub(super) fn readiness(snapshot: &Snapshot, detail: Detail, now: Timestamp) -> Answer {
    let (status, word) = if snapshot.ready {
        (StatusCode::OK, "ready")
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "not ready: some issuers or IAM have no result yet")
    };
    let mut lines = vec![word.to_owned()];
    lines.extend(snapshot.account.as_ref().and_then(|account| of_account(account, snapshot, now)));
    lines.extend(of_issuers(snapshot, detail, "no result yet", |state| state.last_poll.is_none()));
    lines.extend(of_issuers(snapshot, detail, "never been polled with success", |state| {
        state.last_poll.is_some() && state.last_success.is_none()
    }));
    page_of(status, TEXT, (lines.join("\n") + "\n").into())
}

fn of_account(account: &AccountState, snapshot: &Snapshot, now: Timestamp) -> Option<String> {
    let why = match &account.error {
        Some(error) => format!("IAM cannot be read ({})", error.reason),
        None if account.polls == 0 => "IAM has not been read yet".to_owned(),
        None => return None,
    };
    let known = match account.last_success {
        Some(at) => format!("what is known of its providers is of {at}, {} s ago", now.since(at).as_secs()),
        None if snapshot.knows_providers() => "its providers are known in part".to_owned(),
        None => "its providers are not known".to_owned(),
    };
    Some(format!("{why}: {known}"))
}

fn of_issuers(
    snapshot: &Snapshot,
    detail: Detail,
    what: &str,
    is_meant: impl Fn(&IssuerState) -> bool,
) -> Option<String> {
    let meant = snapshot.issuers.iter().filter(|(_, state)| is_meant(state)).map(|(issuer, _)| issuer);
    let meant: Vec<&Issuer> = meant.collect();
    if meant.is_empty() {
        return None;
    }
    let have = if meant.len() == 1 { "has" } else { "have" };
    let sentence = format!("{} {have} {what}", counted(meant.len(), "issuer"));
    if detail == Detail::Counts {
        return Some(sentence);
    }
    Some(format!("{sentence}: {}", some_of(meant.iter(), MAX_NAMES)))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn snapshot(account: Option<AccountState>, states: &[(&str, bool, bool)]) -> Snapshot {
        let now = Timestamp::from_seconds(100);
        let issuers = states.iter().map(|(name, is_polled, is_got)| {
            let issuer: Issuer = format!("https://{name}.example").parse().unwrap();
            let mut state = IssuerState::new(&issuer);
            state.last_poll = is_polled.then_some(now);
            state.last_success = is_got.then_some(now);
            (issuer, Arc::new(state))
        });
        Snapshot { account, issuers: issuers.collect(), ready: true, ..Snapshot::default() }
    }

    #[test]
    fn what_is_not_known() {
        let now = Timestamp::from_seconds(160);
        let fresh = || Some(AccountState::default());
        let read = |polls| {
            Some(AccountState {
                polls,
                last_success: Some(Timestamp::from_seconds(100)),
                ..AccountState::default()
            })
        };
        for (account, issuers, told) in [
            (None, &[("a", true, true)][..], vec![]),
            (read(1), &[("a", true, true)], vec![]),
            (fresh(), &[], vec!["IAM has not been read yet: its providers are not known"]),
            (
                read(0),
                &[],
                vec![
                    "IAM has not been read yet: what is known of its providers is of 1970-01-01T00:01:40Z, 60 s ago",
                ],
            ),
            (
                None,
                &[("a", false, true), ("b", true, false), ("c", true, false)],
                vec![
                    "1 issuer has no result yet: https://a.example",
                    "2 issuers have never been polled with success: https://b.example and https://c.example",
                ],
            ),
        ] {
            let snapshot = snapshot(account, issuers);
            let lines: Vec<String> = [
                snapshot.account.as_ref().and_then(|account| of_account(account, &snapshot, now)),
                of_issuers(&snapshot, Detail::Names, "no result yet", |state| state.last_poll.is_none()),
                of_issuers(&snapshot, Detail::Names, "never been polled with success", |state| {
                    state.last_poll.is_some() && state.last_success.is_none()
                }),
            ]
            .into_iter()
            .flatten()
            .collect();
            assert_eq!(lines, told);
        }
    }

    #[test]
    fn names_are_for_those_who_may_see_them_and_few() {
        let many = snapshot(None, &["a", "b", "c", "d", "e", "f", "g"].map(|name| (name, false, false)));
        let told = |detail| of_issuers(&many, detail, "no result yet", |_| true).unwrap();
        assert_eq!(told(Detail::Counts), "7 issuers have no result yet");
        assert!(told(Detail::Names).ends_with("https://e.example and 2 more"));
    }
}
