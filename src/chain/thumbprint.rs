//! SHA-1 and SHA-256 of a certificate's DER, as IAM and people write them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha1::{Digest as _, Sha1};
use sha2::{Digest as _, Sha256};

use crate::printable::printable;

/// SHA-1 of a certificate's DER: what IAM calls a thumbprint. Shown as 40 lower-case hex digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Thumbprint([u8; 20]);

/// SHA-256 of a certificate's DER, or of a whole served chain. Shown as 64 lower-case hex digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint([u8; 32]);

/// A text is not the 64 lower-case hex digits that a [`Fingerprint`] is shown as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected 64 hex digits in lower case")]
pub struct FingerprintError;

/// Characters shown of what is no thumbprint.
const MAX_SHOWN: usize = 120;

/// Why a text is not a thumbprint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ThumbprintError {
    #[error("expected 40 hex digits (colons between pairs are allowed)")]
    Form,
    /// What most programs show first.
    #[error("this is a SHA-256 fingerprint; IAM compares SHA-1: expected 40 hex digits")]
    Sha256,
}

impl Thumbprint {
    /// The thumbprint of one certificate.
    #[must_use]
    pub fn of(der: &[u8]) -> Self {
        Self(Sha1::digest(der).into())
    }

    /// All zeros, or the same digit 40 times: what templates hold until somebody fills them in.
    #[must_use]
    pub fn is_placeholder(&self) -> bool {
        let first = self.0[0];
        first >> 4 == first & 15 && self.0.iter().all(|byte| *byte == first)
    }
}

impl Fingerprint {
    /// The fingerprint of one certificate.
    #[must_use]
    pub fn of(der: &[u8]) -> Self {
        Self(Sha256::digest(der).into())
    }

    /// One fingerprint for a list of certificates in their order; lengths are hashed too, so that no two
    /// lists run together.
    #[must_use]
    pub fn of_list<'a>(ders: impl Iterator<Item = &'a [u8]>) -> Self {
        let mut hash = Sha256::new();
        for der in ders {
            hash.update(der.len().to_be_bytes());
            hash.update(der);
        }
        Self(hash.finalize().into())
    }
}

impl FromStr for Fingerprint {
    type Err = FingerprintError;

    fn from_str(text: &str) -> Result<Self, FingerprintError> {
        let digit = |c: u8| match c {
            b'0'..=b'9' => Ok(c - b'0'),
            b'a'..=b'f' => Ok(c - b'a' + 10),
            _ => Err(FingerprintError),
        };
        let digits: &[u8; 64] = text.as_bytes().try_into().map_err(|_| FingerprintError)?;
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            *byte = digit(pair[0])? << 4 | digit(pair[1])?;
        }
        Ok(Self(bytes))
    }
}

/// Lower-case hex digits of `bytes`.
pub(super) fn hex(bytes: &[u8]) -> String {
    use fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

impl FromStr for Thumbprint {
    type Err = ThumbprintError;

    /// Takes upper and lower case, and a whole line of `openssl x509 -fingerprint`, with its name and its colons.
    fn from_str(text: &str) -> Result<Self, ThumbprintError> {
        let digits = without_name(text)?.as_bytes();
        let pairs: Vec<&[u8]> = match digits.len() {
            40 => digits.chunks(2).collect(),
            59 => digits.split(|byte| *byte == b':').collect(),
            64 | 95 if digits.iter().all(|byte| byte.is_ascii_hexdigit() || *byte == b':') => {
                return Err(ThumbprintError::Sha256);
            }
            _ => return Err(ThumbprintError::Form),
        };
        let mut bytes = [0; 20];
        if pairs.len() != bytes.len() {
            return Err(ThumbprintError::Form);
        }
        for (byte, pair) in bytes.iter_mut().zip(pairs) {
            let [high, low] = pair else { return Err(ThumbprintError::Form) };
            let digit = |c: u8| char::from(c).to_digit(16).and_then(|d| u8::try_from(d).ok());
            *byte = digit(*high).zip(digit(*low)).map(|(h, l)| h << 4 | l).ok_or(ThumbprintError::Form)?;
        }
        Ok(Self(bytes))
    }
}

/// What stands after `SHA1 Fingerprint=` (OpenSSL 1), `sha1 Fingerprint=` (3), or the like.
fn without_name(text: &str) -> Result<&str, ThumbprintError> {
    let Some((name, digits)) = text.split_once('=').or_else(|| text.split_once(": ")) else {
        return Ok(text.trim());
    };
    let name = name.to_ascii_lowercase().replace([' ', '-'], "");
    match name.as_str() {
        "sha1fingerprint" | "sha1thumbprint" | "sha1" | "fingerprint" | "thumbprint" => Ok(digits.trim()),
        _ if name.starts_with("sha256") => Err(ThumbprintError::Sha256),
        _ => Err(ThumbprintError::Form),
    }
}

impl<'de> Deserialize<'de> for Thumbprint {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse()
            .map_err(|error| serde::de::Error::custom(format!("`{}`: {error}", printable(&text, MAX_SHOWN))))
    }
}

