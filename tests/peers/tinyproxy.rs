//! Issuers through tinyproxy, which asks for a password, filters, and leaves names to another proxy (the only one that knows
//! where the lab's names lead).

use crate::support::connect_proxy::{ConnectProxy, TlsFront};
use crate::support::lab::pem::pem;
use crate::support::lab::{LabIssuer, chains};
use crate::support::process::{Run, program, run};
use crate::support::server::Server;

/// tinyproxy with these lines in its configuration.
fn tinyproxy(upstream: &ConnectProxy, more: &str) -> Server {
    let (upstream, more) = (upstream.address(), more.to_owned());
    Server::start("tinyproxy", move |directory, address| {
        let filter = directory.join("filter");
        std::fs::write(&filter, "^forbidden\\.oidc\\.test$\n").unwrap();
        let config = directory.join("tinyproxy.conf");
        let text = format!(
            "Port {}\nListen {}\nTimeout 30\nMaxClients 50\nLogLevel Info\nUpstream http {upstream}\nFilter \"{}\"\n{more}\n",
            address.port(),
            address.ip(),
            filter.display()
        );
        std::fs::write(&config, text).unwrap();
        ["-d", "-c", config.to_str().unwrap()].map(str::to_owned).to_vec()
    })
}

fn inspect(issuer: &LabIssuer, proxy: &str, more: &[&str]) -> Run {
    let arguments = ["inspect", issuer.url(), "--output", "json", "--timeout", "5s"];
    run(program(&[&arguments, more].concat()).env("HTTPS_PROXY", proxy))
}

fn reason(run: &Run) -> String {
    run.json()["error"]["reason"].as_str().unwrap_or_default().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn it_connects_filters_and_wants_a_password() {
    let issuer = LabIssuer::good("outside.oidc.test").await;
    let forbidden = LabIssuer::good("forbidden.oidc.test").await;
    let names = ConnectProxy::start(&[&issuer, &forbidden], &[]).await;
    let open = tinyproxy(&names, "");
    let seen = inspect(&issuer, &format!("http://{}", open.address()), &[]);
    assert_eq!(reason(&seen), "", "{}", seen.said());
    assert_eq!(seen.json()["endpoints"][0]["chains"][0]["thumbprint"], issuer.thumbprints()[0]);
    assert_eq!(names.requests(), [format!("CONNECT {}", issuer.endpoint())]);
    let filtered = inspect(&forbidden, &format!("http://{}", open.address()), &[]);
    assert_eq!(reason(&filtered), "proxy_refused", "{}", filtered.said());
    assert!(filtered.out.contains("HTTP status 403"), "{}", filtered.out);

    let closed = tinyproxy(&names, "BasicAuth lab-user pr0xy-s3cret");
    for (told, wanted) in [
        ("", "proxy_authentication"),
        ("lab-user:wrong@", "proxy_authentication"),
        ("lab-user:pr0xy-s3cret@", ""),
    ] {
        let seen = inspect(&issuer, &format!("http://{told}{}", closed.address()), &[]);
        assert_eq!(reason(&seen), wanted, "{told}: {}", seen.said());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_over_tls() {
    let issuer = LabIssuer::good("outside.oidc.test").await;
    let names = ConnectProxy::start(&[&issuer], &[]).await;
    let closed = tinyproxy(&names, "BasicAuth lab-user pr0xy-s3cret");
    let chain = chains::private_ca("localhost");
    let front = TlsFront::start(&chain, closed.address()).await;
    let directory = crate::support::daemon::TempDir::new();
    let roots = directory.path().join("roots.pem");
    std::fs::write(&roots, pem(&[chain.anchor.unwrap()])).unwrap();
    let proxy = format!("https://lab-user:pr0xy-s3cret@localhost:{}", front.address().port());
    let seen = inspect(&issuer, &proxy, &["--ca-file", roots.to_str().unwrap()]);
    assert_eq!(
        seen.json()["endpoints"][0]["chains"][0]["thumbprint"],
        issuer.thumbprints()[0],
        "{}",
        seen.said()
    );
}
