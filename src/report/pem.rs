//! The served chains as PEM, for other tools.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::inspection::Inspection;

/// Characters of a line (RFC 7468, section 2).
const LINE: usize = 64;

/// Every chain in served order, each certificate under a line that names it.
#[must_use]
pub(crate) fn as_pem(report: &Inspection) -> String {
    let mut text = String::new();
    for endpoint in &report.endpoints {
        for chain in &endpoint.chains {
            for (certificate, shown) in chain.served.certificates().iter().zip(&chain.certificates) {
                let subject = shown.fields.as_ref().map_or("unreadable", |fields| fields.subject.as_str());
                let role = shown.role;
                let _ =
                    writeln!(text, "# {} {role}: {subject}\n-----BEGIN CERTIFICATE-----", endpoint.endpoint);
                let mut rest = STANDARD.encode(&certificate.der);
                while !rest.is_empty() {
                    let next = rest.split_off(rest.len().min(LINE));
                    text += &rest;
                    text.push('\n');
                    rest = next;
                }
                text += "-----END CERTIFICATE-----\n";
            }
        }
    }
    text
}
