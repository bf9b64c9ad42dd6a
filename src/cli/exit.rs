//! The exit code of every command, by one rule: a finding outweighs what could not be told.

use std::fmt::Display;
use std::process::ExitCode;

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// All is well, or there is nothing to do.
    Well,
    /// Something that a person should look at.
    Finding,
    /// Something could not be told; or the configuration, the arguments or the machine kept the command from its work.
    Untold,
    /// The daemon started, or tried to, and could not go on.
    Failed,
}

impl Exit {
    /// Of a report.
    #[must_use]
    pub fn of(has_finding: bool, is_incomplete: bool) -> Self {
        match (has_finding, is_incomplete) {
            (true, _) => Self::Finding,
            (false, true) => Self::Untold,
            (false, false) => Self::Well,
        }
    }

    /// One line on standard error says why.
    #[must_use]
    pub fn because(self, error: &dyn Display) -> Self {
        eprintln!("oidc-thumbprint-exporter: {error}");
        self
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Well => 0,
            Exit::Finding | Exit::Failed => 1,
            Exit::Untold => 2,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_outweighs_what_could_not_be_told() {
        for (has_finding, is_incomplete, exit) in [
            (false, false, Exit::Well),
            (false, true, Exit::Untold),
            (true, false, Exit::Finding),
            (true, true, Exit::Finding),
        ] {
            assert_eq!(Exit::of(has_finding, is_incomplete), exit);
        }
    }
}
