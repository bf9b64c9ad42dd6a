//! This program: its version, its configuration.

use super::family::families;
use super::labels::Version;
use super::samples::Samples;
use crate::snapshot::Snapshot;

families! {
    Gauge BUILD_INFO(Version) = "oidc_exporter_build_info", "Version of this program.";
    Gauge RELOAD_SUCCESSFUL() = "oidc_exporter_config_last_reload_successful",
        "Whether the last attempt to load the configuration worked.";
    Gauge RELOAD_TIMESTAMP() = "oidc_exporter_config_last_reload_success_timestamp_seconds",
        "When the configuration in force was loaded.";
    Gauge WEB_CONFIG_SUCCESSFUL() = "oidc_exporter_web_config_last_reload_successful",
        "Whether the web configuration file, as it is now, is in force; absent without one.";
    Gauge POLL_INTERVAL() = "oidc_exporter_poll_interval_seconds", "Time between the starts of two rounds.";
}

/// `web_config` is whether the web configuration file is in force as it is now, where there is one.
pub(super) fn sample(samples: &mut Samples, snapshot: &Snapshot, web_config: Option<bool>) {
    samples.info(&BUILD_INFO, (Version(env!("CARGO_PKG_VERSION")),));
    samples.add(&POLL_INTERVAL, (), snapshot.interval.as_secs_f64());
    samples.flag(&RELOAD_SUCCESSFUL, (), snapshot.refused.is_none());
    samples.time(&RELOAD_TIMESTAMP, (), snapshot.configured);
    if let Some(successful) = web_config {
        samples.flag(&WEB_CONFIG_SUCCESSFUL, (), successful);
    }
}
