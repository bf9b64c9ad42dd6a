//! The files that the AWS SDK reads for credentials, and why one of them cannot be used. The SDK takes a profile file that
//! it cannot read for an empty one, and does not name a token file: so we look ourselves once it has failed.

use std::path::{Path, PathBuf};
use std::{fmt, io};

use aws_runtime::fs_util::{Os, home_dir};
use aws_types::os_shim_internal::Env;

use crate::files::read_regular;

/// Why a file cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum FileProblem {
    #[error("no such file")]
    Missing,
    #[error("{0}")]
    Unreadable(String),
    #[error("empty")]
    Empty,
    #[error("UTF-16 text, which the AWS SDK does not read; save it as UTF-8")]
    Utf16,
    #[error("not UTF-8 text")]
    NotUtf8,
    #[error("begins with a byte order mark, which the AWS SDK does not read; save it as UTF-8 without one")]
    ByteOrderMark,
}

impl From<io::Error> for FileProblem {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound => Self::Missing,
            _ => Self::Unreadable(error.to_string()),
        }
    }
}

/// What names a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum NamedBy {
    Variable(&'static str),
    /// Nothing: it is where the SDK looks.
    Default,
    Profile(String),
}

impl fmt::Display for NamedBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Variable(name) => f.write_str(name),
            Self::Default => f.write_str("the default place"),
            Self::Profile(name) => write!(f, "profile \"{name}\""),
        }
    }
}

/// The text of a file, within bounds.
pub(super) fn read_text(path: &Path) -> Result<String, FileProblem> {
    if path.is_dir() {
        return Err(FileProblem::Unreadable("a folder".to_owned()));
    }
    let bytes = read_regular(path)?;
    match &*bytes {
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] | [0, _, ..] | [_, 0, ..] => Err(FileProblem::Utf16),
        [0xef, 0xbb, 0xbf, ..] => Err(FileProblem::ByteOrderMark),
        _ => String::from_utf8(bytes).map_err(|_| FileProblem::NotUtf8),
    }
}

/// Why a file cannot be sent as a token.
pub(super) fn token_problem(path: &Path) -> Option<FileProblem> {
    match read_text(path) {
        Ok(token) if token.trim().is_empty() => Some(FileProblem::Empty),
        Ok(_) => None,
        Err(problem) => Some(problem),
    }
}

/// The user's home directory, where the SDK takes it to be.
pub(super) fn home(env: &Env) -> PathBuf {
    home_dir(env, Os::real()).map_or_else(|| PathBuf::from("~"), PathBuf::from)
}

/// One of the two files that hold profiles ("Shared config and credentials files" of the AWS SDKs' reference guide).
pub(super) struct SharedFile {
    pub path: PathBuf,
    pub named_by: NamedBy,
    pub text: Result<String, FileProblem>,
}

impl SharedFile {
    pub(super) fn config(env: &Env) -> Self {
        Self::read(env, "AWS_CONFIG_FILE", "~/.aws/config")
    }

    pub(super) fn credentials(env: &Env) -> Self {
        Self::read(env, "AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials")
    }

    fn read(env: &Env, variable: &'static str, default: &str) -> Self {
        let (named_by, named) = match env.get(variable) {
            Ok(path) => (NamedBy::Variable(variable), path),
            Err(_) => (NamedBy::Default, default.to_owned()),
        };
        let path =
            named.strip_prefix("~/").map_or_else(|| PathBuf::from(&named), |rest| home(env).join(rest));
        Self { text: read_text(&path), path, named_by }
    }

    /// Nothing needs to be at the default place.
    pub(super) fn problem(&self) -> Option<FileProblem> {
        let problem = self.text.as_ref().err()?;
        (*problem != FileProblem::Missing || self.named_by != NamedBy::Default).then(|| problem.clone())
    }

    /// Whether a line is this heading, with any spaces.
    pub(super) fn has_heading(&self, heading: &str) -> bool {
        self.headings().any(|inner| inner.split_ascii_whitespace().eq(heading.split_ascii_whitespace()))
    }

    /// Whether a line is this heading to people: in whatever case, in quotes, or with spaces that only look like one.
    pub(super) fn has_heading_like(&self, heading: &str) -> bool {
        let seen = |text: &str| {
            let shown = text.replace(['"', '\'', '\u{200b}', '\u{feff}'], "").to_lowercase();
            shown.split_whitespace().collect::<Vec<_>>().join(" ")
        };
        self.headings().any(|inner| seen(inner) == seen(heading))
    }

    fn headings(&self) -> impl Iterator<Item = &str> {
        let lines = self.text.as_deref().unwrap_or_default().lines();
        lines.filter_map(|line| Some(line.trim().strip_prefix('[')?.split_once(']')?.0))
    }

    /// Its path, where it is missing and there is a file of this name that ends with `.txt`.
    pub(super) fn with_ending(&self) -> Option<String> {
        let path = self.path.display().to_string();
        (self.text == Err(FileProblem::Missing) && Path::new(&format!("{path}.txt")).is_file())
            .then_some(path)
    }
}
