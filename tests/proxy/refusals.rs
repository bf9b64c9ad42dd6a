//! Proxies that refuse, fail or mean harm: each ends in a reason that says whose fault it is.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::time::timeout;

use super::{CREDENTIALS, reasons, watch};
use crate::support::connect_proxy::{ConnectProxy, Manner};
use crate::support::daemon::swap;
use crate::support::lab::LabIssuer;
use crate::support::process::{program, run};
use crate::support::told::{is_up, verdict};

/// `inspect` through a proxy at this URL: the reason and the words of what came of it.
fn inspected(issuer: &LabIssuer, proxy: &str) -> (String, String) {
    let mut command = program(&["inspect", issuer.url(), "--output", "json", "--timeout", "2s"]);
    let json = run(command.env("HTTPS_PROXY", proxy)).json();
    let error = &json["error"];
    (error["reason"].as_str().unwrap().to_owned(), error["detail"].as_str().unwrap().to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn each_answer_of_a_proxy_has_its_reason() {
    let issuer = LabIssuer::good("outside.oidc.test").await;
    let say = |text: &str| Manner::Say(text.as_bytes().to_vec());
    for (manner, reason, words) in [
        (
            say("HTTP/1.1 403 Filtered\r\n\r\n"),
            "proxy_refused",
            "it opened no connection to outside.oidc.test:",
        ),
        (
            say("HTTP/1.1 500 Oops\r\nX-Squid-Error: ERR_DNS_FAIL 0\r\n\r\n"),
            "proxy_refused",
            "HTTP status 500 Internal Server Error (ERR_DNS_FAIL 0)",
        ),
        (
            say("HTTP/1.1 502 Oops\r\nProxy-Status: lab; error=dns_error\r\n\r\n"),
            "proxy_refused",
            "(lab; error=dns_error)",
        ),
        (
            say("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 9\r\n\r\nnot today"),
            "proxy_refused",
            "HTTP status 503",
        ),
        (
            say("HTTP/1.1 302 Found\r\nLocation: https://login.example\r\n\r\n"),
            "proxy_refused",
            "HTTP status 302",
        ),
        (
            say("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"),
            "proxy_refused",
            "HTTP status 101",
        ),
        (say("HTTP/1.1 407 Who are you\r\n\r\n"), "proxy_authentication", "none are set"),
        (
            say("HTTP/1.1 407 Who\r\nProxy-Authenticate: Negotiate\r\nProxy-Authenticate: NTLM\r\n\r\n"),
            "proxy_authentication",
            "it wants authentication by Negotiate, NTLM (HTTP status 407), and only Basic is possible here",
        ),
        (say(""), "proxy", "its answer cannot be used"),
        (say("HTTP/1.1 200 OK\r\nX: "), "proxy", "its answer cannot be used"),
        (say("SSH-2.0-OpenSSH_9.2\r\n"), "proxy", "its answer cannot be used"),
        (say("\u{15}\u{3}\u{3}\0\u{2}\u{2}F"), "proxy", "its answer cannot be used"),
        (Manner::Repeat(b"HTTP/1.1 200 OK\r\n"), "proxy", "its answer cannot be used"),
        (Manner::Repeat(b"xxxxxxxxxxxxxxxx"), "proxy", "its answer cannot be used"),
        (Manner::Repeat(b"X-Header: 0123456789\r\n"), "proxy", "its answer cannot be used"),
        (Manner::Repeat(b"HTTP/1.1 100 Continue\r\n\r\n"), "timeout", "timed out waiting for it to connect"),
        (Manner::Hold(Vec::new()), "timeout", "timed out waiting for it to connect to outside.oidc.test:"),
        (Manner::Drip(b"HTTP/1.1 200 Connection established\r\n\r\n"), "timeout", "timed out waiting"),
        (say("HTTP/1.1 200 Fine\r\n\r\nthat is not TLS"), "tls", "TLS handshake through the proxy failed"),
        (say("HTTP/1.1 200 Fine\r\n\r\n"), "tls", "TLS handshake through the proxy failed"),
        (
            Manner::Hold(b"HTTP/1.1 200 Fine\r\n\r\n".to_vec()),
            "timeout",
            "timed out during the TLS handshake",
        ),
    ] {
        let shown = match &manner {
            Manner::Say(bytes) | Manner::Hold(bytes) => String::from_utf8_lossy(bytes).into_owned(),
            Manner::Repeat(bytes) | Manner::Drip(bytes) | Manner::Connect(bytes) => {
                String::from_utf8_lossy(bytes).into_owned()
            }
        };
        let proxy = ConnectProxy::with(manner, BTreeMap::new()).await;
        let began = Instant::now();
        let (told, detail) = inspected(&issuer, &proxy.url());
        assert_eq!(told, reason, "{shown:?}: {detail}");
        assert!(detail.contains(words), "{shown:?}: {detail}");
        assert!(began.elapsed() < Duration::from_secs(30), "{shown:?}");
        assert!(!proxy.asked().is_empty());
    }
    assert_eq!(issuer.connections(), 0, "nothing went past the proxy");
}

#[tokio::test(flavor = "multi_thread")]
async fn good_answers_of_every_kind_open_the_tunnel() {
    let issuer = LabIssuer::good("outside.oidc.test").await;
    let names: BTreeMap<_, _> = [(issuer.endpoint(), issuer.sockets()[0])].into();
    for answer in [
        "HTTP/1.0 200 Connection established\r\n\r\n",
        "HTTP/1.1 299 Why not\r\nVia: 1.1 lab\r\n\r\n",
        // RFC 9110, section 9.3.6: such fields of a good answer are ignored.
        "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
    ] {
        let proxy = ConnectProxy::with(Manner::Connect(answer.as_bytes()), names.clone()).await;
        let mut inspect = program(&["inspect", issuer.url(), "--output", "thumbprint"]);
        let seen = run(inspect.env("HTTPS_PROXY", proxy.url()));
        assert_eq!(seen.lines(), issuer.thumbprints(), "{answer:?}: {}", seen.err);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_out_of_reach_is_named_and_not_the_issuer() {
    let issuer = LabIssuer::good("outside.oidc.test").await;
    // Bound, so that nobody else gets the port, and not listening.
    let nobody = TcpSocket::new_v4().unwrap();
    nobody.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let nobody = (format!("http://{}", nobody.local_addr().unwrap()), nobody);
    for (url, words) in [
        (nobody.0.as_str(), "cannot connect to 127.0.0.1: Connection refused"),
        (
            "http://proxy.nowhere.test:3128",
            "proxy http://proxy.nowhere.test:3128: cannot resolve proxy.nowhere.test",
        ),
    ] {
        let (reason, detail) = inspected(&issuer, url);
        assert_eq!(reason, "proxy", "{detail}");
        assert!(detail.contains(words) && detail.starts_with(&format!("proxy {url}: ")), "{detail}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_of_the_proxy_that_never_answers_leaves_time_for_the_others() {
    let issuer = LabIssuer::good("outside.oidc.test").await;
    let proxy = ConnectProxy::start(&[&issuer], &[]).await;
    let to = proxy.address();
    let door = TcpListener::bind("127.0.0.3:0").await.unwrap();
    let port = door.local_addr().unwrap().port();
    let door = tokio::spawn(async move {
        while let Ok((mut near, _)) = door.accept().await {
            tokio::spawn(async move {
                let mut far = TcpStream::connect(to).await.unwrap();
                drop(copy_bidirectional(&mut near, &mut far).await);
            });
        }
    });
    // Once its queue is full, a listener answers nobody any more.
    let hole = TcpSocket::new_v4().unwrap();
    hole.bind(([127, 0, 0, 2], port).into()).unwrap();
    let hole = hole.listen(1).unwrap();
    let mut waiting = Vec::new();
    while let Ok(Ok(tcp)) =
        timeout(Duration::from_millis(300), TcpStream::connect(hole.local_addr().unwrap())).await
    {
        waiting.push(tcp);
    }
    let arguments = ["inspect", issuer.url(), "--output", "thumbprint", "--timeout", "4s"];
    let addresses = ["--resolve", "proxy.oidc.test=127.0.0.2", "--resolve", "proxy.oidc.test=127.0.0.3"];
    let mut inspect = program(&[&arguments[..], &addresses].concat());
    let seen = run(inspect.env("HTTPS_PROXY", format!("http://proxy.oidc.test:{port}")));
    assert_eq!(seen.lines(), issuer.thumbprints(), "{}", seen.err);
    door.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_are_wanted_refused_and_taken_after_a_reload() {
    let issuer = LabIssuer::good("outside.oidc.test").await;
    let proxy = ConnectProxy::start(&[&issuer], &[]).await;
    proxy.want(CREDENTIALS.1);
    let watch = watch(&issuer);
    let file = watch.directory().join("proxy-credentials");
    std::fs::write(&file, "lab-user:wrong\n").unwrap();
    let watch = watch.toml(&format!(
        "[reload]\nwatch = true\n[proxy]\nurl = {:?}\ncredentials_file = {:?}\n",
        proxy.url(),
        file.display().to_string()
    ));
    let daemon = watch.start();
    daemon.wait_ready();
    let metrics = daemon.metrics();
    assert_eq!(
        (is_up(&metrics, &issuer), reasons(&metrics, &issuer)),
        (false, vec!["proxy_authentication".to_owned()])
    );
    daemon.wait_log("it does not accept the user name and password that are set");
    assert_eq!(issuer.connections(), 0);

    swap(&file, &format!("{}\n", CREDENTIALS.0));
    daemon.wait_metrics("the right password", |metrics| verdict(metrics, &issuer) == "match");

    // Another proxy is in force after a reload, too.
    let other = ConnectProxy::start(&[&issuer], &[]).await;
    swap(&watch.file(), &watch.settings.toml().replace(&proxy.url(), &other.url()));
    daemon.wait_logged("configuration reloaded", 2);
    crate::support::daemon::wait_for("the other proxy", || (!other.asked().is_empty()).then_some(()));
}
