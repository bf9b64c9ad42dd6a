//! `generate`: man pages and shell completions, made of the command line itself.

use std::io;
use std::path::Path;

use clap::CommandFactory as _;
use clap_complete::{Shell, generate_to};

use super::arguments::Cli;
use super::exit::Exit;

/// Writes `man/*.1`, one page for each command, and a completion file for each shell.
pub(super) fn generate(directory: &Path) -> Exit {
    match write(directory) {
        Ok(()) => Exit::Well,
        Err(error) => Exit::Untold.because(&format!("{}: {error}", directory.display())),
    }
}

fn write(directory: &Path) -> io::Result<()> {
    let man = directory.join("man");
    std::fs::create_dir_all(&man)?;
    let mut command = Cli::command();
    let name = command.get_name().to_owned();
    for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
        generate_to(shell, &mut command, &name, directory)?;
    }
    // `help` has no pages of its own.
    let command = Cli::command().disable_help_subcommand(true);
    let command = command.mut_subcommands(|subcommand| subcommand.disable_help_subcommand(true));
    clap_mangen::generate_to(command, man)
}
