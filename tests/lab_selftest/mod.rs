//! The lab itself, held against OpenSSL, the AWS SDK and a plain client.

mod behaviours;
mod chains;
mod iam;
