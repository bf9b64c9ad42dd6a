//! The states of a chain: a closed set, since they become labels.

use serde::Serialize;
use strum::{Display, EnumIter, IntoStaticStr};

/// The states of a chain. More than one can hold: a chain can be expired *and* misordered.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, EnumIter, IntoStaticStr, Display, Serialize,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case", const_into_str)]
pub enum ChainStatus {
    /// A client that trusts Mozilla's or this system's roots accepts the chain for this host, now.
    Trusted,
    /// Only an added root, or one that the server itself sent, anchors it.
    Private,
    /// The host is a well-known public issuer, and yet only a locally added or a served root anchors the chain: most
    /// likely a TLS-inspecting proxy answers in its place, and the thumbprint is the proxy's.
    Intercepted,
    /// No public root ends the chain, and the operator has not named the host as one with a private CA: it may be the host's
    /// own CA, or a TLS-inspecting proxy's. No fault of the chain, but nobody should pin it without looking.
    Unvouched,
    /// A served certificate, or the trust anchor, is past its date, on the valid path or beside it. With `trusted`,
    /// clients go another way, but the last served certificate may be the expired one.
    Expired,
    /// A served certificate, or the trust anchor, is before its date, on the valid path or beside it.
    NotYetValid,
    /// The leaf is for other names.
    NameMismatch,
    /// The issuer of the topmost certificate was neither served nor is it a known anchor.
    Incomplete,
    /// The served order is not the path: wrong order, duplicates or certificates that do not belong.
    Misordered,
    /// The last served certificate is not on the path of the leaf: AWS's thumbprint means nothing.
    RootOffPath,
    /// Something could not be checked here, which is not to say that it is wrong: a signature between certificates (see
    /// [`Distrust`](super::Distrust)), or that the server holds its key (see [`Unproven`](super::Unproven)).
    Unproven,
    /// Wrong for another reason: see [`Distrust`](super::Distrust). Or a served certificate cannot be read, on the path or beside it.
    Invalid,
}

impl ChainStatus {
    /// Something that a person should look at.
    #[must_use]
    pub const fn is_finding(self) -> bool {
        !matches!(self, Self::Trusted | Self::Private | Self::Unvouched)
    }
}
