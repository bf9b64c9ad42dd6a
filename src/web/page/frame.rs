//! The frame that all pages have in common: head, navigation, Content-Security-Policy.

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use hyper::body::Bytes;
use hyper::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderValue, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS,
};
use hyper::{Response, StatusCode};
use sha2::{Digest as _, Sha256};

use super::html::Html;
use crate::clock::Timestamp;
use crate::web::answer::Answer;

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");

/// Nothing may be loaded or run but the one style sheet and the one script (Content Security Policy Level 3). The icon is
/// an empty `data:` URL, so that browsers do not ask for another.
static POLICY: LazyLock<Option<HeaderValue>> = LazyLock::new(|| {
    let [style, script] = [STYLE, SCRIPT].map(|source| BASE64.encode(Sha256::digest(source)));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{style}'; script-src 'sha256-{script}'; img-src data:; \
         frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
    );
    HeaderValue::try_from(policy).ok()
});

/// A page with this title and content.
pub(super) fn framed(
    status: StatusCode,
    title: &str,
    main: impl FnOnce(&mut Html),
    now: Timestamp,
) -> Answer {
    let mut html = Html::default();
    html.put(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<link rel=\"icon\" href=\"data:,\">\n\
         <title>{} - oidc-thumbprint-exporter</title>\n<style>",
        &[&title],
    );
    html.put_source(STYLE);
    html.put(
        "</style>\n</head>\n<body>\n<a class=\"skip\" href=\"#main\">Skip to the content</a>\n\
         <header>\n<a class=\"brand\" href=\"./\">oidc-thumbprint-exporter</a>\n<nav aria-label=\"Pages\">\n\
         <a href=\"./\">Providers</a> <a href=\"metrics\">Metrics</a> <a href=\"api/v1/providers\">API: providers</a> \
         <a href=\"api/v1/issuers\">API: issuers</a>\n</nav>\n</header>\n<main id=\"main\" tabindex=\"-1\">\n",
        &[],
    );
    main(&mut html);
    html.put("</main>\n<footer>As of ", &[]);
    html.put("<time datetime=\"{}\">{}</time>; all times are UTC.</footer>\n<script>", &[&now, &now]);
    html.put_source(SCRIPT);
    html.put("</script>\n</body>\n</html>\n", &[]);

    let mut answer = Response::new(Bytes::from(html.into_string()).into());
    *answer.status_mut() = status;
    let headers = answer.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Some(policy) = POLICY.clone() {
        headers.insert(CONTENT_SECURITY_POLICY, policy);
    }
    answer
}
