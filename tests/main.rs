//! All integration tests, in one binary so that the AWS SDK is linked once.

#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod chain;
mod daemon;
mod issuers;
mod lab;
mod lab_selftest;
mod openssl;
mod operations;
mod process;
mod providers;
mod watch;
