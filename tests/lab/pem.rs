//! Certificates as text (RFC 7468), for clients that read their roots from a file.

use std::fmt::Write;

use super::ca::Der;

/// The certificates in PEM (RFC 7468).
pub fn pem(certificates: &[Der]) -> String {
    let mut out = String::new();
    for der in certificates {
        out += "-----BEGIN CERTIFICATE-----\n";
        for line in base64(der).as_bytes().chunks(64) {
            let _ = writeln!(out, "{}", String::from_utf8_lossy(line));
        }
        out += "-----END CERTIFICATE-----\n";
    }
    out
}

fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for group in bytes.chunks(3) {
        let bits = group.iter().fold(0, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - group.len()));
        for place in 0..4 {
            let digit = ALPHABET[(bits >> (18 - 6 * place) & 63) as usize];
            out.push(if place <= group.len() { char::from(digit) } else { '=' });
        }
    }
    out
}
