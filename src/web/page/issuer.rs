//! `/issuer?url=`: one issuer with its polls, its providers, its endpoints and their chains.

use hyper::StatusCode;

use super::chain::{Listing, put_chain};
use super::frame::framed;
use super::html::Html;
use super::words::{class, enforced, put_thumbprint, put_time, put_url};
use crate::chain::JudgedChain;
use crate::clock::Timestamp;
use crate::endpoint::{Endpoint, MAX_URL_BYTES};
use crate::issuer::Issuer;
use crate::plural::counted;
use crate::printable::printable;
use crate::provider::Origin;
use crate::report::ChainReport;
use crate::snapshot::{EndpointState, IssuerState, JudgedProvider, Snapshot};
use crate::verdict::{Coverage, Health, Problem, Status, health, not_listed};
use crate::web::answer::Answer;

/// Chains drawn of one endpoint; a window can hold hundreds.
const SHOWN_CHAINS: usize = 10;

pub(super) fn page(snapshot: &Snapshot, asked: &str, now: Timestamp) -> Answer {
    // However it is spelled: people paste what IAM shows.
    let issuer = Issuer::from_iam(asked);
    let url = issuer.as_ref().map_or(asked, Issuer::as_str);
    let Some((known, state)) = snapshot.issuers.get_key_value(url) else {
        let main = |html: &mut Html| {
            html.put(
                "<h1>No such issuer</h1>\n<p><code>{}</code> is not watched. <a href=\"./\">See all watched issuers</a></p>\n",
                &[&asked],
            );
        };
        return framed(StatusCode::NOT_FOUND, "no such issuer", main, now);
    };
    let providers: Vec<&JudgedProvider> =
        snapshot.providers.iter().filter(|judged| judged.provider.issuer.as_str() == url).collect();
    let listing = Listing::of(providers.iter().map(|judged| &*judged.provider));
    let main = |html: &mut Html| {
        html.put("<h1><span class=\"kind\">Issuer</span> ", &[]);
        put_url(html, url);
        html.put("</h1>\n", &[]);
        if providers.is_empty() {
            html.put(
                "<h2>Provider</h2>\n<p>None: there are no thumbprints to compare for this issuer.</p>\n",
                &[],
            );
        }
        for (index, judged) in providers.iter().enumerate() {
            let problems = snapshot.provider_problems(judged, now);
            let since = snapshot.since.of_provider(known, &judged.provider.origin, health(&problems), now);
            provider(html, index, judged, (&problems, since), snapshot.chains(state), now);
        }
        polls(html, state, &snapshot.issuer_problems(known, state, now), now);
        for (index, shown) in state.known_endpoints().into_iter().enumerate() {
            endpoint(html, index, shown, state, snapshot, &listing, now);
        }
        if state.jwks.is_none() {
            html.put("<p>The <code>jwks_uri</code> host is not known yet.</p>\n", &[]);
        }
    };
    framed(StatusCode::OK, url, main, now)
}

fn polls(html: &mut Html, state: &IssuerState, problems: &[Problem], now: Timestamp) {
    html.put(
        "<section aria-labelledby=\"polls\">\n<h2 id=\"polls\">Polls</h2>\n<dl>\n<dt>State</dt><dd>",
        &[],
    );
    match &state.error {
        Some(error) => {
            html.put("<strong class=\"outage\">down</strong>: {}: {}", &[&error.reason(), error]);
        }
        None if state.is_up() => html.put(
            "<strong class=\"good\">up</strong>: the last poll fetched the discovery document, the chain and the JWKS",
            &[],
        ),
        None => html.put("not polled yet", &[]),
    }
    html.put("</dd>\n", &[]);
    put_problems(html, problems);
    if let Some(own) = &state.documents.issuer {
        html.put("<dt>Tokens say</dt><dd><code>{}</code></dd>\n", &[&printable(own, MAX_URL_BYTES)]);
    }
    html.put("<dt>Last poll</dt><dd>", &[]);
    put_time(html, state.last_poll, now);
    html.put("</dd>\n<dt>Last success</dt><dd>", &[]);
    put_time(html, state.last_success, now);
    html.put("</dd>\n<dt>Root CA last changed</dt><dd>", &[]);
    match state.thumbprint_changed {
        Some(at) => put_time(html, Some(at), now),
        None => html.put("not since this exporter started", &[]),
    }
    html.put("</dd>\n<dt>Polls</dt><dd>{}", &[&state.polls]);
    for (reason, count) in state.failures.iter().filter(|(_, count)| **count > 0) {
        html.put("; {} failed: {}", &[count, &reason]);
    }
    html.put("</dd>\n<dt>Durations</dt><dd>", &[]);
    for (index, (phase, duration)) in state.timings.reached().enumerate() {
        html.put(if index == 0 { "{} {} ms" } else { ", {} {} ms" }, &[&phase, &duration.as_millis()]);
    }
    html.put("</dd>\n</dl>\n</section>\n", &[]);
}

