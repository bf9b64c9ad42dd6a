//! The demo's fleet as people meet it: by eye, by keyboard, by ear, on a phone, at night, and without scripts.

use serde_json::json;

use super::{encoded, seen_once};
use crate::support::browser::{Browser, ENTER, ESCAPE, TAB};

/// Texts whose contrast with what is behind them is less than WCAG 2.2 asks for (1.4.3: 4.5 to 1).
const FAINT_TEXTS: &str = r"(() => {
  const rgb = (colour) => colour.match(/[\d.]+/g).map(Number);
  const luminance = (colour) => {
    const [r, g, b] = rgb(colour).slice(0, 3).map((c) => c / 255)
      .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (element) => {
    for (let e = element; e; e = e.parentElement) {
      const colour = getComputedStyle(e).backgroundColor;
      if ((rgb(colour)[3] ?? 1) === 1) return colour;
    }
    return 'rgb(255, 255, 255)';
  };
  const faint = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !element.checkVisibility()) continue;
    const [a, b] = [getComputedStyle(element).color, ground(element)].map(luminance).sort((x, y) => y - x);
    if ((a + 0.05) / (b + 0.05) < 4.5) faint.push(walker.currentNode.data);
  }
  return faint;
})()";

/// What a screen reader would stumble over: levels of headings that are left out, headers without a scope, ids given twice,
/// sections without a name.
const STUMBLING_BLOCKS: &str = r"(() => {
  const found = [];
  let level = 0;
  for (const heading of document.querySelectorAll('h1, h2, h3, h4')) {
    const own = Number(heading.tagName[1]);
    if (own > level + 1) found.push(heading.textContent);
    level = own;
  }
  if (document.querySelectorAll('h1').length !== 1) found.push('h1');
  const ids = [...document.querySelectorAll('[id]')].map((e) => e.id);
  found.push(...ids.filter((id, index) => ids.indexOf(id) !== index));
  found.push(...[...document.querySelectorAll('th:not([scope])')].map((e) => e.outerHTML));
  for (const section of document.querySelectorAll('section')) {
    if (!document.getElementById(section.getAttribute('aria-labelledby'))) found.push(section.outerHTML);
  }
  if (document.documentElement.lang !== 'en') found.push('lang');
  return found;
})()";

const SHOWN_ROWS: &str =
    "[...document.querySelectorAll('tbody tr')].filter((row) => row.checkVisibility()).length";
const FOCUSED: &str = "document.activeElement.id || document.activeElement.textContent";

#[test]
fn every_page_is_readable_wide_and_narrow_by_day_and_by_night() {
    let (stage, daemon) = seen_once();
    let browser = Browser::start();
    let mut paths = vec!["/".to_owned(), "/?q=none+of+them".to_owned()];
    paths.extend(stage.lab.issuers.iter().map(|issuer| format!("/issuer?url={}", encoded(issuer.url()))));
    let mut grounds = Vec::new();
    for (width, dark) in [(1200, false), (1200, true), (400, false), (320, true)] {
        browser.look(width, dark);
        for path in &paths {
            let what = format!("{path} at {width}, dark: {dark}");
            browser.open(&format!("http://{}{path}", daemon.address()));
            assert!(browser.complaints().is_empty(), "{what}: {:?}", browser.complaints());
            let overflow = browser.value("document.documentElement.scrollWidth - innerWidth").as_i64();
            assert!(overflow <= Some(0), "{what}: {overflow:?}");
            assert_eq!(browser.value(FAINT_TEXTS), json!([]), "{what}");
            assert_eq!(browser.value(STUMBLING_BLOCKS), json!([]), "{what}");
        }
        grounds.push(browser.text("getComputedStyle(document.body).backgroundColor"));
    }
    assert!(grounds[0] != grounds[1] && grounds[0] == grounds[2] && grounds[1] == grounds[3], "{grounds:?}");
}

