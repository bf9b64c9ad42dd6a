//! That the real AWS SDK takes the fake for IAM.

use std::time::Duration;

use aws_sdk_iam::config::retry::RetryConfig;
use aws_sdk_iam::config::timeout::TimeoutConfig;
use aws_sdk_iam::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_iam::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_iam::{Client, Config};

use crate::support::lab::iam::Provider;
use crate::support::lab::{FakeIam, Fault};

const ACCOUNT: &str = "123456789012";
const THUMBPRINT: &str = "9e99a48a9960b14926bb7f3b02e22da2b0ab7280";

/// A client that tries once and does not wait long.
fn client(iam: &FakeIam) -> Client {
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(Credentials::new("AKIALABLABLABLABLABL", "secret", None, None, "lab"))
        .endpoint_url(iam.url())
        .retry_config(RetryConfig::disabled())
        .timeout_config(TimeoutConfig::builder().operation_timeout(Duration::from_secs(5)).build());
    Client::from_conf(config.build())
}

/// The error's code and HTTP status; without an answer from IAM, the kind of failure.
fn told<E: ProvideErrorMetadata>(error: &SdkError<E>) -> (String, u16) {
    match error {
        SdkError::ServiceError(answer) => {
            (answer.err().code().unwrap_or_default().to_owned(), answer.raw().status().as_u16())
        }
        SdkError::TimeoutError(_) => ("timeout".to_owned(), 0),
        SdkError::DispatchFailure(_) => ("dispatch".to_owned(), 0),
        SdkError::ResponseError(_) => ("response".to_owned(), 0),
        _ => ("other".to_owned(), 0),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sdk_lists_and_gets_providers_and_the_calls_are_recorded() {
    let iam = FakeIam::start(ACCOUNT).await;
    let client = client(&iam);
    let empty = client.list_open_id_connect_providers().send().await.unwrap();
    assert!(empty.open_id_connect_provider_list().is_empty());

    let arn = iam.put_provider(Provider {
        url: "host.oidc.test/id/EXAMPLE".to_owned(),
        thumbprints: vec![THUMBPRINT.to_owned(), "0".repeat(40)],
        client_ids: vec!["sts.amazonaws.com".to_owned(), "a & <b>".to_owned()],
        tags: [("team".to_owned(), "platform".to_owned())].into(),
    });
    assert_eq!(arn, "arn:aws:iam::123456789012:oidc-provider/host.oidc.test/id/EXAMPLE");
    let listed = client.list_open_id_connect_providers().send().await.unwrap();
    let arns: Vec<_> =
        listed.open_id_connect_provider_list().iter().map(|entry| entry.arn().unwrap()).collect();
    assert_eq!(arns, [arn.as_str()]);
    let got = client.get_open_id_connect_provider().open_id_connect_provider_arn(&arn).send().await.unwrap();
    assert_eq!(got.url(), Some("host.oidc.test/id/EXAMPLE"));
    assert_eq!(got.thumbprint_list(), [THUMBPRINT.to_owned(), "0".repeat(40)]);
    assert_eq!(got.client_id_list(), ["sts.amazonaws.com", "a & <b>"]);
    assert_eq!(got.create_date().unwrap().to_string(), "2024-02-29T12:34:56Z");
    assert_eq!((got.tags()[0].key(), got.tags()[0].value()), ("team", "platform"));

    let calls = iam.calls();
    let actions: Vec<_> = calls.iter().map(|call| call.action.as_str()).collect();
    assert_eq!(
        actions,
        ["ListOpenIDConnectProviders", "ListOpenIDConnectProviders", "GetOpenIDConnectProvider"]
    );
    assert_eq!(
        (calls[2].access_key.as_str(), calls[2].region.as_str()),
        ("AKIALABLABLABLABLABL", "us-east-1")
    );
    assert_eq!(calls[2].form["OpenIDConnectProviderArn"], arn);

    assert!(iam.remove(&arn));
    let gone =
        client.get_open_id_connect_provider().open_id_connect_provider_arn(&arn).send().await.unwrap_err();
    assert_eq!(told(&gone), ("NoSuchEntity".to_owned(), 404));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_update_replaces_the_list_in_lower_case_or_is_refused() {
    let iam = FakeIam::start(ACCOUNT).await;
    let arn = iam.put("https://host.oidc.test", &[THUMBPRINT]);
    let client = client(&iam);
    let update = |list: Vec<String>| {
        let call = client.update_open_id_connect_provider_thumbprint().open_id_connect_provider_arn(&arn);
        call.set_thumbprint_list(Some(list)).send()
    };
    let many = |count: u8| (0..count).map(|n| format!("{n:040X}")).collect::<Vec<_>>();
    for (list, code) in [
        (vec![], "InvalidInput"),
        (vec!["9e".to_owned()], "ValidationError"),
        (vec!["0".repeat(41)], "ValidationError"),
        (many(6), "InvalidInput"),
    ] {
        let refused = update(list).await.unwrap_err();
        assert_eq!(told(&refused), (code.to_owned(), 400));
        assert_eq!(iam.provider(&arn).unwrap().thumbprints, [THUMBPRINT]);
    }
    update(vec!["AB".repeat(20)]).await.unwrap();
    assert_eq!(iam.provider(&arn).unwrap().thumbprints, ["ab".repeat(20)]);
    update(many(5)).await.unwrap();
    assert_eq!(iam.provider(&arn).unwrap().thumbprints.len(), 5);
    let unknown = client
        .update_open_id_connect_provider_thumbprint()
        .open_id_connect_provider_arn(format!("{arn}.x"))
        .thumbprint_list(THUMBPRINT);
    assert_eq!(told(&unknown.send().await.unwrap_err()), ("NoSuchEntity".to_owned(), 404));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_fault_is_what_the_sdk_makes_of_it() {
    let iam = FakeIam::start(ACCOUNT).await;
    let client = client(&iam);
    for (fault, code, status) in [
        (Fault::AccessDenied, "AccessDenied", 403),
        (Fault::Throttled, "Throttling", 400),
        (Fault::InvalidIdentityToken, "InvalidIdentityToken", 400),
        (Fault::ExpiredToken, "ExpiredToken", 403),
        (Fault::NoSuchEntity, "NoSuchEntity", 404),
        (Fault::ServerError, "ServiceFailure", 500),
        (Fault::NotXml, "", 200),
        (Fault::Hang, "timeout", 0),
        (Fault::CloseConnection, "dispatch", 0),
    ] {
        iam.fail(fault);
        let error = client.list_open_id_connect_providers().send().await.unwrap_err();
        assert_eq!(told(&error), (code.to_owned(), status), "{fault:?}: {error:?}");
    }
    // Left to itself, the SDK reads whatever is sent.
    iam.fail(Fault::Huge);
    client.list_open_id_connect_providers().send().await.unwrap();
    iam.heal();
    client.list_open_id_connect_providers().send().await.unwrap();
    assert_eq!(iam.count("ListOpenIDConnectProviders"), 11);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fault_can_be_of_one_provider_or_of_a_few_calls() {
    let iam = FakeIam::start(ACCOUNT).await;
    let client = client(&iam);
    let [denied, fine] =
        ["denied", "fine"].map(|name| iam.put(&format!("https://{name}.oidc.test"), &[THUMBPRINT]));
    let get = |arn: &str| client.get_open_id_connect_provider().open_id_connect_provider_arn(arn).send();
    iam.fail_get(&denied, Fault::AccessDenied);
    assert_eq!(told(&get(&denied).await.unwrap_err()), ("AccessDenied".to_owned(), 403));
    get(&fine).await.unwrap();
    client.list_open_id_connect_providers().send().await.unwrap();

    iam.fail_times(Fault::Throttled, 2);
    for _ in 0..2 {
        assert_eq!(told(&get(&fine).await.unwrap_err()), ("Throttling".to_owned(), 400));
    }
    get(&fine).await.unwrap();
}
