//! Served chains: pure functions on made, real and mutated certificates.

mod certificate;
mod file_forms;
mod file_losses;
mod hostile;
mod limbo;
mod limbo_divergences;
mod names;
mod openssl;
mod order;
mod pem;
mod pkcs7;
mod real;
mod reasons;
mod trust;
mod unchecked;
