//! User name and password for a proxy; they leave this file in one header and in one URL for the AWS SDK, and are shown
//! nowhere.

use std::fmt;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hyper::header::HeaderValue;
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use url::Url;

use crate::files::read_regular;

/// Longest of both together; what is longer is another file.
const MAX_CREDENTIALS_BYTES: usize = 1024;

/// User name and password (RFC 7617).
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    user: String,
    password: String,
}

/// Why there are no credentials; never repeats what was read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CredentialsError {
    /// What the operating system said.
    #[error("{0}")]
    Io(String),
    #[error("expected one line, user:password")]
    Format,
    #[error("longer than {MAX_CREDENTIALS_BYTES} bytes")]
    TooLong,
    #[error("not UTF-8")]
    NotText,
    /// RFC 7617, section 2.
    #[error("control characters cannot be sent")]
    Control,
    /// RFC 7617, section 2.
    #[error("the user name must not contain a colon")]
    Colon,
}

impl Credentials {
    /// Of a file with one line, `user:password`; none where no file is set.
    pub(super) fn of_file(path: &Path) -> Result<Option<Self>, CredentialsError> {
        if path.as_os_str().is_empty() {
            return Ok(None);
        }
        let bytes = read_regular(path).map_err(|error| CredentialsError::Io(error.to_string()))?;
        Self::of_bytes(bytes).map(Some)
    }

    fn of_bytes(bytes: Vec<u8>) -> Result<Self, CredentialsError> {
        let text = String::from_utf8(bytes).map_err(|_| CredentialsError::NotText)?;
        // Editors leave a mark at the start and a line break at the end.
        let line = text.strip_prefix('\u{feff}').unwrap_or(&text);
        let line = line.strip_suffix('\n').unwrap_or(line);
        let line = line.strip_suffix('\r').unwrap_or(line);
        let (user, password) = line.split_once(':').ok_or(CredentialsError::Format)?;
        if user.is_empty() || line.contains('\n') {
            return Err(CredentialsError::Format);
        }
        Self::new(user.to_owned(), password.to_owned())
    }

    /// Of a URL that has them.
    pub(super) fn of_url(url: &Url) -> Result<Self, CredentialsError> {
        let decoded = |text| percent_decode_str(text).decode_utf8().map_err(|_| CredentialsError::NotText);
        Self::new(decoded(url.username())?.into(), decoded(url.password().unwrap_or_default())?.into())
    }

    fn new(user: String, password: String) -> Result<Self, CredentialsError> {
        if user.len() + password.len() > MAX_CREDENTIALS_BYTES {
            return Err(CredentialsError::TooLong);
        }
        if user.chars().chain(password.chars()).any(char::is_control) {
            return Err(CredentialsError::Control);
        }
        if user.contains(':') {
            return Err(CredentialsError::Colon);
        }
        Ok(Self { user, password })
    }

    /// The value of `Proxy-Authorization`.
    pub(crate) fn basic(&self) -> HeaderValue {
        let token = STANDARD.encode(format!("{}:{}", self.user, self.password));
        // Base64 has only characters that a header can hold.
        let mut value = HeaderValue::try_from(format!("Basic {token}"))
            .unwrap_or_else(|_| HeaderValue::from_static("Basic"));
        value.set_sensitive(true);
        value
    }

    /// For the place before the host of a URL, with everything encoded that a parser could take for something else.
    pub(super) fn userinfo(&self) -> String {
        let [user, password] =
            [&self.user, &self.password].map(|text| utf8_percent_encode(text, NON_ALPHANUMERIC));
        format!("{user}:{password}")
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_file_holds() {
        for (bytes, told) in [
            (&b"user:pass"[..], Ok("dXNlcjpwYXNz")),
            (b"user:pass\n", Ok("dXNlcjpwYXNz")),
            (b"\xef\xbb\xbfuser:pass\r\n", Ok("dXNlcjpwYXNz")),
            (b"user:p:ss ", Ok("dXNlcjpwOnNzIA==")),
            (b"user:", Ok("dXNlcjo=")),
            (b"", Err("expected one line, user:password")),
            (b"secret", Err("expected one line, user:password")),
            (b":secret", Err("expected one line, user:password")),
            (b"user:secret\n\n", Err("expected one line, user:password")),
            (b"user:secret\nother:secret\n", Err("expected one line, user:password")),
            (b"user:sec\0ret", Err("control characters cannot be sent")),
            (b"user:sec\xffret", Err("not UTF-8")),
        ] {
            let read = Credentials::of_bytes(bytes.to_vec());
            let shown = read.map(|read| read.basic().to_str().unwrap().to_owned());
            let shown = shown.map_err(|error| error.to_string());
            let told = told.map(|token| format!("Basic {token}")).map_err(str::to_owned);
            assert_eq!(shown, told, "{}", String::from_utf8_lossy(bytes));
        }
        let long = format!("user:{}", "x".repeat(MAX_CREDENTIALS_BYTES));
        assert!(matches!(Credentials::of_bytes(long.into()), Err(CredentialsError::TooLong)));
    }

    #[test]
    fn nothing_of_them_is_shown() {
        let credentials = Credentials::new("user".into(), "secret".into()).unwrap();
        assert_eq!(format!("{credentials:?} {:?}", credentials.basic()), "Credentials(..) Sensitive");
    }

    #[test]
    fn a_url_takes_any_character() {
        let credentials = Credentials::new("us@er".into(), "p:/?#[]@%ss \u{fc}".into()).unwrap();
        let url = Url::parse(&format!("http://{}@proxy:3128", credentials.userinfo())).unwrap();
        assert_eq!(Credentials::of_url(&url), Ok(credentials));
    }
}
