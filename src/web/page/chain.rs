//! The picture of one served chain: certificates as cards, in served order, down to the trust anchor.

use std::collections::{BTreeMap, BTreeSet};

use super::html::Html;
use super::words::{DaysLeft, put_date, put_thumbprint};
use crate::chain::{AnchorSource, Thumbprint};
use crate::plural::counted;
use crate::provider::{Origin, Provider};
use crate::report::{AnchorReport, CertificateReport, ChainReport};

/// Certificates drawn, beside the last: real chains have 2 to 5, a hostile one has hundreds.
const SHOWN_CERTIFICATES: usize = 10;

/// Who lists which thumbprint.
pub(super) struct Listing(BTreeMap<Thumbprint, BTreeSet<String>>);

impl Listing {
    /// By the providers of one issuer.
    pub(super) fn of<'a>(providers: impl Iterator<Item = &'a Provider>) -> Self {
        let mut listed: BTreeMap<Thumbprint, BTreeSet<String>> = BTreeMap::new();
        for provider in providers {
            let by = match &provider.origin {
                Origin::File => "the configuration file".to_owned(),
                origin @ Origin::Iam(_) => format!("IAM in account {}", origin.account_label()),
            };
            for thumbprint in provider.details.iter().flat_map(|details| &details.thumbprints) {
                listed.entry(*thumbprint).or_default().insert(by.clone());
            }
        }
        Self(listed)
    }

    /// Something is listed, and no certificate of the chain, which is the issuer's own.
    fn lacks(&self, chain: &ChainReport) -> bool {
        let is_listed = |certificate: &CertificateReport| self.0.contains_key(&certificate.sha1);
        !self.0.is_empty() && !chain.is_intercepted() && !chain.certificates.iter().any(is_listed)
    }

    fn by(&self, thumbprint: Thumbprint) -> Option<String> {
        self.0.get(&thumbprint).map(|by| by.iter().map(String::as_str).collect::<Vec<_>>().join(" and "))
    }
}

/// States, remarks, and a card for each certificate.
pub(super) fn put_chain(html: &mut Html, number: usize, chain: &ChainReport, listing: &Listing) {
    html.put("<h3>Chain {}: ", &[&number]);
    let class = if chain.has_finding { "finding" } else { "good" };
    for (index, status) in chain.statuses.iter().enumerate() {
        html.put(if index == 0 { "" } else { ", " }, &[]);
        html.put("<strong class=\"{}\">{}</strong>", &[&class, &status.into_str().replace('_', " ")]);
    }
    html.put("</h3>\n", &[]);
    if !chain.warnings.is_empty() {
        html.put("<ul class=\"remarks\">\n", &[]);
        for warning in &chain.warnings {
            html.put("<li>{}</li>\n", &[warning]);
        }
        html.put("</ul>\n", &[]);
    }
    html.put("<ol class=\"chain\">\n", &[]);
    let last = chain.certificates.len().saturating_sub(1);
    for (position, certificate) in chain.certificates.iter().enumerate() {
        if position < SHOWN_CERTIFICATES || position == last {
            put_served(html, position, certificate, chain, listing);
        } else if position == SHOWN_CERTIFICATES {
            html.put("<li>{}</li>\n", &[&counted(last - position, "more certificate")]);
        }
    }
    html.put("</ol>\n", &[]);
    put_anchor(html, chain);
}

fn put_served(
    html: &mut Html,
    position: usize,
    certificate: &CertificateReport,
    chain: &ChainReport,
    listing: &Listing,
) {
    let is_last = position + 1 == chain.certificates.len();
    html.put("<li>\n<p class=\"role\">{}: {}", &[&position, &certificate.role]);
    if is_last {
        html.put(" <strong class=\"mark\">root CA in AWS's procedure</strong>", &[]);
    }
    if let Some(anchor) = chain.anchor.as_ref().filter(|anchor| anchor.certificate.sha1 == certificate.sha1) {
        html.put(" <strong class=\"mark\">trust anchor: {}</strong>", &[&source(anchor)]);
    }
    if let Some(by) = listing.by(certificate.sha1) {
        html.put(" <strong class=\"mark listed\">listed by {}</strong>", &[&by]);
    } else if is_last && listing.lacks(chain) {
        html.put(" <strong class=\"mark missing\">not listed</strong>", &[]);
    }
    html.put("</p>\n", &[]);
    put_certificate(html, certificate, chain);
    html.put("</li>\n", &[]);
}

/// The end of the path, where it is none of the served certificates.
fn put_anchor(html: &mut Html, chain: &ChainReport) {
    let Some(anchor) = &chain.anchor else {
        return html.put("<div class=\"anchor\"><p class=\"role\">no known trust anchor</p></div>\n", &[]);
    };
    if chain.certificates.iter().any(|certificate| certificate.sha1 == anchor.certificate.sha1) {
        return;
    }
    let source = source(anchor);
    html.put("<div class=\"anchor\">\n<p class=\"role\">trust anchor, not served: {}</p>\n", &[&source]);
    put_certificate(html, &anchor.certificate, chain);
    html.put("</div>\n", &[]);
}

fn source(anchor: &AnchorReport) -> &'static str {
    match anchor.source {
        AnchorSource::Mozilla => "Mozilla root",
        AnchorSource::System => "root from this machine's trust store",
        AnchorSource::Added => "root added by the configuration",
        AnchorSource::Served => "not trusted here",
    }
}

fn put_certificate(html: &mut Html, certificate: &CertificateReport, chain: &ChainReport) {
    if let Some(why) = &certificate.unreadable {
        html.put("<p class=\"name\"><strong class=\"outage\">unreadable</strong>: {}</p>\n", &[why]);
    }
    if let Some(fields) = &certificate.fields {
        let name = if fields.subject.is_empty() { "(no subject)" } else { &fields.subject };
        let days = DaysLeft(fields.days_left);
        html.put("<p class=\"name\">{}</p>\n<dl>\n", &[&name]);
        if fields.issuer == fields.subject {
            html.put("<dt>Issued by</dt><dd>itself</dd>\n", &[]);
        } else {
            html.put("<dt>Issued by</dt><dd>{}</dd>\n", &[&fields.issuer]);
        }
        html.put("<dt>Valid</dt><dd>", &[]);
        put_date(html, fields.not_before);
        html.put(" to ", &[]);
        put_date(html, fields.not_after);
        html.put(", <strong class=\"{}\">{}</strong></dd>\n", &[&days.class(fields.is_late), &days]);
        if !fields.names.is_empty() {
            html.put("<dt>Names</dt><dd>{}", &[&fields.names.join(", ")]);
            let hidden = fields.names_total.saturating_sub(fields.names.len());
            if hidden > 0 {
                html.put(" and {} more", &[&hidden]);
            }
            html.put("</dd>\n", &[]);
        }
        html.put("<dt>Key</dt><dd>{}</dd>\n", &[&fields.key]);
    } else {
        html.put("<dl>\n", &[]);
    }
    html.put("<dt>SHA-1</dt><dd>", &[]);
    if chain.is_intercepted() {
        // Nobody should have it at hand: it is a proxy's.
        html.put("<code>{}</code>", &[&certificate.sha1]);
    } else {
        put_thumbprint(html, &certificate.sha1);
    }
    html.put("</dd>\n<dt>SHA-256</dt><dd><code>{}</code></dd>\n</dl>\n", &[&certificate.sha256]);
}
