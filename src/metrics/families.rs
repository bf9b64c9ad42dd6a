//! Every metric, declared once: name, help, type and labels.

use prometheus::proto::MetricType;

/// A metric family.
pub struct Family {
    /// Name, with unit.
    pub name: &'static str,
    /// One sentence.
    pub help: &'static str,
    /// Gauge or counter; info and state set are gauges in the text format.
    pub kind: MetricType,
    /// Names of its labels.
    pub labels: &'static [&'static str],
}

const fn gauge(name: &'static str, help: &'static str, labels: &'static [&'static str]) -> Family {
    Family { name, help, kind: MetricType::GAUGE, labels }
}

const fn counter(name: &'static str, help: &'static str, labels: &'static [&'static str]) -> Family {
    Family { name, help, kind: MetricType::COUNTER, labels }
}

macro_rules! families {
    ($($id:ident = $make:ident($name:literal, $help:literal, $labels:expr);)*) => {
        $(
            #[doc = $help]
            pub const $id: Family = $make($name, $help, $labels);
        )*
        /// All of them, for registration and for tests.
        pub const ALL: &[Family] = &[$($id),*];
    };
}

const ISSUER: &[&str] = &["issuer"];
const ENDPOINT: &[&str] = &["endpoint"];
const CERTIFICATE: &[&str] = &["endpoint", "position", "role", "sha1"];
const PROVIDER: &[&str] = &["provider_arn", "account_id", "issuer"];
const ACCOUNT: &[&str] = &["account_id"];

