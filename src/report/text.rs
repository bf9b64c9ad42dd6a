//! An inspection for people.

use std::fmt::{Display, Write as _};

use super::chain::{AnchorReport, CertificateReport, ChainReport, FieldsReport};
use super::endpoint::{EndpointReport, ErrorReport};
use super::inspection::Inspection;
use super::style::Style;
use crate::plural::counted;

/// Names of a certificate that are shown; JSON has more of them.
const NAMES: usize = 5;
/// Where the details of a certificate begin.
const MARGIN: &str = "                    ";

/// The whole inspection, ending in a line break.
#[must_use]
pub(crate) fn inspection(report: &Inspection, style: Style) -> String {
    let mut text = format!("{}\n", report.target);
    for endpoint in &report.endpoints {
        self::endpoint(&mut text, endpoint, style);
    }
    if let Some(error) = &report.error {
        // The failure of an endpoint is shown there already.
        if !report.endpoints.iter().flat_map(EndpointReport::failures).any(|other| other == error) {
            let _ = writeln!(text, "\n{}", failed(error, style));
        }
    }
    for problem in &report.problems {
        let word = if problem.is_finding { style.bad("problem:") } else { style.doubtful("note:") };
        let _ = writeln!(text, "\n{word} {}", problem.note());
    }
    for remark in &report.remarks {
        let _ = writeln!(text, "\n{} {remark}", style.doubtful("note:"));
    }
    if let Some(command) = &report.command {
        let [call, arn, thumbprints] = command.parts();
        let _ = writeln!(text, "\nTo make IAM list exactly what is served (this replaces the current list):");
        let _ = writeln!(text, "  {call} \\\n    {arn} \\\n    {thumbprints}");
        for caution in &report.cautions {
            let _ = writeln!(text, "  {} {caution}", style.doubtful("note:"));
        }
    }
    let seen = report.endpoints.iter().any(|endpoint| !endpoint.chains.is_empty());
    if let Some(why) = report.no_command.as_ref().filter(|_| seen) {
        let _ = writeln!(text, "\n{} {why}.", style.doubtful("No update command:"));
    }
    text
}

fn failed(error: &ErrorReport, style: Style) -> String {
    format!("{} {} ({})", style.bad("failed:"), error.detail, error.reason)
}

fn endpoint(text: &mut String, endpoint: &EndpointReport, style: Style) {
    let is_file = endpoint.addresses.is_empty() && endpoint.error.is_none();
    if !is_file {
        let serves = match endpoint.serves.as_slice() {
            [] => String::new(),
            serves => format!(" ({})", joined(serves, " and ")),
        };
        let tls12 = match endpoint.tls12_accepted {
            Some(false) => ", TLS 1.3 only: AWS relies on the thumbprint",
            None if !endpoint.chains.is_empty() => ", TLS 1.2 support unknown",
            _ => "",
        };
        let _ = writeln!(text, "\nendpoint {}{serves}{tls12}", endpoint.endpoint);
    }
    if let Some(error) = &endpoint.error {
        let _ = writeln!(text, "  {}", failed(error, style));
    }
    let width = endpoint.addresses.iter().map(|address| address.via.to_string().len()).max().unwrap_or(0);
    for shown in &endpoint.addresses {
        let chain = shown.chain.map(|number| format!("chain {number}"));
        let error = shown.error.as_ref().map(|error| failed(error, style));
        let parts: Vec<String> = chain.into_iter().chain(error).collect();
        let _ = writeln!(text, "  {:<width$}  {}", shown.via.to_string(), parts.join(", "));
    }
    if endpoint.behind_proxy && !endpoint.chains.is_empty() {
        let note =
            "the proxy chose one of the host's addresses; others were not seen and may serve other chains";
        let _ = writeln!(text, "  {} {note}", style.doubtful("note:"));
    }
    if endpoint.addresses_unseen > 0 {
        let _ = writeln!(text, "  and {} not looked at", counted(endpoint.addresses_unseen, "more address"));
    }
    for (index, chain) in endpoint.chains.iter().enumerate() {
        let title = match chain.certificates.as_slice() {
            [_] if is_file => "certificate".to_owned(),
            _ if is_file => "chain".to_owned(),
            _ => format!("chain {}", index + 1),
        };
        self::chain(text, &title, chain, style);
    }
}

fn chain(text: &mut String, title: &str, chain: &ChainReport, style: Style) {
    let statuses = joined(&chain.statuses, ", ");
    let statuses = if chain.has_finding { style.bad(&statuses) } else { style.good(&statuses) };
    let colon = if statuses.is_empty() { "" } else { ": " };
    let _ = writeln!(text, "\n  {title}{colon}{statuses}");
    for (position, certificate) in chain.certificates.iter().enumerate() {
        let _ = writeln!(text, "    {position}  {:<12} {}", certificate.role.to_string(), name(certificate));
        details(text, certificate, style);
    }
    if let Some(anchor) = &chain.anchor {
        self::anchor(text, anchor, chain, style);
    }
    let whose = if chain.is_leaf_alone() { " (of the leaf: no other certificate is served)" } else { "" };
    let _ = writeln!(text, "    thumbprint      {}{whose}", chain.thumbprint);
    for warning in &chain.warnings {
        let _ = writeln!(text, "    {} {warning}", style.doubtful("note:"));
    }
}

fn anchor(text: &mut String, anchor: &AnchorReport, chain: &ChainReport, style: Style) {
    let AnchorReport { source, certificate } = anchor;
    let served = chain.certificates.iter().position(|served| served.sha1 == certificate.sha1);
    // What is served is described above.
    if let Some(position) = served {
        let what =
            if chain.certificates.len() == 1 { "itself".into() } else { format!("position {position}") };
        let _ = writeln!(text, "    anchored by     {what} [{source}]");
        return;
    }
    let _ = writeln!(text, "    anchored by     {} [{source}]", name(certificate));
    if let Some(fields) = &certificate.fields {
        let _ = writeln!(text, "{MARGIN}{}", dates(fields, style));
    }
}

fn name(certificate: &CertificateReport) -> String {
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
    if let Some(fields) = &certificate.fields {
        let _ = if fields.issuer == fields.subject {
            writeln!(text, "{MARGIN}self-issued")
        } else {
            writeln!(text, "{MARGIN}issued by {}", fields.issuer)
        };
        if !fields.names.is_empty() {
            let shown = &fields.names[..fields.names.len().min(NAMES)];
            let hidden = fields.names_total - shown.len();
            let more = if hidden > 0 { format!(" and {hidden} more") } else { String::new() };
            let _ = writeln!(text, "{MARGIN}names {}{more}", shown.join(", "));
        }
        let _ = writeln!(text, "{MARGIN}{}, {}", fields.key, dates(fields, style));
    }
    let _ = writeln!(text, "{MARGIN}SHA-1   {}", certificate.sha1);
    let _ = writeln!(text, "{MARGIN}SHA-256 {}", certificate.sha256);
}

fn dates(fields: &FieldsReport, style: Style) -> String {
    let left = if fields.days_left < 0.0 {
        style.bad(&format!("expired {:.1} days ago", -fields.days_left))
    } else {
        format!("{:.1} days left", fields.days_left)
    };
    format!("valid {} to {}, {left}", fields.not_before, fields.not_after)
}

fn joined<T: Display>(items: impl IntoIterator<Item = T>, separator: &str) -> String {
    items.into_iter().map(|item| item.to_string()).collect::<Vec<_>>().join(separator)
}
