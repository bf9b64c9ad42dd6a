//! Reads the web configuration file and every file that it names, and tells by content whether any has changed.

use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use super::error::WebConfigError;
use super::file::{File, TlsSection, given};
use super::pem::Pem;
use crate::files::read_unmarked;

/// SHA-256 over all files.
pub(super) type Fingerprint = [u8; 32];

/// All that a configuration is made of.
pub(super) struct Source {
    pub path: PathBuf,
    pub file: File,
    pub certificate: Option<Pem>,
    pub private_key: Option<Pem>,
    pub client_ca: Option<Pem>,
    pub fingerprint: Fingerprint,
    /// What in the file is not used.
    pub warnings: Vec<String>,
}

impl Source {
    /// Reads the file at `path`. Paths in it are relative to its directory.
    ///
    /// # Errors
    /// A file that cannot be read, or is not in the format.
    pub(super) fn read(path: &Path) -> Result<Self, WebConfigError> {
        let text = read(path)?;
        let (file, warnings) = parse(path, &text)?;
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
        let path = path.to_owned();
        Ok(Self { path, file, certificate, private_key, client_ca, fingerprint, warnings })
    }
}

/// The first document of the file, as in the toolkit; a byte order mark may be before it.
fn parse(path: &Path, mut text: &[u8]) -> Result<(File, Vec<String>), WebConfigError> {
    let mut documents = serde_saphyr::read::<_, File>(&mut text);
    // Without its snippet the message shows no line of a file that holds secrets.
    let first = documents.next().transpose().map_err(|error| WebConfigError::Syntax {
        path: path.to_owned(),
        message: error.without_snippet().to_string(),
    })?;
    let more = documents.next().map(|_| "only the first YAML document is used".to_owned());
    Ok((first.unwrap_or_default(), more.into_iter().collect()))
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
    read_unmarked(path).map_err(|error| WebConfigError::Io { path: path.to_owned(), error })
}
