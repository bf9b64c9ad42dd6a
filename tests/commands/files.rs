//! `inspect` on files and on standard input.

use std::path::{Path, PathBuf};

use super::{inspect, start};
use crate::support::daemon::TempDir;
use crate::support::lab::ca::thumbprint;
use crate::support::lab::chains;
use crate::support::lab::pem::pem;
use crate::support::manual_procedure;
use crate::support::process::{Run, program, run_with};
use crate::support::real::{PUBLISHED, real};

const HOST: &str = "host.oidc.test";

fn write(directory: &TempDir, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
    let file = directory.path().join(name);
    std::fs::write(&file, content).unwrap();
    file
}

fn inspect_file(file: &Path, output: &str) -> Run {
    inspect(&[file.as_os_str(), "--output".as_ref(), output.as_ref()])
}

fn inspect_input(input: &[u8], output: &str) -> Run {
    run_with(&mut program(&["inspect", "-", "--output", output]), input)
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_people_have_yields_the_same_thumbprint() {
    let issuer = start(HOST, chains::three_deep).await;
    let chain = chains::three_deep(HOST);
    issuer.serve(&chain);
    let transcript = manual_procedure::transcript(HOST, issuer.sockets()[0]);
    assert!(transcript.contains("Certificate chain") && transcript.contains("SSL handshake has read"));
    let directory = TempDir::new();
    let last = &chain.served[3..];
    for (name, content) in [
        ("chain.pem", pem(&chain.served).into_bytes()),
        ("windows.pem", pem(&chain.served).replace('\n', "\r\n").into_bytes()),
        ("transcript.txt", transcript.into_bytes()),
        ("certificate.crt", pem(last).into_bytes()),
        ("certificate.der", last[0].to_vec()),
        // No extension tells what a file holds.
        ("host.example", last[0].to_vec()),
    ] {
        let by_name = inspect_file(&write(&directory, name, &content), "thumbprint");
        let by_input = inspect_input(&content, "thumbprint");
        for run in [by_name, by_input] {
            assert_eq!(run.out, chain.thumbprint() + "\n", "{name}: {run:?}");
            assert_eq!(run.err, "", "{name}");
        }
    }
}

#[test]
fn pkcs7_comes_with_a_word_on_its_order() {
    let directory = TempDir::new();
    let chain = chains::three_deep(HOST);
    let file = write(&directory, "chain.pem", pem(&chain.served));
    let made = std::process::Command::new("openssl")
        .args(["crl2pkcs7", "-nocrl", "-outform", "DER", "-certfile"])
        .arg(&file)
        .output();
    let Ok(made) = made else { return println!("SKIPPED: no openssl command") };
    let file = write(&directory, "chain.p7b", made.stdout);
    for output in ["thumbprint", "pem"] {
        let run = inspect_file(&file, output);
        assert!(
            run.err.contains("chain.p7b: PKCS#7 does not say in which order certificates are served"),
            "{run:?}"
        );
        assert_eq!(run.err.lines().count(), 1, "{run:?}");
    }
    assert_eq!(inspect_file(&file, "thumbprint").out, chain.thumbprint() + "\n");
    let text = inspect_file(&file, "text");
    assert!(text.out.contains("note: PKCS#7 does not say") && text.err.is_empty(), "{text:?}");
}

#[test]
fn a_certificate_that_cannot_be_read_keeps_its_thumbprint() {
    let directory = TempDir::new();
    let chain = chains::good(HOST);
    // As of a version that does not exist.
    let mut odd = chain.served[1].to_vec();
    let version = odd.windows(5).position(|bytes| bytes == b"\xa0\x03\x02\x01\x02").unwrap();
    odd[version + 2] = 0x05;
    let file = write(&directory, "odd.pem", pem(&[chain.served[0].clone(), odd.clone().into()]));
    assert_eq!(inspect_file(&file, "thumbprint").out, format!("{}\n", thumbprint(&odd)));
    let text = inspect_file(&file, "text");
    assert!(text.out.contains("root         unreadable: not a valid X.509 certificate"), "{}", text.out);
}

#[test]
fn a_single_certificate_is_not_blamed_for_being_alone() {
    let directory = TempDir::new();
    let chain = chains::expired_root(HOST);
    for (der, code, title) in
        [(&chain.served[1], 0, "\n  certificate\n"), (&chain.served[2], 1, "\n  certificate: expired\n")]
    {
        let run = inspect_file(&write(&directory, "certificate.pem", pem(std::slice::from_ref(der))), "text");
        assert_eq!(run.code, code, "{run:?}");
        assert!(run.out.contains(title), "{}", run.out);
        assert!(run.out.contains(&format!("    thumbprint      {}\n", thumbprint(der))), "{}", run.out);
        assert!(!run.out.contains("leaf") && !run.out.contains("note:"), "{}", run.out);
    }
}

#[test]
fn a_file_in_the_wrong_order_says_so() {
    let directory = TempDir::new();
    for (chain, told) in [
        (chains::reversed(HOST), "the leaf is served at position 2 instead of first"),
        (chains::intermediates_swapped(HOST), "not in order (leaf first, root last)"),
        (chains::duplicated(HOST), "position 2: duplicate of an earlier certificate"),
        (chains::unrelated_at_end(HOST), "the thumbprint from AWS's procedure is meaningless"),
    ] {
        let run = inspect_file(&write(&directory, "chain.pem", pem(&chain.served)), "text");
        assert_eq!(run.code, 1, "{}: {run:?}", chain.state);
        assert!(run.out.contains("misordered") && run.out.contains(told), "{}: {}", chain.state, run.out);
    }
}

#[test]
fn a_bundle_of_unrelated_roots_is_told_in_few_words() {
    let roots = webpki_root_certs::TLS_SERVER_ROOT_CERTS;
    let bundle: Vec<_> = roots.iter().map(|der| der.clone().into_owned()).collect();
    let run = inspect_input(pem(&bundle).as_bytes(), "text");
    assert_eq!(run.code, 1, "{}", run.err);
    assert!(run.out.contains("too many certificates are served"), "{}", run.out);
    assert!(run.out.matches("note:").count() < 8, "{}", run.out);
}

#[test]
fn what_cannot_be_read_ends_in_2_with_one_line() {
    let directory = TempDir::new();
    let good = pem(&chains::good(HOST).served);
    let lines: Vec<&str> = good.lines().collect();
    let first_end = lines.iter().position(|line| line.contains("END")).unwrap();
    let second = lines.iter().rposition(|line| line.contains("BEGIN")).unwrap() + 1;
    let cut = lines[..lines.len() - 2].join("\n");
    let damaged =
        good.replace(lines[second + 1], &lines[second + 1].replacen(&lines[second + 1][9..10], "?", 1));
    let key = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
    for (name, content, told) in [
        ("empty", Vec::new(), "contains no certificate in PEM or DER".to_owned()),
        ("garbage", b"\xde\xad\xbe\xef\x00\x1b[2J".to_vec(), "contains no certificate".to_owned()),
        ("page.html", b"<html>404</html>".to_vec(), "contains no certificate".to_owned()),
        ("key.pem", key.into(), "contains no certificate".to_owned()),
        ("large.pem", vec![b'x'; 2 << 20], "larger than 1 MiB".to_owned()),
        (
            "no-begin.pem",
            lines[4..].join("\n").into(),
            format!("certificate 1, line {}: the `-----BEGIN` line is missing or was cut", first_end - 3),
        ),
        ("cut.pem", cut.into(), format!("certificate 2, line {second}: the `-----END` line is missing")),
        ("damaged.pem", damaged.into(), format!("certificate 2, line {}: not base64: `?`", second + 2)),
        (
            "der",
            b"\x30\x82\x03\x00\x30".to_vec(),
            "looks like DER, but cannot be read: the certificate is truncated".to_owned(),
        ),
    ] {
        for (target, run) in [
            (name, inspect_file(&write(&directory, name, &content), "text")),
            ("-", inspect_input(&content, "json")),
        ] {
            assert_eq!((run.code, run.out.as_str()), (2, ""), "{name}: {run:?}");
            assert_eq!(run.err.lines().count(), 1, "{name}: {run:?}");
            assert!(run.err.contains(&format!("{target}: {told}")), "{name}: {run:?}");
        }
    }
    let run = inspect_file(directory.path(), "text");
    assert_eq!(run.code, 2);
    assert!(run.err.contains("Is a directory"), "{run:?}");
}

#[test]
fn real_certificates_have_their_published_thumbprints() {
    let directory = TempDir::new();
    for (name, thumbprint, _) in PUBLISHED {
        let Some(content) = real(name) else { return };
        let run = inspect_file(&write(&directory, "real.pem", content), "thumbprint");
        assert_eq!(run.out, format!("{thumbprint}\n"), "{name}");
    }
}

#[test]
fn the_broken_example_of_the_aws_article_says_where() {
    let Some(content) = real("seed-example.broken") else { return };
    let run = inspect_input(&content, "text");
    assert_eq!(run.code, 2);
    assert!(
        run.err.contains("-: certificate 1, line 25: not base64: characters are missing or were changed"),
        "{run:?}"
    );
}
