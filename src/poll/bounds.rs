//! How much of an answer is read.

/// Longest discovery document or JWKS, bytes, as it is sent and once it is decoded.
pub(super) const MAX_DOCUMENT_BYTES: usize = 1024 * 1024;
/// Longest head of an answer, bytes.
pub(super) const MAX_HEAD_BYTES: usize = 64 * 1024;
/// Headers of an answer.
pub(super) const MAX_HEADERS: usize = 100;
