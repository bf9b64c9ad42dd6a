//! The lab itself, held against OpenSSL, the AWS SDK and a plain client.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod behaviours;
mod chains;
mod iam;
