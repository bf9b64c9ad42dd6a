//! Credentials, region, retries and time limits of all AWS calls.

use std::time::Duration;

use aws_config::meta::region::RegionProviderChain;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_smithy_runtime_api::client::http::SharedHttpClient;

/// IAM is one service for all regions of a partition; this is where `aws` signs when nothing else is configured.
const DEFAULT_REGION: Region = Region::from_static("us-east-1");
/// Tries of one call, the first included.
const MAX_ATTEMPTS: u32 = 4;

/// The default credential chain with adaptive retries; `AWS_ENDPOINT_URL` and the like are honoured. `timeout` limits one
/// call with its retries.
pub(super) async fn load(timeout: Duration, http_client: SharedHttpClient) -> SdkConfig {
    let timeouts = TimeoutConfig::builder()
        .operation_timeout(timeout)
        .operation_attempt_timeout(timeout / 2)
        .connect_timeout(timeout / 4)
        .build();
    // Left to itself, adaptive retry waits up to 20 s between two tries when IAM throttles: the call would run into
    // its timeout, and the reason would be lost.
    let retries = RetryConfig::adaptive()
        .with_max_attempts(MAX_ATTEMPTS)
        .with_max_backoff(timeout / (2 * MAX_ATTEMPTS));
    aws_config::defaults(BehaviorVersion::latest())
        .region(RegionProviderChain::default_provider().or_else(DEFAULT_REGION))
        .retry_config(retries)
        .timeout_config(timeouts)
        .http_client(http_client)
        .load()
        .await
}
