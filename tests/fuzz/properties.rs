//! What holds of every reader of strangers' bytes, whatever the bytes: it comes to an end without a panic, and what it
//! refuses it refuses with a reason that is fit for a log line. Each function says whether the input was taken.
//!
//! The fuzz targets run these, and so do the seeded tests of the normal run (`tests/hostile`).

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used)]

use std::fmt::Display;
use std::sync::OnceLock;
use std::time::Duration;

use oidc_thumbprint_exporter::chain::{Certificate, ServedChain, TrustStore, read_certificates};
use oidc_thumbprint_exporter::clock::Timestamp;
use oidc_thumbprint_exporter::endpoint::{Endpoint, parse_https};
use oidc_thumbprint_exporter::issuer::Issuer;
use oidc_thumbprint_exporter::memory::{Memory, Restoring};
use oidc_thumbprint_exporter::observe::WindowRules;
use oidc_thumbprint_exporter::poll::{
    AddressPolicy, ClearError, Coding, Flight, FlightReader, decoded, discovery, key_set,
};
use oidc_thumbprint_exporter::provider::ProviderArn;
use rustls::pki_types::{CertificateDer, ServerName};
use strum::IntoEnumIterator as _;

/// The longest reason, in characters.
const MAX_REASON: usize = 300;
/// The longest name of a certificate: 256 characters, each of them escaped as `\u{10ffff}` at worst.
const MAX_NAME: usize = 256 * 10 + 1;

/// The longest document, bytes.
const MAX_DOCUMENT: usize = 1 << 20;

/// The issuer that the discovery documents are for.
pub const ISSUER: &str = "https://a.example/id/X";

/// Certificates as in a TLS 1.2 `Certificate` message: three bytes of length, then DER (RFC 5246, section 7.4.2).
pub fn certificate_list(input: &[u8]) -> bool {
    static STORE: OnceLock<TrustStore> = OnceLock::new();
    let store = STORE.get_or_init(|| TrustStore::empty().with_mozilla());
    let Some(chain) = ServedChain::new(framed(input)) else { return false };
    let host = ServerName::try_from("a.example").unwrap();
    let judgement = store.judge(chain.certificates(), Some(&host), Timestamp::from_seconds(1_763_164_800));
    assert!(!judgement.statuses.is_empty());
    assert!(judgement.path.positions.iter().all(|position| *position < chain.certificates().len()));
    let _ = judgement.next_expiry(chain.certificates());
    let readable = chain.certificates().iter().map(is_fit).filter(|readable| *readable).count();
    readable == chain.certificates().len()
}

/// What a server sends in the clear before its first secret: read in long pieces, and in pieces as long as its first byte says.
pub fn server_flight(input: &[u8]) -> bool {
    let whole = flight(input, 16 * 1024);
    let in_pieces = flight(input, 1 + input.first().copied().map_or(0, usize::from));
    assert_eq!(whole.as_ref().ok(), in_pieces.as_ref().ok());
    taken(whole, |flight| {
        assert!((1..=500).contains(&flight.certificates.len()));
        assert!(flight.certificates.iter().map(|der| der.len()).sum::<usize>() < input.len());
        assert_fit(&flight.choice);
    })
}

fn flight(input: &[u8], piece: usize) -> Result<Flight, ClearError> {
    let mut reader = FlightReader::default();
    for piece in input.chunks(piece) {
        if let Some(flight) = reader.take_in(piece)? {
            return Ok(flight);
        }
    }
    Err(reader.end())
}

fn framed(mut input: &[u8]) -> Vec<CertificateDer<'static>> {
    let mut certificates = Vec::new();
    while let [high, middle, low, rest @ ..] = input {
        let length = usize::from(*high) << 16 | usize::from(*middle) << 8 | usize::from(*low);
        let (der, after) = rest.split_at(length.min(rest.len()));
        certificates.push(der.to_vec().into());
        input = after;
    }
    certificates
}

fn is_fit(certificate: &Certificate) -> bool {
    match &certificate.fields {
        Ok(fields) => {
            let texts = [&fields.subject, &fields.issuer, &fields.common_name, &fields.serial, &fields.key];
            for text in texts.into_iter().chain(&fields.names) {
                assert!(text.chars().count() <= MAX_NAME && !text.chars().any(char::is_control), "{text:?}");
            }
            assert!(fields.names.len() <= fields.names_total);
        }
        Err(why) => assert_fit(why),
    }
    certificate.fields.is_ok()
}

/// A discovery document of [`ISSUER`].
pub fn discovery_document(input: &[u8]) -> bool {
    taken(discovery(input, &ISSUER.parse().unwrap()), |document| {
        assert_eq!(document.jwks_uri.scheme(), "https");
        Endpoint::of(&document.jwks_uri).unwrap();
    })
}

