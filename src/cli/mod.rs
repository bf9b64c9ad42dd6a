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

use std::env;
use std::process::ExitCode;

use clap::Parser as _;

use arguments::{Cli, Command, ConfigCommand};
use exit::Exit;

use crate::daemon::{self, Control};

/// Runs the command that the process was called with.
#[must_use]
pub fn main() -> ExitCode {
    // Before the arguments are read in earnest: that takes milliseconds, in which a SIGHUP would end a daemon.
    let control = arguments::is_run(env::args_os()).then(Control::take);
    let cli = Cli::parse();
    let file = cli.config.as_deref();
    let exit = match cli.command {
        Command::Run => match control.unwrap_or_else(Control::take) {
            Ok(control) => match daemon::run(file, control) {
                Ok(()) => Exit::Well,
                // It has been told.
                Err(error) if error.is_mistake() => Exit::Untold,
                Err(_) => Exit::Failed,
            },
            Err(error) => Exit::Failed.because(&format_args!("cannot start: {error}")),
        },
        Command::Inspect(args) => inspect::inspect(&args),
        Command::Check(args) => check::check(file, &args),
        Command::Config(ConfigCommand::Check) => config::check(file),
        Command::Config(ConfigCommand::Show) => config::show(file),
        Command::Generate { directory } => generate::generate(&directory),
    };
    exit.into()
}
