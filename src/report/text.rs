//! An inspection for people.

use std::fmt::Write as _;

use super::{AddressReport, CertificateReport, ChainReport, EndpointReport, FieldsReport, Inspection};

/// Whether words of state are coloured.
#[derive(Clone, Copy, Debug)]
pub struct Style {
    /// With escape sequences: on a terminal, unless `NO_COLOR` is set (no-color.org).
    pub colour: bool,
}

impl Style {
    /// Good news.
    #[must_use]
    pub fn good(self, text: &str) -> String {
        self.paint("32", text)
    }

    /// Bad news.
    #[must_use]
    pub fn bad(self, text: &str) -> String {
        self.paint("1;31", text)
    }

    /// Something in between.
    #[must_use]
    pub fn doubtful(self, text: &str) -> String {
        self.paint("33", text)
    }

    fn paint(self, code: &str, text: &str) -> String {
        if self.colour { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }
}

/// The whole inspection, ending in a line break.
#[must_use]
pub fn inspection(report: &Inspection, style: Style) -> String {
    let mut text = format!("{}\n", report.target);
    for endpoint in &report.endpoints {
        self::endpoint(&mut text, endpoint, style);
    }
    if let Some(error) = &report.error {
        let _ = writeln!(text, "\n{} {} ({})", style.bad("failed:"), error.detail, error.reason);
    }
    if let Some(command) = &report.command {
        let _ = writeln!(text, "\nTo make IAM list what is served (this replaces its list):\n  {command}");
    }
    text
}

fn endpoint(text: &mut String, endpoint: &EndpointReport, style: Style) {
    if !endpoint.addresses.is_empty() || endpoint.error.is_some() {
        let serves = match endpoint.serves.as_slice() {
            [] => String::new(),
            serves => format!(" ({})", serves.join(" and ")),
        };
        let tls12 = match endpoint.tls12_accepted {
            Some(true) => "",
            Some(false) => ", nothing below TLS 1.3: AWS relies on the thumbprint",
            None => ", not known whether it takes TLS 1.2",
        };
        let _ = writeln!(text, "\nendpoint {}{serves}{tls12}", endpoint.endpoint);
    }
    if let Some(error) = &endpoint.error {
        let _ = writeln!(text, "  {} {} ({})", style.bad("failed:"), error.detail, error.reason);
    }
    for AddressReport { address, chain, error } in &endpoint.addresses {
        let chain = chain.map(|number| format!("chain {number}")).unwrap_or_default();
        let error = error
            .as_ref()
            .map(|error| format!("{} {} ({})", style.bad("failed:"), error.detail, error.reason));
        let parts: Vec<String> =
            [Some(chain), error].into_iter().flatten().filter(|part| !part.is_empty()).collect();
        let _ = writeln!(text, "  {address}  {}", parts.join(", "));
    }
    for (index, chain) in endpoint.chains.iter().enumerate() {
        self::chain(text, index + 1, chain, style);
    }
}

fn chain(text: &mut String, number: usize, chain: &ChainReport, style: Style) {
    let statuses = chain.statuses.join(", ");
    let statuses = if chain.has_finding { style.bad(&statuses) } else { style.good(&statuses) };
    let colon = if chain.statuses.is_empty() { "" } else { ": " };
    let _ = writeln!(text, "\n  chain {number}{colon}{statuses}");
    for (position, certificate) in chain.certificates.iter().enumerate() {
        let _ = writeln!(text, "    {position}  {:<13}{}", certificate.role, title(certificate));
        details(text, certificate, style);
    }
    if let Some(anchor) = &chain.anchor {
        let _ = writeln!(text, "    anchored by      {} [{}]", title(&anchor.certificate), anchor.source);
        if let Some(fields) = &anchor.certificate.fields {
            let _ = writeln!(text, "                     until {}", until(fields, style));
        }
    }
    let whose = if chain.is_leaf_alone() { " (of the leaf)" } else { "" };
    let _ = writeln!(text, "    thumbprint       {}{whose}", chain.thumbprint);
    for warning in &chain.warnings {
        let _ = writeln!(text, "    {} {warning}", style.doubtful("note:"));
    }
}

fn title(certificate: &CertificateReport) -> String {
    match (&certificate.fields, &certificate.unreadable) {
        (Some(fields), _) if fields.subject.is_empty() => {
            format!("(no subject) {}", fields.names.first().map_or("", String::as_str))
        }
        (Some(fields), _) => fields.subject.clone(),
        (None, Some(why)) => format!("unreadable: {why}"),
        (None, None) => String::new(),
    }
}

fn details(text: &mut String, certificate: &CertificateReport, style: Style) {
    let margin = " ".repeat(20);
    if let Some(fields) = &certificate.fields {
        let _ = writeln!(text, "{margin}issued by {}", fields.issuer);
        let _ =
            writeln!(text, "{margin}{} until {}, {}", fields.not_before, until(fields, style), fields.key);
        if !fields.names.is_empty() {
            let hidden = fields.names_total - fields.names.len();
            let more = if hidden > 0 { format!(" and {hidden} more") } else { String::new() };
            let _ = writeln!(text, "{margin}for {}{more}", fields.names.join(", "));
        }
    }
    let _ = writeln!(text, "{margin}SHA-1   {}", certificate.sha1);
    let _ = writeln!(text, "{margin}SHA-256 {}", certificate.sha256);
}

fn until(fields: &FieldsReport, style: Style) -> String {
    let left = if fields.days_left < 0.0 {
        style.bad(&format!("expired {:.1} days ago", -fields.days_left))
    } else {
        format!("{:.1} days left", fields.days_left)
    };
    format!("{}, {left}", fields.not_after)
}
