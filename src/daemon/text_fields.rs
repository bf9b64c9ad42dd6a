//! The message and the fields of a log line as text, in logfmt: a value that holds spaces, quotes or the like is quoted, so
//! that a parser finds where it ends.

use std::error::Error;
use std::fmt::{self, Debug};

use tracing::field::{Field, Visit};
use tracing_subscriber::field::RecordFields;
use tracing_subscriber::fmt::FormatFields;
use tracing_subscriber::fmt::format::Writer;

/// Writes fields as text.
pub(super) struct TextFields;

impl<'writer> FormatFields<'writer> for TextFields {
    fn format_fields<R: RecordFields>(&self, out: Writer<'writer>, fields: R) -> fmt::Result {
        let mut visitor = Visitor { out, written: Ok(()), is_first: true };
        fields.record(&mut visitor);
        visitor.written
    }
}

struct Visitor<'writer> {
    out: Writer<'writer>,
    written: fmt::Result,
    is_first: bool,
}

impl Visitor<'_> {
    fn put(&mut self, field: &Field, value: &str, is_text: bool) {
        if self.written.is_ok() {
            self.written = self.write(field.name(), value, is_text);
        }
    }

    fn write(&mut self, name: &str, value: &str, is_text: bool) -> fmt::Result {
        if !std::mem::take(&mut self.is_first) {
            self.out.write_char(' ')?;
        }
        if name == "message" {
            // Its words stand for themselves; a quote or an equals sign among them would not.
            if !value.contains(['"', '=']) {
                return self.out.write_str(value);
            }
            self.out.write_str("msg=")?;
            return quoted(&mut self.out, value);
        }
        // A raw identifier, such as `r#type`.
        let name = name.trim_start_matches("r#");
        if self.out.has_ansi_escapes() {
            write!(self.out, "\x1b[3m{name}\x1b[0m\x1b[2m=\x1b[0m")?;
        } else {
            write!(self.out, "{name}=")?;
        }
        if is_text || needs_quotes(value) { quoted(&mut self.out, value) } else { self.out.write_str(value) }
    }
}

impl Visit for Visitor<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, value, true);
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        self.put(field, &value.to_string(), true);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.put(field, &format!("{value:?}"), false);
    }
}

fn needs_quotes(value: &str) -> bool {
    value.is_empty() || value.contains(|c: char| c.is_whitespace() || c.is_control() || "\"=\\".contains(c))
}

/// As in JSON, which the parsers of logfmt read.
fn quoted(out: &mut impl fmt::Write, value: &str) -> fmt::Result {
    out.write_char('"')?;
    for character in value.chars() {
        match character {
            '"' | '\\' => write!(out, "\\{character}")?,
            '\n' => out.write_str("\\n")?,
            '\r' => out.write_str("\\r")?,
            '\t' => out.write_str("\\t")?,
            control if control.is_control() => write!(out, "\\u{:04x}", u32::from(control))?,
            other => out.write_char(other)?,
        }
    }
    out.write_char('"')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parser_finds_the_end() {
        for (value, bare, text) in [
            ("127.0.0.1:10190", "", "\"127.0.0.1:10190\""),
            ("a b", "\"a b\"", "\"a b\""),
            ("", "\"\"", "\"\""),
            ("a=b", "\"a=b\"", "\"a=b\""),
            (
                "say \"so\" c:\\x\n\u{1b}[0m",
                "\"say \\\"so\\\" c:\\\\x\\n\\u001b[0m\"",
                "\"say \\\"so\\\" c:\\\\x\\n\\u001b[0m\"",
            ),
        ] {
            assert_eq!(needs_quotes(value), !bare.is_empty(), "{value}");
            let mut out = String::new();
            quoted(&mut out, value).unwrap();
            assert_eq!(out, text);
        }
    }
}
