//! Who is at the other end of a connection.

use std::sync::Arc;

use super::connections::Place;
use super::queue::Network;

/// The client of one connection.
#[derive(Clone, Debug)]
pub(super) struct Client {
    /// Where it is, as far as it shares limits with others.
    pub peer: Network,
    /// A client CA vouches for its certificate.
    pub is_vouched_for: bool,
    /// It speaks TLS.
    pub is_encrypted: bool,
    /// The place of its connection.
    pub place: Arc<Place>,
}

impl Client {
    /// Who is known goes before strangers.
    pub(super) fn rank(&self) -> u32 {
        u32::from(!self.place.is_known())
    }
}
