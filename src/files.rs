//! Files of the operator: read within bounds, and looked at again until a change has settled.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// The longest file or input that is read, bytes. A bundle of all public roots has about 250 KiB.
pub const MAX_FILE_BYTES: usize = 1 << 20;

/// Reads a regular file. Whatever is read again while the daemon runs goes this way: opening a pipe would wait for its
/// writer.
///
/// # Errors
/// When the file cannot be read, is not a regular one, or is longer than [`MAX_FILE_BYTES`].
pub fn read_regular(path: &Path) -> io::Result<Vec<u8>> {
    read_regular_up_to(path, MAX_FILE_BYTES)
}

/// The same, of a file that may be longer.
///
/// # Errors
/// As [`read_regular`], with this limit.
pub(crate) fn read_regular_up_to(path: &Path, max_bytes: usize) -> io::Result<Vec<u8>> {
    if !path.metadata()?.is_file() {
        return Err(io::Error::other("not a regular file"));
    }
    read_up_to(File::open(path)?, max_bytes)
}

/// Reads a regular file of text as people and their editors save it.
///
/// # Errors
/// As [`read_unmarked`], and when it is not UTF-8.
pub fn read_text(path: &Path) -> io::Result<String> {
    as_text(read_unmarked(path)?)
}

/// Reads a regular file, whatever it holds, without the byte order mark of UTF-8.
///
/// # Errors
/// As [`read_regular`], and when it is UTF-16, which Windows' editors write.
pub fn read_unmarked(path: &Path) -> io::Result<Vec<u8>> {
    without_mark(read_regular(path)?)
}

fn as_text(bytes: Vec<u8>) -> io::Result<String> {
    String::from_utf8(bytes).map_err(|error| {
        let good = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = good.split(|byte| *byte == b'\n').count();
        io::Error::new(io::ErrorKind::InvalidData, format!("line {line}: not UTF-8; save the file as UTF-8"))
    })
}

fn without_mark(mut bytes: Vec<u8>) -> io::Result<Vec<u8>> {
    match bytes.as_slice() {
        [0xef, 0xbb, 0xbf, ..] => drop(bytes.drain(..3)),
        // A byte order mark; or without one, ASCII with a zero in each pair of bytes.
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] | [0, _, 0, _, ..] | [_, 0, _, 0, ..] => {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "is UTF-16; save it as UTF-8"));
        }
        _ => {}
    }
    Ok(bytes)
}

/// Reads to the end.
///
/// # Errors
/// When reading fails, or there is more than [`MAX_FILE_BYTES`].
pub fn read_whole(input: impl Read) -> io::Result<Vec<u8>> {
    read_up_to(input, MAX_FILE_BYTES)
}

fn read_up_to(input: impl Read, max_bytes: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    // One byte more than is taken, so that a longer input is refused and not cut.
    input.take(max_bytes as u64 + 1).read_to_end(&mut bytes)?;
    if bytes.len() > max_bytes {
        let told = format!("larger than {} MiB", max_bytes >> 20);
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, told));
    }
    Ok(bytes)
}

/// Tells when something has changed and stays so: it must look the same twice before it counts. Certificate and key are
/// replaced one after the other, and a file can be caught half-written.
#[derive(Clone, Debug)]
pub struct Settled<T> {
    known: T,
    last: T,
}

impl<T: Clone + PartialEq> Settled<T> {
    /// What is there now.
    pub fn new(known: T) -> Self {
        Self { last: known.clone(), known }
    }

    /// What counts.
    pub fn known(&self) -> &T {
        &self.known
    }

    /// From now on this counts.
    pub fn set(&mut self, known: T) {
        self.known = known;
    }

    /// Takes in a look; true when it shows a change that the look before it had shown too, until that is [`Self::set`].
    pub fn look(&mut self, now: T) -> bool {
        let settled = now == self.last && now != self.known;
        self.last = now;
        settled
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_counts_at_the_second_look_and_once() {
        let mut settled = Settled::new("a");
        assert_eq!(["a", "b", "c", "c"].map(|now| settled.look(now)), [false, false, false, true]);
        settled.set("c");
        assert_eq!(
            ["c", "a", "c", "a", "a"].map(|now| settled.look(now)),
            [false, false, false, false, true]
        );
        // Not taken over, it is told again.
        assert!(settled.look("a"));
    }

    #[test]
    fn text_is_taken_as_editors_save_it() {
        let utf16 =
            |order: fn(u16) -> [u8; 2], text: &str| text.encode_utf16().flat_map(order).collect::<Vec<u8>>();
        for (bytes, read) in [
            (b"a = 1\r\n".to_vec(), Ok("a = 1\r\n")),
            ("\u{feff}a".into(), Ok("a")),
            ("".into(), Ok("")),
            (b"a\r\n\xe9".to_vec(), Err("line 2: not UTF-8; save the file as UTF-8")),
            (utf16(u16::to_le_bytes, "\u{feff}a"), Err("is UTF-16; save it as UTF-8")),
            (utf16(u16::to_be_bytes, "\u{feff}a"), Err("is UTF-16; save it as UTF-8")),
            (utf16(u16::to_le_bytes, "a = 1"), Err("is UTF-16; save it as UTF-8")),
            (utf16(u16::to_be_bytes, "a = 1"), Err("is UTF-16; save it as UTF-8")),
        ] {
            let text = without_mark(bytes).and_then(as_text).map_err(|error| error.to_string());
            assert_eq!(text.as_deref().map_err(String::as_str), read);
        }
    }

    #[test]
    fn nothing_longer_than_the_limit_is_read() {
        assert_eq!(read_whole(io::repeat(7).take(MAX_FILE_BYTES as u64)).unwrap().len(), MAX_FILE_BYTES);
        let error = read_whole(io::repeat(7)).unwrap_err();
        assert_eq!(error.to_string(), "larger than 1 MiB");
        let error = read_regular(Path::new("/dev/zero")).unwrap_err();
        assert_eq!(error.to_string(), "not a regular file");
    }
}
