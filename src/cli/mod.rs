//! The command line: in go arguments, out come a daemon, a report or a file, and an exit code.

mod arguments;
mod check;
mod config;
mod exit;
mod generate;
mod help;
mod inspect;
mod pasted;
mod target;
mod terminal;

use std::process::ExitCode;

use clap::Parser as _;

use arguments::{Cli, Command, ConfigCommand};
use exit::Exit;

use crate::daemon;

/// Runs the command that the process was called with.
#[must_use]
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let file = cli.config.as_deref();
    let exit = match cli.command {
        Command::Run => match daemon::run(file) {
            Ok(()) => Exit::Well,
            Err(error) if error.is_mistake() => Exit::Untold.because(&error),
            Err(error) => Exit::Failed.because(&error),
        },
        Command::Inspect(args) => inspect::inspect(&args),
        Command::Check(args) => check::check(file, &args),
        Command::Config(ConfigCommand::Check) => config::check(file),
        Command::Config(ConfigCommand::Show) => config::show(file),
        Command::Generate { directory } => generate::generate(&directory),
    };
    exit.into()
}
