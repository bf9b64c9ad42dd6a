//! Values as the file has them: text that a person can read, and that is read only in the form in which it is written.

use std::fmt::{self, Display};
use std::marker::PhantomData;
use std::net::{AddrParseError, IpAddr};
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls::pki_types::CertificateDer;
use serde::de::{Error as _, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use time::{OffsetDateTime, PrimitiveDateTime};

use crate::clock::Timestamp;
use crate::poll::Via;
use crate::printable::printable;
use crate::verdict::Health;

/// Characters shown of a text that is refused.
const MAX_SHOWN: usize = 120;

/// A value whose text has one form: another spelling of the same is refused.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Canonical<T>(pub T);

impl<T: Display> Serialize for Canonical<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de, T: FromStr<Err: Display> + Display> Deserialize<'de> for Canonical<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(CanonicalVisitor(PhantomData))
    }
}

struct CanonicalVisitor<T>(PhantomData<T>);

impl<T: FromStr<Err: Display> + Display> Visitor<'_> for CanonicalVisitor<T> {
    type Value = Canonical<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Canonical<T>, E> {
        let shown = || printable(text, MAX_SHOWN);
        let value: T = text.parse().map_err(|error| E::custom(format!("`{}`: {error}", shown())))?;
        if value.to_string() != text {
            return Err(E::custom(format!("`{}`: not in the form in which it is written", shown())));
        }
        Ok(Canonical(value))
    }
}

/// A time, to the millisecond: `2026-11-25T09:12:44.120Z`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Moment(pub Timestamp);

/// A text that is no [`Moment`].
#[derive(Debug, thiserror::Error)]
#[error("not a time such as 2026-11-25T09:12:44.120Z")]
pub(super) struct MomentError;

const MOMENT: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");

impl Moment {
    /// Nothing for a time that has no such text: the years go up to 9999.
    pub(super) fn new(at: Timestamp) -> Option<Self> {
        Self::text(at).map(|_| Self(at))
    }

    fn text(at: Timestamp) -> Option<String> {
        let nanoseconds = i128::from(at.milliseconds()) * 1_000_000;
        let date = OffsetDateTime::from_unix_timestamp_nanos(nanoseconds).ok()?;
        (0..=9999).contains(&date.year()).then(|| date.format(MOMENT).ok()).flatten()
    }
}

impl Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match Self::text(self.0) {
            Some(text) => f.write_str(&text),
            // Of a clock that is out of its mind; not read again.
            None => write!(f, "@{}", self.0.milliseconds()),
        }
    }
}

impl FromStr for Moment {
    type Err = MomentError;

    fn from_str(text: &str) -> Result<Self, MomentError> {
        let date = PrimitiveDateTime::parse(text, MOMENT).map_err(|_| MomentError)?.assume_utc();
        let milliseconds = date.unix_timestamp_nanos() / 1_000_000;
        let milliseconds = i64::try_from(milliseconds).map_err(|_| MomentError)?;
        Self::new(Timestamp::from_milliseconds(milliseconds)).ok_or(MomentError)
    }
}

/// A health, and since when: `failing since 2026-11-25T09:12:44.120Z`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct HealthAt {
    pub is: Health,
    pub since: Moment,
}

/// A text that is no [`HealthAt`].
#[derive(Debug, thiserror::Error)]
#[error("not a health such as `failing since 2026-11-25T09:12:44.120Z`")]
pub(super) struct HealthError;

const SINCE: &str = " since ";

impl Display for HealthAt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{SINCE}{}", self.is, self.since)
    }
}

impl FromStr for HealthAt {
    type Err = HealthError;

    fn from_str(text: &str) -> Result<Self, HealthError> {
        let (is, since) = text.split_once(SINCE).ok_or(HealthError)?;
        let (is, since) = (is.parse().map_err(|_| HealthError)?, since.parse().map_err(|_| HealthError)?);
        Ok(Self { is, since })
    }
}

/// Through a proxy that chose the address; otherwise the address.
const PROXY: &str = "proxy";

/// Where a chain was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Way(pub Via);

impl Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Via::Address(address) => address.fmt(f),
            Via::Proxy => f.write_str(PROXY),
        }
    }
}

impl FromStr for Way {
    type Err = AddrParseError;

