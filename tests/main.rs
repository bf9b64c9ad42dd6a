//! All integration tests, in one binary so that the AWS SDK is linked once.

mod lab;
mod lab_selftest;
