//! AWS, read only: in goes a session with credentials, out come the OIDC providers that an account lists, or a closed
//! reason why they are not known. Nothing here knows what the providers are compared with.

mod answer_limit;
mod ca_bundle;
mod cause;
mod error;
mod http_client;
mod iam;
mod profile;
mod session;
mod shared_file;
mod unusable;
mod values;

pub(crate) use ca_bundle::CaBundle;
pub(crate) use error::AccountError;
pub use error::AccountReason;
pub(crate) use iam::{Account, AccountPoll, Listed};
pub use unusable::{UnusableProvider, UnusableReason};
