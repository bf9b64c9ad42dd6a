//! Served chains: pure functions on made, real and mutated certificates.

mod certificate;
mod hostile;
mod limbo;
mod limbo_divergences;
mod openssl;
mod order;
mod pem;
mod real;
mod reasons;
mod trust;
mod unchecked;
