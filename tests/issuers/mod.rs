//! What the daemon makes of issuers: the lab on one side, the metrics on the other.

mod chain_status;
mod clock;
mod distrust;
mod faces;
mod failures;
mod first_results;
mod github_2023;
mod intercepted;
mod problems;
mod served_chain;
mod tls_refusals;
mod tls_versions;
mod two_endpoints;
mod unspoken_tls;
mod wrong_key;