macro_rules! shown_as_hex {
    ($($name:ident),*) => {$(
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&hex(&self.0))
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
    )*};
}
shown_as_hex!(Thumbprint, Fingerprint);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_people_write_it_is_the_same() {
        let lower = "9e99a48a9960b14926bb7f3b02e22da2b0ab7280";
        let colons = "9E:99:A4:8A:99:60:B1:49:26:BB:7F:3B:02:E2:2D:A2:B0:AB:72:80";
        for text in [
            lower,
            &lower.to_uppercase(),
            colons,
            &format!(" {lower}\n"),
            &format!("SHA1 Fingerprint={colons}"),
            &format!("sha1 Fingerprint={colons}\n"),
            &format!("SHA-1 fingerprint: {colons}"),
            &format!("Thumbprint: {lower}"),
        ] {
            assert_eq!(text.parse::<Thumbprint>().map(|t| t.to_string()), Ok(lower.to_owned()), "{text}");
        }
        let long = "0".repeat(41);
        for text in
            ["", "9e99", "zz99a48a9960b14926bb7f3b02e22da2b0ab7280", &long, &"é".repeat(20), &":".repeat(59)]
        {
            assert_eq!(text.parse::<Thumbprint>(), Err(ThumbprintError::Form), "{text}");
        }
        for text in
            ["ab".repeat(32), ["ab"; 32].join(":"), format!("sha256 Fingerprint={}", ["ab"; 32].join(":"))]
        {
            assert_eq!(text.parse::<Thumbprint>(), Err(ThumbprintError::Sha256), "{text}");
        }
        for text in [
            format!("md5 Fingerprint={lower}"),
            format!("SHA1 Fingerprint={lower}={lower}"),
            format!("x={lower}"),
        ] {
            assert_eq!(text.parse::<Thumbprint>(), Err(ThumbprintError::Form), "{text}");
        }
    }

    #[test]
    fn known_digests() {
        assert_eq!(Thumbprint::of(b"abc").to_string(), "a9993e364706816aba3e25717850c26c9cd0d89d");
        let fingerprint = Fingerprint::of(b"abc");
        let shown = fingerprint.to_string();
        assert!(shown.starts_with("ba7816bf8f01cfea"));
        assert_eq!(shown.parse(), Ok(fingerprint));
        for text in ["", &shown[1..], &shown.to_uppercase(), &shown.replace('b', "g"), &"é".repeat(32)] {
            assert_eq!(text.parse::<Fingerprint>(), Err(FingerprintError), "{text}");
        }
        let lists: [&[&[u8]]; 2] = [&[b"ab", b"c"], &[b"a", b"bc"]];
        assert_ne!(
            Fingerprint::of_list(lists[0].iter().copied()),
            Fingerprint::of_list(lists[1].iter().copied())
        );
    }

    #[test]
    fn placeholders_are_recognised() {
        for text in ["0".repeat(40), "f".repeat(40), "a".repeat(40)] {
            assert!(text.parse::<Thumbprint>().is_ok_and(|t| t.is_placeholder()), "{text}");
        }
        for text in ["12".repeat(20), "9e99a48a9960b14926bb7f3b02e22da2b0ab7280".to_owned()] {
            assert!(text.parse::<Thumbprint>().is_ok_and(|t| !t.is_placeholder()), "{text}");
        }
    }
}
