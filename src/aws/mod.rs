//! The OIDC providers of an account, read through the IAM API. Nothing here changes anything.

mod error;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region};
use aws_sdk_iam::Client;
use aws_sdk_iam::operation::get_open_id_connect_provider::GetOpenIdConnectProviderOutput;
use aws_sdk_iam::types::OpenIdConnectProviderListEntry;
use futures_util::{StreamExt as _, stream};

pub use error::{AccountError, AccountReason};

use crate::chain::Thumbprint;
use crate::clock::{Clock, Timestamp};
use crate::issuer::Issuer;
use crate::provider::{Details, Provider, split_arn};

/// IAM is one service for all regions of a partition; this is where `aws` signs when nothing else is configured.
const DEFAULT_REGION: Region = Region::from_static("us-east-1");
/// Calls of one account at the same time; IAM throttles at a rate that it does not publish.
const CONCURRENT_CALLS: usize = 4;
/// Tries of one call, the first included.
const MAX_ATTEMPTS: u32 = 4;
const LIST: &str = "iam:ListOpenIDConnectProviders";
const GET: &str = "iam:GetOpenIDConnectProvider";

/// The account that the default credential chain leads to.
#[derive(Clone, Debug)]
pub struct Account {
    client: Client,
    clock: Clock,
}

/// What one reading of an account gave.
#[derive(Clone, Debug)]
pub struct AccountPoll {
    /// When it was begun.
    pub at: Timestamp,
    /// Everything was read; or the first thing that could not be.
    pub outcome: Result<(), AccountError>,
    /// Every provider that IAM lists; `None` when it did not list any because the call failed. Of a provider that
    /// could not be read, what was known before.
    pub providers: Option<Vec<Provider>>,
}

impl Account {
    /// Sets up the client: default credential chain, adaptive retry, `AWS_ENDPOINT_URL` and the like honoured.
    /// `timeout` limits one call with its retries.
    pub async fn connect(clock: Clock, timeout: Duration) -> Self {
        let region =
            aws_config::meta::region::RegionProviderChain::default_provider().or_else(DEFAULT_REGION);
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
        let config = aws_config::defaults(BehaviorVersion::latest())
            .region(region)
            .retry_config(retries)
            .timeout_config(timeouts)
            .load()
            .await;
        Self { client: Client::new(&config), clock }
    }

    /// Lists the account's providers and reads each. `known` is what an earlier poll found, by ARN.
    pub async fn poll(&self, known: &BTreeMap<String, Provider>) -> AccountPoll {
        let at = self.clock.now();
        let listed = match self.client.list_open_id_connect_providers().send().await {
            Ok(answer) => answer.open_id_connect_provider_list.unwrap_or_default(),
            Err(error) => {
                return AccountPoll {
                    at,
                    outcome: Err(AccountError::from_sdk(LIST, &error)),
                    providers: None,
                };
            }
        };
        let arns = listed.into_iter().filter_map(|entry: OpenIdConnectProviderListEntry| entry.arn);
        let mut read = stream::iter(arns).map(|arn| self.read(arn, known)).buffered(CONCURRENT_CALLS);
        let (mut outcome, mut providers) = (Ok(()), Vec::new());
        while let Some((provider, result)) = read.next().await {
            providers.extend(provider);
            outcome = outcome.and(result);
        }
        AccountPoll { at, outcome, providers: Some(providers) }
    }

    /// One provider; none when it is gone, or is not one.
    async fn read(
        &self,
        arn: String,
        known: &BTreeMap<String, Provider>,
    ) -> (Option<Provider>, Result<(), AccountError>) {
        let answer =
            self.client.get_open_id_connect_provider().open_id_connect_provider_arn(&arn).send().await;
        let answer = match answer {
            Ok(answer) => Ok(answer),
            // Deleted since it was listed.
            Err(error) if error.as_service_error().is_some_and(aws_sdk_iam::operation::get_open_id_connect_provider::GetOpenIDConnectProviderError::is_no_such_entity_exception) => {
                return (None, Ok(()));
            }
            Err(error) => Err(AccountError::from_sdk(GET, &error)),
        };
        let provider = match &answer {
            Ok(answer) => provider(&arn, answer.url(), Some(details(answer))),
            Err(_) => match known.get(&arn) {
                Some(known) => Ok(known.clone()),
                None => provider(&arn, None, None),
            },
        };
        match provider {
            Ok(provider) => (Some(provider), answer.map(|_| ())),
            Err(error) => (None, answer.map(|_| ()).and(Err(error))),
        }
    }
}

/// The provider with this ARN; its URL is in the ARN too.
fn provider(arn: &str, url: Option<&str>, details: Option<Details>) -> Result<Provider, AccountError> {
    let unusable = |error: &dyn std::fmt::Display| AccountError::response(GET, &format!("{arn}: {error}"));
    let (account_id, url_of_arn) = split_arn(arn).map_err(|error| unusable(&error))?;
    let issuer = Issuer::from_iam(url.unwrap_or(url_of_arn)).map_err(|error| unusable(&error))?;
    Ok(Provider { arn: arn.to_owned(), account_id: account_id.to_owned(), issuer, details })
}

fn details(answer: &GetOpenIdConnectProviderOutput) -> Details {
    let parsed: Vec<Result<Thumbprint, _>> =
        answer.thumbprint_list().iter().map(|text| text.parse()).collect();
    Details {
        malformed: parsed.iter().filter(|entry| entry.is_err()).count(),
        thumbprints: parsed.into_iter().flatten().collect(),
        client_ids: answer.client_id_list().iter().cloned().collect::<BTreeSet<_>>(),
        created: answer.create_date().map(|date| Timestamp::from_seconds(date.secs())),
    }
}
