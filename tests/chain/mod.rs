//! Served chains: pure functions on made, real and mutated certificates.

mod maker;
mod order;
// mod trust;
// mod reasons;
// mod certificate;
// mod pem;
// mod real;
mod limbo;
mod limbo_divergences;
// mod openssl;
// mod hostile;
// mod random;
