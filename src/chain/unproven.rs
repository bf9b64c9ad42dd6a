//! Why it is not known whether a server holds the key of the leaf that it shows: a closed set.

use serde::{Deserialize, Serialize};
use strum::{Display, EnumIter};

/// Why no signature has proved that the server holds the key of the leaf. A signature that was checked and is wrong is not
/// among these: such a chain is not recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, Display, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unproven {
    /// This program cannot complete a handshake with the server, and the certificates come before any proof.
    #[strum(
        to_string = "this program does not speak what the server speaks, and read the chain from the start of a handshake \
                         that it cannot complete"
    )]
    HandshakeNotSpoken,
    /// The key is of a kind or size that nothing here checks.
    #[strum(to_string = "the leaf's key is of a kind or size that this program cannot check")]
    UncheckedKey,
    /// The leaf has no key that can be read.
    #[strum(to_string = "the leaf cannot be read")]
    UnreadableLeaf,
}
