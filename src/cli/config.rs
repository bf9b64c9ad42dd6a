//! `config check` and `config show`.

use std::path::Path;

use super::exit::Exit;
use crate::config::Settings;
use crate::daemon::setup::Loaded;
use crate::plural::counted;
use crate::web::LiveConfig;

/// Reads the settings and every file that they name.
pub(super) fn check(file: Option<&Path>) -> Exit {
    let Loaded { settings, egress, .. } = match Loaded::load(file) {
        Ok(loaded) => loaded,
        Err(error) => return Exit::Untold.because(&error),
    };
    match LiveConfig::read(&settings.web.config_file) {
        Ok(web) => {
            for warning in &web.in_force().warnings {
                eprintln!("warning: web.config_file: {warning}");
            }
        }
        Err(error) => return Exit::Untold.because(&format!("web.config_file: {error}")),
    }
    if let Some(warning) = egress.warning() {
        eprintln!("warning: {warning}");
    }
    for entry in &settings.issuers {
        for thumbprint in entry.thumbprints.iter().filter(|thumbprint| thumbprint.is_placeholder()) {
            eprintln!("warning: issuers: {}: thumbprint {thumbprint} looks like a placeholder", entry.url);
        }
    }
    let iam = if settings.aws.enabled { "plus those that IAM lists" } else { "IAM is not read" };
    println!("configuration is valid: {} in the file, {iam}", counted(settings.issuers.len(), "issuer"));
    Exit::Well
}

/// Prints every setting, defaults and environment included; it need not watch anything.
pub(super) fn show(file: Option<&Path>) -> Exit {
    match Settings::load_any(file).map(|settings| toml::to_string(&settings)) {
        Ok(Ok(text)) => {
            print!("{text}");
            Exit::Well
        }
        Ok(Err(error)) => Exit::Untold.because(&error),
        Err(error) => Exit::Untold.because(&error),
    }
}
