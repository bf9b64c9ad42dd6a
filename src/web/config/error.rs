//! What can be wrong with the web configuration.

use std::io;
use std::path::PathBuf;

/// What is wrong with the web configuration.
#[derive(Debug, thiserror::Error)]
pub enum WebConfigError {
    /// A file cannot be read.
    #[error("{path}: {error}")]
    Io {
        /// The file: the web configuration or one that it names.
        path: PathBuf,
        /// What the operating system said.
        error: io::Error,
    },
    /// Not YAML, an unknown key, or a value of the wrong form.
    #[error("{path}: {message}")]
    Syntax {
        /// The web configuration file.
        path: PathBuf,
        /// Line, column and reason.
        message: String,
    },
    /// A value that cannot work.
    #[error("{path}: {key}: {message}")]
    Value {
        /// The web configuration file.
        path: PathBuf,
        /// The key, with its section.
        key: String,
        /// What is wrong.
        message: String,
    },
}
