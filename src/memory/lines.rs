//! JSON with a line for each entry of the outer two levels: short, and still to be read, searched and compared by line.

use std::io::{self, Write};

use serde_json::ser::Formatter;

/// What is further inside stands on one line.
const LEVELS: usize = 2;

/// How far inside the writer is.
#[derive(Default)]
pub(super) struct Lines {
    level: usize,
    has_entries: bool,
}

impl Lines {
    fn begin<W: ?Sized + Write>(&mut self, writer: &mut W, bracket: u8) -> io::Result<()> {
        self.level += 1;
        self.has_entries = false;
        writer.write_all(&[bracket])
    }

    fn end<W: ?Sized + Write>(&mut self, writer: &mut W, bracket: u8) -> io::Result<()> {
        self.level -= 1;
        if self.has_entries && self.level < LEVELS {
            self.new_line(writer)?;
        }
        self.has_entries = true;
        writer.write_all(&[bracket])
    }

    fn entry<W: ?Sized + Write>(&mut self, writer: &mut W, is_first: bool) -> io::Result<()> {
        self.has_entries = true;
        if !is_first {
            writer.write_all(b",")?;
        }
        match (self.level <= LEVELS, is_first) {
            (true, _) => self.new_line(writer),
            (false, true) => Ok(()),
            (false, false) => writer.write_all(b" "),
        }
    }

    fn new_line<W: ?Sized + Write>(&self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b"\n")?;
        writer.write_all(&b"  "[..self.level.min(LEVELS)])
    }
}

impl Formatter for Lines {
    fn begin_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.begin(writer, b'[')
    }

    fn end_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.end(writer, b']')
    }

    fn begin_array_value<W: ?Sized + Write>(&mut self, writer: &mut W, is_first: bool) -> io::Result<()> {
        self.entry(writer, is_first)
    }

    fn begin_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.begin(writer, b'{')
    }

    fn end_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.end(writer, b'}')
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, writer: &mut W, is_first: bool) -> io::Result<()> {
        self.entry(writer, is_first)
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b": ")
    }
}

#[cfg(test)]
mod tests {
    use serde::Serialize as _;
    use serde_json::{Serializer, Value, json};

    use super::*;

    #[test]
    fn two_levels_have_lines() {
        let value =
            json!({"a": 1, "b": {}, "c": [], "d": {"e": {"f": [1, [], {"g": 2}], "h": null}, "i": []}});
        let mut bytes = Vec::new();
        value.serialize(&mut Serializer::with_formatter(&mut bytes, Lines::default())).unwrap();
        let text = String::from_utf8(bytes).unwrap();
        let lines = [
            "{",
            " \"a\": 1,",
            " \"b\": {},",
            " \"c\": [],",
            " \"d\": {",
            "  \"e\": {\"f\": [1, [], {\"g\": 2}], \"h\": null},",
            "  \"i\": []",
            " }",
            "}",
        ];
        assert_eq!(text, lines.join("\n"));
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value);
    }
}
