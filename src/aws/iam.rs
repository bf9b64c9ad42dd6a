//! The OIDC providers of an account, read through the IAM API. Nothing here changes anything.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_iam::Client;
use aws_sdk_iam::operation::get_open_id_connect_provider::{
    GetOpenIDConnectProviderError as GetError, GetOpenIdConnectProviderOutput,
};
use futures_util::{StreamExt as _, stream};
use rustls::pki_types::CertificateDer;

use super::error::AccountError;
use super::http_client::http_client;
use super::session;
use crate::chain::Thumbprint;
use crate::clock::{Clock, Timestamp};
use crate::issuer::Issuer;
use crate::provider::{Details, Origin, Provider, ProviderArn};
use crate::proxy::Egress;

/// Calls of one account at the same time; IAM throttles at a rate that it does not publish.
const CONCURRENT_CALLS: usize = 4;
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

/// Providers by ARN, as an earlier reading found them.
type Known = BTreeMap<ProviderArn, Arc<Provider>>;

/// What was read of one provider: none when it is gone, or is not one.
struct Reading {
    provider: Option<Provider>,
    outcome: Result<(), AccountError>,
}

impl Account {
    /// Sets up the client; no call is made yet. `timeout` limits one call with its retries, `egress` is the way out, and
    /// `roots` vouch for AWS.
    pub async fn connect(
        clock: Clock,
        timeout: Duration,
        egress: &Egress,
        roots: &[CertificateDer<'static>],
    ) -> Self {
        let session = session::load(timeout, http_client(egress, roots)).await;
        Self { client: Client::new(&session), clock }
    }

    /// Lists the account's providers and reads each. `known` is what an earlier poll found.
    pub async fn poll(&self, known: &Known) -> AccountPoll {
        let at = self.clock.now();
        let listed = match self.client.list_open_id_connect_providers().send().await {
            Ok(answer) => answer.open_id_connect_provider_list.unwrap_or_default(),
            Err(error) => {
                let outcome = Err(AccountError::from_sdk(LIST, &error));
                return AccountPoll { at, outcome, providers: None };
            }
        };
        let arns = listed.into_iter().filter_map(|entry| entry.arn);
        let mut read = stream::iter(arns).map(|arn| self.read(arn, known)).buffered(CONCURRENT_CALLS);
        let (mut outcome, mut providers) = (Ok(()), Vec::new());
        while let Some(reading) = read.next().await {
            providers.extend(reading.provider);
            outcome = outcome.and(reading.outcome);
        }
        AccountPoll { at, outcome, providers: Some(providers) }
    }

    async fn read(&self, arn: String, known: &Known) -> Reading {
        let call = self.client.get_open_id_connect_provider().open_id_connect_provider_arn(&arn);
        let answer = match call.send().await {
            Ok(answer) => Ok(answer),
            Err(error) if error.as_service_error().is_some_and(GetError::is_no_such_entity_exception) => {
                // Deleted since it was listed.
                return Reading { provider: None, outcome: Ok(()) };
            }
            Err(error) => Err(AccountError::from_sdk(GET, &error)),
        };
        let provider = match (&answer, known.get(arn.as_str())) {
            (Ok(answer), _) => provider(&arn, Some(answer)),
            (Err(_), Some(known)) => Ok(Provider::clone(known)),
            (Err(_), None) => provider(&arn, None),
        };
        let outcome = answer.map(drop);
        match provider {
            Ok(provider) => Reading { provider: Some(provider), outcome },
            Err(error) => Reading { provider: None, outcome: outcome.and(Err(error)) },
        }
    }
}

/// The provider with this ARN; its URL is in the ARN too.
fn provider(arn: &str, answer: Option<&GetOpenIdConnectProviderOutput>) -> Result<Provider, AccountError> {
    let unusable = |error: &dyn Display| AccountError::response(GET, &format!("{arn}: {error}"));
    let arn: ProviderArn = arn.parse().map_err(|error| unusable(&error))?;
    let url = answer.and_then(|answer| answer.url()).unwrap_or_else(|| arn.url());
    let issuer = Issuer::from_iam(url).map_err(|error| unusable(&error))?;
    Ok(Provider { origin: Origin::Iam(arn), issuer, details: answer.map(details) })
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
