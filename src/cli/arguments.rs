//! The command line as it is written.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Parser, Subcommand};

use super::check::CheckArgs;
use super::help;
use super::inspect::InspectArgs;

/// Watches the certificates behind OIDC issuers and compares their thumbprints with AWS IAM.
#[derive(Parser)]
#[command(version, arg_required_else_help = true, after_help = help::TOP)]
pub(super) struct Cli {
    /// Configuration file (TOML). Without it, only defaults and environment variables apply.
    #[arg(long, short, global = true, env = "OIDC_EXPORTER_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Subcommand)]
pub(super) enum Command {
    /// Run the daemon: poll issuers and IAM, and serve metrics.
    #[command(after_help = help::RUN)]
    Run,
    /// Show the certificate chain of an issuer, a host or a file: dates, trust, thumbprint, and the `aws` command.
    #[command(after_help = help::INSPECT)]
    Inspect(InspectArgs),
    /// Poll all issuers and IAM once, and list the results, worst first.
    #[command(after_help = help::CHECK)]
    Check(CheckArgs),
    /// Check the configuration, or print it with all defaults.
    #[command(subcommand, after_help = help::CONFIG)]
    Config(ConfigCommand),
    /// Write man pages and shell completions to a directory, for packages.
    #[command(hide = true)]
    Generate {
        /// Directory to write to; created if it does not exist.
        directory: PathBuf,
    },
}

#[derive(Subcommand)]
pub(super) enum ConfigCommand {
    /// Check the configuration and every file that it names.
    #[command(after_help = help::CONFIG_CHECK)]
    Check,
    /// Print every setting as the daemon would use it, as TOML.
    #[command(after_help = help::CONFIG_SHOW)]
    Show,
}

/// Whether the command is `run`, as far as can be told at a glance; only [`Cli`] knows for sure.
pub(super) fn is_run(arguments: impl Iterator<Item = OsString>) -> bool {
    let mut arguments = arguments.skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_encoded_bytes() {
            b"--config" | b"-c" => drop(arguments.next()),
            [b'-', ..] => {}
            command => return command == b"run",
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn run_is_told_from_what_only_looks_like_it() {
        for (arguments, is) in [
            ("run", true),
            ("--config c.toml run", true),
            ("-c c.toml run", true),
            ("--config=c.toml run", true),
            ("-cc.toml run", true),
            ("run --config c.toml", true),
            ("", false),
            ("--config run", false),
            ("-c run check", false),
            ("inspect run", false),
            ("--help", false),
        ] {
            let all = ["program"].into_iter().chain(arguments.split_whitespace()).map(OsString::from);
            assert_eq!(is_run(all), is, "{arguments}");
        }
    }
}
