//! Served chains: in go bytes, a host and a time, out come certificates that can be read, a path, a trust anchor and a
//! judgement. Pure: nothing here reads a file or a socket (CA files are read in `trust_files`), or knows where a chain
//! was seen.

mod algorithms;
mod certificate;
mod distrust;
mod file;
mod judge;
mod judgement;
mod name;
mod path;
mod public_issuers;
mod public_key;
mod served_chain;
mod signature;
mod status;
mod thumbprint;
mod trust_store;
mod unproven;
mod validate;

pub(crate) use algorithms::{Check, ECDSA_SHA1, Key, RSA_PKCS1_SHA1};
pub use certificate::{Certificate, Unreadable};
pub use distrust::Distrust;
pub use file::{Archive, CertificateFile, Fault, FileError, FileOrder, read_certificates};
pub(crate) use judgement::{JudgedChain, NextExpiry};
pub use judgement::{Judgement, PathMember};
pub use path::{MAX_PATH_CERTIFICATES, OrderFinding, served_path};
pub(crate) use public_issuers::is_well_known_public_issuer;
pub use served_chain::{Role, ServedChain};
pub use signature::has_issued;
pub use status::ChainStatus;
pub(crate) use thumbprint::Fingerprint;
pub use thumbprint::Thumbprint;
pub(crate) use trust_store::check_anchor;
pub use trust_store::{AnchorCounts, AnchorSource, TrustStore};
pub use unproven::Unproven;
