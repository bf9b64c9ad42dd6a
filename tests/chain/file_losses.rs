//! Files of which a part is something else, damaged or lost: what was meant to be a certificate is read, or refused with its
//! place. None is dropped.

use oidc_thumbprint_exporter::chain::{Certificate, Fault, FileError, Unreadable, read_certificates};

use super::file_forms::{bare, each, hex, pem, read, thumbprints};
use crate::support::lab::pem::armoured;
use crate::support::made::*;
use crate::support::random::Random;

#[test]
fn what_is_something_else_is_left_out() {
    let chain = three().map(|made| made.der);
    let all = each(&chain, pem);
    let hex = "8F3A".repeat(16);
    let session = armoured("SSL SESSION PARAMETERS", &chain[0]);
    let noise = [
        format!(
            "    Session-ID: {hex}\n    Master-Key: {hex}\n    0000 - 30 82 01 0a 30 82 01 0a-a0 03 02 01 02   0...0.......\n"
        ),
        format!("<<< TLS 1.3, Handshake [length 007a], ServerHello\n    02 00 00 76 03 03\n{session}"),
        armoured("PRIVATE KEY", &chain[0]),
        armoured("RSA PRIVATE KEY", b"x").replace("KEY-----\ne", "KEY-----\nProc-Type: 4,ENCRYPTED\n\ne"),
        armoured("CERTIFICATE REQUEST", &[0x30; 90]),
        armoured("X509 CRL", &chain[0]),
        armoured("DH PARAMETERS", b"\x30\x06\x02\x01\x05\x02\x01\x05"),
        "---- BEGIN SSH2 PUBLIC KEY ----\nComment: x\nAAAA\n---- END SSH2 PUBLIC KEY ----\n".to_owned(),
        // A public key, a request and a list of revocations, without armour.
        bare(&element(0x30, &[element(0x30, b"\x06\x03\x2a\x03\x04"), element(3, &[0; 200])].concat())),
        bare(&element(
            0x30,
            &[
                element(0x30, &[b"\x02\x01\0", &*element(0x30, &[0x31; 2]), &[5; 160]].concat()),
                element(0x30, b""),
                element(3, b"\0"),
            ]
            .concat(),
        )),
        // The responder's certificate is no part of the chain.
        format!(
            "OCSP response: \n{0}\nOCSP Response Data:\n    Responder Id: x\n{1}{0}\n",
            "=".repeat(38),
            pem(&chain[2])
        ),
        "pin-sha256=\"MIIYcnN0dXZ3eHl6MDEyMzQ1Njc4OWFiY2RlZmdoaWo=\"\n".to_owned(),
        "the END of a -- line, BEGIN of another --\n".to_owned(),
    ];
    for other in &noise {
        let file = format!("{other}{all}{other}");
        assert_eq!(read(file), Ok(thumbprints(&chain)), "{other}");
        assert_eq!(read(other), Err(FileError::NoCertificate), "{other}");
    }
}

#[test]
fn what_was_meant_and_cannot_be_read_is_refused_with_its_line() {
    let [a, b, c] = three().map(|made| made.der);
    let head = format!("{}{}", pem(&a), pem(&b));
    let first = head.lines().count() + 1;
    let text = pem(&c);
    let lines: Vec<&str> = text.lines().collect();
    let part = |range: std::ops::Range<usize>| lines[range].join("\n") + "\n";
    let last = lines.len();
    let request = element(
        0x30,
        &[element(0x30, b"\x02\x01\0\x30\0\x30\0"), element(0x30, b""), element(3, b"\0")].concat(),
    );
    let bmp = |text: &str| text.chars().flat_map(|letter| [letter as u8, 0, 0, 0]).collect::<Vec<u8>>();
    for (what, tail, line, fault) in [
        ("the head is cut off", part(2..last).into_bytes(), last - 3, Fault::NoBegin),
        ("the end is cut off", part(0..4).into_bytes(), 0, Fault::NoEnd),
        ("both armour lines and the end are lost", part(1..4).into_bytes(), 0, Unreadable::Truncated.into()),
        (
            "an ellipsis",
            format!("{}...\n{}", part(0..2), lines[last - 1]).into_bytes(),
            2,
            Fault::Character('.'),
        ),
        (
            "a picture of it",
            "-----BEGIN CERTIFICATE-----\n\u{2026}\n-----END CERTIFICATE-----\n".into(),
            1,
            Fault::Character('\u{2026}'),
        ),
        (
            "another kind under its label",
            armoured("CERTIFICATE", &request).into(),
            0,
            Unreadable::Malformed.into(),
        ),
        ("nothing under its label", armoured("CERTIFICATE", b"").into(), 0, Unreadable::Malformed.into()),
        (
            "a label misspelt, and damaged",
            text.replace("CERTIFICATE", "CERTFICATE").replacen("MII", "M?I", 1).into(),
            1,
            Fault::Character('?'),
        ),
        ("cut within its BEGIN line", b"-----BEG".to_vec(), 0, Fault::NoEnd),
        (
            "only its first letters",
            format!("root: \"{}...\"\n", &bare(&c)[..20]).into(),
            0,
            Unreadable::Truncated.into(),
        ),
        ("DER that is cut", c[..c.len() - 1].to_vec(), 0, Unreadable::Truncated.into()),
        ("four bytes for a letter", bmp(&text), 0, Fault::ZeroBytes),
        ("a binary part", b"\0\x01\x02".to_vec(), 0, Fault::ZeroBytes),
    ] {
        let file = [head.as_bytes(), &tail].concat();
        let error = FileError::Damaged { number: 3, line: first + line, fault };
        assert_eq!(read(&file), Err(error), "{what}");
    }
}

