//! Certificates in files.

use oidc_thumbprint_exporter::chain::{Fault, FileError, Unreadable, read_certificates};
use oidc_thumbprint_exporter::files::MAX_FILE_BYTES;

use crate::support::lab::pem::armoured;
use crate::support::made::*;
use crate::support::random::Random;

fn pem(der: &[u8]) -> String {
    armoured("CERTIFICATE", der)
}

#[test]
fn everything_people_have_is_read() {
    let [leaf, middle, root] = three();
    let all = [&leaf, &middle, &root].map(|made| made.der.clone());
    let [a, b, c] = [&leaf, &middle, &root].map(|made| pem(&made.der));
    let transcript = format!(
        "CONNECTED(00000003)\ndepth=2 CN = Root\nverify return:1\n---\nCertificate chain\n 0 s:CN = {HOST}\n   \
         i:CN = Intermediate\n   a:PKEY: id-ecPublicKey, 256 (bit); sigalg: ecdsa-with-SHA256\n{a} 1 s:CN = \
         Intermediate\n   i:CN = Root\n{b} 2 s:CN = Root\n   i:CN = Root\n{c}---\nServer certificate\nsubject=CN = \
         {HOST}\n\nissuer=CN = Intermediate\n\n---\nNo client certificate CA names sent\n---\nSSL handshake has read \
         3456 bytes and written 400 bytes\nVerification: OK\n---\nDONE\n"
    );
    // OpenSSL appends its trust settings to a "trusted certificate".
    let trusted = armoured("TRUSTED CERTIFICATE", &[leaf.der.as_ref(), &[0x30, 0x02, 0x30, 0x00]].concat());
    let key = armoured("EC PRIVATE KEY", b"not read");
    for (what, file, count) in [
        ("one", a.clone().into_bytes(), 1),
        ("a chain", format!("{a}{b}{c}").into_bytes(), 3),
        ("a transcript", transcript.clone().into_bytes(), 3),
        ("a transcript from Windows", transcript.replace('\n', "\r\n").into_bytes(), 3),
        ("with a byte order mark", format!("\u{feff}{a}").into_bytes(), 1),
        ("indented, blank lines between", a.replace('\n', "\n\n    ").into_bytes(), 1),
        (
            "on one long line",
            a.replace('\n', "")
                .replace("CERTIFICATE-----", "CERTIFICATE-----\n")
                .replace("-----END", "\n-----END")
                .into_bytes(),
            1,
        ),
        ("no newline at the end", a.trim_end().as_bytes().to_vec(), 1),
        ("not UTF-8 around", [b"\xff\xfe\n".as_slice(), a.as_bytes(), b"\xc3\x28"].concat(), 1),
        ("another label", armoured("X509 CERTIFICATE", &leaf.der).into_bytes(), 1),
        ("a trusted certificate", trusted.into_bytes(), 1),
        ("with its key", format!("{key}{a}{key}{b}").into_bytes(), 2),
        ("DER", leaf.der.to_vec(), 1),
    ] {
        assert_eq!(read_certificates(&file).as_deref(), Ok(&all[..count]), "{what}");
    }
}

#[test]
fn a_damaged_file_says_where() {
    let [leaf, middle, _] = three();
    let (a, b) = (pem(&leaf.der), pem(&middle.der));
    let lines = a.lines().count();
    let line_of_b = |number: usize, edit: &dyn Fn(&str) -> String| {
        let edited: Vec<String> = b
            .lines()
            .enumerate()
            .map(|(index, line)| if index + 1 == number { edit(line) } else { line.to_owned() })
            .collect();
        format!("{a}{}\n", edited.join("\n"))
    };
    let last = b.lines().count() - 1;
    let damaged = |line, fault| FileError::Damaged { number: 2, line: lines + line, fault };
    for (what, file, error) in [
        (
            "a stray character",
            line_of_b(4, &|line| line.replacen(&line[7..8], "?", 1)),
            damaged(4, Fault::Character('?')),
        ),
        ("padding inside", line_of_b(3, &|line| format!("{}=", &line[..63])), damaged(3, Fault::Padding)),
        ("a character lost", line_of_b(5, &|line| line[1..].to_owned()), damaged(last, Fault::Length)),
        ("a line lost", line_of_b(5, &|_| String::new()), damaged(1, Unreadable::Truncated.into())),
        (
            "no end",
            b.replace("-----END CERTIFICATE-----", "- END -").replacen(
                "-----BEGIN",
                &format!("{a}-----BEGIN"),
                1,
            ),
            damaged(last + 1, Fault::Character('-')),
        ),
        (
            "the file ends",
            format!("{a}{}", b.replace("-----END CERTIFICATE-----\n", "")),
            damaged(1, Fault::NoEnd),
        ),
        (
            "the next begins",
            format!("{a}{}{a}", b.replace("-----END CERTIFICATE-----\n", "")),
            damaged(1, Fault::NoEnd),
        ),
        (
            "not a certificate",
            format!("{a}{}", pem(b"\x30\x03\x02\x01\x01")),
            damaged(1, Unreadable::Malformed.into()),
        ),
        ("empty", format!("{a}{}", pem(b"")), damaged(1, Unreadable::Malformed.into())),
        (
            "two in one",
            format!("{a}{}", pem(&[leaf.der.as_ref(), &leaf.der].concat())),
            damaged(1, Unreadable::TrailingBytes.into()),
        ),
        ("nothing", String::new(), FileError::NoCertificate),
        ("a page", "<html>404</html>".to_owned(), FileError::NoCertificate),
        ("a key only", armoured("PRIVATE KEY", b"key"), FileError::NoCertificate),
        ("long", " ".repeat(MAX_FILE_BYTES + 1), FileError::TooLong),
    ] {
        assert_eq!(read_certificates(file.as_bytes()), Err(error), "{what}");
    }
    let der = &leaf.der[..leaf.der.len() - 1];
    assert_eq!(read_certificates(der), Err(FileError::Der(Unreadable::Truncated)));
    assert_eq!(
        read_certificates(&[&leaf.der, &[0][..]].concat()),
        Err(FileError::Der(Unreadable::TrailingBytes))
    );
    assert_eq!(
        damaged(4, Fault::Character('?')).to_string(),
        format!("certificate 2, line {}: not base64: `?`", lines + 4)
    );
}

#[test]
fn mutated_files_are_read_or_refused() {
    let [leaf, middle, root] = three();
    let file = format!("{}text\n{}{}", pem(&leaf.der), pem(&middle.der), pem(&root.der)).into_bytes();
    let mut random = Random(7);
    let (mut read, mut refused) = (0, 0);
    for _ in 0..5_000 {
        let mut bytes = file.clone();
        for _ in 0..=random.below(3) {
            let at = random.below(bytes.len());
            match random.below(4) {
                0 => bytes[at] ^= 1 << random.below(8),
                1 => bytes.truncate(at.max(1)),
                2 => drop(bytes.remove(at)),
                _ => bytes.insert(at, b"\n=-A\0\xff"[random.below(6)]),
            }
        }
        match read_certificates(&bytes) {
            Ok(found) => {
                assert!((1..=3).contains(&found.len()));
                read += 1;
            }
            Err(error) => {
                assert!(!error.to_string().is_empty());
                refused += 1;
            }
        }
    }
    assert!(read > 300 && refused > 300, "{read} read, {refused} refused: the mutations miss one side");
}
