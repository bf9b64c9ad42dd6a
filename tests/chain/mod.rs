//! Served chains: pure functions on made, real and mutated certificates.

mod certificate;
mod hostile;
mod limbo;
mod limbo_divergences;
pub mod maker;
mod openssl;
mod order;
mod pem;
pub mod random;
mod random_chains;
pub mod real;
pub mod reasons;
mod trust;
