//! Files that have certificates in them where nobody can read them without unpacking: named, not called empty.

use strum::{Display, EnumIter, IntoEnumIterator as _};

/// What a file is, and what to do with it; in words, after "is".
#[derive(Clone, Copy, Debug, PartialEq, Eq, Display, EnumIter)]
pub enum Archive {
    #[strum(to_string = "compressed with gzip; unpack it first")]
    Gzip,
    #[strum(to_string = "compressed with bzip2; unpack it first")]
    Bzip2,
    #[strum(to_string = "compressed with xz; unpack it first")]
    Xz,
    #[strum(to_string = "compressed with zstd; unpack it first")]
    Zstd,
    #[strum(to_string = "a zip archive; unpack it first")]
    Zip,
    #[strum(to_string = "a tar archive; unpack it first")]
    Tar,
    #[strum(to_string = "a Java keystore; export its certificates with `keytool -list -rfc`")]
    JavaKeystore,
}

impl Archive {
    /// By the bytes that each of them begins with; tar's stand behind the first file name.
    pub(super) fn of(bytes: &[u8]) -> Option<Self> {
        Self::iter().find(|archive| archive.marks().iter().any(|(at, mark)| is_at(bytes, *at, mark)))
    }

    const fn marks(self) -> &'static [(usize, &'static [u8])] {
        match self {
            Self::Gzip => &[(0, b"\x1f\x8b\x08")],
            Self::Bzip2 => &[(4, b"\x31\x41\x59\x26\x53\x59")],
            Self::Xz => &[(0, b"\xfd7zXZ\0")],
            Self::Zstd => &[(0, b"\x28\xb5\x2f\xfd")],
            Self::Zip => &[(0, b"PK\x03\x04")],
            Self::Tar => &[(257, b"ustar")],
            Self::JavaKeystore => &[(0, b"\xfe\xed\xfe\xed"), (0, b"\xce\xce\xce\xce")],
        }
    }
}

fn is_at(bytes: &[u8], at: usize, mark: &[u8]) -> bool {
    bytes.get(at..).is_some_and(|rest| rest.starts_with(mark))
}
