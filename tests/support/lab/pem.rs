//! Certificates as text (RFC 7468), by hand, so that no reader is tested against itself.

use super::ca::Der;

/// The certificates in PEM, for clients that read their roots from a file.
pub fn pem(certificates: &[Der]) -> String {
    certificates.iter().map(|der| armoured("CERTIFICATE", der)).collect()
}

/// Any bytes under any label.
pub fn armoured(label: &str, bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = format!("-----BEGIN {label}-----\n");
    for line in bytes.chunks(48) {
        for group in line.chunks(3) {
            let bits =
                group.iter().fold(0u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - group.len()));
            for place in 0..4 {
                let digit = ALPHABET[(bits >> (18 - 6 * place) & 63) as usize];
                text.push(if place <= group.len() { char::from(digit) } else { '=' });
            }
        }
        text.push('\n');
    }
    text + &format!("-----END {label}-----\n")
}
