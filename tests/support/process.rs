//! Programs that run to their end, ours and others'.

use std::ffi::OsStr;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

/// The program under test.
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_oidc-thumbprint-exporter");

/// Variables of this machine's environment that change where the program goes, or what it prints.
const UNSET: [&str; 9] = [
    "NO_COLOR",
    "AWS_CA_BUNDLE",
    "https_proxy",
    "HTTPS_PROXY",
    "all_proxy",
    "ALL_PROXY",
    "http_proxy",
    "no_proxy",
    "NO_PROXY",
];

/// The program with these arguments, and nothing in its environment that it would go by.
pub fn program(arguments: &[impl AsRef<OsStr>]) -> Command {
    let mut command = Command::new(PROGRAM);
    command.args(arguments);
    for variable in UNSET {
        command.env_remove(variable);
    }
    command
}

/// The program with this configuration and these arguments.
pub fn configured(config: &Path, arguments: &[&str]) -> Command {
    let mut command = program(&["--config".as_ref(), config.as_os_str()]);
    command.args(arguments);
    command
}

/// How a run ended.
#[derive(Debug)]
pub struct Run {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Run {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    pub fn lines(&self) -> Vec<&str> {
        self.out.lines().collect()
    }

    /// Both streams, the output first.
    pub fn said(&self) -> String {
        format!("{}{}", self.out, self.err)
    }
}

/// Runs a command that has nothing to read to its end.
pub fn run(command: &mut Command) -> Run {
    run_with(command, b"")
}

/// Runs a command to its end with this on its standard input.
pub fn run_with(command: &mut Command, input: &[u8]) -> Run {
    let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = piped.spawn().unwrap_or_else(|error| panic!("{error}, tests/run installs it: {piped:?}"));
    let mut stdin = child.stdin.take().unwrap();
    let output = std::thread::scope(|scope| {
        // Beside the reading, since a program may print more than a pipe holds before it has read all. One that does not
        // read to the end closes the pipe early.
        scope.spawn(move || stdin.write_all(input));
        child.wait_with_output().unwrap()
    });
    let code = output.status.code().unwrap_or_else(|| panic!("{}: {command:?}", output.status));
    let [out, err] = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap());
    Run { code, out, err }
}

/// Runs a command that must end well, and gives what it printed.
pub fn output(command: &mut Command) -> String {
    let run = run(command);
    assert_eq!(run.code, 0, "{command:?}: {}", run.said());
    run.out
}
