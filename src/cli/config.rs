//! `config check` and `config show`.

use std::path::Path;
use std::process::ExitCode;

use super::{FAILED, MISUSED, fail};
use crate::chain::read_ca_file;
use crate::config::Settings;
use crate::web::LiveConfig;

/// Reads the settings and every file that they name.
pub fn check(file: Option<&Path>) -> ExitCode {
    let settings = match Settings::load(file) {
        Ok(settings) => settings,
        Err(error) => return fail(&error, MISUSED),
    };
    for path in &settings.trust.ca_files {
        if let Err(error) = read_ca_file(path) {
            return fail(&format!("trust.ca_files: {error}"), MISUSED);
        }
    }
    match LiveConfig::read(&settings.web.config_file) {
        Ok(web) => {
            for warning in &web.in_force().warnings {
                eprintln!("warning: web.config_file: {warning}");
            }
        }
        Err(error) => return fail(&format!("web.config_file: {error}"), MISUSED),
    }
    for entry in &settings.issuers {
        for thumbprint in entry.thumbprints.iter().filter(|thumbprint| thumbprint.is_placeholder()) {
            eprintln!("warning: issuers: {}: the thumbprint {thumbprint} is a placeholder", entry.url);
        }
    }
    let iam = if settings.aws.enabled { "and those that IAM lists" } else { "none from IAM" };
    println!("good: {} issuers from the file, {iam}", settings.issuers.len());
    ExitCode::SUCCESS
}

/// Prints what is in force, defaults and environment included.
pub fn show(file: Option<&Path>) -> ExitCode {
    match Settings::load(file).map(|settings| toml::to_string(&settings)) {
        Ok(Ok(text)) => {
            print!("{text}");
            ExitCode::SUCCESS
        }
        Ok(Err(error)) => fail(&error, FAILED),
        Err(error) => fail(&error, MISUSED),
    }
}
