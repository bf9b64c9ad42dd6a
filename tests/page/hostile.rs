//! Names that strangers chose are shown, and do nothing else.

use rcgen::DnType;
use serde_json::json;

use super::{ONE_ROUND, encoded};
use crate::support::browser::Browser;
use crate::support::lab::ca::{Authority, Leaf, Validity};
use crate::support::lab::{Behaviour, Chain, LabIssuer, Spec, chains};
use crate::support::watch::Watch;

const SCRIPT: &str = "<script>alert(1)</script>";
const IMAGE: &str = "\"><img src=x onerror=alert(2)>";
const LATE: &str = "'--></style></title></textarea><svg onload=alert(3)>&amp;";

#[tokio::test(flavor = "multi_thread")]
async fn markup_in_certificates_documents_and_queries_is_text() {
    let host = "hostile.oidc.test";
    let root = Authority::new(LATE, IMAGE);
    let mut leaf = Leaf::new(host);
    leaf.subject =
        vec![(DnType::CommonName, SCRIPT.to_owned()), (DnType::OrganizationName, IMAGE.to_owned())];
    let (leaf, key) = root.leaf(&leaf);
    let served = vec![leaf, root.self_signed(Validity::ROOT)];
    let chain = Chain { state: "hostile", served, key, anchor: None };
    let mut spec = Spec::new(host, chain);
    spec.path = "/it's&amp;q=<b>".to_owned();
    let named = LabIssuer::start(spec.clone()).await;
    spec.path = String::new();
    let liar = LabIssuer::start(spec).await;
    liar.behave(Behaviour::discovery_with("issuer", SCRIPT));
    let daemon = Watch::new(&ONE_ROUND).issuer(&named, &[]).issuer(&liar, &[]).start();
    daemon.wait_ready();

    let browser = Browser::start();
    let front = format!("http://{}/", daemon.address());
    let canonical = named.url().replace('<', "%3C").replace('>', "%3E");
    let issuer = |url: &str| format!("{front}issuer?url={}", encoded(url));
    for (url, shown) in [
        (front.clone(), &[SCRIPT, &*canonical][..]),
        (format!("{front}?q={}", encoded(IMAGE)), &[]),
        (issuer(&canonical), &[SCRIPT, IMAGE, LATE, &canonical]),
        (issuer(liar.url()), &[SCRIPT, IMAGE, LATE]),
        (issuer(SCRIPT), &[SCRIPT]),
        (issuer(IMAGE), &[IMAGE]),
    ] {
        browser.open(&url);
        assert!(browser.complaints().is_empty(), "{url}: {:?}", browser.complaints());
        let text = browser.text("document.body.textContent");
        for shown in shown {
            assert!(text.contains(shown), "{url}: {shown}: {text}");
        }
        let made = "[document.scripts.length, document.querySelectorAll('img, svg, b').length, document.forms.length < 2]";
        assert_eq!(browser.value(made), json!([1, 0, true]), "{url}");
    }
    browser.open(&format!("{front}?q={}", encoded(IMAGE)));
    assert_eq!(browser.text("document.getElementById('filter').value"), IMAGE);

    // A link to a URL with every mark that means something leads to that issuer's page.
    browser.open(&front);
    browser.value(
        "[...document.querySelectorAll('tbody a')].find((link) => link.textContent.includes('it')).click()",
    );
    browser.wait_for("location.pathname === '/issuer' && document.readyState === 'complete'");
    assert_eq!(browser.text("document.querySelector('h1').textContent"), format!("Issuer {canonical}"));
}

/// The pages forbid what a hole in the escaping would let in.
#[tokio::test(flavor = "multi_thread")]
async fn the_policy_stops_what_is_not_ours() {
    let daemon = Watch::new(&ONE_ROUND).url("https://127.0.0.7:1").start();
    let browser = Browser::start();
    browser.open(&format!("http://{}/", daemon.address()));
    let attempt = "(() => {
        window.ran = 0;
        const script = document.createElement('script');
        script.textContent = 'window.ran += 1';
        document.body.append(script);
        document.body.insertAdjacentHTML('beforeend', '<p onclick=\"window.ran += 2\" style=\"position:fixed\">x</p>');
        const planted = document.body.lastElementChild;
        planted.click();
        return [window.ran, getComputedStyle(planted).position];
    })()";
    assert_eq!(browser.value(attempt), json!([0, "static"]));
    assert!(browser.complaints().len() >= 3, "{:?}", browser.complaints());

    for path in ["/", "/issuer?url=x"] {
        let answer = daemon.get(path);
        let policy = answer.header("content-security-policy").unwrap();
        for directive in
            ["default-src 'none'", "base-uri 'none'", "form-action 'self'", "frame-ancestors 'none'"]
        {
            assert!(policy.split("; ").any(|part| part == directive), "{path}: {directive}: {policy}");
        }
        assert!(!policy.contains("unsafe"), "{path}: {policy}");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{path}");
        assert_eq!(answer.header("referrer-policy"), Some("no-referrer"), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chain_without_end_is_drawn_in_part() {
    let host = "endless.oidc.test";
    let issuer = LabIssuer::start(Spec::new(host, chains::near_64_kib(host))).await;
    let daemon = Watch::new(&ONE_ROUND).issuer(&issuer, &[]).start();
    daemon.wait_ready();
    let answer = daemon.get(&format!("/issuer?url={}", encoded(issuer.url())));
    let served = issuer.faces()[0].chains()[0].served.len();
    assert!(served > 100 && answer.text().contains(&format!("<li>{} more certificates</li>", served - 11)));
    assert!(answer.text().contains(&format!("{}: root", served - 1)), "the last is the one that counts");
    assert_eq!(answer.text().matches("<li>\n").count(), 11);
}
