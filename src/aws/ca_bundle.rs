//! The file of CA certificates that the AWS CLI and SDKs are told to trust: `AWS_CA_BUNDLE`, or else `ca_bundle` of the
//! profile in use (AWS SDKs and Tools reference guide, "General configuration settings").

use std::path::PathBuf;

use aws_config::profile;
use aws_runtime::env_config::file::EnvConfigFiles;
use aws_types::os_shim_internal::{Env, Fs};
use tokio::runtime::Builder;

const VARIABLE: &str = "AWS_CA_BUNDLE";

/// A file, and who names it.
pub(crate) struct CaBundle {
    pub path: PathBuf,
    /// For messages.
    pub named_by: String,
}

impl CaBundle {
    /// What is named now. Must not be called from asynchronous code.
    pub(crate) fn find() -> Option<Self> {
        match std::env::var_os(VARIABLE).filter(|path| !path.is_empty()) {
            Some(path) => Some(Self { path: path.into(), named_by: format!("environment: {VARIABLE}") }),
            None => Self::of_profile(),
        }
    }

    /// Files that cannot be read name none; what is wrong with them is told when credentials are looked for.
    fn of_profile() -> Option<Self> {
        // Only the SDK knows which file, which profile and which spelling count, and it reads them asynchronously.
        let runtime = Builder::new_current_thread().build().ok()?;
        let (files, system) = (EnvConfigFiles::default(), Fs::real());
        let profiles = runtime.block_on(profile::load(&system, &Env::real(), &files, None)).ok()?;
        let path = profiles.get("ca_bundle").filter(|path| !path.is_empty())?;
        let named_by = format!("AWS profile {}: ca_bundle", profiles.selected_profile());
        Some(Self { path: path.into(), named_by })
    }
}
