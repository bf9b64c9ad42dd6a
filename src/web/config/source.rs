//! Reads the web configuration file and every file that it names, and tells by content whether any has changed.

use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use super::WebConfigError;
use super::file::{File, TlsSection, given};

/// Longest file that is read, bytes.
const MAX_FILE_BYTES: u64 = 1 << 20;

/// SHA-256 over all files.
pub type Fingerprint = [u8; 32];

/// A PEM text and the key that it comes from.
pub struct Pem {
    pub key: &'static str,
    pub bytes: Vec<u8>,
}

/// All that a configuration is made of.
pub struct Source {
    pub path: PathBuf,
    pub file: File,
    pub certificate: Option<Pem>,
    pub private_key: Option<Pem>,
    pub client_ca: Option<Pem>,
    pub fingerprint: Fingerprint,
}

impl Source {
    /// Reads the file at `path`. Paths in it are relative to its directory.
    ///
    /// # Errors
    /// A file that cannot be read, or is not in the format.
    pub fn read(path: &Path) -> Result<Self, WebConfigError> {
        let text = read(path)?;
        let file = parse(path, &text)?;
        let none = TlsSection::default();
        let section = file.tls_server_config.as_ref().unwrap_or(&none);
        // As in the toolkit, a file goes before what is inline.
        let certificate =
            pem(path, ("cert_file", section.cert_file.as_ref()), ("cert", section.cert.as_ref()))?;
        let private_key = pem(path, ("key_file", section.key_file.as_ref()), ("key", section.key.as_ref()))?;
        let client_ca = pem(
            path,
            ("client_ca_file", section.client_ca_file.as_ref()),
            ("client_ca", section.client_ca.as_ref()),
        )?;
        let mut digest = Sha256::new();
        let parts = [&certificate, &private_key, &client_ca]
            .map(|pem| pem.as_ref().map_or(&[][..], |pem| &pem.bytes));
        for part in [&text[..]].into_iter().chain(parts) {
            digest.update((part.len() as u64).to_be_bytes());
            digest.update(part);
        }
        let fingerprint = digest.finalize().into();
        Ok(Self { path: path.to_owned(), file, certificate, private_key, client_ca, fingerprint })
    }
}

fn parse(path: &Path, text: &[u8]) -> Result<File, WebConfigError> {
    // Without its snippet the message shows no line of a file that holds secrets.
    let parsed = serde_saphyr::from_slice::<Option<File>>(text);
    parsed.map(Option::unwrap_or_default).map_err(|error| WebConfigError::Syntax {
        path: path.to_owned(),
        message: error.without_snippet().to_string(),
    })
}

type Key<'a> = (&'static str, Option<&'a String>);

fn pem(
    config: &Path,
    (file_key, file): Key<'_>,
    (key, inline): Key<'_>,
) -> Result<Option<Pem>, WebConfigError> {
    if let Some(file) = given(file) {
        let path = config.parent().unwrap_or(Path::new("")).join(file);
        return Ok(Some(Pem { key: file_key, bytes: read(&path)? }));
    }
    Ok(given(inline).map(|text| Pem { key, bytes: text.as_bytes().to_vec() }))
}

fn read(path: &Path) -> Result<Vec<u8>, WebConfigError> {
    let read = || {
        // Opening a pipe would wait for its writer.
        if !fs::metadata(path)?.is_file() {
            return Err(io::Error::other("not a regular file"));
        }
        let mut bytes = Vec::new();
        fs::File::open(path)?.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > MAX_FILE_BYTES {
            return Err(io::Error::other("longer than 1 MiB"));
        }
        Ok(bytes)
    };
    read().map_err(|error| WebConfigError::Io { path: path.to_owned(), error })
}
