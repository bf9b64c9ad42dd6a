//! `/`: the providers, worst first, with a filter; the account; this exporter.

use std::time::Duration;

use hyper::StatusCode;

use super::frame::framed;
use super::html::{Html, QueryValue};
use super::words::{DaysLeft, Span, enforced, put_health, put_time, put_url};
use crate::clock::Timestamp;
use crate::plural::counted;
use crate::provider::Origin;
use crate::report::{FleetReport, Row};
use crate::snapshot::{AccountState, Snapshot};
use crate::verdict::ProblemName;
use crate::web::answer::Answer;

/// A poll is overdue when it has not come for so many intervals.
const OVERDUE_INTERVALS: u32 = 3;

pub(super) fn page(snapshot: &Snapshot, filter: &str, now: Timestamp) -> Answer {
    let FleetReport { rows, summary, .. } = FleetReport::new(snapshot, now);
    let title = summary.split(';').next().unwrap_or_default();
    let main = |html: &mut Html| {
        html.put("<h1>Providers</h1>\n<p class=\"lead\">{}.</p>\n", &[&summary]);
        providers(html, snapshot, &rows, filter, now);
        if let Some(state) = &snapshot.account {
            account(html, state, now);
        }
        exporter(html, snapshot, now);
    };
    framed(StatusCode::OK, title, main, now)
}

fn providers(html: &mut Html, snapshot: &Snapshot, rows: &[Row], filter: &str, now: Timestamp) {
    if rows.is_empty() {
        return html
            .put("<p>No issuer is configured, and no provider has been read from IAM yet.</p>\n", &[]);
    }
    let texts: Vec<String> = rows.iter().map(searched).collect();
    let words: Vec<String> = filter.split_whitespace().map(str::to_lowercase).collect();
    let is_shown = |text: &String| words.iter().all(|word| text.contains(word));
    let shown = texts.iter().filter(|text| is_shown(text)).count();
    html.put(
        "<form role=\"search\" action=\"./\">\n<label for=\"filter\">Filter</label>\n\
         <input type=\"search\" id=\"filter\" name=\"q\" value=\"{}\" autocomplete=\"off\" spellcheck=\"false\" \
         aria-keyshortcuts=\"/\" aria-describedby=\"hint\">\n<button>Filter</button>\n\
         <output id=\"shown\" for=\"filter\">{} of {} shown</output>\n\
         <p id=\"hint\">Matches issuer, account, state and notes. Press <kbd>/</kbd> to jump here, <kbd>Esc</kbd> to clear.</p>\n\
         </form>\n",
        &[&filter, &shown, &rows.len()],
    );
    html.put(
        "<table>\n<caption>IAM OIDC providers and watched issuers, worst first</caption>\n<thead>\n<tr>\
         <th scope=\"col\">State</th><th scope=\"col\">Issuer</th><th scope=\"col\">Root CA</th>\
         <th scope=\"col\">Last poll</th></tr>\n</thead>\n<tbody>\n",
        &[],
    );
    for (row, text) in rows.iter().zip(&texts) {
        html.put("<tr data-text=\"{}\"", &[text]);
        html.put(if is_shown(text) { ">" } else { " hidden>" }, &[]);
        put_row(html, snapshot, row, now);
        html.put("</tr>\n", &[]);
    }
    html.put("</tbody>\n</table>\n", &[]);
}

/// What the filter looks at, in lower case.
fn searched(row: &Row) -> String {
    let account = row.origin.as_ref().map_or("", Origin::account_label);
    let state = [row.health.words(), row.verdict_word(), enforced(row.enforced)].join(" ");
    format!("{state} {} {account} {}", row.issuer, row.notes.join(" ")).to_lowercase()
}

