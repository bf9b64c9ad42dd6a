//! Content codings that servers use although nobody asked for them, undone within the limit of a document. Pure.

use std::io::{self, BufRead, ErrorKind, Read as _};

use flate2::bufread::GzDecoder;
use flate2::{Decompress, FlushDecompress, Status};
use hyper::body::Bytes;
use strum::{Display, EnumIter, EnumString};

use super::bounds::MAX_DOCUMENT_BYTES;
use super::json::is_json;
use crate::printable::printable;

/// Codings of one document, one over the other. Two are a mistake that happens, more are mischief.
const MAX_CODINGS: usize = 4;
/// Characters of an unknown coding that are shown.
const MAX_SHOWN_CHARS: usize = 40;
/// The largest window of zstd as a content coding is 8 MiB (RFC 9659, section 3).
const ZSTD_WINDOW_LOG: u32 = 23;

/// The codings that are read (RFC 9110, section 8.4.1, and RFC 8878).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Display, EnumIter, EnumString)]
#[strum(serialize_all = "lowercase", ascii_case_insensitive)]
pub enum Coding {
    #[strum(serialize = "gzip", serialize = "x-gzip", to_string = "gzip")]
    Gzip,
    #[strum(serialize = "deflate", serialize = "x-deflate", to_string = "deflate")]
    Deflate,
    Zstd,
}

/// Why a document cannot be decoded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CodingError {
    /// A coding that is not read, as the server spells it.
    #[error("has the content coding `{0}`, which is not read here (gzip, deflate and zstd are)")]
    Unknown(String),
    #[error("has more than {MAX_CODINGS} content codings, one over the other")]
    TooMany,
    /// The compressed data end too early.
    #[error("is cut short: its {0} data have no end")]
    CutShort(Coding),
    #[error("has the content coding {0}, but is not valid {0} data, or is followed by something else")]
    Damaged(Coding),
    #[error("is larger than {MAX_DOCUMENT_BYTES} bytes once decoded")]
    TooLarge,
}

/// The codings of a document.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Codings {
    /// In the order in which they were applied.
    known: Vec<Coding>,
    /// One that is not known here: a coding, or what is none, such as a charset or S3's `aws-chunked`.
    unknown: Option<CodingError>,
}

impl Codings {
    /// Undoes them; the last one applied is undone first.
    ///
    /// # Errors
    /// When the data are not what the codings say, or when there is an unknown one and its data are not JSON all the same.
    pub(super) fn undo(self, body: Bytes) -> Result<Bytes, CodingError> {
        let Self { known, unknown } = self;
        if body.is_empty() {
            return Ok(body);
        }
        let decoded =
            known.into_iter().rev().try_fold(body, |body, coding| decoded(coding, &body).map(Bytes::from));
        match (decoded, unknown) {
            (Ok(document), Some(unknown)) if !is_json(&document) => Err(unknown),
            (Err(_), Some(unknown)) => Err(unknown),
            (decoded, _) => decoded,
        }
    }
}

/// The codings in `headers`, the values of Content-Encoding and Transfer-Encoding, in the order in which they were
/// applied. `identity` and empty values are none.
///
/// # Errors
/// When there are too many.
pub(super) fn codings<'a>(headers: impl Iterator<Item = &'a [u8]>) -> Result<Codings, CodingError> {
    let mut codings = Codings::default();
    for header in headers {
        for name in String::from_utf8_lossy(header).split(',').map(str::trim) {
            if name.is_empty() || name.eq_ignore_ascii_case("identity") {
                continue;
            }
            match name.parse() {
                Ok(coding) => codings.known.push(coding),
                Err(_) => codings.unknown = Some(CodingError::Unknown(printable(name, MAX_SHOWN_CHARS))),
            }
            if codings.known.len() > MAX_CODINGS {
                return Err(CodingError::TooMany);
            }
        }
    }
    Ok(codings)
}