    fn from_str(text: &str) -> Result<Self, AddrParseError> {
        let via = if text == PROXY { Via::Proxy } else { text.parse::<IpAddr>()?.into() };
        Ok(Self(via))
    }
}

/// The bytes of a certificate, base64.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Der(pub CertificateDer<'static>);

impl Serialize for Der {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Der {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(DerVisitor)
    }
}

struct DerVisitor;

impl Visitor<'_> for DerVisitor {
    type Value = Der;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("base64")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Der, E> {
        STANDARD
            .decode(text)
            .map(|der| Der(der.into()))
            .map_err(|error| E::custom(format!("not base64: {error}")))
    }
}

/// A text that is kept and read again: bounded, and nothing in it hides or breaks a line.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(super) struct Plain(String);

/// The longest, bytes. IAM's longest are client ids of 255.
const MAX_PLAIN_BYTES: usize = 4096;

impl Plain {
    /// Nothing for a text that is not fit to be kept.
    pub(super) fn new(text: &str) -> Option<Self> {
        (text.len() <= MAX_PLAIN_BYTES && printable(text, MAX_PLAIN_BYTES) == text)
            .then(|| Self(text.to_owned()))
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for Plain {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let why =
            || D::Error::custom(format!("`{}`: too long, or not printable", printable(&text, MAX_SHOWN)));
        Self::new(&text).ok_or_else(why)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::endpoint::Endpoint;
    use crate::issuer::Issuer;

    fn read<T: for<'de> Deserialize<'de> + Serialize>(text: &str) -> Result<String, String> {
        let value: T = serde_json::from_value(text.into()).map_err(|error| error.to_string())?;
        let written = serde_json::to_value(&value).map_err(|error| error.to_string())?;
        Ok(written.as_str().unwrap().to_owned())
    }

    #[test]
    fn what_is_taken_is_written_as_it_was_and_nothing_else_is_taken() {
        type Read = fn(&str) -> Result<String, String>;
        let [issuer, endpoint, time, way, der, plain]: [Read; 6] = [
            read::<Canonical<Issuer>>,
            read::<Canonical<Endpoint>>,
            read::<Canonical<Moment>>,
            read::<Canonical<Way>>,
            read::<Der>,
            read::<Plain>,
        ];
        for (read, text) in [
            (issuer, "https://a.example/id/X"),
            (endpoint, "a.example:443"),
            (endpoint, "[::1]:8443"),
            (time, "2026-11-25T09:12:44.120Z"),
            (time, "1969-12-31T23:59:59.999Z"),
            (time, "0000-01-01T00:00:00.000Z"),
            (way, "proxy"),
            (way, "192.0.2.1"),
            (way, "2001:db8::1"),
            (der, "MAA="),
            (der, ""),
            (plain, "sts.amazonaws.com"),
        ] {
            assert_eq!(read(text).as_deref(), Ok(text));
        }
        for (read, text, told) in [
            (issuer, "https://A.example", "not in the form"),
            (issuer, "https://a.example/", "not in the form"),
            (issuer, "http://a.example", "must start with https"),
            (endpoint, "a.example", "not in the form"),
            (endpoint, "a.example:0", "port 0"),
            (time, "2026-11-25T09:12:44Z", "not a time"),
            (time, "2026-02-30T09:12:44.000Z", "not a time"),
            (time, "-001-01-01T00:00:00.000Z", "not a time"),
            (time, "+26-11-25T09:12:44.000Z", "not a time"),
            (way, "2001:DB8::1", "not in the form"),
            (way, "Proxy", "invalid IP address"),
            (way, "192.0.2.1:443", "invalid IP address"),
            (der, "MAA", "not base64"),
            (der, "MA\nA=", "not base64"),
            (plain, "a\u{1b}[0m", "not printable"),
            (plain, &"x".repeat(4097), "too long"),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.contains(told) && error.len() < 400, "{text:.80}: {error}");
        }
    }

    #[test]
    fn times_without_a_text_are_told_apart() {
        for (milliseconds, has_text) in [(0, true), (253_402_300_799_999, true), (253_402_300_800_000, false)]
        {
            assert_eq!(Moment::new(Timestamp::from_milliseconds(milliseconds)).is_some(), has_text);
        }
        assert_eq!(Moment::new(Timestamp::from_seconds(i64::MIN)), None);
    }
}