/// What makes STS refuse tokens, or will.
fn put_problems(html: &mut Html, problems: &[Problem]) {
    if problems.is_empty() {
        return;
    }
    html.put("<dt>Problems</dt><dd>", &[]);
    for (index, problem) in problems.iter().enumerate() {
        let health = Health::from(problem.class());
        html.put(if index == 0 { "" } else { "<br>" }, &[]);
        html.put(
            "<strong class=\"{}\">{}</strong>, {}: {}",
            &[&class(health), &problem.name(), &health.words(), problem],
        );
        if let Some(error) = problem.aws_error() {
            html.put(" (AWS: <q>{}</q>)", &[&error]);
        }
    }
    html.put("</dd>\n", &[]);
}

fn provider<'a>(
    html: &mut Html,
    index: usize,
    JudgedProvider { provider, verdict }: &JudgedProvider,
    (problems, since): (&[Problem], Timestamp),
    chains: impl Iterator<Item = &'a JudgedChain>,
    now: Timestamp,
) {
    html.put("<section aria-labelledby=\"provider-{}\">\n<h2 id=\"provider-{}\">", &[&index, &index]);
    match &provider.origin {
        Origin::File => html.put("Thumbprints from the configuration file", &[]),
        Origin::Iam(arn) => {
            html.put("<span class=\"kind\">Provider</span> ", &[]);
            put_url(html, arn.as_str());
        }
    }
    let class = match verdict.status {
        Status::Match if verdict.fragile => "finding",
        Status::Match => "good",
        Status::Partial | Status::Mismatch => "outage",
        Status::Unknown => "plain",
    };
    html.put(
        "</h2>\n<dl>\n<dt>Thumbprints</dt><dd><strong class=\"{}\">{}</strong>, {}",
        &[&class, &verdict.status, &enforced(verdict.enforced)],
    );
    if let Some(why) = verdict.unknown {
        html.put(": {}", &[&why]);
    } else {
        let Coverage { covered, observed } = verdict.coverage;
        html.put(": {} of {} served chains contain a listed certificate", &[&covered, &observed]);
    }
    if verdict.fragile {
        html.put("; at least one only by its leaf, which changes at the next renewal", &[]);
    }
    html.put("</dd>\n", &[]);
    put_problems(html, problems);
    html.put("<dt>Health</dt><dd>{} since ", &[&health(problems).words()]);
    put_time(html, Some(since), now);
    html.put("</dd>\n", &[]);
    if let Some(details) = &provider.details {
        html.put("<dt>Listed</dt><dd>", &[]);
        for (thumbprint, role) in &verdict.positions {
            let place = role.map_or("not seen", |role| role.into_str());
            put_thumbprint(html, thumbprint);
            html.put(" {}<br>", &[&place]);
        }
        if verdict.positions.is_empty() {
            html.put("nothing", &[]);
        }
        match details.malformed {
            0 => {}
            1 => html.put("and 1 entry that is not a thumbprint", &[]),
            malformed => html.put("and {} entries that are not thumbprints", &[&malformed]),
        }
        html.put("</dd>\n", &[]);
        let missing = not_listed(provider, chains);
        if !missing.is_empty() {
            html.put("<dt>Served but not listed</dt><dd>", &[]);
            for thumbprint in &missing {
                put_thumbprint(html, thumbprint);
                html.put("<br>", &[]);
            }
            html.put("</dd>\n", &[]);
        }
        if let Origin::Iam(_) = provider.origin {
            html.put("<dt>Audiences</dt><dd>", &[]);
            for audience in &details.client_ids {
                html.put("<code>{}</code> ", &[audience]);
            }
            html.put("</dd>\n<dt>Created</dt><dd>", &[]);
            put_time(html, details.created, now);
            html.put("</dd>\n", &[]);
        }
    }
    html.put("</dl>\n</section>\n", &[]);
}

