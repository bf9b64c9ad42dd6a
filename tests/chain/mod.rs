//! Served chains: pure functions on made, real and mutated certificates.

mod certificate;
mod maker;
mod order;
mod pem;
mod reasons;
mod trust;
// mod real;
mod limbo;
mod limbo_divergences;
// mod openssl;
// mod hostile;
mod random;
