//! The OIDC providers of an account, read through the IAM API. Nothing here changes anything.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use aws_sdk_iam::Client;
use aws_sdk_iam::operation::get_open_id_connect_provider::{
    GetOpenIDConnectProviderError as GetError, GetOpenIdConnectProviderOutput,
};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_types::os_shim_internal::Env;
use futures_util::{FutureExt as _, StreamExt as _, stream};
use rustls::pki_types::CertificateDer;

use super::answer_limit::AnswerLimit;
use super::error::AccountError;
use super::http_client::{LatestProxy, http_client};
use super::session;
use super::unusable::{UnusableProvider, UnusableReason};
use crate::chain::Thumbprint;
use crate::clock::{Clock, Timestamp};
use crate::endpoint::{MAX_URL_BYTES, UrlError};
use crate::issuer::Issuer;
use crate::printable::printable;
use crate::provider::{Details, Origin, Provider, ProviderArn};
use crate::proxy::Egress;

/// Calls of one account at the same time; IAM throttles at a rate that it does not publish.
const CONCURRENT_CALLS: usize = 4;
/// Thumbprints of one provider that are looked at; IAM has at most 5. Those beyond count as malformed.
const MAX_LISTED: usize = 100;
/// Client ids of one provider that are looked at; IAM has at most 100.
const MAX_CLIENT_IDS: usize = 1000;
/// Characters kept of a client id; IAM's have at most 255 (IAM API reference, the type `clientIDType`).
const MAX_CLIENT_ID_CHARS: usize = 255;
const LIST: &str = "iam:ListOpenIDConnectProviders";
const GET: &str = "iam:GetOpenIDConnectProvider";

/// The account that the default credential chain leads to.
#[derive(Clone, Debug)]
pub struct Account {
    /// None before the first reading, and after one that failed over credentials, region or endpoint: the SDK keeps what it
    /// read of files and profiles, so they are loaded anew.
    client: Arc<ArcSwapOption<Client>>,
    http_client: SharedHttpClient,
    latest_proxy: LatestProxy,
    clock: Clock,
    timeout: Duration,
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
    pub providers: Option<Listed>,
}

/// The providers that IAM lists.
#[derive(Clone, Debug, Default)]
pub struct Listed {
    pub usable: Vec<Provider>,
    /// Those that cannot be watched.
    pub unusable: Vec<UnusableProvider>,
}

impl Listed {
    /// IAM lists nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.usable.is_empty() && self.unusable.is_empty()
    }
}

/// Providers by ARN, as an earlier reading found them.
type Known = BTreeMap<ProviderArn, Arc<Provider>>;

/// What was read of one provider: none when it is gone.
struct Reading {
    provider: Option<Result<Provider, UnusableProvider>>,
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
        let latest_proxy = LatestProxy::default();
        let http_client = http_client(egress, roots, Arc::clone(&latest_proxy));
        let client = guarded(Box::pin(client(timeout, http_client.clone()))).await.ok().map(Arc::new);
        Self { client: Arc::new(client.into()), http_client, latest_proxy, clock, timeout }
    }

    /// Lists the account's providers and reads each. `known` is what an earlier poll found.
    pub async fn poll(&self, known: &Known) -> AccountPoll {
        let at = self.clock.now();
        match guarded(Box::pin(self.read_all(at, known))).await {
            Ok(poll) => poll,
            Err(error) => self.failed(at, error).await,
        }
    }

    async fn failed(&self, at: Timestamp, error: AccountError) -> AccountPoll {
        if error.may_be_of_files() {
            self.client.store(None);
        }
        let outcome = Err(error.explained(&Env::real(), self.latest_proxy.load().as_deref()).await);
        AccountPoll { at, outcome, providers: None }
    }

    async fn client(&self) -> Arc<Client> {
        if let Some(client) = self.client.load_full() {
            return client;
        }
        let client = Arc::new(client(self.timeout, self.http_client.clone()).await);
        self.client.store(Some(Arc::clone(&client)));
        client
    }

    async fn read_all(&self, at: Timestamp, known: &Known) -> AccountPoll {
        let client = self.client().await;
        let listed = match client.list_open_id_connect_providers().send().await {
            Ok(answer) => answer.open_id_connect_provider_list.unwrap_or_default(),
            Err(error) => return self.failed(at, AccountError::from_sdk(LIST, &error)).await,
        };
        let arns = listed.into_iter().map(|entry| entry.arn.unwrap_or_default());
        let mut read = stream::iter(arns).map(|arn| read(&client, arn, known)).buffered(CONCURRENT_CALLS);
        let (mut outcome, mut providers) = (Ok(()), Listed::default());
        while let Some(reading) = read.next().await {
            match reading.provider {
                Some(Ok(provider)) => providers.usable.push(provider),
                Some(Err(provider)) => providers.unusable.push(provider),
                None => {}
            }
            outcome = outcome.and(reading.outcome);
        }
        AccountPoll { at, outcome, providers: Some(providers) }
    }
}

