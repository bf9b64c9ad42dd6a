//! What goes wrong between request and document, in words of our own: what libraries say is for programmers.

use std::error::Error;
use std::io;

use super::coding::CodingError;

/// Why an answer could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HttpError {
    #[error("the server closed the connection before it answered")]
    NoAnswer,
    /// Less than Content-Length or the chunks promise.
    #[error("the server closed the connection in the middle of its answer")]
    CutShort,
    #[error("the server reset the connection")]
    Reset,
    /// With hyper's word for it.
    #[error("the answer is not valid HTTP/1 ({0})")]
    NotHttp(String),
    /// Sizes of chunks that are none.
    #[error("the answer is not chunked as its headers say")]
    BadChunks,
    /// With rustls' word for it, such as the alert that came.
    #[error("the TLS connection broke: {0}")]
    Tls(String),
    /// With the operating system's word for it.
    #[error("the connection broke: {0}")]
    Io(io::ErrorKind),
    #[error("the request cannot be made ({0})")]
    Request(String),
    #[error("the answer {0}")]
    Coding(#[from] CodingError),
}

impl HttpError {
    /// By what `error` is, or what caused it.
    pub(super) fn of(error: &(dyn Error + 'static)) -> Self {
        let mut cause = Some(error);
        let mut found = None;
        while let Some(error) = cause {
            if let Some(io) = error.downcast_ref::<io::Error>() {
                return Self::of_io(io);
            }
            if let Some(error) = error.downcast_ref::<hyper::Error>() {
                found.get_or_insert_with(|| Self::of_hyper(error));
            }
            cause = error.source();
        }
        found.unwrap_or(Self::Io(io::ErrorKind::Other))
    }

    fn of_hyper(error: &hyper::Error) -> Self {
        if error.is_parse() || error.is_parse_version_h2() {
            Self::NotHttp(error.to_string())
        } else if error.is_user() {
            Self::Request(error.to_string())
        } else {
            Self::NoAnswer
        }
    }

    fn of_io(error: &io::Error) -> Self {
        if let Some(tls) = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
            return Self::Tls(tls.to_string());
        }
        match error.kind() {
            io::ErrorKind::UnexpectedEof => Self::CutShort,
            io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::BrokenPipe
            | io::ErrorKind::NotConnected => Self::Reset,
            io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput => Self::BadChunks,
            kind => Self::Io(kind),
        }
    }

    /// A server may have closed a connection that has waited, so another one is worth a try.
    pub(super) fn is_of_the_connection(&self) -> bool {
        matches!(self, Self::NoAnswer | Self::CutShort | Self::Reset | Self::Tls(_) | Self::Io(_))
    }

    /// The document is larger than what is read, once it is decoded.
    pub(super) const fn is_too_large(&self) -> bool {
        matches!(self, Self::Coding(CodingError::TooLarge))
    }
}
