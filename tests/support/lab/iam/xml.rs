//! The XML of AWS's query protocol.

use super::actions::Refusal;

const REQUEST_ID: &str = "1ab00000-0000-4000-8000-000000000001";

/// An element and what is in it.
pub struct Element {
    name: &'static str,
    content: Content,
}

enum Content {
    Text(String),
    Elements(Vec<Element>),
}

/// An element with elements in it.
pub fn element(name: &'static str, elements: Vec<Element>) -> Element {
    Element { name, content: Content::Elements(elements) }
}

/// An element with text in it.
pub fn text(name: &'static str, text: &str) -> Element {
    Element { name, content: Content::Text(text.to_owned()) }
}

/// A list of texts.
pub fn members(name: &'static str, texts: &[String]) -> Element {
    element(name, texts.iter().map(|member| text("member", member)).collect())
}

/// The answer to a call that went well. A call without a result has no element for it.
pub fn result(action: &str, result: &[Element]) -> String {
    let namespace = namespace(action);
    let result = match result {
        [] => String::new(),
        result => format!("  <{action}Result>\n{}  </{action}Result>\n", render(result, 4)),
    };
    let metadata = render(&[element("ResponseMetadata", vec![text("RequestId", REQUEST_ID)])], 2);
    format!("<{action}Response xmlns=\"{namespace}\">\n{result}{metadata}</{action}Response>\n")
}

/// The answer to a call that failed.
pub fn error(action: &str, refusal: &Refusal) -> String {
    let namespace = namespace(action);
    let blame = if refusal.status.is_server_error() { "Receiver" } else { "Sender" };
    let error = vec![text("Type", blame), text("Code", refusal.code), text("Message", &refusal.message)];
    let error = render(&[element("Error", error), text("RequestId", REQUEST_ID)], 2);
    format!("<ErrorResponse xmlns=\"{namespace}\">\n{error}</ErrorResponse>\n")
}

fn namespace(action: &str) -> &'static str {
    match action {
        "AssumeRoleWithWebIdentity" => "https://sts.amazonaws.com/doc/2011-06-15/",
        _ => "https://iam.amazonaws.com/doc/2010-05-08/",
    }
}

fn render(elements: &[Element], indent: usize) -> String {
    let margin = " ".repeat(indent);
    let render_one = |Element { name, content }: &Element| match content {
        Content::Text(text) => format!("{margin}<{name}>{}</{name}>\n", escaped(text)),
        Content::Elements(elements) if elements.is_empty() => format!("{margin}<{name}/>\n"),
        Content::Elements(elements) => {
            format!("{margin}<{name}>\n{}{margin}</{name}>\n", render(elements, indent + 2))
        }
    };
    elements.iter().map(render_one).collect::<Vec<_>>().concat()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
