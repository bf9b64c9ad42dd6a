//! Which way out: in go the settings and the environment, out comes [`Egress`], which knows for every endpoint whether a
//! proxy carries the connection. Issuers and AWS are reached by the same rule; nothing here connects.

mod credentials;
mod egress;
mod exceptions;
mod settings;
mod url;

pub use credentials::{Credentials, CredentialsError};
pub use egress::{Egress, ProxyServer};
pub use exceptions::Exception;
pub(crate) use settings::{ProxyError, ProxySettings};
pub use url::{ProxyChoice, ProxyUrl, ProxyUrlError};
