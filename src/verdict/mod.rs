//! Provider and recent observations to verdict: in goes what is listed and what was seen, out comes whether the one covers
//! the other, how urgent that is, what the list lacks, and what it should be. Pure; nothing here knows how either was learnt.

mod audiences;
mod health;
mod judge;
mod not_listed;
mod plan;
mod problems;

pub(crate) use audiences::Audiences;
pub use health::Health;
pub use judge::Status;
pub(crate) use judge::{Coverage, Seen, Unknown, Verdict, enforced, judge, unseen};
pub(crate) use not_listed::not_listed;
pub(crate) use plan::{Plan, SeenEndpoint, Withheld};
pub use problems::{AwsError, Class, ProblemName, Rules};
pub(crate) use problems::{
    EndpointEvidence, IssuerEvidence, KeyEvidence, Problem, ProviderEvidence, by_name, health, of_issuer,
    of_listed, of_provider, of_url,
};