#[test]
fn the_keyboard_is_enough() {
    let (stage, daemon) = seen_once();
    let front = format!("http://{}/", daemon.address());
    let browser = Browser::start();
    browser.look(1200, false);
    browser.open(&front);

    browser.press(TAB);
    assert_eq!(browser.text(FOCUSED), "Skip to the content");
    let in_sight = "document.activeElement.getBoundingClientRect().left >= 0";
    assert_eq!(browser.value(in_sight), json!(true));
    browser.press(ENTER);
    assert_eq!(browser.text(FOCUSED), "main");

    browser.press("/");
    assert_eq!(browser.text(FOCUSED), "filter");
    assert_eq!(browser.text("document.activeElement.value"), "", "the key itself is not typed");
    assert_eq!(browser.value(SHOWN_ROWS), json!(8));
    browser.press("FAILING wro");
    assert_eq!(browser.value(SHOWN_ROWS), json!(1));
    assert_eq!(browser.text("document.getElementById('shown').textContent"), "1 of 8 shown");
    assert_eq!(browser.text("location.search"), "?q=FAILING%20wro", "the address can be passed on");
    browser.press(ESCAPE);
    assert_eq!(browser.value(SHOWN_ROWS), json!(8));
    browser.press("a/b");
    assert_eq!(browser.text("document.activeElement.value"), "a/b", "within the box a slash is one");
    browser.press(ESCAPE);

    // The filter leaves one link, and the keyboard leads there.
    browser.press("twins");
    browser.press(TAB);
    browser.press(TAB);
    let twins = stage.lab.issuer("twins");
    assert_eq!(browser.text(FOCUSED), twins.url());
    browser.press(ENTER);
    browser.wait_for(&format!(
        "document.title.startsWith({:?}) && document.readyState === 'complete'",
        twins.url()
    ));

    let [listed, other] = twins.thumbprints().try_into().unwrap();
    let page = browser.text("document.querySelector('main').innerText");
    for shown in
        ["partial", &listed, &other, "127.0.0.2", "listed by IAM in account 111122223333", "not listed"]
    {
        assert!(page.contains(shown), "{shown}: {page}");
    }
    let button = format!("document.querySelector('[aria-label$=\"{other}\"]')");
    browser.value(&format!("{button}.focus()"));
    browser.press(ENTER);
    browser.wait_for(&format!("{button}.textContent !== 'Copy'"));
    assert_eq!(browser.text("getSelection().toString()"), other);
    assert!(browser.complaints().is_empty(), "{:?}", browser.complaints());
}

#[test]
fn the_filter_works_without_scripts() {
    let (stage, daemon) = seen_once();
    let browser = Browser::start();
    browser.call("Emulation.setScriptExecutionDisabled", json!({"value": true}));
    for (query, rows) in
        [("", 8), ("?q=", 8), ("?q=Wrong", 1), ("?q=wrong+failing", 1), ("?q=wrong+healthy", 0)]
    {
        browser.open(&format!("http://{}/{query}", daemon.address()));
        assert_eq!(browser.value(SHOWN_ROWS), json!(rows), "{query}");
        let shown = format!("{rows} of 8 shown");
        assert_eq!(browser.text("document.getElementById('shown').textContent"), shown, "{query}");
    }
    let issuer = stage.lab.issuer("amazon").url();
    browser.open(&format!("http://{}/issuer?url={}", daemon.address(), encoded(issuer)));
    let buttons =
        "[...document.querySelectorAll('button')].filter((button) => button.checkVisibility()).length";
    assert_eq!(browser.value(buttons), json!(0), "buttons that do nothing are not shown");
}

#[test]
fn a_screen_reader_is_told_what_there_is() {
    let (_stage, daemon) = seen_once();
    let browser = Browser::start();
    browser.open(&format!("http://{}/", daemon.address()));
    let tree = browser.call("Accessibility.getFullAXTree", json!({}));
    let names = |role: &str| -> Vec<String> {
        let nodes = tree["nodes"].as_array().unwrap().iter().filter(|node| node["role"]["value"] == role);
        nodes.map(|node| node["name"]["value"].as_str().unwrap_or_default().to_owned()).collect()
    };
    assert_eq!(names("navigation"), ["Pages"]);
    assert_eq!(names("main").len(), 1);
    assert_eq!(names("searchbox"), ["Filter"]);
    assert_eq!(names("status"), [""], "the live region");
    assert_eq!(names("table"), ["IAM OIDC providers and watched issuers, worst first"]);
    assert_eq!(names("columnheader"), ["State", "Issuer", "Root CA", "Last poll"]);
    assert_eq!(names("rowheader").len(), 8);
    assert_eq!(names("heading"), ["Providers", "Account 111122223333", "This exporter"]);
    let read = names("StaticText");
    assert!(read.iter().any(|text| text.trim() == "failing"), "{read:?}");
    assert!(!read.iter().any(|text| text.contains('\u{2716}')), "marks are for the eye: {read:?}");
}
