//! Certificates in hex digits, as programs and databases print bytes. They are not read, and must not be overlooked.

/// Two sequences that are too long for a length of one byte, and the version: `?` is a digit of a length.
const BEGIN: &[u8; 24] = b"3082????3082????a0030201";

/// Where the first line stands that has the beginning of a certificate in it: digits alone, or with `:`, `0x` or `\x`
/// between pairs. (`openssl s_client -msg` puts spaces there: it shows messages, and the certificates stand beside them.)
pub(super) fn certificate(text: &str) -> Option<usize> {
    let mut at = 0;
    text.split_inclusive(['\n', '\r']).find_map(|line| {
        let start = at;
        at += line.len();
        is_begun(line).then_some(start)
    })
}

fn is_begun(line: &str) -> bool {
    if !line.contains("30") || !line.contains("82") {
        return false;
    }
    let lower = line.to_ascii_lowercase();
    let bare = if lower.contains("0x30") {
        lower.replace([',', ' '], "").replace("0x", "")
    } else {
        lower.replace("\\x", "").replace(':', "")
    };
    bare.as_bytes().windows(BEGIN.len()).any(|digits| {
        let is_same = |(digit, known): (&u8, &u8)| *known == b'?' || digit == known;
        digits.iter().all(u8::is_ascii_hexdigit) && digits.iter().zip(BEGIN).all(is_same)
    })
}

#[cfg(test)]
mod tests {
    use super::certificate;

    #[test]
    fn as_programs_print_it() {
        for line in [
            "308202093082 01b0a0030201",
            "0000 - 30 82 02 09 30 82 01 b0-a0 03 02 01 02   0...0...",
            "Modulus: 30:82:02:09:30:82:01:b0:b0:03:02:01",
        ] {
            assert_eq!(certificate(line), None, "{line}");
        }
        for line in [
            "30820209308201B0A00302010202",
            "\"der\": \"30820209308201b0a0030201\"",
            "\\x30820209308201b0a0030201",
            "0x30820209308201B0A0030201",
            "30:82:02:09:30:82:01:b0:a0:03:02:01",
            "  0x30, 0x82, 0x02, 0x09, 0x30, 0x82, 0x01, 0xb0, 0xa0, 0x03, 0x02, 0x01,",
            "\"\\x30\\x82\\x02\\x09\\x30\\x82\\x01\\xb0\\xa0\\x03\\x02\\x01\\x00\\x30\"",
        ] {
            assert_eq!(certificate(&format!("a\r\n{line}\nb")), Some(3), "{line}");
        }
    }
}
