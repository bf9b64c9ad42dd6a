//! The ends of all `--help` texts: what the exit status means, and four examples.

pub(super) const TOP: &str = "\
Examples:
  oidc-thumbprint-exporter inspect https://token.actions.githubusercontent.com
  oidc-thumbprint-exporter --config config.toml config check
  oidc-thumbprint-exporter --config config.toml check
  oidc-thumbprint-exporter --config config.toml run";

pub(super) const RUN: &str = "\
Stops on SIGTERM and SIGINT; reads the configuration again on SIGHUP.

Exit status:
  0  stopped by a signal
  1  the daemon could not start or go on
  2  the configuration is not valid

Examples:
  oidc-thumbprint-exporter --config config.toml run
  AWS_PROFILE=audit oidc-thumbprint-exporter --config config.toml run
  OIDC_EXPORTER__AWS__ENABLED=true oidc-thumbprint-exporter run
  OIDC_EXPORTER__LOG__LEVEL=debug oidc-thumbprint-exporter --config config.toml run";

pub(super) const INSPECT: &str = "\
Needs no configuration and no AWS credentials. Connects through the proxy that HTTPS_PROXY or ALL_PROXY names, but for
hosts in NO_PROXY.

Exit status (1 if both 1 and 2 apply):
  0  all is well
  1  something needs attention, such as an expired or misordered chain, or one that may be a proxy's
  2  some part could not be checked, or the command failed

Examples:
  oidc-thumbprint-exporter inspect https://token.actions.githubusercontent.com
  oidc-thumbprint-exporter inspect arn:aws:iam::123456789012:oidc-provider/gitlab.com --output thumbprint
  oidc-thumbprint-exporter inspect https://keycloak.example.com:8443/realms/platform --private-host keycloak.example.com
  openssl s_client -showcerts -connect gitlab.com:443 </dev/null | oidc-thumbprint-exporter inspect -";

pub(super) const CHECK: &str = "\
Exit status (1 if both 1 and 2 apply):
  0  all thumbprints match, and nothing else needs attention
  1  something needs attention
  2  some part could not be checked, the configuration is not valid, or the command failed

Examples:
  oidc-thumbprint-exporter --config config.toml check
  oidc-thumbprint-exporter --config config.toml check --output json
  AWS_PROFILE=audit oidc-thumbprint-exporter --config config.toml check
  OIDC_EXPORTER__AWS__ENABLED=true oidc-thumbprint-exporter check";

pub(super) const CONFIG: &str = "\
Examples:
  oidc-thumbprint-exporter --config config.toml config check
  oidc-thumbprint-exporter --config config.toml config show
  OIDC_EXPORTER_CONFIG=config.toml oidc-thumbprint-exporter config check
  OIDC_EXPORTER__POLL__INTERVAL=1m oidc-thumbprint-exporter --config config.toml config show";

pub(super) const CONFIG_CHECK: &str = "\
Exit status:
  0  the configuration is valid
  2  it is not

Examples:
  oidc-thumbprint-exporter --config config.toml config check
  OIDC_EXPORTER_CONFIG=config.toml oidc-thumbprint-exporter config check
  OIDC_EXPORTER__POLL__INTERVAL=1m oidc-thumbprint-exporter --config config.toml config check
  oidc-thumbprint-exporter --config /etc/oidc-thumbprint-exporter/config.toml config check";

pub(super) const CONFIG_SHOW: &str = "\
Examples:
  oidc-thumbprint-exporter config show
  oidc-thumbprint-exporter --config config.toml config show
  OIDC_EXPORTER_CONFIG=config.toml oidc-thumbprint-exporter config show
  OIDC_EXPORTER__POLL__INTERVAL=1m oidc-thumbprint-exporter --config config.toml config show";

#[cfg(test)]
mod tests {
    use clap::{Command, CommandFactory as _, Parser as _};

    use crate::cli::arguments::Cli;

    const PROGRAM: &str = "oidc-thumbprint-exporter";

    /// Every command that is shown, with all that comes before its own name.
    fn commands(command: Command, before: &str) -> Vec<(String, Command)> {
        let name = format!("{before}{} ", command.get_name());
        let visible = command.get_subcommands().filter(|below| !below.is_hide_set()).cloned();
        let below: Vec<_> = visible.flat_map(|below| commands(below, &name)).collect();
        [(name, command)].into_iter().chain(below).collect()
    }

    /// The arguments of a line for a shell: after the last pipe, and after the environment's variables.
    fn arguments(line: &str) -> Vec<&str> {
        let last = line.rsplit(" | ").next().unwrap();
        last.split_whitespace().skip_while(|word| word.contains('=')).collect()
    }

    #[test]
    fn every_help_ends_with_four_examples_of_its_command() {
        let commands = commands(Cli::command(), "");
        assert_eq!(commands.len(), 7);
        for (name, mut command) in commands {
            let help = command.render_long_help().to_string();
            let (_, examples) = help.rsplit_once("\nExamples:\n").expect(&name);
            let examples: Vec<&str> = examples.trim_end().lines().collect();
            assert_eq!(examples.len(), 4, "{name}");
            for example in examples {
                let arguments = arguments(example.strip_prefix("  ").unwrap());
                assert_eq!(arguments[0], PROGRAM, "{example}");
                if let Err(error) = Cli::try_parse_from(&arguments) {
                    panic!("{example}: {error}");
                }
                let own = name.trim_start_matches(PROGRAM).trim();
                assert!(arguments.join(" ").contains(own), "{name}: {example}");
            }
        }
    }
}
