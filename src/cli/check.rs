//! `check`: one round over everything configured.

use std::io::{self, IsTerminal as _, Write as _};
use std::path::Path;

use clap::{Args, ValueEnum};

use super::exit::Exit;
use super::terminal::style;
use crate::agent::{Setup, State, one_round};
use crate::clock::Clock;
use crate::daemon::setup::{Loaded, runtime};
use crate::report::FleetReport;

#[derive(Args)]
pub(super) struct CheckArgs {
    /// Output format.
    #[arg(long, short, value_enum, default_value_t = Output::Text)]
    output: Output,
}

#[derive(Clone, Copy, ValueEnum)]
enum Output {
    Text,
    Json,
}

/// Polls everything once and prints what it found.
pub(super) fn check(file: Option<&Path>, args: &CheckArgs) -> Exit {
    let loaded = match Loaded::load(file) {
        Ok(loaded) => loaded,
        Err(error) => return Exit::Untold.because(&error),
    };
    if let Some(warning) = loaded.egress.warning() {
        eprintln!("warning: {warning}");
    }
    let runtime = match runtime() {
        Ok(runtime) => runtime,
        Err(error) => return Exit::Untold.because(&format!("cannot start: {error}")),
    };
    let clock = Clock::system();
    let snapshot = runtime.block_on(async {
        let Setup { watch, poller, account, schedule } = loaded.setup(clock.clone()).await;
        let state = State::new(watch, clock.now());
        one_round(state, &poller, account.as_ref(), schedule.concurrency, progress).await
    });
    let report = FleetReport::new(&snapshot, clock.now());
    match args.output {
        Output::Text => print!("{}", report.as_text(style())),
        Output::Json => match serde_json::to_string_pretty(&report) {
            Ok(json) => println!("{json}"),
            Err(error) => return Exit::Untold.because(&error),
        },
    }
    Exit::of(report.has_finding(), report.is_incomplete())
}

/// One line that is written over, on a terminal only.
fn progress(done: usize, total: usize) {
    if io::stderr().is_terminal() {
        let end = if done == total { "\r\x1b[K" } else { "" };
        eprint!("\r{done} of {total} issuers polled{end}");
        let _ = io::stderr().flush();
    }
}
