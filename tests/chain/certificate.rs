//! What is read from one certificate.

use oidc_thumbprint_exporter::chain::{Certificate, Unreadable};
use oidc_thumbprint_exporter::clock::Timestamp;
use rcgen::{CertificateParams, DnType, SanType};
use time::macros::datetime;

use crate::support::made::*;

fn read(made: &Made) -> Certificate {
    Certificate::new(made.der.clone())
}

#[test]
fn fields() {
    let [leaf, middle, root] = three();
    let (leaf, root) = (read(&leaf), read(&root));
    let fields = leaf.readable().unwrap();
    assert_eq!(fields.subject, format!("O=Example, CN={HOST}"));
    assert_eq!((fields.issuer.as_str(), fields.common_name.as_str()), ("O=Example, CN=Intermediate", HOST));
    assert_eq!((fields.names.as_slice(), fields.names_total), ([HOST.to_owned()].as_slice(), 1));
    assert_eq!((fields.key.as_str(), fields.is_ca, fields.is_self_issued()), ("EC P-256", false, false));
    assert_eq!(fields.not_before.seconds(), NOW.seconds() - 365 * DAY);
    assert_eq!(fields.not_after.seconds(), NOW.seconds() + 365 * DAY);
    let fields = root.readable().unwrap();
    assert_eq!((fields.is_ca, fields.is_self_issued(), fields.names_total), (true, true, 0));
    let renewed = read(&make("Intermediate", middle.key, None, ca));
    assert!(renewed.readable().unwrap().is_twin_of(read(&middle).readable().unwrap()));
    assert!(!fields.is_twin_of(renewed.readable().unwrap()));
    for (kind, shown) in [(Kind::P384, "EC P-384"), (Kind::Ed25519, "Ed25519"), (Kind::Rsa, "RSA 2048")] {
        assert_eq!(read(&make("Key", key(kind, 0), None, ca)).readable().unwrap().key, shown);
    }
}

#[test]
fn dates_at_the_edges() {
    for (from, to) in [
        (datetime!(1950-01-01 0:00 UTC), datetime!(1969-12-31 23:59:59 UTC)),
        (datetime!(1969-12-31 23:59:59 UTC), datetime!(1970-01-01 0:00 UTC)),
        (datetime!(2049-12-31 23:59:59 UTC), datetime!(2050-01-01 0:00 UTC)),
        (datetime!(1970-01-01 0:00 UTC), datetime!(9999-12-31 23:59:59 UTC)),
    ] {
        let dated = read(&make("Dated", key(Kind::P256, 0), None, |params| {
            params.not_before = from;
            params.not_after = to;
        }));
        let fields = dated.readable().unwrap();
        let [from, to] = [from, to].map(|date| Timestamp::from_seconds(date.unix_timestamp()));
        assert_eq!((fields.not_before, fields.not_after), (from, to));
        // Both ends belong to it (RFC 5280, section 4.1.2.5).
        let just = |t: Timestamp, seconds| Timestamp::from_seconds(t.seconds() + seconds);
        for (now, early, late) in [
            (just(from, -1), true, false),
            (from, false, false),
            (to, false, false),
            (just(to, 1), false, true),
        ] {
            assert_eq!((dated.is_not_yet_valid(now), dated.is_expired(now)), (early, late), "{now}");
            // A clock before 1970 and dates before 1970 are judged without fuss.
            let _ = trusting(&[]).judge(std::slice::from_ref(&dated), None, now);
        }
    }
}

#[test]
fn strangers_choose_names() {
    let shown = |name: &str| {
        let made = make("", key(Kind::P256, 0), None, |params| {
            params.distinguished_name.push(DnType::CommonName, name);
        });
        read(&made).readable().unwrap().common_name.clone()
    };
    assert_eq!(shown("plain é"), "plain é");
    assert_eq!(shown("a\nb\u{1b}[31m\u{202e}c\u{200b}"), r"a\u{a}b\u{1b}[31m\u{202e}c\u{200b}");
    assert_eq!(shown(&"x".repeat(60_000)).chars().count(), 257);
    let nameless = make("", key(Kind::P256, 0), None, |_| ());
    assert_eq!(read(&nameless).readable().unwrap().subject, "");

    let many = make("Many", key(Kind::P256, 0), None, |params: &mut CertificateParams| {
        params.subject_alt_names =
            (0..10_000).map(|i| SanType::DnsName(format!("h{i}.example.org").try_into().unwrap())).collect();
        params.subject_alt_names.insert(0, SanType::IpAddress("2001:db8::1".parse().unwrap()));
    });
    let many = read(&many);
    let fields = many.readable().unwrap();
    assert_eq!(
        (fields.names.len(), fields.names_total, fields.names[0].as_str()),
        (20, 10_001, "2001:db8::1")
    );
}

#[test]
fn unreadable_certificates_have_thumbprints_and_reasons() {
    let [leaf, ..] = three();
    let der = leaf.der.as_ref();
    let extensions_twice = {
        // Basic constraints and the key identifiers are there once; the whole list is written down twice.
        let twice = with_fields(&leaf, leaf.key, |fields| {
            let (tag, extensions) = elements(&fields[7])[0];
            let list = elements(extensions)[0].1;
            fields[7] = element(tag, &element(0x30, &[list, list].concat()));
        });
        twice.der.to_vec()
    };
    for (what, bytes, reason) in [
        ("nothing", Vec::new(), Unreadable::Malformed),
        ("one byte", vec![0x30], Unreadable::Malformed),
        ("text", b"hello".to_vec(), Unreadable::Malformed),
        ("cut short", der[..der.len() - 1].to_vec(), Unreadable::Truncated),
        ("something after", [der, b"\0"].concat(), Unreadable::TrailingBytes),
        ("extensions twice", extensions_twice, Unreadable::Extensions),
        ("an empty sequence", vec![0x30, 0], Unreadable::Malformed),
    ] {
        let certificate = Certificate::new(bytes.into());
        assert_eq!(certificate.fields.as_ref().err(), Some(&reason), "{what}");
        assert_eq!(certificate.sha1.to_string().len(), 40);
        assert!(
            !certificate.is_expired(NOW) && !certificate.is_not_yet_valid(NOW),
            "{what}: not known to be"
        );
    }
}
