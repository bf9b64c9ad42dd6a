//! Whatever a stranger writes, and wherever it comes out, it is short and it is text: in every label, every field, every page, the
//! output of `check` and `inspect`, and the log.

use std::collections::BTreeMap;

use rcgen::DnType;
use serde_json::{Value, json};

use crate::support::daemon::Daemon;
use crate::support::lab::behaviour::rsa_key;
use crate::support::lab::ca::{Authority, Leaf, Validity};
use crate::support::lab::iam::Provider;
use crate::support::lab::{Behaviour, Chain, FakeIam, LabIssuer, Spec};
use crate::support::made::{element, root, with_fields};
use crate::support::process::run;
use crate::support::watch::{PATIENT, Watch};

/// What identifies somebody, a URL or an ARN, is not cut but bounded at the door, at so many bytes.
const LONGEST: usize = 2_048;
/// Of a sentence, which may repeat two of them.
const LONGEST_SENTENCE: usize = 3 * LONGEST;
/// Of a line of the log, with all its fields.
const LONGEST_LINE: usize = 2 * LONGEST_SENTENCE;
/// Moves the cursor, reorders, hides, ends a line.
const MARKS: [char; 4] = ['\u{1b}', '\u{202e}', '\u{200b}', '\n'];

/// So long, and with every mark.
fn long(start: &str) -> String {
    let marks: String = MARKS.iter().collect();
    format!("{start}{marks}{}", "x".repeat(6_000))
}

/// Names and serial numbers without end.
fn chain(host: &str) -> Chain {
    let authority = Authority::new(&long("organisation"), &long("authority"));
    let mut leaf = Leaf::new(host);
    leaf.subject = vec![(DnType::CommonName, long("subject")), (DnType::OrganizationName, long("of"))];
    leaf.names.extend((0..300).map(|number| format!("{}{number}.example.test", "n".repeat(50))));
    let (leaf, key) = authority.leaf(&leaf);
    let made = root("Root", 0);
    let numbered = with_fields(&made, made.key, |fields| {
        fields[1] = element(2, &[&[0x7f][..], &[0xee; 6_000]].concat());
    });
    Chain {
        state: "hostile",
        served: vec![leaf, numbered.der, authority.self_signed(Validity::ROOT)],
        key,
        anchor: None,
    }
}

fn behaviours() -> Vec<Behaviour> {
    vec![
        Behaviour::keys(vec![
            rsa_key(&long("kid")),
            json!({"kty": long("kty"), "kid": long("kid"), "d": long("d")}),
        ]),
        Behaviour::keys(vec![json!({"kty": long("kty"), "kid": long("kid")})]),
        Behaviour::discovery_with("issuer", long("https://other.example/")),
        Behaviour::discovery_with("issuer", long("")),
        Behaviour::discovery_with("jwks_uri", long("https://keys.example.test/")),
        Behaviour::discovery_with("jwks_uri", long("nothing of the kind")),
    ]
}

/// A text that came out somewhere.
fn assert_bounded(place: &str, text: &str, longest: usize) {
    assert!(text.len() <= longest, "{place}: {} bytes: {text:.300}", text.len());
    let mark = text.chars().find(|c| MARKS.contains(c));
    assert!(mark.is_none(), "{place}: {mark:?} in {text:.300}");
}

fn assert_lines(place: &str, text: &str, longest: usize) {
    for line in text.lines() {
        assert_bounded(place, line, longest);
    }
}

fn assert_json(place: &str, value: &Value) {
    match value {
        Value::String(text) => assert_bounded(place, text, LONGEST_SENTENCE),
        Value::Array(values) => values.iter().for_each(|value| assert_json(place, value)),
        Value::Object(fields) => {
            for (name, value) in fields {
                assert_bounded(place, name, LONGEST);
                assert_json(&format!("{place}.{name}"), value);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// How many labels there were.
fn assert_daemon(daemon: &Daemon, issuers: &[LabIssuer]) -> usize {
    let metrics = daemon.metrics();
    let labels = metrics.samples.iter().flat_map(|sample| {
        sample.labels.iter().map(move |(label, value)| (format!("{}{{{label}}}", sample.name), value))
    });
    let labels: Vec<(String, &String)> = labels.collect();
    for (place, value) in &labels {
        assert_bounded(place, value, LONGEST);
    }
    for path in ["/api/v1/providers", "/api/v1/issuers", "/sd"] {
        let answer = daemon.get(path);
        assert_json(path, &serde_json::from_slice(&answer.body).unwrap());
    }
    let pages = issuers.iter().map(|issuer| {
        let url: String = url::form_urlencoded::byte_serialize(issuer.url().as_bytes()).collect();
        format!("/issuer?url={url}")
    });
    for path in pages.chain(["/".to_owned(), "/-/ready".to_owned()]) {
        assert_lines(&path, daemon.get(&path).text(), LONGEST_LINE);
    }
    assert_lines("the log", &daemon.log(), LONGEST_LINE);
    labels.len()
}

#[tokio::test(flavor = "multi_thread")]
async fn is_short_wherever_it_comes_out() {
    let iam = FakeIam::start("123456789012").await;
    let mut watch = Watch::new(&PATIENT).iam(&iam);
    let mut issuers = Vec::new();
    for (number, behaviour) in behaviours().into_iter().enumerate() {
        let host = format!("hostile-{number}.oidc.test");
        let issuer = LabIssuer::start(Spec::new(&host, chain(&host))).await;
        issuer.behave(behaviour);
        iam.put_provider(Provider {
            url: issuer.url().trim_start_matches("https://").to_owned(),
            thumbprints: vec![long("thumbprint"), "0".repeat(40)],
            client_ids: vec!["c".repeat(255), "sts.amazonaws.com".to_owned()],
            tags: BTreeMap::from([("n".repeat(128), "v".repeat(256))]),
        });
        watch = watch.resolve(&issuer);
        issuers.push(issuer);
    }
    let daemon = watch.start();
    daemon.wait_metrics("every poll", |metrics| {
        metrics.all("oidc_issuer_polls_total", &[]).filter(|sample| sample.value > 0.0).count()
            == issuers.len()
    });
    daemon.wait_ready();
    assert!(assert_daemon(&daemon, &issuers) > 100);

    for output in ["text", "json"] {
        let said = watch.check(&["--output", output]);
        assert!(said.out.contains("hostile-0.oidc.test"), "{said:?}");
        assert_lines(&format!("check {output}"), &format!("{}\n{}", said.out, said.err), LONGEST_LINE);
    }
    for issuer in &issuers {
        for output in ["text", "json"] {
            let mut command =
                watch.command(&["inspect", issuer.url(), "--output", output, "--allow-loopback"]);
            let address = format!("{}={}", issuer.host(), issuer.addresses()[0]);
            let said = run(command.args(["--resolve", &address]));
            assert!(said.said().contains(issuer.host()), "{said:?}");
            assert_lines(&format!("inspect {output}"), &format!("{}\n{}", said.out, said.err), LONGEST_LINE);
        }
    }
}
