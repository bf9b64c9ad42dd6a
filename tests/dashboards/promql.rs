//! What an expression of `PromQL` speaks of: metrics with their matchers, and labels. No parser of its grammar; promtool is one.

use std::collections::BTreeSet;

/// One metric in an expression.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Selector {
    pub metric: String,
    /// Label, operator, value.
    pub matchers: Vec<(String, String, String)>,
    /// What is between the brackets after it.
    pub range: String,
    /// The function or aggregation whose argument it is in.
    pub within: String,
}

#[derive(Debug, Default)]
pub struct Spoken {
    pub selectors: Vec<Selector>,
    /// Labels that it groups, joins or reads by.
    pub labels: BTreeSet<String>,
    /// Labels that it makes.
    pub made: BTreeSet<String>,
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Name(String),
    Text(String),
    /// What is between brackets.
    Range(String),
    Sign(String),
}

const GROUPINGS: [&str; 6] = ["by", "without", "on", "ignoring", "group_left", "group_right"];
const WORDS: [&str; 5] = ["and", "or", "unless", "bool", "offset"];

pub fn spoken(expression: &str) -> Spoken {
    let tokens = tokens(expression);
    let sign = |at: usize, wanted: &str| matches!(tokens.get(at), Some(Token::Sign(sign)) if sign == wanted);
    let mut spoken = Spoken::default();
    let mut functions: Vec<String> = Vec::new();
    let mut last = String::new();
    let mut at = 0;
    while at < tokens.len() {
        match &tokens[at] {
            Token::Sign(sign) if sign == "(" => functions.push(std::mem::take(&mut last)),
            Token::Sign(sign) if sign == ")" => _ = functions.pop(),
            Token::Name(name) if GROUPINGS.contains(&&**name) && sign(at + 1, "(") => {
                while !sign(at, ")") {
                    at += 1;
                    spoken.labels.extend(match tokens.get(at) {
                        Some(Token::Name(label)) => Some(label.clone()),
                        Some(_) => None,
                        None => return spoken,
                    });
                }
            }
            Token::Name(name) if WORDS.contains(&&**name) => {}
            Token::Name(name)
                if sign(at + 1, "(")
                    || matches!(tokens.get(at + 1), Some(Token::Name(next)) if next == "by" || next == "without") =>
            {
                last.clone_from(name);
                // What is made, with which separator of which labels; or by which replacement of which label.
                let read = match &**name {
                    "label_replace" => 2..3,
                    "label_join" => 2..usize::MAX,
                    _ => 0..0,
                };
                if !read.is_empty() {
                    let texts = texts_of_call(&tokens[at + 1..]);
                    spoken.made.extend(texts.first().cloned());
                    let read = texts.into_iter().skip(read.start).take(read.len());
                    spoken.labels.extend(read.filter(|label| !label.is_empty()));
                }
            }
            Token::Name(name) => {
                let innermost = functions.iter().rev().find(|function| !function.is_empty());
                let within = innermost.cloned().unwrap_or_default();
                let mut selector = Selector { metric: name.clone(), within, ..Selector::default() };
                if sign(at + 1, "{") {
                    at += 2;
                    while let [Token::Name(label), Token::Sign(operator), Token::Text(value), ..] =
                        &tokens[at..]
                    {
                        selector.matchers.push((label.clone(), operator.clone(), value.clone()));
                        at += if sign(at + 3, ",") { 4 } else { 3 };
                    }
                }
                if let Some(Token::Range(range)) = tokens.get(at + 1) {
                    selector.range.clone_from(range);
                }
                spoken.selectors.push(selector);
            }
            Token::Text(_) | Token::Range(_) | Token::Sign(_) => {}
        }
        at += 1;
    }
    spoken
}

/// The strings of a call, from its parenthesis on.
fn texts_of_call(tokens: &[Token]) -> Vec<String> {
    let mut texts = Vec::new();
    let mut depth = 0;
    for token in tokens {
        match token {
            Token::Sign(sign) if sign == "(" || sign == "{" => depth += 1,
            Token::Sign(sign) if sign == ")" || sign == "}" => depth -= 1,
            Token::Text(text) if depth == 1 => texts.push(text.clone()),
            _ => {}
        }
        if depth == 0 {
            break;
        }
    }
    texts
}

fn tokens(expression: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut rest = expression;
    while let Some(first) = rest.chars().next() {
        let name = |text: &str| {
            text.find(|c: char| !c.is_alphanumeric() && c != '_' && c != ':').unwrap_or(text.len())
        };
        let length = match first {
            '"' => {
                let end = 1 + rest[1..].find('"').expect("a string ends");
                tokens.push(Token::Text(rest[1..end].to_owned()));
                end + 1
            }
            '[' => {
                let end = rest.find(']').expect("a range ends");
                tokens.push(Token::Range(rest[1..end].to_owned()));
                end + 1
            }
            // A variable, or a number with its unit.
            '$' => 1 + name(&rest[1..]),
            '0'..='9' => name(rest),
            _ if first.is_alphabetic() || first == '_' => {
                let end = name(rest);
                tokens.push(Token::Name(rest[..end].to_owned()));
                end
            }
            _ if first.is_whitespace() => first.len_utf8(),
            _ => {
                let pair = rest.get(..2).filter(|pair| ["=~", "!~", "!=", "==", "<=", ">="].contains(pair));
                let sign = pair.unwrap_or(&rest[..first.len_utf8()]);
                tokens.push(Token::Sign(sign.to_owned()));
                sign.len()
            }
        };
        rest = &rest[length..];
    }
    tokens
}

#[test]
fn it_sees_metrics_matchers_and_labels() {
    let seen = spoken(
        "topk(3, sum by (a, b) (rate(x_total{c=~\"$c|\", d=\"e, f\"}[$__rate_interval])) * on (g) group_left (h) \
         label_replace(y{i!=\"j\"} @ end() > bool 5m, \"k\", \"$1\", \"l\", \"(.*)\")) or count by (m) (label_join(z, \"n\", \"-\", \"o\", \"p\"))",
    );
    let matcher =
        |label: &str, operator: &str, value: &str| (label.to_owned(), operator.to_owned(), value.to_owned());
    let selector = |metric: &str, matchers, range: &str, within: &str| Selector {
        metric: metric.to_owned(),
        matchers,
        range: range.to_owned(),
        within: within.to_owned(),
    };
    let x = selector(
        "x_total",
        vec![matcher("c", "=~", "$c|"), matcher("d", "=", "e, f")],
        "$__rate_interval",
        "rate",
    );
    let y = selector("y", vec![matcher("i", "!=", "j")], "", "label_replace");
    assert_eq!(seen.selectors, [x, y, selector("z", Vec::new(), "", "label_join")]);
    assert_eq!(seen.labels, ["a", "b", "g", "h", "l", "m", "o", "p"].map(str::to_owned).into());
    assert_eq!(seen.made, ["k", "n"].map(str::to_owned).into());
}
