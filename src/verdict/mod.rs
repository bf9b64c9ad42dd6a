//! Provider and recent observations to verdict: in goes what is listed and what was seen, out comes whether the one covers
//! the other, how urgent that is, what the list lacks, and what it should be. Pure; nothing here knows how either was learnt.

mod audiences;
mod judge;
mod not_listed;
mod plan;
mod problems;
mod severity;

pub(crate) use audiences::Audiences;
pub use judge::Status;
pub(crate) use judge::{Coverage, Seen, Verdict, judge};
pub(crate) use not_listed::not_listed;
pub(crate) use plan::{Plan, SeenEndpoint, Withheld};
pub(crate) use problems::{AwsError, Evidence, Problem, by_name, worst};
pub use problems::{Class, ProblemName};
pub(crate) use severity::Severity;
