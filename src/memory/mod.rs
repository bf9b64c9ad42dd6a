//! What outlives a restart: in goes a snapshot, out comes a file of JSON; in goes such a file, out come states that a new
//! process goes on from. What is read is never fresher than it was, and certificates are judged anew. Only `store.rs` does
//! I/O; nothing here knows when it is asked to.

mod bounded;
mod file;
#[cfg(test)]
pub(crate) mod fixture;
mod format;
mod lines;
mod read;
mod remember;
mod restore;
mod store;
mod text;

pub use file::StateFile;
pub use format::{MAX_STATE_BYTES, Memory};
pub use read::Refusal;
pub use restore::Restoring;
pub use store::{Store, WriteError};
