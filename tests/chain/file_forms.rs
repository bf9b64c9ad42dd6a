//! A chain in every form in which people paste and save it.

use oidc_thumbprint_exporter::chain::{Fault, FileError, Thumbprint, read_certificates};
use rustls::pki_types::CertificateDer;

use crate::support::lab::pem::armoured;
use crate::support::made::*;

pub(super) fn pem(der: &[u8]) -> String {
    armoured("CERTIFICATE", der)
}

/// Base64 in lines of 64, without armour.
pub(super) fn bare(bytes: &[u8]) -> String {
    let text = armoured("X", bytes);
    let lines = text.lines().filter(|line| !line.starts_with('-'));
    lines.collect::<Vec<_>>().join("\n") + "\n"
}

pub(super) fn each(chain: &[CertificateDer<'static>], shown: impl Fn(&[u8]) -> String) -> String {
    chain.iter().map(|der| shown(der)).collect()
}

pub(super) fn hex(bytes: &[u8]) -> String {
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.filter_map(|digit| char::from_digit(digit.into(), 16)).collect()
}

fn unbroken(bytes: &[u8]) -> String {
    bare(bytes).replace('\n', "")
}

/// What was read, short enough to be looked at.
pub(super) fn read(file: impl AsRef<[u8]>) -> Result<Vec<Thumbprint>, FileError> {
    read_certificates(file.as_ref()).map(|found| thumbprints(&found))
}

pub(super) fn thumbprints(chain: &[CertificateDer<'static>]) -> Vec<Thumbprint> {
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
const FORMS: [Form; 45] = [
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
    ("colours of a terminal", |text| each_line(text, |_, line| format!("\x1b[1;32m{line}\x1b[0m\r\n"))),
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