fn endpoint(
    html: &mut Html,
    index: usize,
    endpoint: &Endpoint,
    issuer: &IssuerState,
    snapshot: &Snapshot,
    listing: &Listing,
    now: Timestamp,
) {
    let serves = match (issuer.discovery == *endpoint, issuer.jwks.as_ref() == Some(endpoint)) {
        (true, true) => "discovery document and JWKS",
        (true, false) => "discovery document",
        (false, _) => "JWKS",
    };
    html.put(
        "<section aria-labelledby=\"endpoint-{}\">\n<h2 id=\"endpoint-{}\"><span class=\"kind\">Endpoint</span> {}</h2>\n\
         <dl>\n<dt>Serves</dt><dd>{}</dd>\n",
        &[&index, &index, endpoint, &serves],
    );
    let Some(state) = snapshot.endpoints.get(endpoint) else {
        return html.put("</dl>\n<p>Not polled yet.</p>\n</section>\n", &[]);
    };
    let tls12 = match state.takes_tls12 {
        Some(true) => "accepted",
        Some(false) => "refused, so AWS relies on the thumbprint",
        None => "unknown",
    };
    html.put("<dt>TLS 1.2</dt><dd>{}</dd>\n<dt>Addresses</dt><dd>", &[&tls12]);
    if state.is_behind_proxy {
        html.put("one of them was seen, through a proxy, which chose it; others may serve other chains", &[]);
    } else {
        html.put("{} in the last round, {} failed", &[&state.addresses, &state.failed()]);
    }
    if state.out_of_reach() > 0 {
        html.put(", {} out of this machine's reach", &[&state.out_of_reach()]);
    }
    if state.window.unseen() > 0 {
        html.put(", <strong>{} not looked at yet</strong>", &[&state.window.unseen()]);
    }
    html.put("</dd>\n</dl>\n", &[]);
    let chains: Vec<_> = state.window.chains().collect();
    addresses(html, endpoint, state, now);
    for (number, judged) in (1..).zip(&chains).take(SHOWN_CHAINS) {
        put_chain(html, number, &ChainReport::new(judged, &snapshot.rules, now), listing);
    }
    if chains.len() > SHOWN_CHAINS {
        let more = counted(chains.len() - SHOWN_CHAINS, "more chain");
        html.put("<p>{}: see <a href=\"api/v1/issuers\">the API</a>.</p>\n", &[&more]);
    }
    if chains.is_empty() {
        html.put("<p>No chain seen within the window.</p>\n", &[]);
    }
    html.put("</section>\n", &[]);
}

/// Which address served which chain, and what kept those that serve none.
fn addresses(html: &mut Html, endpoint: &Endpoint, state: &EndpointState, now: Timestamp) {
    if state.window.observations().is_empty() && state.failures.is_empty() {
        return;
    }
    html.put(
        "<table>\n<caption>Addresses of {}</caption>\n<thead>\n<tr><th scope=\"col\">Address</th>\
         <th scope=\"col\">Served</th><th scope=\"col\">Last seen</th></tr>\n</thead>\n<tbody>\n",
        &[&endpoint.host()],
    );
    let number =
        |id| state.window.chains().position(|chain| chain.served.id() == id).map_or(0, |index| index + 1);
    for seen in state.window.observations() {
        html.put(
            "<tr><th scope=\"row\">{}</th><td>chain {}</td><td>",
            &[&seen.via, &number(seen.chain.served.id())],
        );
        put_time(html, Some(seen.last_seen), now);
        html.put("</td></tr>\n", &[]);
    }
    for (address, error) in &state.failures {
        let (class, word) = if error.is_local() { ("plain", "out of reach") } else { ("outage", "failed") };
        html.put(
            "<tr><th scope=\"row\">{}</th><td><strong class=\"{}\">{}</strong>: {}: {}</td><td>when last looked at</td></tr>\n",
            &[address, &class, &word, &error.reason(), error],
        );
    }
    html.put("</tbody>\n</table>\n", &[]);
}