families! {
    ISSUER_UP = gauge("oidc_issuer_up",
        "Whether the last poll got discovery document, chain and JWKS.", ISSUER);
    ISSUER_POLLS = counter("oidc_issuer_polls_total", "Polls that have ended, good or bad.", ISSUER);
    ISSUER_FAILURES = counter("oidc_issuer_poll_failures_total", "Polls that failed, by reason.", &["issuer", "reason"]);
    ISSUER_LAST_POLL = gauge("oidc_issuer_last_poll_timestamp_seconds", "Start of the last poll.", ISSUER);
    ISSUER_LAST_SUCCESS = gauge("oidc_issuer_last_success_timestamp_seconds",
        "Start of the last poll that got discovery document, chain and JWKS.", ISSUER);
    ISSUER_DURATION = gauge("oidc_issuer_poll_duration_seconds",
        "Time that each phase of the last poll took, where it was reached.", &["issuer", "phase"]);
    ISSUER_ENDPOINT = gauge("oidc_issuer_endpoint_info",
        "The TLS endpoints of an issuer, by what they serve.", &["issuer", "endpoint", "use"]);
    ISSUER_THUMBPRINT = gauge("oidc_issuer_thumbprint_info",
        "Thumbprints (SHA-1 of the last certificate served) seen within the window.", &["issuer", "thumbprint"]);
    ISSUER_THUMBPRINT_CHANGED = gauge("oidc_issuer_thumbprint_changed_timestamp_seconds",
        "When a root CA was first served that had not been before.", ISSUER);
    ROOT_CA_DAYS = gauge("oidc_root_ca_days_to_expiry",
        "Days until the soonest expiry among the last certificates served within the window.", ISSUER);
    ROOT_CA_NOT_AFTER = gauge("oidc_root_ca_not_after_timestamp_seconds",
        "Soonest expiry among the last certificates served within the window.", ISSUER);
    TRUST_ANCHOR_NOT_AFTER = gauge("oidc_trust_anchor_not_after_timestamp_seconds",
        "Soonest expiry among the trust anchors of the chains within the window, served or not.", ISSUER);
    ENDPOINT_ADDRESSES = gauge("oidc_endpoint_addresses", "Addresses that the host resolved to.", ENDPOINT);
    ENDPOINT_ADDRESSES_FAILED = gauge("oidc_endpoint_addresses_failed",
        "Addresses that gave no connection in the last round.", ENDPOINT);
    CERTIFICATE_NOT_AFTER = gauge("oidc_certificate_not_after_timestamp_seconds",
        "Expiry of each certificate served within the window; position 0 was served first.", CERTIFICATE);
    CERTIFICATE_NOT_BEFORE = gauge("oidc_certificate_not_before_timestamp_seconds",
        "Begin of validity of each certificate served within the window.", CERTIFICATE);
    CERTIFICATE_INFO = gauge("oidc_certificate_info", "Each certificate served within the window.",
        &["endpoint", "position", "role", "subject", "issued_by", "serial", "sha1", "sha256"]);
    CHAIN_STATUS = gauge("oidc_chain_status",
        "States of the served chains: trusted when all are, the others when any is.", &["endpoint", "status"]);
    CHAIN_DISTRUST = gauge("oidc_chain_distrust_info",
        "Why a served chain does not verify, where one does not.", &["endpoint", "reason"]);
    CHAIN_NEXT_EXPIRY = gauge("oidc_chain_next_expiry_timestamp_seconds",
        "What expires next on the path from leaf to trust anchor, and when.", &["endpoint", "member"]);
    ENDPOINT_TLS12 = gauge("oidc_endpoint_tls12_accepted",
        "Whether the endpoint takes TLS 1.2; AWS relies on thumbprints where it does not.", ENDPOINT);
    ENDPOINT_TLS12_CHECKED = gauge("oidc_endpoint_tls12_checked_timestamp_seconds",
        "When the endpoint last told whether it takes TLS 1.2.", ENDPOINT);
    ENDPOINT_DROPPED = counter("oidc_endpoint_observations_dropped_total",
        "Chains at addresses that were given up before the window ended, because there were too many.", ENDPOINT);
    PROVIDER_MATCH = gauge("oidc_provider_thumbprint_match",
        "Whether every chain served holds a listed certificate, as last known; absent while unknown.", PROVIDER);
    PROVIDER_STATUS = gauge("oidc_provider_thumbprint_status", "The verdict on a provider.",
        &["provider_arn", "account_id", "issuer", "status"]);
    PROVIDER_ENFORCED = gauge("oidc_provider_thumbprint_enforced",
        "Whether AWS would rely on the thumbprint, by Mozilla's roots in place of its own.", PROVIDER);
    PROVIDER_COVERAGE = gauge("oidc_provider_thumbprint_coverage_ratio",
        "Share of the chains served, by address, that hold a listed certificate.", PROVIDER);
    PROVIDER_INFO = gauge("oidc_provider_info", "Each provider of IAM or of the file.", PROVIDER);
    PROVIDER_THUMBPRINT = gauge("oidc_provider_thumbprint_info",
        "Each listed thumbprint and the place it was seen at: root, intermediate, leaf or none.",
        &["provider_arn", "account_id", "issuer", "thumbprint", "position"]);
    PROVIDER_AUDIENCE = gauge("oidc_provider_audience_allowed",
        "Whether a provider allows an audience that the configuration requires.",
        &["provider_arn", "account_id", "issuer", "audience"]);
    ACCOUNT_UP = gauge("oidc_account_up", "Whether the last reading of IAM got everything.", ACCOUNT);
    ACCOUNT_LAST_SUCCESS = gauge("oidc_account_last_success_timestamp_seconds",
        "Start of the last reading of IAM that got everything.", ACCOUNT);
    ACCOUNT_FAILURES = counter("oidc_account_poll_failures_total", "Readings of IAM that failed, by reason.",
        &["account_id", "reason"]);
    BUILD_INFO = gauge("oidc_exporter_build_info", "Version of this program.", &["version"]);
    RELOAD_SUCCESSFUL = gauge("oidc_exporter_config_last_reload_successful",
        "Whether the last attempt to load the configuration worked.", &[]);
    RELOAD_TIMESTAMP = gauge("oidc_exporter_config_last_reload_success_timestamp_seconds",
        "When the configuration in force was loaded.", &[]);
    WEB_CONFIG_SUCCESSFUL = gauge("oidc_exporter_web_config_last_reload_successful",
        "Whether the web configuration file, as it is now, is in force; absent without one.", &[]);
    POLL_INTERVAL = gauge("oidc_exporter_poll_interval_seconds", "Time between the starts of two rounds.", &[]);
}