/// The SDK panics where it should refuse: at an access key with a line feed, or an `AWS_ENDPOINT_URL` that is empty.
async fn guarded<T>(call: Pin<Box<impl Future<Output = T>>>) -> Result<T, AccountError> {
    AssertUnwindSafe(call).catch_unwind().await.map_err(|panic| AccountError::broke_off(LIST, &*panic))
}

async fn client(timeout: Duration, http_client: SharedHttpClient) -> Client {
    let session = session::load(timeout, http_client).await;
    Client::from_conf(aws_sdk_iam::config::Builder::from(&session).interceptor(AnswerLimit).build())
}

async fn read(client: &Client, arn: String, known: &Known) -> Reading {
    // IAM would be asked for what it cannot have.
    if let Err(reason) = well_formed(&arn) {
        return Reading { provider: Some(Err(UnusableProvider::new(&arn, reason))), outcome: Ok(()) };
    }
    let call = client.get_open_id_connect_provider().open_id_connect_provider_arn(&arn);
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
    let provider = provider.map_err(|reason| UnusableProvider::new(&arn, reason));
    Reading { provider: Some(provider), outcome: answer.map(drop) }
}

fn well_formed(arn: &str) -> Result<ProviderArn, UnusableReason> {
    if arn.is_empty() { Err(UnusableReason::NoArn) } else { Ok(arn.parse()?) }
}

/// The provider with this ARN; its URL is in the ARN too.
fn provider(arn: &str, answer: Option<&GetOpenIdConnectProviderOutput>) -> Result<Provider, UnusableReason> {
    let arn = well_formed(arn)?;
    let told = answer.and_then(|answer| answer.url()).filter(|url| !url.is_empty());
    let url = told.unwrap_or_else(|| arn.url());
    // Spaces around it are forgiven, and not without end.
    if url.len() > MAX_URL_BYTES {
        return Err(UrlError::TooLong.into());
    }
    let issuer = Issuer::from_iam(url)?;
    Ok(Provider { origin: Origin::Iam(arn), issuer, details: answer.map(details), missing_since: None })
}

fn details(answer: &GetOpenIdConnectProviderOutput) -> Details {
    let listed = answer.thumbprint_list();
    let parsed: Vec<Result<Thumbprint, _>> =
        listed.iter().take(MAX_LISTED).map(|text| text.parse()).collect();
    let client_ids = answer.client_id_list().iter().take(MAX_CLIENT_IDS);
    Details {
        malformed: parsed.iter().filter(|entry| entry.is_err()).count() + listed.len() - parsed.len(),
        thumbprints: parsed.into_iter().flatten().collect(),
        url: answer.url().filter(|url| !url.is_empty()).map(Into::into),
        client_ids: client_ids.map(|id| printable(id, MAX_CLIENT_ID_CHARS)).collect::<BTreeSet<_>>(),
        created: answer.create_date().map(|date| Timestamp::from_seconds(date.secs())),
    }
}