#[test]
fn what_follows_der_is_no_part_of_it_and_not_nothing() {
    let [a, b, c] = three().map(|made| made.der);
    let both = [&a[..], &b].concat();
    let damaged = |line| Err(FileError::Damaged { number: 3, line, fault: Unreadable::TrailingBytes.into() });
    for tail in [&c[..10], &c[..3], b"and so on"] {
        assert_eq!(read([&both, tail].concat()), damaged(1), "{tail:?}");
    }
    let mixed = [pem(&a).as_bytes(), &b, &c[..10]].concat();
    assert_eq!(read(mixed), damaged(pem(&a).lines().count() + 1));
}

#[test]
fn hex_digits_are_a_certificate_that_is_not_read() {
    let [a, b, c] = three().map(|made| made.der);
    let line = pem(&a).lines().count() + 1;
    for digits in [hex(&b), format!("0x{}", hex(&b).to_uppercase())] {
        assert_eq!(read(format!("{}{digits}\n{}", pem(&a), pem(&c))), Err(FileError::Hex { line }));
    }
}

#[test]
fn what_is_packed_is_named() {
    let tar = [&[b'x'; 257], &b"ustar\0"[..]].concat();
    for (file, told) in [
        (&b"\x1f\x8b\x08\0"[..], "is compressed with gzip; unpack it first"),
        (b"BZh91AY&SY", "is compressed with bzip2; unpack it first"),
        (b"\xfd7zXZ\0\0", "is compressed with xz; unpack it first"),
        (b"\x28\xb5\x2f\xfd", "is compressed with zstd; unpack it first"),
        (b"PK\x03\x04", "is a zip archive; unpack it first"),
        (&tar, "is a tar archive; unpack it first"),
        (b"\xfe\xed\xfe\xed\0", "is a Java keystore; export its certificates with `keytool -list -rfc`"),
    ] {
        assert_eq!(read(file).unwrap_err().to_string(), told);
    }
}

/// A certificate that no parser takes, and whose bytes are whole.
#[test]
fn an_unreadable_certificate_keeps_its_place() {
    let [leaf, middle, root] = three();
    // With an empty set in its subject.
    let odd = with_fields(&root, root.key, |fields| fields[5] = element(0x30, &element(0x31, b"")));
    let chain = [leaf.der, middle.der, odd.der];
    let text = each(&chain, pem);
    let der: Vec<u8> = chain.iter().flat_map(|der| der.to_vec()).collect();
    let loose = each(&chain, bare);
    for file in [text.as_bytes(), &der, loose.as_bytes(), &chain[2]] {
        let read = read_certificates(file).unwrap();
        assert_eq!(read.last(), chain.last());
        assert!(read == chain || file == &*chain[2]);
        let last = Certificate::new(read.last().unwrap().clone());
        assert_eq!(last.fields.err(), Some(Unreadable::Malformed));
    }
}

/// Whatever single byte of a file is changed, no certificate vanishes: all are there, changed perhaps, or it is refused.
#[test]
fn no_single_byte_makes_a_certificate_vanish() {
    const OTHERS: [u8; 10] = [0, b'\n', b' ', b'-', b'A', b'\\', b'?', b'=', b'<', 0xff];
    let chain = three().map(|made| made.der);
    let plain = each(&chain, pem);
    let escaped = format!("chain: \"{}\"\n", plain.replace('\n', "\\n"));
    let (mut read, mut refused) = (0, 0);
    for file in [plain, escaped] {
        for at in 0..file.len() {
            for turn in 0..3 {
                let other = OTHERS[(at + turn * 3) % OTHERS.len()];
                let mut bytes = file.clone().into_bytes();
                bytes[at] = other;
                match read_certificates(&bytes) {
                    Ok(found) => {
                        assert_eq!(found.len(), 3, "byte {at} became {other:#x}");
                        read += 1;
                    }
                    Err(_) => refused += 1,
                }
            }
        }
    }
    assert!(read > 300 && refused > 3_000, "{read} read, {refused} refused");
}

/// Lines may be lost and moved in pasting. What is read of the last certificate is that certificate, or there is an error.
#[test]
fn lines_that_are_lost_are_missed() {
    let chain = three().map(|made| made.der);
    let text = each(&chain, pem);
    let lines: Vec<&str> = text.lines().collect();
    let mut random = Random(11);
    let (mut read, mut refused) = (0, 0);
    for _ in 0..600 {
        let from = random.below(lines.len());
        let to = (from + 1 + random.below(4)).min(lines.len());
        let kept = [&lines[..from], &lines[to..]].concat().join("\n");
        match read_certificates(kept.as_bytes()) {
            Ok(found) => {
                // Fewer lines are lost than a certificate has.
                assert_eq!(thumbprints(&found), thumbprints(&chain), "{from}..{to}");
                read += 1;
            }
            Err(_) => refused += 1,
        }
    }
    assert!(read > 10 && refused > 300, "{read} read, {refused} refused");
}
