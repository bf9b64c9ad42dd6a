//! Which TLS versions an endpoint takes: AWS looks at thumbprints where it takes nothing below TLS 1.3.

use std::net::Ipv4Addr;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::support::daemon::Exposition;
use crate::support::lab::chains::good;
use crate::support::lab::{LabIssuer, Spec, TlsVersions};
use crate::support::look::{look, look_once, look_within, said};
use crate::support::told::verdict;
use crate::support::watch::{PATIENT, Watch};

const HOST: &str = "host.oidc.test";

#[tokio::test(flavor = "multi_thread")]
async fn a_poll_is_one_handshake_and_the_first_asks_for_tls_1_2_too() {
    let mut issuers = Vec::new();
    for (versions, accepted, handshakes) in
        [(TlsVersions::Both, 1.0, 2), (TlsVersions::Only12, 1.0, 1), (TlsVersions::Only13, 0.0, 1)]
    {
        let spec = Spec { versions, ..Spec::new(HOST, good(HOST)) };
        issuers.push((LabIssuer::start(spec).await, accepted, handshakes));
    }
    let watch = Watch::new(&PATIENT);
    let watch = issuers.iter().fold(watch, |watch, (issuer, ..)| watch.issuer(issuer, &issuer.thumbprints()));
    let daemon = watch.start();
    daemon.wait_ready();
    let metrics = daemon.metrics();
    let asked = |metrics: &Exposition, issuer: &LabIssuer| {
        let endpoint = issuer.endpoint();
        let value = |name| metrics.value(name, &[("endpoint", &endpoint)]);
        (value("oidc_endpoint_tls12_accepted"), value("oidc_endpoint_tls12_checked_timestamp_seconds"))
    };
    for (issuer, accepted, handshakes) in &issuers {
        assert_eq!(metrics.value("oidc_issuer_up", &[("issuer", issuer.url())]), Some(1.0));
        assert_eq!(verdict(&metrics, issuer), "match");
        assert_eq!(asked(&metrics, issuer).0, Some(*accepted));
        assert_eq!(issuer.handshakes(), *handshakes);
    }
    let later = daemon.wait_metrics("another poll of each", |metrics| {
        metrics.all("oidc_issuer_polls_total", &[]).all(|polls| polls.value > 1.0)
    });
    for (issuer, _, handshakes) in &issuers {
        assert_eq!(asked(&later, issuer), asked(&metrics, issuer), "once in poll.tls12_interval");
        assert_eq!(issuer.handshakes(), *handshakes + 1, "one handshake a poll");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_takes_the_first_offer_is_met_once_and_its_refusal_is_made_sure_of() {
    for (versions, with_question) in
        [(TlsVersions::Both, 2), (TlsVersions::Only12, 1), (TlsVersions::Only13, 3)]
    {
        let issuer = LabIssuer::start(Spec { versions, ..Spec::new(HOST, good(HOST)) }).await;
        let socket = issuer.sockets()[0];
        let _first = look_once(HOST, &[socket.ip()], socket.port()).await;
        assert_eq!(issuer.connections(), 1, "{versions:?}");
        let _second = look(HOST, &[socket.ip()], socket.port()).await;
        assert_eq!(issuer.connections(), 1 + with_question, "{versions:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_hello_fits_into_one_packet() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let looking = tokio::spawn(async move { look_once(HOST, &[address.ip()], address.port()).await });
    let (mut client, _) = listener.accept().await.unwrap();
    let mut head = [0; 5];
    client.read_exact(&mut head).await.unwrap();
    let length = u16::from_be_bytes([head[3], head[4]]);
    // The smallest that IPv6 carries is 1280 bytes (RFC 8200, section 5), its headers and those of TCP included.
    assert!(length < 1200, "{length}");
    looking.abort();
}

/// In TLS 1.2 the certificates and the proof come in the server's first flight. One that then waits for something else, and
/// keeps the client waiting, has shown them.
#[tokio::test(flavor = "multi_thread")]
async fn a_chain_counts_although_the_handshake_stalls_after_it() {
    let issuer =
        LabIssuer::start(Spec { versions: TlsVersions::Only12, ..Spec::new(HOST, good(HOST)) }).await;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let (address, behind) = (listener.local_addr().unwrap(), issuer.sockets()[0]);
    let front = tokio::spawn(async move {
        let (mut client, _) = listener.accept().await.unwrap();
        let mut server = TcpStream::connect(behind).await.unwrap();
        let mut hello = vec![0; 4096];
        let count = client.read(&mut hello).await.unwrap();
        server.write_all(&hello[..count]).await.unwrap();
        // What the client says from here on is not passed on.
        let _ = tokio::io::copy(&mut server, &mut client).await;
    });
    let limit = Duration::from_secs(5);
    let capture = look_within(limit, HOST, &[address.ip()], address.port()).await;
    let seen = &capture.addresses.as_ref().unwrap()[0];
    assert_eq!(seen.chain.as_ref().unwrap().certificates().len(), good(HOST).served.len());
    assert_eq!((seen.unproven, capture.takes_tls12), (None, Some(true)));
    assert_eq!(said(&capture).unwrap(), "timed out during the TLS handshake");
    front.abort();
}
