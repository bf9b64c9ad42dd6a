//! The command line.

mod check;
mod config;
mod generate;
mod inspect;
mod logging;
mod reload;
mod run;
mod setup;

use std::fmt::Display;
use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::report::Style;

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
    /// Show what an issuer, an endpoint or a file holds: chain, dates, thumbprint, trust, the `aws` command to run.
    Inspect(inspect::InspectArgs),
    /// One round over everything configured: exit 0 all match, 1 a finding, 2 could not tell.
    Check(check::CheckArgs),
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
enum ConfigCommand {
    /// Exit 0 when the configuration is good; else say what is wrong, and exit 2.
    Check,
    /// Print every setting that is in force, as TOML.
    Show,
}

/// Something went wrong while running.
const FAILED: u8 = 1;
/// `inspect` and `check`: something that a person should look at.
const FOUND: u8 = 1;
/// `inspect` and `check`: nothing can be told of some part.
const UNTOLD: u8 = 2;
/// The configuration, or the command line, is wrong.
const MISUSED: u8 = 2;

/// Runs the command that the process was called with.
#[must_use]
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let file = cli.config.as_deref();
    match cli.command {
        Command::Run => run::run(file),
        Command::Inspect(args) => inspect::inspect(&args),
        Command::Check(args) => check::check(file, &args),
        Command::Config(ConfigCommand::Check) => config::check(file),
        Command::Config(ConfigCommand::Show) => config::show(file),
        Command::Generate { directory } => generate::generate(&directory),
    }
}

/// Threads that poll and answer. TLS handshakes are what costs time, and there are few at once.
const WORKERS: usize = 2;

fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().worker_threads(WORKERS).enable_all().build()
}

/// Whether standard output is for a person who likes colours (no-color.org).
fn style() -> Style {
    Style { colour: std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none() }
}

/// One line on standard error, and the exit code.
fn fail(error: &dyn Display, code: u8) -> ExitCode {
    eprintln!("oidc-thumbprint-exporter: {error}");
    ExitCode::from(code)
}
