//! This program: its version, its configuration.

use std::sync::atomic::Ordering;

use super::Own;
use super::family::families;
use super::labels::Version;
use super::samples::Samples;
use crate::refusal::Refusal;
use crate::snapshot::{KeptState, Snapshot};

families! {
    Gauge BUILD_INFO(Version) = "oidc_exporter_build_info", "Version of this program.";
    Gauge RELOAD_SUCCESSFUL() = "oidc_exporter_config_last_reload_successful",
        "Whether the last attempt to load the configuration succeeded.";
    Gauge RELOAD_TIMESTAMP() = "oidc_exporter_config_last_reload_success_timestamp_seconds",
        "When the configuration in use was loaded.";
    Gauge WEB_CONFIG_SUCCESSFUL() = "oidc_exporter_web_config_last_reload_successful",
        "Whether the current content of the web configuration file is in use; absent without such a file.";
    Gauge POLL_INTERVAL() = "oidc_exporter_poll_interval_seconds",
        "Time from the start of one round to the start of the next.";
    Gauge STATE_RESTORED() = "oidc_exporter_state_restored",
        "Whether this process went on from the state file of an earlier one; absent without a state file.";
    Gauge STATE_WRITE_SUCCESSFUL() = "oidc_exporter_state_last_write_successful",
        "Whether the last attempt to write the state file succeeded; absent before the first.";
    Gauge STATE_WRITE_TIMESTAMP() = "oidc_exporter_state_last_write_success_timestamp_seconds",
        "When the state in the state file was taken, if this process has written it.";
    Counter REFUSALS(Refusal) = "oidc_exporter_http_refusals_total",
        "Clients of the exporter's own pages that were refused, or whose connections were closed on them.";
    Counter DROPPED_LINES() = "oidc_exporter_log_lines_dropped_total",
        "Log lines that were lost, since standard error was not read or took nothing.";
}

/// With what is not in the snapshot, since it is not the agent's.
pub(super) fn sample(samples: &mut Samples, snapshot: &Snapshot, own: &Own) {
    samples.info(&BUILD_INFO, (Version(env!("CARGO_PKG_VERSION")),));
    samples.add(&POLL_INTERVAL, (), snapshot.interval.as_secs_f64());
    samples.flag(&RELOAD_SUCCESSFUL, (), snapshot.refused.is_none());
    samples.time(&RELOAD_TIMESTAMP, (), snapshot.configured);
    if let Some(KeptState { is_restored, is_written, last_write }) = snapshot.kept {
        samples.flag(&STATE_RESTORED, (), is_restored);
        if let Some(successful) = is_written {
            samples.flag(&STATE_WRITE_SUCCESSFUL, (), successful);
        }
        samples.time(&STATE_WRITE_TIMESTAMP, (), last_write);
    }
    if let Some(successful) = &own.web_config {
        samples.flag(&WEB_CONFIG_SUCCESSFUL, (), successful.load(Ordering::Relaxed));
    }
    for (refusal, count) in own.refusals.counts() {
        samples.count(&REFUSALS, (refusal,), count);
    }
    samples.count(&DROPPED_LINES, (), own.dropped_lines.load(Ordering::Relaxed));
}