pub fn jwks(input: &[u8]) -> bool {
    let usable = key_set(input).and_then(|keys| keys.usable());
    taken(usable, |usable| assert!((1..=200).contains(&usable)))
}

/// A document in a content coding, read as each of those that are known.
pub fn coded_document(input: &[u8]) -> bool {
    let read = |coding| taken(decoded(coding, input), |plain| assert!(plain.len() <= MAX_DOCUMENT));
    Coding::iter().filter(|coding| read(*coding)).count() > 0
}

/// A file of certificates: PEM, DER, a transcript.
pub fn pem_file(input: &[u8]) -> bool {
    taken(read_certificates(input), |found| {
        assert!(!found.is_empty());
        for certificate in found.into_iter().map(Certificate::new) {
            // One that cannot be read is whole all the same.
            let is_whole = is_fit(&certificate) || certificate.der.starts_with(b"\x30");
            assert!(is_whole, "{certificate:?}");
        }
    })
}

/// The ARN of a provider, and the issuer in it.
pub fn provider_arn(input: &[u8]) -> bool {
    let Ok(arn) = std::str::from_utf8(input) else { return false };
    taken(arn.parse::<ProviderArn>(), |parsed| {
        let (account, url) = (parsed.account_id(), parsed.url());
        // It becomes a label: short, and nothing that hides or breaks a line.
        let is_fit = |byte: u8| byte.is_ascii_graphic() && byte != b':';
        assert!(account.len() <= 128 && account.bytes().all(is_fit), "{account:?}");
        assert!(arn.ends_with(&format!(":{account}:oidc-provider/{url}")));
        if let Err(why) = Issuer::from_iam(url) {
            assert_fit(&why);
        }
    })
}

/// An issuer URL; and the same text as `host[:port]`.
pub fn issuer_url(input: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(input) else { return false };
    if let Err(why) = text.parse::<Endpoint>().map(|endpoint| endpoint.server_name().is_some()) {
        assert_fit(&why);
    }
    taken(text.parse::<Issuer>(), |issuer| {
        let canonical = issuer.as_str();
        assert_eq!(canonical.parse().as_ref(), Ok(&issuer), "the canonical form stays as it is");
        assert!(!canonical.ends_with('/') && !canonical.contains(['?', '#']), "{canonical}");
        assert!(canonical.bytes().all(|byte| byte.is_ascii_graphic()), "{canonical:?}");
        let discovery = parse_https(issuer.discovery_url().as_str()).unwrap();
        let endpoint = Endpoint::of(&discovery).unwrap();
        assert_eq!(endpoint.to_string().parse().as_ref(), Ok(&endpoint));
    })
}

/// The state of an earlier process; it is written again as it was read.
pub fn state_file(input: &[u8]) -> bool {
    static STORE: OnceLock<TrustStore> = OnceLock::new();
    let trust = STORE.get_or_init(|| TrustStore::empty().with_mozilla());
    let at = Timestamp::from_seconds(1_764_100_000);
    taken(Memory::read(input, at), |memory| {
        assert_eq!(Memory::read(&memory.bytes().unwrap(), at).unwrap(), memory);
        let rules = WindowRules { window: Duration::from_hours(24), settle_looks: 6 };
        let policy = AddressPolicy { allow_loopback: false };
        let restoring = Restoring { memory: &memory, trust, rules, policy, at };
        for (_, issuer) in restoring.issuers(|_| true) {
            assert!(issuer.last_success.max(issuer.thumbprint_changed) <= Some(at) && !issuer.is_up());
        }
        for (_, endpoint) in restoring.endpoints(|_| true) {
            assert!(endpoint.tls12_asked <= Some(at));
            for observation in endpoint.window.observations() {
                assert!(observation.first_seen <= observation.last_seen && observation.last_seen <= at);
                assert!(observation.via.address().is_none_or(|address| policy.admit(address).is_ok()));
                assert!(!observation.chain.judgement.statuses.is_empty());
            }
        }
        assert!(restoring.providers().all(|provider| provider.iam_url().is_some()));
    })
}

fn taken<T, E: Display>(outcome: Result<T, E>, check: impl FnOnce(T)) -> bool {
    match outcome {
        Ok(value) => {
            check(value);
            true
        }
        Err(why) => {
            assert_fit(&why);
            false
        }
    }
}

/// One line, of bounded length, that does not reach into the terminal it is shown on.
fn assert_fit(reason: &impl Display) {
    let reason = reason.to_string();
    assert!(
        !reason.is_empty() && reason.chars().count() <= MAX_REASON,
        "{} characters: {reason:.400}",
        reason.len()
    );
    assert!(!reason.chars().any(char::is_control), "{reason:?}");
}
