//! A chain as people paste and save it: all of it is read, or the file is refused with the place. None of it is dropped.

use oidc_thumbprint_exporter::chain::{Fault, FileError, Thumbprint, Unreadable, read_certificates};
use rustls::pki_types::CertificateDer;

use crate::support::lab::pem::armoured;
use crate::support::made::*;
use crate::support::random::Random;

fn pem(der: &[u8]) -> String {
    armoured("CERTIFICATE", der)
}

/// Base64 in lines of 64, without armour.
fn bare(bytes: &[u8]) -> String {
    let text = armoured("X", bytes);
    let lines = text.lines().filter(|line| !line.starts_with('-'));
    lines.collect::<Vec<_>>().join("\n") + "\n"
}

fn each(chain: &[CertificateDer<'static>], shown: impl Fn(&[u8]) -> String) -> String {
    chain.iter().map(|der| shown(der)).collect()
}

fn unbroken(bytes: &[u8]) -> String {
    bare(bytes).replace('\n', "")
}

/// What was read, short enough to be looked at.
fn read(file: impl AsRef<[u8]>) -> Result<Vec<Thumbprint>, FileError> {
    read_certificates(file.as_ref()).map(|found| thumbprints(&found))
}

fn thumbprints(chain: &[CertificateDer<'static>]) -> Vec<Thumbprint> {
    chain.iter().map(|der| Thumbprint::of(der)).collect()
}

fn each_line(text: &str, shown: impl Fn(usize, &str) -> String) -> String {
    text.lines().zip(1..).map(|(line, number)| shown(number, line)).collect()
}

fn utf16(text: &str, order: fn(u16) -> [u8; 2]) -> Vec<u8> {
    text.encode_utf16().flat_map(order).collect()
}

type Form = (&'static str, fn(&str) -> String);

/// What happens to the text of certificates on its way.
const FORMS: [Form; 44] = [
    ("as it is", str::to_owned),
    ("CR LF", |text| text.replace('\n', "\r\n")),
    ("CR alone", |text| text.replace('\n', "\r")),
    ("CR CR LF", |text| text.replace('\n', "\r\r\n")),
    ("joined END and BEGIN", |text| text.replace("-----\n-----", "----------")),
    ("on one line", |text| text.replace('\n', " ") + "\n"),
    ("with nothing for newlines", |text| text.replace('\n', "") + "\n"),
    ("an environment file", |text| format!("CHAIN=\"{}\"\n", text.replace('\n', "\\n"))),
    ("JSON", |text| serde_json::json!({ "Certificate": text }).to_string()),
    ("JSON in JSON", |text| serde_json::json!({ "a": serde_json::json!([text]).to_string() }).to_string()),
    ("JSON as .NET writes it", |text| serde_json::json!(text).to_string().replace('+', "\\u002B")),
    ("JSON as PHP writes it", |text| serde_json::json!(text).to_string().replace('/', "\\/")),
    ("JSON, a text for each line", |text| serde_json::json!(text.lines().collect::<Vec<_>>()).to_string()),
    ("a registry file", |text| format!("\"ca\"=\"{}\"\n", text.replace('\n', "\\r\\n"))),
    ("C", |text| each_line(text, |_, line| format!("  \"{line}\\n\"\n"))),
    ("Java", |text| each_line(text, |_, line| format!("  \"{line}\\n\" +\n"))),
    ("a properties file", |text| each_line(text, |_, line| format!("{line}\\n\\\n"))),
    ("quoted mail", |text| each_line(text, |_, line| format!("> {line}\n"))),
    ("quoted twice", |text| each_line(text, |_, line| format!(">> {line}\n"))),
    ("comments of a shell", |text| each_line(text, |_, line| format!("# {line}\n"))),
    ("comments of C", |text| each_line(text, |_, line| format!("// {line}\n"))),
    ("comments of Java", |text| each_line(text, |_, line| format!(" * {line}\n"))),
    ("a diff", |text| each_line(text, |_, line| format!("+{line}\n"))),
    ("cat -n", |text| each_line(text, |number, line| format!("{number:6}\t{line}\n"))),
    ("grep -n", |text| each_line(text, |number, line| format!("{number}:{line}\n"))),
    ("a container's log", |text| {
        each_line(text, |number, line| format!("2026-01-01T00:00:00.{number}Z {line}\n"))
    }),
    ("the journal", |text| {
        each_line(text, |number, line| format!("Jan 01 00:00:{number:02} host app[1]: {line}\n"))
    }),
    ("indented in YAML", |text| format!("ca.crt: |\n{}", each_line(text, |_, line| format!("    {line}\n")))),
    ("a Markdown table", |text| format!("| ca | `{}` |\n", text.replace('\n', " "))),
    ("HTML", |text| text.replace('+', "&#43;").replace('/', "&#x2F;").replace('\n', "<br />\n")),
    ("HTML without newlines", |text| format!("<pre>{}</pre>\n", text.replace('\n', "&#10;"))),
    ("a URL", |text| {
        text.replace(' ', "%20").replace('+', "%2B").replace('=', "%3D").replace('\n', "%0A") + "\n"
    }),
    ("a form", |text| text.replace('+', "%2B").replace(' ', "+").replace('\n', "%0D%0A") + "\n"),
    ("quoted-printable", |text| text.replace('=', "=3D")),
    ("en dashes", |text| text.replace('-', "\u{2013}")),
    ("em dashes, two for four", |text| text.replace("-----", "\u{2014}\u{2014}-")),
    ("no-break spaces", |text| {
        each_line(text, |_, line| format!("\u{a0}\u{a0}{}\n", line.replace(' ', "\u{a0}")))
    }),
    ("marks that nobody sees", |text| text.replace('\n', "\u{200b}\n\u{feff}")),
    ("a label before BEGIN", |text| text.replace("-----BEGIN", "cert: -----BEGIN")),
    ("two spaces within BEGIN", |text| text.replace("BEGIN ", "BEGIN  ")),
    ("dashes lost", |text| text.replace("-----\n", "\n").replace("-----", "--")),
    ("small letters", |text| {
        text.replace("BEGIN CERTIFICATE", "begin certificate").replace("END CERTIFICATE", "end certificate")
    }),
    ("headers of RFC 1421", |text| {
        text.replace("BEGIN CERTIFICATE-----\n", "BEGIN CERTIFICATE-----\nProc-Type: 4,CERT\nX-Of: CA\n\n")
    }),
    ("BEGIN lost in scrolling", |text| text.split_once('\n').map_or("", |(_, rest)| rest).to_owned()),
];

#[test]
fn every_form_is_read_alone_and_beside_any_other() {
    let chain = three().map(|made| made.der);
    let all = each(&chain, pem);
    for (what, form) in FORMS {
        assert_eq!(read(form(&all)), Ok(thumbprints(&chain)), "{what}");
    }
    // The last one is what counts, and its form need not be that of the others.
    for (one, first) in FORMS {
        for (other, last) in FORMS {
            let file = format!("{}\n{}", first(&(pem(&chain[0]) + &pem(&chain[1]))), last(&pem(&chain[2])));
            assert_eq!(read(file), Ok(thumbprints(&chain)), "{one}, {other}");
        }
    }
}

#[test]
fn base64_without_armour_is_read() {
    let chain = three().map(|made| made.der);
    let all = each(&chain, pem);
    let secret = |text: &str| unbroken(text.as_bytes());
    let key = armoured("PRIVATE KEY", &[0x30; 200]);
    for (what, file) in [
        ("one after the other", each(&chain, bare)),
        ("each on one line", each(&chain, |der| unbroken(der) + "\n")),
        ("quoted", each_line(&each(&chain, bare), |_, line| format!("> {line}\n"))),
        (
            "x5c of a JWKS",
            serde_json::json!({ "x5c": chain.each_ref().map(|der| unbroken(der)) }).to_string(),
        ),
        ("XML", each(&chain, |der| format!("<X509Certificate>\n{}</X509Certificate>", bare(der)))),
        ("a Secret", format!("data:\n  tls.crt: {}\n  tls.key: {}\n", secret(&all), secret(&key))),
        (
            "a Secret, wrapped",
            format!("tls.crt: |\n{}", each_line(&bare(all.as_bytes()), |_, line| format!("  {line}\n"))),
        ),
        ("three Secrets", each(&chain, |der| format!("ca: {}\n", secret(&pem(der))))),
        ("a Secret of DER", each(&chain, |der| format!("ca: {}\n", unbroken(der)))),
        ("a Secret of a Secret", secret(&secret(&all))),
        ("a Secret of UTF-16", unbroken(&utf16(&all, u16::to_le_bytes))),
        ("certutil around PEM", armoured("CERTIFICATE", all.as_bytes())),
        ("the last one without armour", format!("{}{}{}", pem(&chain[0]), pem(&chain[1]), bare(&chain[2]))),
    ] {
        let file: String = file;
        assert_eq!(read(file), Ok(thumbprints(&chain)), "{what}");
    }
    let mut nested = all;
    for _ in 0..6 {
        nested = secret(&nested);
    }
    let error = FileError::Damaged { number: 1, line: 1, fault: Fault::Nested };
    assert_eq!(read(nested), Err(error));
}

#[test]
fn encodings_may_change_within_a_file() {
    let chain = three().map(|made| made.der);
    let [a, b, c] = chain.each_ref().map(|der| pem(der));
    let head = format!("{a}{b}");
    let marked = |text: &str| format!("\u{feff}{text}");
    for (what, file) in [
        ("UTF-16 LE", utf16(&marked(&format!("{head}{c}")), u16::to_le_bytes)),
        ("UTF-16 BE", utf16(&marked(&format!("{head}{c}")), u16::to_be_bytes)),
        ("UTF-16 LE, no mark", utf16(&format!("{head}{c}"), u16::to_le_bytes)),
        ("UTF-16 BE, no mark", utf16(&format!("{head}{c}"), u16::to_be_bytes)),
        (
            "UTF-16 with words",
            utf16(&marked(&format!("f\u{fc}r \u{65e5}\u{672c}\r\n{head}{c}")), u16::to_le_bytes),
        ),
        ("a tail in UTF-16", [head.as_bytes(), &utf16(&c, u16::to_le_bytes)].concat()),
        ("a tail in UTF-16 with its mark", [head.as_bytes(), &utf16(&marked(&c), u16::to_be_bytes)].concat()),
        ("a tail in ASCII", [&*utf16(&marked(&head), u16::to_le_bytes), c.as_bytes()].concat()),
        (
            "Windows' dashes",
            format!("{head}{}", c.replace('-', "?"))
                .bytes()
                .map(|b| if b == b'?' { 0x96 } else { b })
                .collect(),
        ),
        ("a tail of zeros", [format!("{head}{c}").as_bytes(), &[0; 512]].concat()),
        ("DER after DER", chain.iter().flat_map(|der| der.to_vec()).collect()),
        ("DER after PEM", [head.as_bytes(), &chain[2]].concat()),
        ("PEM after DER", [&*chain[0], format!("{b}{c}").as_bytes()].concat()),
    ] {
        assert_eq!(read(&file), Ok(thumbprints(&chain)), "{what}");
    }
}

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
        ("DER that is cut", c[..c.len() - 1].to_vec(), 0, Unreadable::Truncated.into()),
        ("four bytes for a letter", bmp(&text), 0, Fault::ZeroBytes),
        ("a binary part", b"\0\x01\x02".to_vec(), 0, Fault::ZeroBytes),
    ] {
        let file = [head.as_bytes(), &tail].concat();
        let error = FileError::Damaged { number: 3, line: first + line, fault };
        assert_eq!(read(&file), Err(error), "{what}");
    }
}

/// A certificate that no parser takes, and whose bytes are whole.
#[test]
fn an_unreadable_certificate_keeps_its_place() {
    let [leaf, middle, root] = three();
    let odd = resigned(&root, root.key, |signed| {
        let fields = elements(signed);
        let empty_rdn = element(0x30, &element(0x31, b""));
        let all = fields.iter().enumerate();
        all.flat_map(
            |(index, (tag, contents))| if index == 5 { empty_rdn.clone() } else { element(*tag, contents) },
        )
        .collect()
    });
    let chain = [leaf.der, middle.der, odd.der];
    let text = each(&chain, pem);
    let der: Vec<u8> = chain.iter().flat_map(|der| der.to_vec()).collect();
    let loose = each(&chain, bare);
    for file in [text.as_bytes(), &der, loose.as_bytes(), &chain[2]] {
        let read = read_certificates(file).unwrap();
        assert_eq!(read.last(), chain.last());
        assert!(read == chain || file == &*chain[2]);
        let last = oidc_thumbprint_exporter::chain::Certificate::new(read.last().unwrap().clone());
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