fn put_row(html: &mut Html, snapshot: &Snapshot, row: &Row, now: Timestamp) {
    html.put("<td>", &[]);
    put_health(html, row.health);
    html.put(
        " <time datetime=\"{}\" title=\"since {}\">{}</time>",
        &[&row.since, &row.since, &Span(now.since(row.since))],
    );
    html.put("<br>{}", &[&row.verdict_word()]);
    if row.origin.is_some() {
        html.put(",<br>{}", &[&enforced(row.enforced)]);
    }
    html.put("</td><th scope=\"row\"><a href=\"issuer?url={}\">", &[&QueryValue(row.issuer.as_str())]);
    put_url(html, row.issuer.as_str());
    html.put("</a>", &[]);
    match &row.origin {
        Some(Origin::File) => html.put("<p>thumbprints from the configuration file</p>", &[]),
        Some(origin) => html.put("<p>account {}</p>", &[&origin.account_label()]),
        None => html.put("<p>no provider; watched only</p>", &[]),
    }
    for note in &row.notes {
        html.put("<p class=\"note\">{}</p>", &[note]);
    }
    html.put("</th><td>", &[]);
    match row.root_ca_days_to_expiry.map(DaysLeft) {
        Some(days) => {
            let is_late = row.problems.iter().any(|found| found.problem == ProblemName::RootCaExpiring);
            html.put("<span class=\"{}\">{}</span>", &[&days.class(is_late), &days]);
        }
        None => html.put("unknown", &[]),
    }
    html.put("</td><td>", &[]);
    let polled = snapshot.issuers.get(&row.issuer).and_then(|state| state.last_poll);
    put_age(html, polled, snapshot.interval, now);
    html.put("</td>", &[]);
}

/// How long ago the last poll was, and whether that is too long.
fn put_age(html: &mut Html, polled: Option<Timestamp>, interval: Duration, now: Timestamp) {
    let Some(at) = polled else { return html.put("not yet", &[]) };
    let age = now.since(at);
    html.put("<time datetime=\"{}\" title=\"{}\">{} ago</time>", &[&at, &at, &Span(age)]);
    if age > interval * OVERDUE_INTERVALS {
        html.put("<br><strong class=\"finding\">overdue</strong>", &[]);
    }
}

fn account(html: &mut Html, state: &AccountState, now: Timestamp) {
    html.put(
        "<section aria-labelledby=\"account\">\n<h2 id=\"account\">Account {}</h2>\n<dl>\n<dt>IAM</dt><dd>",
        &[&state.label()],
    );
    match &state.error {
        Some(error) => {
            html.put("<strong class=\"outage\">cannot be read</strong>: {}: {}", &[&error.reason, error]);
        }
        None if state.is_up() => html.put("<strong class=\"good\">readable</strong>", &[]),
        None => html.put("not read yet", &[]),
    }
    html.put("</dd>\n<dt>Last complete read</dt><dd>", &[]);
    put_time(html, state.last_success, now);
    html.put("</dd>\n<dt>Reads</dt><dd>{}", &[&state.polls]);
    for (reason, count) in state.failures.iter().filter(|(_, count)| **count > 0) {
        html.put("; {} failed: {}", &[count, &reason]);
    }
    if !state.unusable().is_empty() {
        html.put("</dd>\n<dt>Listed, cannot be watched</dt><dd><ul>", &[]);
        for provider in state.unusable() {
            html.put(
                "<li><strong class=\"finding\">{}</strong>: {}</li>",
                &[&provider.provider_arn, &provider.reason],
            );
        }
        html.put("</ul>", &[]);
    }
    html.put("</dd>\n</dl>\n</section>\n", &[]);
}

fn exporter(html: &mut Html, snapshot: &Snapshot, now: Timestamp) {
    html.put(
        "<section aria-labelledby=\"exporter\">\n<h2 id=\"exporter\">This exporter</h2>\n<dl>\n\
         <dt>Version</dt><dd>{}</dd>\n<dt>Polls every</dt><dd>{}</dd>\n\
         <dt>Watches</dt><dd>{} on {}</dd>\n<dt>Last poll</dt><dd>",
        &[
            &env!("CARGO_PKG_VERSION"),
            &Span(snapshot.interval),
            &counted(snapshot.issuers.len(), "issuer"),
            &counted(snapshot.endpoints.len(), "endpoint"),
        ],
    );
    put_time(html, snapshot.issuers.values().filter_map(|issuer| issuer.last_poll).max(), now);
    html.put("</dd>\n<dt>Configuration loaded</dt><dd>", &[]);
    put_time(html, snapshot.configured, now);
    html.put("</dd>\n</dl>\n</section>\n", &[]);
}
