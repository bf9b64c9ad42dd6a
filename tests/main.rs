//! All integration tests, in one binary so that the AWS SDK is linked once.

#[allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]
mod chain;
mod lab;
mod lab_selftest;
