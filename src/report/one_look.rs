//! What one look at an issuer's endpoints shows of its health. Pure.

use crate::issuer::Issuer;
use crate::observe::{Sighting, Window};
use crate::poll::{Capture, IssuerPoll, are_all_private};
use crate::provider::ProviderArn;
use crate::verdict::{
    EndpointEvidence, IssuerEvidence, KeyEvidence, Problem, Rules, Seen, enforced, of_issuer, of_listed,
    of_url,
};

/// What makes STS refuse this issuer's tokens, or will. What could not be seen is told in other places.
pub(super) fn problems(
    issuer: &Issuer,
    arn: Option<&ProviderArn>,
    poll: &IssuerPoll,
    looks: &[(&Capture, Vec<Sighting>)],
) -> Vec<Problem> {
    let windows: Vec<(&Capture, Window)> = looks
        .iter()
        .map(|(capture, sightings)| (*capture, Window::of_one_look(capture, sightings)))
        .collect();
    let seen = windows.iter().map(|(capture, window)| Seen { window, takes_tls12: capture.takes_tls12 });
    let seen: Vec<Seen<'_>> = seen.collect();
    let failed = |capture: &Capture| {
        let failures = capture.addresses.iter().flatten().filter_map(|seen| seen.failure.as_ref());
        failures.filter(|failure| !failure.is_local()).count()
    };
    let endpoints = windows.iter().map(|(capture, window)| EndpointEvidence {
        endpoint: &capture.endpoint,
        window,
        addresses: capture.resolved.count(),
        failed: failed(capture),
        is_private: are_all_private(capture.resolved.addresses.iter().copied()),
    });
    let keys = KeyEvidence {
        documents: &poll.documents,
        timings: &poll.timings,
        shares_endpoint: poll.jwks_endpoint.as_ref() == Some(issuer.endpoint()),
        failed_polls: u32::from(poll.outcome.is_err()),
        has_succeeded: poll.outcome.is_ok(),
        // That is told by itself.
        error: None,
    };
    let enforced = enforced(Some(&seen));
    let evidence = IssuerEvidence {
        keys,
        endpoints: endpoints.collect(),
        enforced,
        unseen: None,
        lacks_provider: false,
    };
    let spelling = match arn {
        Some(arn) => of_listed(arn.url(), issuer, &poll.documents),
        None => of_url(issuer, &poll.documents),
    };
    spelling.into_iter().chain(of_issuer(&evidence, &Rules::default(), poll.at)).collect()
}
