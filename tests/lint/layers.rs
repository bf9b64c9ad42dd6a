//! The layers of `src`: no file imports one that, directly or not, imports it; and only the top takes the settings whole.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// The path of a module, from the root of the crate.
type Module = Vec<String>;

/// Every file below `src`, as its module, with its text. Unit tests are left out: they may look anywhere.
fn modules() -> BTreeMap<Module, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut modules = BTreeMap::new();
    let mut directories = vec![root.clone()];
    while let Some(directory) = directories.pop() {
        for entry in std::fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                directories.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                let text = text.split("#[cfg(test)]\nmod tests").next().unwrap().to_owned();
                modules.insert(module(path.strip_prefix(&root).unwrap()), text);
            }
        }
    }
    modules
}

fn module(file: &Path) -> Module {
    let mut path = PathBuf::from(file).with_extension("");
    if path.ends_with("mod") || path.ends_with("lib") || path.ends_with("main") {
        path.pop();
    }
    path.iter().map(|part| part.to_str().unwrap().to_owned()).collect()
}

/// Names, `::`, and the marks that part them, without comments and texts.
fn tokens(text: &str) -> Vec<String> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if let Some(raw) = rest.strip_prefix("r#\"") {
            raw.find("\"#").unwrap() + 5
        } else if first == '"' {
            let mut escaped = false;
            let end = rest[1..].find(|c: char| {
                let ends = c == '"' && !escaped;
                escaped = c == '\\' && !escaped;
                ends
            });
            end.unwrap() + 2
        } else if let Some(quote) = ["'\"'", "'\\''"].into_iter().find(|quote| rest.starts_with(quote)) {
            quote.len()
        } else if first.is_alphabetic() || first == '_' {
            let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
            tokens.push(rest[..end].to_owned());
            end
        } else if rest.starts_with("::") {
            tokens.push("::".to_owned());
            2
        } else {
            if "{},;".contains(first) {
                tokens.push(first.to_string());
            }
            first.len_utf8()
        };
        rest = &rest[length..];
    }
    tokens
}

/// Reads a path, or a tree of them in braces, at the front of `tokens`; how many tokens that took.
fn tree(tokens: &[String], before: &[String], found: &mut Vec<Vec<String>>) -> usize {
    let mut path = before.to_vec();
    let mut at = 0;
    loop {
        match tokens.get(at).map(String::as_str) {
            Some("{") => {
                at += 1;
                while tokens[at] != "}" {
                    at += tree(&tokens[at..], &path, found);
                    while tokens[at] != "," && tokens[at] != "}" {
                        // `as name`
                        at += 1;
                    }
                    at += usize::from(tokens[at] == ",");
                }
                return at + 1;
            }
            Some(name) => {
                path.push(name.to_owned());
                at += 1;
            }
            None => break,
        }
        if tokens.get(at).map(String::as_str) != Some("::") {
            break;
        }
        at += 1;
    }
    found.push(path);
    at
}

/// Every path in a text that can lead to another file: what is used, and what is named by its path from the root or above.
fn paths(text: &str) -> Vec<Vec<String>> {
    let tokens = tokens(text);
    let mut found = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let is_path = ["crate", "super", "self"].contains(&tokens[at].as_str())
            && tokens.get(at + 1).map(String::as_str) == Some("::");
        if tokens[at..].starts_with(&["pub", "in"].map(str::to_owned)) {
            // Who sees an item, not what it sees.
            at += 2 + tree(&tokens[at + 2..], &[], &mut Vec::new());
        } else if tokens[at] == "use" {
            at += 1 + tree(&tokens[at + 1..], &[], &mut found);
        } else if is_path {
            at += tree(&tokens[at..], &[], &mut found);
        } else {
            at += 1;
        }
    }
    found
}

/// The file that a path in `from` leads to: that of the longest part of it which is a module.
fn target(from: &Module, path: &[String], modules: &BTreeMap<Module, String>) -> Option<Module> {
    let mut base: Module = from.clone();
    let mut rest = path;
    match path.first().map(String::as_str) {
        Some("crate") => (base, rest) = (Vec::new(), &path[1..]),
        Some("self") => rest = &path[1..],
        Some("super") => {
            while rest.first().is_some_and(|step| step == "super") {
                base.pop()?;
                rest = &rest[1..];
            }
        }
        // A module of this one's own, or another crate.
        _ => {
            let own = [&base[..], &path[..1]].concat();
            if !modules.contains_key(&own) {
                return None;
            }
        }
    }
    for step in rest {
        let next = [&base[..], std::slice::from_ref(step)].concat();
        if !modules.contains_key(&next) {
            break;
        }
        base = next;
    }
    (base != *from).then_some(base)
}

fn imports() -> BTreeMap<Module, BTreeSet<Module>> {
    let modules = modules();
    let of = |(module, text): (&Module, &String)| {
        let found = paths(text);
        let targets = found.iter().filter_map(|path| target(module, path, &modules)).collect();
        (module.clone(), targets)
    };
    modules.iter().map(of).collect()
}

/// The first circle that is found from `module` on.
fn circle(
    module: &Module,
    imports: &BTreeMap<Module, BTreeSet<Module>>,
    path: &mut Vec<Module>,
    done: &mut BTreeSet<Module>,
) -> Option<Vec<Module>> {
    if let Some(start) = path.iter().position(|passed| passed == module) {
        return Some(path[start..].to_vec());
    }
    if done.contains(module) {
        return None;
    }
    path.push(module.clone());
    let found = imports[module].iter().find_map(|next| circle(next, imports, path, done));
    path.pop();
    done.insert(module.clone());
    found
}

#[test]
fn no_file_imports_one_that_imports_it() {
    let imports = imports();
    assert!(imports.len() > 80, "only {} files", imports.len());
    assert!(imports.values().map(BTreeSet::len).sum::<usize>() > 300, "hardly any import was found");
    let mut done = BTreeSet::new();
    for module in imports.keys() {
        let found = circle(module, &imports, &mut Vec::new(), &mut done);
        let shown = found.map(|circle| circle.iter().map(|m| m.join("::")).collect::<Vec<_>>().join(" -> "));
        assert_eq!(shown, None);
    }
}

#[test]
fn nothing_below_the_daemon_takes_the_settings_whole() {
    let takes = |text: &str| tokens(text).iter().any(|token| token == "Settings");
    let top: BTreeSet<String> =
        modules().into_iter().filter(|(_, text)| takes(text)).map(|(module, _)| module[0].clone()).collect();
    assert_eq!(top, ["cli", "config", "daemon"].map(str::to_owned).into());
}

#[test]
fn paths_are_read_as_the_compiler_does() {
    let text = r#"
        // use crate::comment::X;
        use std::fmt::{self, Write as _};
        pub(in crate::seen) use super::a::{B, c::{D as E, F}};
        fn f() -> crate::g::H { let text = "crate::text::X \" use y::Z;"; let c = '"'; self::i::j(text, c) }
    "#;
    let read: Vec<String> = paths(text).iter().map(|path| path.join("::")).collect();
    let wanted = [
        "std::fmt::self",
        "std::fmt::Write",
        "super::a::B",
        "super::a::c::D",
        "super::a::c::F",
        "crate::g::H",
        "self::i::j",
    ];
    assert_eq!(read, wanted);
}