/// Undoes `coding`.
///
/// # Errors
/// When the data are not whole, or more than a document may hold. No more than that is ever unpacked.
pub fn decoded(coding: Coding, input: &[u8]) -> Result<Vec<u8>, CodingError> {
    match coding {
        Coding::Gzip => gunzipped(input),
        // By RFC 9110 (section 8.4.1.2) in the zlib format; servers that leave that away are as common.
        Coding::Deflate => inflated(input, true).or_else(|error| match error {
            CodingError::Damaged(_) => inflated(input, false),
            error => Err(error),
        }),
        Coding::Zstd => {
            let decoder = zstd::stream::read::Decoder::with_buffer(input).and_then(|mut decoder| {
                decoder.window_log_max(ZSTD_WINDOW_LOG)?;
                Ok(decoder)
            });
            read(coding, decoder.map_err(|error| unreadable(coding, &error))?)
        }
    }
}

/// A file may have several members, one after the other (RFC 1952, section 2.2), and be filled up with zeros.
fn gunzipped(input: &[u8]) -> Result<Vec<u8>, CodingError> {
    let (mut rest, mut output) = (input, Vec::new());
    loop {
        let mut member = GzDecoder::new(rest);
        output.extend(read(Coding::Gzip, &mut member)?);
        if output.len() > MAX_DOCUMENT_BYTES {
            return Err(CodingError::TooLarge);
        }
        rest = member.into_inner();
        match rest {
            [0x1f, 0x8b, ..] => {}
            _ if rest.iter().all(|byte| *byte == 0) => return Ok(output),
            _ => return Err(CodingError::Damaged(Coding::Gzip)),
        }
    }
}

fn read(coding: Coding, decoder: impl io::Read) -> Result<Vec<u8>, CodingError> {
    let mut output = Vec::new();
    let limit = MAX_DOCUMENT_BYTES as u64 + 1;
    decoder.take(limit).read_to_end(&mut output).map_err(|error| unreadable(coding, &error))?;
    if output.len() > MAX_DOCUMENT_BYTES { Err(CodingError::TooLarge) } else { Ok(output) }
}

fn unreadable(coding: Coding, error: &io::Error) -> CodingError {
    match error.kind() {
        ErrorKind::UnexpectedEof => CodingError::CutShort(coding),
        _ => CodingError::Damaged(coding),
    }
}

