//! Served chains: in go bytes, a host and a time, out come certificates that can be read, a path, a trust anchor and a
//! judgement. Pure: nothing here reads a file or a socket (CA files are read in `trust_files`), or knows where a chain
//! was seen.

mod certificate;
mod distrust;
mod judge;
mod judgement;
mod path;
mod pem;
mod public_issuers;
mod served_chain;
mod signature;
mod status;
mod thumbprint;
mod trust_store;
mod validate;

pub use certificate::{Certificate, Unreadable};
pub use distrust::Distrust;
pub(crate) use judgement::{EXPIRES_SOON_DAYS, JudgedChain, NextExpiry};
pub use judgement::{Judgement, PathMember};
pub use path::{MAX_PATH_CERTIFICATES, OrderFinding, served_path};
pub use pem::{Fault, FileError, read_certificates};
pub(crate) use public_issuers::is_well_known_public_issuer;
pub use served_chain::{Role, ServedChain};
pub use signature::has_issued;
pub use status::ChainStatus;
pub(crate) use thumbprint::Fingerprint;
pub use thumbprint::Thumbprint;
pub(crate) use trust_store::check_anchor;
pub use trust_store::{AnchorCounts, AnchorSource, TrustStore};
