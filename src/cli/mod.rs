//! The command line.

mod config;
mod run;

use std::fmt::Display;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Watches the certificates behind OIDC issuers and compares their thumbprints with AWS IAM.
#[derive(Parser)]
#[command(version, arg_required_else_help = true)]
pub struct Cli {
    /// Configuration file (TOML). Without one, the defaults and the environment are in force.
    #[arg(long, short, global = true, env = "OIDC_EXPORTER_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the daemon: poll, and serve metrics.
    Run,
    /// Check the configuration, or show what is in force.
    #[command(subcommand)]
    Config(ConfigCommand),
}

#[derive(Subcommand)]
enum ConfigCommand {
    /// Exit 0 when the configuration is good; else say what is wrong, and exit 2.
    Check,
    /// Print every setting that is in force, as TOML.
    Show,
}

/// Something went wrong while running.
const FAILED: u8 = 1;
/// The configuration, or the command line, is wrong.
const MISUSED: u8 = 2;

/// Runs the command that the process was called with.
#[must_use]
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let file = cli.config.as_deref();
    match cli.command {
        Command::Run => run::run(file),
        Command::Config(ConfigCommand::Check) => config::check(file),
        Command::Config(ConfigCommand::Show) => config::show(file),
    }
}

/// One line on standard error, and the exit code.
fn fail(error: &dyn Display, code: u8) -> ExitCode {
    eprintln!("oidc-thumbprint-exporter: {error}");
    ExitCode::from(code)
}
