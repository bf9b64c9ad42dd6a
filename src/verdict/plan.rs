//! What IAM should list for an issuer, by what was seen of it; or why nobody should write that. Pure.

use std::sync::Arc;

use crate::chain::{ChainStatus, JudgedChain, Thumbprint};
use crate::endpoint::Endpoint;

/// IAM API reference, `UpdateOpenIDConnectProviderThumbprint`.
const MAX_THUMBPRINTS: usize = 5;

/// What was seen of one endpoint.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SeenEndpoint<'a> {
    pub endpoint: &'a Endpoint,
    /// It is known to serve the JWKS.
    pub serves_jwks: bool,
    /// Its distinct chains.
    pub chains: &'a [Arc<JudgedChain>],
}

/// The list that takes the place of a provider's, each thumbprint once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Plan {
    /// One to five, in the order they were seen.
    pub thumbprints: Vec<Thumbprint>,
    /// Endpoints whose chains may be a proxy's: whoever carries the plan out should know that they are not.
    pub unvouched: Vec<Endpoint>,
}

/// Why a list would do harm, or IAM would refuse it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Withheld {
    /// There may be a second host, whose thumbprint the list would lack.
    #[error("the jwks_uri host is not known, and its thumbprint must be listed too")]
    JwksHostUnknown,
    /// The list would lack a thumbprint.
    #[error("no chain was seen at {0}, and its thumbprint must be listed too")]
    NotSeen(Endpoint),
    /// The thumbprint is that of a proxy.
    #[error("a proxy seems to answer for {0}; AWS sees a different chain")]
    Intercepted(Endpoint),
    /// Another host's certificates.
    #[error("the certificate of {0} is for other names, so this may not be the issuer's chain")]
    NameMismatch(Endpoint),
    /// The thumbprint will not outlive the mending of the order.
    #[error(
        "the last certificate that {0} serves is not the end of the leaf's path; fix the order on the server first"
    )]
    Misplaced(Endpoint),
    /// More than IAM takes.
    #[error("{0} different root CAs are served, but IAM allows at most {MAX_THUMBPRINTS} thumbprints")]
    TooMany(usize),
}

impl Plan {
    /// For the endpoints of one issuer.
    ///
    /// # Errors
    /// When the list would not be whole, not of the issuer's own chains, or too long.
    pub(crate) fn new(endpoints: &[SeenEndpoint<'_>]) -> Result<Self, Withheld> {
        if !endpoints.iter().any(|seen| seen.serves_jwks) {
            return Err(Withheld::JwksHostUnknown);
        }
        let (mut thumbprints, mut unvouched) = (Vec::new(), Vec::new());
        for seen in endpoints {
            if seen.chains.is_empty() {
                return Err(Withheld::NotSeen(seen.endpoint.clone()));
            }
            if seen.chains.iter().any(|chain| chain.is_unvouched()) {
                unvouched.push(seen.endpoint.clone());
            }
            for chain in seen.chains {
                check(chain, seen.endpoint)?;
                let thumbprint = chain.served.root_ca().sha1;
                if !thumbprints.contains(&thumbprint) {
                    thumbprints.push(thumbprint);
                }
            }
        }
        if thumbprints.len() > MAX_THUMBPRINTS {
            return Err(Withheld::TooMany(thumbprints.len()));
        }
        Ok(Self { thumbprints, unvouched })
    }
}

impl Withheld {
    /// It is something that a person should look at, not only something that could not be seen.
    #[must_use]
    pub(crate) fn is_finding(&self) -> bool {
        !matches!(self, Self::JwksHostUnknown | Self::NotSeen(_))
    }
}

fn check(chain: &JudgedChain, endpoint: &Endpoint) -> Result<(), Withheld> {
    if chain.is_intercepted() {
        return Err(Withheld::Intercepted(endpoint.clone()));
    }
    if chain.judgement.statuses.contains(&ChainStatus::NameMismatch) {
        return Err(Withheld::NameMismatch(endpoint.clone()));
    }
    if chain.root_ca_ends_path() { Ok(()) } else { Err(Withheld::Misplaced(endpoint.clone())) }
}
