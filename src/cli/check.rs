//! `check`: one round over everything configured.

use std::io::{self, IsTerminal as _, Write as _};
use std::path::Path;
use std::process::ExitCode;

use clap::{Args, ValueEnum};

use super::setup::{account, poller, trust_store};
use super::{FOUND, UNTOLD, fail, runtime, style};
use crate::agent::{State, one_round};
use crate::clock::Clock;
use crate::config::Settings;
use crate::report::RoundReport;

/// How to print it.
#[derive(Args)]
#[command(
    after_help = "Exit code: 0 all match, 1 a finding, 2 something could not be told, or the configuration is wrong. A \
                        finding weighs more: with both, it is 1."
)]
pub struct CheckArgs {
    /// How to print it.
    #[arg(long, short, value_enum, default_value_t = Output::Text)]
    output: Output,
}

/// Forms of the answer.
#[derive(Clone, Copy, ValueEnum)]
enum Output {
    Text,
    Json,
}

/// Exit code 0 when all match, 1 for a finding, 2 when nothing can be told of some part.
pub fn check(file: Option<&Path>, args: &CheckArgs) -> ExitCode {
    let settings = match Settings::load(file) {
        Ok(settings) => settings,
        Err(error) => return fail(&error, UNTOLD),
    };
    let trust = match trust_store(&settings.trust) {
        Ok(trust) => trust,
        Err(error) => return fail(&format!("trust.ca_files: {error}"), UNTOLD),
    };
    let runtime = match runtime() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&format!("cannot start: {error}"), UNTOLD),
    };
    let clock = Clock::system();
    let snapshot = runtime.block_on(async {
        let state = State::new(&settings, trust, &clock);
        let account = account(&settings, clock.clone()).await;
        let poller = poller(&settings, clock.clone());
        one_round(state, &poller, account.as_ref(), settings.poll.concurrency, progress).await
    });
    let report = RoundReport::new(&snapshot, clock.now());
    match args.output {
        Output::Text => print!("{}", report.as_text(style())),
        Output::Json => match serde_json::to_string_pretty(&report) {
            Ok(json) => println!("{json}"),
            Err(error) => return fail(&error, UNTOLD),
        },
    }
    match report {
        report if report.has_finding() => ExitCode::from(FOUND),
        report if report.is_incomplete() => ExitCode::from(UNTOLD),
        _ => ExitCode::SUCCESS,
    }
}

/// One line that is written over, on a terminal only.
fn progress(done: usize, total: usize) {
    if io::stderr().is_terminal() {
        let end = if done == total { "\r\x1b[K" } else { "" };
        eprint!("\r{done} of {total} issuers polled{end}");
        let _ = io::stderr().flush();
    }
}
