//! Whether the state outlives a restart.

use crate::clock::Timestamp;

/// The file that the state is kept in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KeptState {
    /// This process went on from what was in it.
    pub is_restored: bool,
    /// The last attempt to write it succeeded; `None` before the first.
    pub is_written: Option<bool>,
    /// As of when it was written last.
    pub last_write: Option<Timestamp>,
}
