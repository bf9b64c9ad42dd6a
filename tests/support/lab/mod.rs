//! The lab: the other side of this project, on loopback.
//!
//! ```text
//!  ca ──► chains ──► tls_server ──► issuer ──► fleet     the demo's eight issuers
//!                        ▲            ▲          ▲
//!                  wire, by_hand  behaviour,     iam      a fake of the IAM calls
//!                                   http
//! ```
//!
//! Nothing here knows the crate under test. Ports are free ones, addresses are in 127.0.0.0/8 or `::1`, and all that
//! is started stops when its handle is dropped.

#![allow(dead_code, unused_imports, reason = "each of its users takes a part of it")]
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used)]

pub mod behaviour;
pub mod by_hand;
pub mod ca;
pub mod chains;
pub mod fleet;
mod http;
pub mod iam;
pub mod issuer;
pub mod pem;
pub mod tls_server;
mod wire;

pub use behaviour::{Behaviour, Reply, Wire};
pub use by_hand::{ByHand, End};
pub use chains::Chain;
pub use fleet::Lab;
pub use iam::{FakeIam, Fault};
pub use issuer::{LabIssuer, Spec};
pub use tls_server::TlsVersions;
