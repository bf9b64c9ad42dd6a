//! `inspect` on targets that are no files, and its exit code.

use super::{inspect, inspect_lab, start};
use crate::support::lab::{Behaviour, LabIssuer, Reply, Spec, TlsVersions, Wire, chains};

const HOST: &str = "host.oidc.test";

#[test]
fn what_is_no_target_says_what_is_wrong_with_it() {
    for (target, told) in [
        ("no-such-file.pem", "no-such-file.pem: no such file"),
        ("no-such.CRT", "no such file"),
        ("/no/such/file", "/no/such/file: no such file"),
        ("a.example/chain.pem", "an issuer URL starts with https://"),
        ("certs/chain", "certs/chain: no such file"),
        ("arn:aws:iam::123456789012:role/x", "this ARN is not that of an OIDC provider"),
        ("http://a.example", "http://a.example: the URL must start with https://"),
        ("https://a.example/?x=1", "the URL must have no query and no fragment"),
        ("https://user:secret@a.example", "must not contain a user name or password"),
        ("a.example:99999", "invalid port number"),
        ("", "`` is neither a file nor a valid host[:port]"),
    ] {
        let run = inspect(&[target]);
        assert_eq!((run.code, run.out.as_str()), (2, ""), "{target}: {run:?}");
        assert!(run.err.contains(told) && run.err.lines().count() == 1, "{target}: {run:?}");
    }
    for arguments in [&[][..], &["a", "b"], &["a", "--output", "yaml"], &["a", "--resolve", "x"]] {
        assert_eq!(inspect(arguments).code, 2, "{arguments:?}");
    }
    let run = inspect(&["a", "--ca-file", "/no/such/roots.pem"]);
    assert_eq!(run.code, 2);
    assert!(run.err.contains("--ca-file: ") && run.err.contains("/no/such/roots.pem"), "{run:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_url_an_endpoint_and_an_address_show_the_same_chain() {
    let issuer = start(HOST, chains::with_root).await;
    let socket = issuer.sockets()[0].to_string();
    let [by_url, by_endpoint, by_address] =
        [issuer.url(), &issuer.endpoint(), &socket].map(|target| inspect_lab(&issuer, &[target]));
    let sha1s = |text: &str| {
        text.lines().filter(|line| line.contains("SHA-1 ")).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(sha1s(&by_url.out).len(), 3, "{by_url:?}");
    assert_eq!(sha1s(&by_url.out), sha1s(&by_endpoint.out));
    assert_eq!(sha1s(&by_url.out), sha1s(&by_address.out));
    // The certificate is not for the address.
    assert_eq!([by_url.code, by_endpoint.code, by_address.code], [0, 0, 1]);
    assert!(by_address.out.contains("name_mismatch"), "{}", by_address.out);
    // Only for an issuer is there a provider to update.
    let commands = [&by_url, &by_endpoint, &by_address].map(|run| run.out.contains("aws iam"));
    assert_eq!(commands, [true, false, false]);
}

/// As IAM, a browser, Terraform and mail programs show it.
#[tokio::test(flavor = "multi_thread")]
async fn an_issuer_is_taken_however_it_is_written() {
    let issuer = start(HOST, chains::good).await;
    let url = issuer.url().trim_start_matches("https://");
    let arn = format!("arn:aws-cn:iam::123456789012:oidc-provider/{}/", url.to_uppercase());
    let nameless = format!("arn:aws:iam::ACCOUNT:oidc-provider/{url}");
    let usual = format!("arn:aws:iam::ACCOUNT_ID:oidc-provider/{url}");
    for (target, provider) in [
        (format!("<https://{url}>"), &usual),
        (format!("\"HTTPS://{url}/\","), &usual),
        (format!("{url}/"), &usual),
        (format!("https://{url}/.well-known/openid-configuration"), &usual),
        (arn.clone(), &arn),
        (nameless.clone(), &nameless),
    ] {
        let run = inspect_lab(&issuer, &[&target]);
        // No token carries this spelling.
        assert_eq!(run.code, i32::from(*provider == arn), "{target}: {run:?}");
        let command = format!("    --open-id-connect-provider-arn {provider} \\\n");
        assert!(run.out.contains(&command), "{target}: {}", run.out);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_private_host_is_refused_until_the_flag_admits_it() {
    let issuer = start(HOST, chains::good).await;
    let resolve = format!("{HOST}=127.0.0.1");
    for output in ["text", "thumbprint"] {
        let run = inspect(&["--resolve", &resolve, "--output", output, issuer.url()]);
        assert_eq!(run.code, 2, "{run:?}");
        let shown = if output == "text" { &run.out } else { &run.err };
        assert!(shown.contains("127.0.0.1 is not allowed: loopback address (allow it with"), "{run:?}");
        assert_eq!(shown.matches("not allowed").count(), 1, "once is enough: {run:?}");
    }
    assert_eq!(issuer.connections(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn exit_codes() {
    let bad = |behaviour: Behaviour| {
        let mut spec = Spec::new(HOST, chains::good(HOST));
        spec.behaviour = behaviour;
        spec
    };
    let served = |chain: fn(&str) -> chains::Chain| Spec::new(HOST, chain(HOST));
    let mut dead = served(chains::good);
    dead.alive = false;
    let mut modern = served(chains::good);
    modern.versions = TlsVersions::Only13;
    // What an issuer does, the exit code, and what is said of it.
    for (case, spec, code, told) in [
        ("good", served(chains::good), 0, "chain 1: "),
        ("TLS 1.3 only", modern, 0, "TLS 1.3 only: AWS relies on the thumbprint"),
        ("issued by itself", served(chains::self_signed), 0, "                    self-issued\n"),
        (
            "self-signed",
            served(chains::self_signed),
            0,
            "the thumbprint is the leaf's, and changes at its next renewal",
        ),
        ("expired", served(chains::expired_leaf), 1, "the leaf expired 3.0 days ago"),
        ("not yet valid", served(chains::not_yet_valid_leaf), 1, "not_yet_valid"),
        ("other names", served(chains::wrong_host), 1, "name_mismatch"),
        ("misordered", served(chains::intermediates_swapped), 1, "misordered"),
        ("off the path", served(chains::unrelated_at_end), 1, "root_off_path"),
        (
            "JWKS gone",
            bad(Behaviour::Jwks(Reply::Status(404))),
            1,
            "failed: JWKS: HTTP status 404 Not Found (http_status)",
        ),
        (
            "no discovery",
            bad(Behaviour::Discovery(Reply::Status(500))),
            2,
            "failed: discovery document: HTTP status 500",
        ),
        (
            "another issuer's",
            bad(Behaviour::discovery_with("issuer", "https://b.test")),
            2,
            "discovery document: names another issuer: https://b.test",
        ),
        (
            "no certificate in time",
            bad(Behaviour::Wire(Wire::Silence)),
            2,
            "timed out during the TLS handshake",
        ),
        ("dead", dead, 2, "Connection refused"),
    ] {
        let issuer = LabIssuer::start(spec).await;
        let patience = if case == "no certificate in time" { "1s" } else { "10s" };
        let run = inspect_lab(&issuer, &["--timeout", patience, issuer.url()]);
        assert_eq!(run.code, code, "{case}: {run:?}");
        assert!(run.out.contains(told), "{case}: {}", run.out);
        assert_eq!(run.err, "", "{case}");
        // What was seen of the chain is shown, whatever failed later.
        let seen = !matches!(case, "dead" | "no certificate in time");
        assert_eq!(run.out.contains("    thumbprint      "), seen, "{case}: {}", run.out);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_does_not_answer_is_a_finding_and_a_caution() {
    let issuer = start(HOST, chains::good).await;
    let run = inspect_lab(&issuer, &["--resolve", "host.oidc.test=127.0.0.9", issuer.url()]);
    assert_eq!(run.code, 1, "{run:?}");
    assert!(run.out.contains("  127.0.0.1  chain 1\n  127.0.0.9  failed: cannot connect"), "{}", run.out);
    assert!(run.out.contains("note: 1 of 2 addresses of host.oidc.test"), "{}", run.out);
}

/// connect(2) refuses a broadcast address by itself: a stand-in for IPv6 where there is none.
#[tokio::test(flavor = "multi_thread")]
async fn what_this_machine_cannot_reach_is_no_finding() {
    let issuer = start(HOST, chains::good).await;
    let run = inspect_lab(&issuer, &["--resolve", "HOST.oidc.test.=127.255.255.255", issuer.url()]);
    assert_eq!(run.code, 0, "{run:?}");
    assert!(run.out.contains("127.255.255.255  failed: this machine cannot connect to"), "{}", run.out);
    assert!(run.out.contains("note: 1 of 2 addresses of host.oidc.test"), "{}", run.out);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_address_is_looked_at_however_many_there_are() {
    let (usual, other) = (chains::good(HOST), chains::good(HOST));
    let mut spec = Spec::new(HOST, usual.clone());
    let address = |last: u8| std::net::Ipv4Addr::new(127, 0, 8, last).into();
    spec.faces = (1..=70).map(|last| (address(last), usual.clone())).collect();
    spec.faces[69].1 = other;
    let issuer = LabIssuer::start(spec).await;
    let report = inspect_lab(&issuer, &["--output", "json", issuer.url()]).json();
    let endpoint = &report["endpoints"][0];
    let chains: Vec<_> =
        endpoint["addresses"].as_array().unwrap().iter().map(|a| a["chain"].clone()).collect();
    assert_eq!(chains.len(), 70);
    assert_eq!((chains[68].as_u64(), chains[69].as_u64()), (Some(1), Some(2)));
    assert_eq!(endpoint["addresses_unseen"], 0);
}

/// More than are known one by one: what is left out is said, and is not known to be well.
#[tokio::test(flavor = "multi_thread")]
async fn addresses_beyond_the_bound_are_counted() {
    let issuer = start(HOST, chains::good).await;
    // Nothing listens at the others.
    let others: Vec<String> =
        (0..1030).map(|n| format!("{HOST}=127.1.{}.{}", n / 200, n % 200 + 1)).collect();
    let mut arguments: Vec<&str> = others.iter().flat_map(|other| ["--resolve", other]).collect();
    let endpoint = issuer.endpoint();
    arguments.extend(["--output", "json", &endpoint]);
    let run = inspect_lab(&issuer, &arguments);
    let report = run.json();
    let endpoint = &report["endpoints"][0];
    assert_eq!(endpoint["addresses"].as_array().unwrap().len(), 1024);
    assert_eq!(endpoint["addresses_unseen"], 7);
    let text = inspect_lab(&issuer, &[&arguments[..2060], &[arguments[2062]]].concat());
    assert!(text.out.contains("  and 7 more addresses not looked at\n"), "{}", text.out);
}

#[test]
fn names_to_resolve_are_hosts() {
    for (argument, told) in [
        ("a.example", "expected HOST=ADDRESS"),
        ("a.example=b", "`b` is not an IP address"),
        ("a.example:443=127.0.0.1", "`a.example:443`: expected a host such as"),
        ("a..example=127.0.0.1", "`a..example`: not a host"),
    ] {
        let run = inspect(&["--resolve", argument, "a.example"]);
        assert_eq!(run.code, 2, "{run:?}");
        assert!(run.err.contains("--resolve") && run.err.contains(told), "{argument}: {}", run.err);
    }
}
