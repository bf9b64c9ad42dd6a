//! That each chain is served as it was made, and shows the state that it is named for.

use std::net::{IpAddr, Ipv4Addr};

use crate::support::daemon::TempDir;
use crate::support::lab::chains::{self, Chain};
use crate::support::lab::fleet::has_ipv6;
use crate::support::lab::{Lab, LabIssuer, Spec, TlsVersions};
use crate::support::openssl::{Seen, fingerprint, s_client};
use crate::support::server::own_address;

const HOST: &str = "host.oidc.test";

/// `Verify return code` of OpenSSL for each state, if it knows the anchor; none where it cannot read the chain.
const STATES: [(&str, Option<u32>); 29] = [
    ("good", Some(0)),
    ("with_root", Some(0)),
    ("three_deep", Some(0)),
    ("p384", Some(0)),
    ("ed25519", Some(0)),
    ("amazon_like", Some(0)),
    ("private_ca", Some(0)),
    ("no_common_name", Some(0)),
    ("no_subject", Some(0)),
    ("thousand_names", Some(0)),
    ("ten_thousand_names", Some(0)),
    ("beyond_64_kib", None),
    ("near_64_kib", Some(0)),
    ("expired_leaf", Some(10)),
    ("not_yet_valid_leaf", Some(9)),
    ("expired_intermediate", Some(10)),
    ("expired_root", Some(10)),
    ("wrong_host", Some(62)),
    ("self_signed", Some(18)),
    ("untrusted_root", Some(19)),
    ("incomplete", Some(21)),
    ("intermediates_swapped", Some(0)),
    ("reversed", Some(62)),
    ("leaf_not_first", Some(62)),
    ("duplicated", Some(0)),
    ("unrelated_at_end", Some(0)),
    ("trailing_garbage", None),
    ("last_is_no_certificate", None),
    ("first_is_no_certificate", None),
];

#[tokio::test(flavor = "multi_thread")]
async fn every_chain_is_served_byte_for_byte_and_is_what_it_is_called() {
    let all = chains::all(HOST);
    assert_eq!(all.iter().map(|chain| chain.state).collect::<Vec<_>>(), STATES.map(|(state, _)| state));
    for (chain, (state, verify)) in all.into_iter().zip(STATES) {
        let issuer = LabIssuer::start(Spec::new(HOST, chain.clone())).await;
        for version in ["-tls1_2", "-tls1_3"] {
            let seen = s_client(issuer.sockets()[0], HOST, version, chain.anchor.clone()).await;
            assert_eq!(seen.verify, verify, "{state} {version}: {}", seen.text);
            if state == "beyond_64_kib" {
                assert!(seen.text.contains("excessive message size"), "{version}: {}", seen.text);
                continue;
            }
            let message = certificate_message(&chain, version);
            let sent = seen.messages.windows(message.len()).any(|bytes| bytes == message);
            assert!(sent, "{state} {version}: {}", seen.text);
            if verify.is_some() {
                assert_eq!(seen.served, chain.served, "{state} {version}");
                assert_eq!(chain.thumbprint(), fingerprint(seen.served.last().unwrap()), "{state} {version}");
                assert_eq!(
                    chain.signs_for_first(),
                    !seen.text.contains("bad signature"),
                    "{state} {version}"
                );
            }
        }
    }
}

/// The handshake message Certificate (RFC 5246, 7.4.2; RFC 8446, 4.4.2) that carries the chain and nothing else.
fn certificate_message(chain: &Chain, version: &str) -> Vec<u8> {
    let length = |bytes: &[u8]| u32::try_from(bytes.len()).unwrap().to_be_bytes()[1..].to_vec();
    let (context, extensions): (&[u8], &[u8]) =
        if version == "-tls1_3" { (&[0], &[0, 0]) } else { (&[], &[]) };
    let list = chain
        .served
        .iter()
        .map(|der| [&length(der)[..], der, extensions].concat())
        .collect::<Vec<_>>()
        .concat();
    let body = [context, &length(&list), &list].concat();
    [&[11][..], &length(&body), &body].concat()
}

#[test]
fn sizes_are_where_clients_draw_their_lines() {
    let near = certificate_message(&chains::near_64_kib(HOST), "-tls1_3").len();
    assert!((64_000..0xffff).contains(&near), "{near}");
    assert!(certificate_message(&chains::ten_thousand_names(HOST), "-tls1_3").len() < 0xffff);
    assert!(chains::beyond_64_kib(HOST).size() > 0xffff);
}

#[test]
fn the_expired_root_is_the_only_expired_certificate_of_its_chain() {
    let [leaf, intermediate, root] = &chains::expired_root(HOST).served[..] else {
        panic!("a chain of three")
    };
    let expired = |der: &[u8]| !x509_parser::parse_x509_certificate(der).unwrap().1.validity().is_valid();
    assert_eq!([expired(leaf), expired(intermediate), expired(root)], [false, false, true]);
}

