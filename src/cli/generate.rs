//! `generate`: man pages and shell completions, made of the command line itself.

use std::io;
use std::path::Path;
use std::process::ExitCode;

use clap::CommandFactory as _;
use clap_complete::{Shell, generate_to};

use super::{Cli, FAILED, fail};

/// Writes `man/*.1`, one page for each command, and a completion file for each shell.
pub fn generate(directory: &Path) -> ExitCode {
    match write(directory) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&format!("{}: {error}", directory.display()), FAILED),
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
    clap_mangen::generate_to(command, man)
}
