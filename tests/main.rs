//! All integration tests, in one binary so that the AWS SDK is linked once.

#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod chain;
mod commands;
mod daemon;
mod dashboards;
mod docs;
mod hostile;
mod issuers;
mod lab;
mod lab_selftest;
mod lint;
mod openssl;
mod operations;
mod page;
mod peers;
mod process;
mod providers;
mod stage;
mod watch;
mod web;
