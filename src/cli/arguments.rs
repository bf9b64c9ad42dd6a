//! The command line as it is written.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

use super::check::CheckArgs;
use super::inspect::InspectArgs;

/// Watches the certificates behind OIDC issuers and compares their thumbprints with AWS IAM.
#[derive(Parser)]
#[command(version, arg_required_else_help = true)]
pub(super) struct Cli {
    /// Configuration file (TOML). Without one, the defaults and the environment are in force.
    #[arg(long, short, global = true, env = "OIDC_EXPORTER_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Subcommand)]
pub(super) enum Command {
    /// Run the daemon: poll, and serve metrics.
    Run,
    /// Show what an issuer, an endpoint or a file holds: chain, dates, thumbprint, trust, the `aws` command to run.
    Inspect(InspectArgs),
    /// One round over everything configured: exit 0 all match, 1 a finding, 2 could not tell.
    Check(CheckArgs),
    /// Check the configuration, or show what is in force.
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Write man pages and shell completions to a directory, for packages.
    #[command(hide = true)]
    Generate {
        /// It is made if need be.
        directory: PathBuf,
    },
}

#[derive(Subcommand)]
pub(super) enum ConfigCommand {
    /// Exit 0 when the configuration is good; else say what is wrong, and exit 2.
    Check,
    /// Print every setting that is in force, as TOML.
    Show,
}
