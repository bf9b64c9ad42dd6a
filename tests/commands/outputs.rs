//! The forms of the answer, held against what openssl says of the same certificates.

use std::process::Command;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::{inspect_lab, start};
use crate::support::lab::fleet::Lab;
use crate::support::lab::{LabIssuer, Spec, chains};
use crate::support::openssl::{Described, describe};
use crate::support::process::{program, run_with};

const HOST: &str = "host.oidc.test";

fn date(seconds: i64) -> String {
    OffsetDateTime::from_unix_timestamp(seconds).unwrap().format(&Rfc3339).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn text_holds_every_certificate_its_dates_and_its_hashes() {
    let chain = chains::amazon_like(HOST);
    let issuer = start(HOST, |_| chain.clone()).await;
    let run = inspect_lab(&issuer, &[issuer.url()]);
    assert_eq!((run.code, run.err.as_str()), (0, ""), "{run:?}");
    let mut rest = run.out.as_str();
    let mut next = |line: &str| {
        let at = rest.find(&format!("{line}\n")).unwrap_or_else(|| panic!("no `{line}` is left in {rest}"));
        rest = &rest[at + line.len()..];
    };
    next(issuer.url());
    next(&format!("endpoint {} (discovery and jwks)", issuer.endpoint()));
    next("  127.0.0.1  chain 1");
    next("  chain 1: private");
    let roles = ["leaf", "intermediate", "intermediate", "root"];
    let days = ["60.0", "1825.0", "3000.0", "2900.0"];
    for (position, der) in chain.served.iter().enumerate() {
        let Described { subject, issued_by, not_before, not_after, sha1, sha256, .. } = describe(der);
        next(&format!("    {position}  {:<12} {subject}", roles[position]));
        next(&format!("                    issued by {issued_by}"));
        let dates = format!("valid {} to {}", date(not_before), date(not_after));
        next(&format!("                    EC P-256, {dates}, {} days left", days[position]));
        next(&format!("                    SHA-1   {sha1}"));
        next(&format!("                    SHA-256 {sha256}"));
    }
    let anchor = describe(chain.anchor.as_ref().unwrap());
    next(&format!("    anchored by     {} [added]", anchor.subject));
    next(&format!(
        "                    valid {} to {}, 3650.0 days left",
        date(anchor.not_before),
        date(anchor.not_after)
    ));
    next(&format!("    thumbprint      {}", chain.thumbprint()));
    next("  aws iam update-open-id-connect-provider-thumbprint \\");
    let arn = format!("arn:aws:iam::ACCOUNT_ID:oidc-provider/{}", issuer.endpoint());
    next(&format!("    --open-id-connect-provider-arn {arn} \\"));
    next(&format!("    --thumbprint-list {}", chain.thumbprint()));
}

#[tokio::test(flavor = "multi_thread")]
async fn json_says_what_openssl_says() {
    let lab = Lab::start().await;
    for name in ["amazon", "expired", "private", "twins", "elsewhere"] {
        let issuer = lab.issuer(name);
        let answer = inspect_lab(issuer, &["--output", "json", issuer.url()]).json();
        assert_eq!(answer["target"], issuer.url());
        let at = OffsetDateTime::parse(answer["at"].as_str().unwrap(), &Rfc3339).unwrap();
        let hosts: Vec<&LabIssuer> = issuer.hosts().collect();
        assert_eq!(answer["endpoints"].as_array().unwrap().len(), hosts.len(), "{name}");
        for (host, endpoint) in hosts.iter().zip(answer["endpoints"].as_array().unwrap()) {
            assert_eq!(endpoint["endpoint"], host.endpoint());
            assert_eq!(endpoint["tls12_accepted"], true);
            let served: Vec<_> = host.faces().iter().map(|face| face.chains().remove(0)).collect();
            assert_eq!(endpoint["addresses"].as_array().unwrap().len(), served.len());
            for (index, address) in endpoint["addresses"].as_array().unwrap().iter().enumerate() {
                assert_eq!(address["address"], host.addresses()[index].to_string());
                let number = usize::try_from(address["chain"].as_u64().unwrap()).unwrap();
                let chain = &endpoint["chains"][number - 1];
                assert_eq!(chain["thumbprint"], served[index].thumbprint(), "{name}");
                let certificates = chain["certificates"].as_array().unwrap();
                assert_eq!(certificates.len(), served[index].served.len());
                for (certificate, der) in certificates.iter().zip(&served[index].served) {
                    let told = describe(der);
                    for (member, expected) in [
                        ("subject", told.subject),
                        ("issuer", told.issued_by),
                        ("serial", told.serial),
                        ("sha1", told.sha1),
                        ("sha256", told.sha256),
                        ("not_before", date(told.not_before)),
                        ("not_after", date(told.not_after)),
                    ] {
                        assert_eq!(certificate[member], expected, "{name}: {member}");
                    }
                    let left = f64::from(i32::try_from(told.not_after - at.unix_timestamp()).unwrap());
                    let shown = certificate["days_left"].as_f64().unwrap();
                    assert!((shown - left / 86_400.0).abs() < 0.001, "{shown} {left}");
                }
            }
        }
        let serves: Vec<_> =
            answer["endpoints"].as_array().unwrap().iter().map(|e| e["serves"].to_string()).collect();
        let expected: &[&str] = match hosts.len() {
            1 => &[r#"["discovery","jwks"]"#],
            _ => &[r#"["discovery"]"#, r#"["jwks"]"#],
        };
        assert_eq!(serves, expected, "{name}");
        let command = answer["command"].as_str().unwrap();
        assert!(
            command.ends_with(&format!("--thumbprint-list {}", issuer.thumbprints().join(" "))),
            "{command}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_is_a_reason_and_words_in_json() {
    let mut spec = Spec::new(HOST, chains::good(HOST));
    spec.alive = false;
    let issuer = LabIssuer::start(spec).await;
    let run = inspect_lab(&issuer, &["--output", "json", issuer.url()]);
    assert_eq!(run.code, 2);
    let answer = run.json();
    let address = &answer["endpoints"][0]["addresses"][0];
    for error in [&answer["error"], &address["error"]] {
        assert_eq!(error["reason"], "connect");
        assert!(error["detail"].as_str().unwrap().contains("Connection refused"));
    }
    assert!(answer["command"].is_null() && answer["no_command"].is_string() && address["chain"].is_null());
}

#[tokio::test(flavor = "multi_thread")]
async fn pem_is_what_was_served() {
    for chain in [chains::three_deep(HOST), chains::reversed(HOST), chains::duplicated(HOST)] {
        let issuer = start(HOST, |_| chain.clone()).await;
        let printed = inspect_lab(&issuer, &["--output", "pem", &issuer.endpoint()]).out;
        let read: Vec<_> = CertificateDer::pem_slice_iter(printed.as_bytes()).map(Result::unwrap).collect();
        assert_eq!(read, chain.served, "{}", chain.state);

        // OpenSSL takes all of it, in the same order.
        let mut openssl = Command::new("sh");
        openssl.args(["-c", "openssl crl2pkcs7 -nocrl -certfile /dev/stdin | openssl pkcs7 -print_certs"]);
        let through = run_with(&mut openssl, printed.as_bytes());
        let read: Vec<_> =
            CertificateDer::pem_slice_iter(through.out.as_bytes()).map(Result::unwrap).collect();
        assert_eq!(read, chain.served, "{}: {}", chain.state, through.err);

        // And so do we.
        let mut again = program(&["inspect", "-", "--output", "thumbprint"]);
        assert_eq!(
            run_with(&mut again, printed.as_bytes()).out,
            chain.thumbprint() + "\n",
            "{}",
            chain.state
        );
    }
}