#[test]
fn twins_share_name_and_key_but_not_the_thumbprint() {
    let [first, second] = chains::twin_intermediates(HOST);
    let (_, one) = x509_parser::parse_x509_certificate(&first.served[1]).unwrap();
    let (_, other) = x509_parser::parse_x509_certificate(&second.served[1]).unwrap();
    assert_eq!(first.served[0], second.served[0]);
    assert_eq!(one.subject(), other.subject());
    assert_eq!(one.public_key().raw, other.public_key().raw);
    assert_ne!(first.thumbprint(), second.thumbprint());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_takes_the_tls_versions_it_is_told_to() {
    for (versions, takes_12, takes_13) in [
        (TlsVersions::Both, true, true),
        (TlsVersions::Only12, true, false),
        (TlsVersions::Only13, false, true),
    ] {
        let chain = chains::good(HOST);
        let issuer = LabIssuer::start(Spec { versions, ..Spec::new(HOST, chain.clone()) }).await;
        for (version, takes) in [("-tls1_2", takes_12), ("-tls1_3", takes_13)] {
            let seen = s_client(issuer.sockets()[0], HOST, version, chain.anchor.clone()).await;
            assert_eq!(seen.verify.is_some(), takes, "{versions:?} {version}: {}", seen.text);
        }
        assert_eq!(issuer.connections(), 2);
        assert_eq!(issuer.handshakes(), usize::from(takes_12) + usize::from(takes_13));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn chains_change_while_the_server_runs_at_one_address_at_all_or_in_turn() {
    let other: IpAddr = Ipv4Addr::new(127, 0, 0, 2).into();
    let [old, twin] = chains::twin_intermediates(HOST);
    let issuer = LabIssuer::start(Spec::new(HOST, old.clone()).also_at(other, twin.clone())).await;
    let both = [old.thumbprint(), twin.thumbprint()];
    assert_eq!(thumbprints(&issuer).await, both);
    assert_eq!(issuer.thumbprints(), both);

    issuer.serve_at(other, &old);
    assert_eq!(thumbprints(&issuer).await, [old.thumbprint(), old.thumbprint()]);
    assert_eq!(issuer.thumbprints(), [old.thumbprint()]);

    let new = chains::with_root(HOST);
    issuer.serve(&new);
    assert_eq!(thumbprints(&issuer).await, [new.thumbprint(), new.thumbprint()]);

    issuer.faces()[1].serve_in_turn(&[old.clone(), twin.clone()]);
    for turn in [&old, &twin, &old] {
        assert_eq!(thumbprints(&issuer).await, [new.thumbprint(), turn.thumbprint()]);
    }
    assert_eq!(issuer.faces().iter().map(|face| face.handshakes()).collect::<Vec<_>>(), [6, 6]);
}

/// What OpenSSL finds at each address.
async fn thumbprints(issuer: &LabIssuer) -> Vec<String> {
    let mut found = Vec::new();
    for socket in issuer.sockets() {
        let seen = s_client(socket, issuer.host(), "-tls1_3", None).await;
        found.push(fingerprint(seen.served.last().unwrap()));
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn the_fleet_tells_what_it_serves_and_what_iam_lists() {
    let lab = Lab::start().await;
    let names: Vec<&str> = lab.issuers.iter().map(|issuer| issuer.name.as_str()).collect();
    assert_eq!(names, ["amazon", "expired", "private", "twins", "elsewhere", "wrong", "dead", "endless"]);
    for issuer in lab.issuers.iter().filter(|issuer| issuer.name != "dead") {
        let mut found = Vec::new();
        for host in issuer.hosts() {
            found.extend(thumbprints(host).await);
        }
        found.dedup();
        assert_eq!(found, issuer.thumbprints(), "{}", issuer.name);
        let listed = lab.iam.provider(&lab.iam.arn(issuer.url())).unwrap().thumbprints;
        match issuer.name.as_str() {
            "twins" => assert_eq!(listed, found[..1]),
            "wrong" => assert!(!found.contains(&listed[0])),
            _ => assert_eq!(listed, found),
        }
    }
    assert_eq!(lab.issuer("amazon").addresses().len(), 1 + usize::from(has_ipv6()));
    assert_eq!(lab.resolve_table().len(), 9);
    let refused = tokio::net::TcpStream::connect(lab.issuer("dead").sockets()[0]).await.unwrap_err();
    assert_eq!(refused.kind(), std::io::ErrorKind::ConnectionRefused);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_written_roots_are_those_that_clients_shall_trust() {
    let lab = Lab::start().await;
    let directory = TempDir::new();
    let file = lab.write_ca(directory.path());
    for (name, trusted) in
        [("amazon", Some(0)), ("expired", Some(10)), ("private", Some(19)), ("wrong", Some(0))]
    {
        let issuer = lab.issuer(name);
        let seen: Seen =
            crate::support::openssl::s_client_with(issuer.sockets()[0], issuer.host(), "-tls1_3", &file)
                .await;
        assert_eq!(seen.verify, trusted, "{name}: {}", seen.text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_dropped_stops() {
    // Of its own, so that nobody else takes the port.
    let spec = Spec { faces: Vec::new(), ..Spec::new(HOST, chains::good(HOST)) };
    let issuer = LabIssuer::start(spec.also_at(own_address().ip(), chains::good(HOST))).await;
    let socket = issuer.sockets()[0];
    drop(issuer);
    // The port is free again as soon as the aborted task has let go of it.
    for _ in 0..1_000 {
        if tokio::net::TcpListener::bind(socket).await.is_ok() {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("{socket} is still taken");
}
