//! What a server says to a client without TLS 1.3 has many causes, and one that means that it takes nothing below.

use std::net::{IpAddr, Ipv4Addr};

use crate::support::daemon::TempDir;
use crate::support::lab::chains::good;
use crate::support::lab::{LabIssuer, Spec, TlsVersions};
use crate::support::look::{look, said};
use crate::support::openssl_ca::{Credential, s_server};
use crate::support::tls_front::{Answer, TlsFront};

const HOST: &str = "host.oidc.test";
const FRONT: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2));

const PROTOCOL_VERSION: Answer = Answer::Bytes(&[21, 3, 3, 0, 2, 2, 70]);
const HANDSHAKE_FAILURE: Answer = Answer::Bytes(&[21, 3, 3, 0, 2, 2, 40]);

/// A server's hello with TLS 1.2, and then `protocol_version`.
const PROTOCOL_VERSION_AFTER_HELLO: [u8; 54] = {
    let (start, end) = ([22, 3, 3, 0, 42, 2, 0, 0, 38, 3, 3], [0, 0xc0, 0x2f, 0, 21, 3, 3, 0, 2, 2, 70]);
    let mut bytes = [7; 54];
    bytes.first_chunk_mut::<11>().unwrap().copy_from_slice(&start);
    bytes.last_chunk_mut::<11>().unwrap().copy_from_slice(&end);
    bytes
};

/// An answer to a hello without TLS 1.3, and what it says of TLS 1.2.
const ANSWERS: [(&str, Answer, Option<bool>); 11] = [
    ("protocol_version", PROTOCOL_VERSION, Some(false)),
    ("protocol_version, too late", Answer::Bytes(&PROTOCOL_VERSION_AFTER_HELLO), None),
    ("handshake_failure", HANDSHAKE_FAILURE, None),
    ("insufficient_security", Answer::Bytes(&[21, 3, 3, 0, 2, 2, 71]), None),
    ("internal_error", Answer::Bytes(&[21, 3, 3, 0, 2, 2, 80]), None),
    ("illegal_parameter", Answer::Bytes(&[21, 3, 3, 0, 2, 2, 47]), None),
    ("unrecognized_name", Answer::Bytes(&[21, 3, 3, 0, 2, 2, 112]), None),
    ("a warning, then nothing", Answer::Bytes(&[21, 3, 3, 0, 2, 1, 112]), None),
    ("no TLS", Answer::Bytes(b"HTTP/1.1 400 Bad Request\r\n\r\n"), None),
    ("nothing", Answer::Close, None),
    ("a reset", Answer::Reset, None),
];

#[tokio::test(flavor = "multi_thread")]
async fn only_protocol_version_says_that_nothing_below_tls_1_3_is_taken() {
    let issuer = LabIssuer::start(Spec::new(HOST, good(HOST))).await;
    let behind = issuer.sockets()[0];
    for (number, (what, answer, taken)) in (2..).zip(ANSWERS) {
        let front = IpAddr::from([127, 0, 0, number]);
        let _front = TlsFront::start(front, behind, answer).await;
        let capture = look(HOST, &[front], behind.port()).await;
        assert_eq!((said(&capture), capture.takes_tls12), (None, taken), "{what}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_address_that_refuses_is_enough_and_one_that_does_not_tell_is_not() {
    for (versions, answer, taken) in [
        (TlsVersions::Both, PROTOCOL_VERSION, Some(false)),
        // Who offers both is let through, and gets TLS 1.2: no question is left.
        (TlsVersions::Only12, PROTOCOL_VERSION, Some(true)),
        (TlsVersions::Both, HANDSHAKE_FAILURE, Some(true)),
        (TlsVersions::Only13, HANDSHAKE_FAILURE, Some(false)),
    ] {
        let issuer = LabIssuer::start(Spec { versions, ..Spec::new(HOST, good(HOST)) }).await;
        let behind = issuer.sockets()[0];
        let _front = TlsFront::start(FRONT, behind, answer).await;
        let capture = look(HOST, &[behind.ip(), FRONT], behind.port()).await;
        assert_eq!(capture.takes_tls12, taken, "{versions:?} {answer:?}");
    }
}

/// Servers that take TLS 1.3, and TLS 1.2 in a way that this program does not speak.
const TAKEN_OTHERWISE: [(&[&str], &str); 5] = [
    (&["rsa:2048"], "-cipher ECDHE-RSA-AES128-SHA256"),
    (&["rsa:2048"], "-cipher AES128-SHA"),
    (&["rsa:2048"], "-Verify 1"),
    (&["ec", "-pkeyopt", "ec_paramgen_curve:P-521"], "-cipher ALL"),
    (&["rsa-pss", "-pkeyopt", "rsa_keygen_bits:2048"], "-cipher ALL"),
];

#[tokio::test(flavor = "multi_thread")]
async fn what_is_taken_in_a_way_that_is_not_spoken_is_taken() {
    let directory = TempDir::new();
    let ca = Credential::ca(directory.path(), "ca", &["rsa:2048"]);
    for (number, (key, options)) in (2..).zip(TAKEN_OTHERWISE) {
        let leaf = Credential::leaf(directory.path(), &format!("leaf-{number}"), HOST, key, &ca, &[]);
        // One for each of two connections at a time.
        let [first, second] = [0, 1].map(|_| s_server(&leaf, &ca, options));
        let front = IpAddr::from([127, 0, 0, number]);
        let _front = TlsFront::start(front, first.address(), Answer::From(second.address())).await;
        let capture = look(HOST, &[front], first.address().port()).await;
        assert_eq!((said(&capture), capture.takes_tls12), (None, Some(true)), "{key:?} {options}");
    }
}