/// flate2's readers take the end of the input for the end of the data; here the data must say that they end.
fn inflated(input: &[u8], has_zlib_header: bool) -> Result<Vec<u8>, CodingError> {
    let coding = Coding::Deflate;
    let mut inflater = Decompress::new(has_zlib_header);
    let (mut rest, mut output) = (input, Vec::with_capacity(16 * 1024));
    loop {
        let before = (inflater.total_in(), inflater.total_out());
        let status = inflater
            .decompress_vec(rest, &mut output, FlushDecompress::None)
            .map_err(|_| CodingError::Damaged(coding))?;
        let taken = usize::try_from(inflater.total_in() - before.0).unwrap_or(rest.len());
        rest.consume(taken);
        if output.len() > MAX_DOCUMENT_BYTES {
            return Err(CodingError::TooLarge);
        }
        match status {
            Status::StreamEnd if rest.is_empty() => return Ok(output),
            Status::StreamEnd => return Err(CodingError::Damaged(coding)),
            Status::Ok | Status::BufError if output.len() == output.capacity() => {
                output.reserve(output.len().min(MAX_DOCUMENT_BYTES + 1 - output.len()).max(1));
            }
            Status::Ok | Status::BufError if before == (inflater.total_in(), inflater.total_out()) => {
                return Err(CodingError::CutShort(coding));
            }
            Status::Ok | Status::BufError => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};

    use super::*;

    const TEXT: &[u8] = br#"{"keys":[]}"#;

    fn gzip(input: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(input).unwrap();
        encoder.finish().unwrap()
    }

    fn zlib(input: &[u8]) -> Vec<u8> {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(input).unwrap();
        encoder.finish().unwrap()
    }

    fn raw_deflate(input: &[u8]) -> Vec<u8> {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(input).unwrap();
        encoder.finish().unwrap()
    }

    fn zstd(input: &[u8]) -> Vec<u8> {
        zstd::encode_all(input, 0).unwrap()
    }

    type Pack = fn(&[u8]) -> Vec<u8>;
    const ALL: [(Coding, Pack); 4] =
        [(Coding::Gzip, gzip), (Coding::Deflate, zlib), (Coding::Deflate, raw_deflate), (Coding::Zstd, zstd)];

    #[test]
    fn what_was_packed_comes_back() {
        let long: Vec<u8> = (0..MAX_DOCUMENT_BYTES).map(|n| u8::try_from(n * n % 251).unwrap()).collect();
        for (coding, pack) in ALL {
            for text in [TEXT, b"", &long] {
                assert_eq!(decoded(coding, &pack(text)).as_deref(), Ok(text), "{coding}");
            }
        }
    }

    #[test]
    fn several_members_are_one_document() {
        let (first, second) = TEXT.split_at(4);
        for (coding, pack) in [(Coding::Gzip, gzip as Pack), (Coding::Zstd, zstd)] {
            let both = [pack(first), pack(second)].concat();
            assert_eq!(decoded(coding, &both).as_deref(), Ok(TEXT), "{coding}");
        }
    }

    #[test]
    fn every_cut_is_noticed_and_so_is_what_follows() {
        for (coding, pack) in ALL {
            let whole = pack(TEXT);
            for length in 1..whole.len() {
                let cut = decoded(coding, &whole[..length]);
                assert!(
                    matches!(cut, Err(CodingError::CutShort(_) | CodingError::Damaged(_))),
                    "{coding}, {length} bytes: {cut:?}"
                );
            }
            let followed = decoded(coding, &[&whole, &b"<!-- served in 3 ms -->"[..]].concat());
            assert_eq!(followed, Err(CodingError::Damaged(coding)));
            let not_packed = decoded(coding, TEXT);
            assert!(
                matches!(not_packed, Err(CodingError::CutShort(_) | CodingError::Damaged(_))),
                "{coding}: {not_packed:?}"
            );
        }
    }

    #[test]
    fn a_bomb_ends_at_the_limit() {
        let zeros = vec![0; 64 * MAX_DOCUMENT_BYTES];
        for (coding, pack) in ALL {
            let bomb = pack(&zeros);
            assert!(bomb.len() < MAX_DOCUMENT_BYTES, "{coding}");
            assert_eq!(decoded(coding, &bomb), Err(CodingError::TooLarge), "{coding}");
        }
    }

    #[test]
    fn what_fills_a_file_up_is_no_document() {
        let filled = [gzip(TEXT), vec![0; 512]].concat();
        assert_eq!(decoded(Coding::Gzip, &filled).as_deref(), Ok(TEXT));
    }

    fn undone(headers: &[&str], body: &[u8]) -> Result<Bytes, CodingError> {
        codings(headers.iter().map(|header| header.as_bytes()))?.undo(Bytes::copy_from_slice(body))
    }

    #[test]
    fn headers() {
        let unknown = |name: &str| Err(CodingError::Unknown(name.to_owned()));
        let text = || Ok(Bytes::from_static(TEXT));
        for (headers, body, document) in [
            (&[][..], TEXT.to_vec(), text()),
            (&[""], TEXT.to_vec(), text()),
            (&["identity"], TEXT.to_vec(), text()),
            (&["GZIP"], gzip(TEXT), text()),
            (&["x-gzip"], gzip(TEXT), text()),
            (&["X-Deflate"], zlib(TEXT), text()),
            (&["deflate, identity ,gzip", "zstd"], zstd(&gzip(&zlib(TEXT))), text()),
            // What is no coding does no harm, where the document is there all the same.
            (&["utf-8"], TEXT.to_vec(), text()),
            (&["aws-chunked"], TEXT.to_vec(), text()),
            (&["aws-chunked, gzip"], gzip(TEXT), text()),
            (&["gzip,aws-chunked"], gzip(TEXT), text()),
            (&["none"], b"\xef\xbb\xbf{}\r\n".to_vec(), Ok(Bytes::from_static(b"\xef\xbb\xbf{}\r\n"))),
            (&["br"], b"\x8b\x05\x80{}\x03".to_vec(), unknown("br")),
            (&["gzip, br"], b"\x8b\x05\x80{}\x03".to_vec(), unknown("br")),
            (&["compress"], b"\x1f\x9d\x90".to_vec(), unknown("compress")),
            (&["utf-8\u{1b}"], gzip(TEXT), unknown("utf-8\\u{1b}")),
            (&["gzip,gzip,gzip,gzip,gzip"], TEXT.to_vec(), Err(CodingError::TooMany)),
        ] {
            assert_eq!(undone(headers, &body), document, "{headers:?}");
        }
    }
}
