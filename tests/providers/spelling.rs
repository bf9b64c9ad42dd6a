//! The URL of a provider against the issuer's own spelling: STS compares them to the letter, so a match of thumbprints is worth
//! nothing where they differ.

use serde_json::Value;

use super::ACCOUNT;
use crate::support::lab::chains::{good, three_deep};
use crate::support::lab::{Behaviour, Chain, FakeIam, LabIssuer, Spec};
use crate::support::process::Run;
use crate::support::watch::{PATIENT, Watch};

const HOST: &str = "host.oidc.test";
const PATH: &str = "/realms/Main";

/// Another spelling of a URL.
type Spell = fn(&str) -> String;

async fn issuer_at(host: &str, path: &str) -> LabIssuer {
    serving(three_deep(host), host, path).await
}

async fn serving(chain: Chain, host: &str, path: &str) -> LabIssuer {
    let mut spec = Spec::new(host, chain);
    spec.path = path.to_owned();
    LabIssuer::start(spec).await
}

/// The row of a provider in what `check --output json` says.
fn row(run: &Run, arn: &str) -> Value {
    let report = run.json();
    let rows = report["rows"].as_array().unwrap();
    rows.iter().find(|row| row["provider_arn"] == arn).unwrap_or_else(|| panic!("{arn}: {report}")).clone()
}

fn problems(row: &Value) -> Vec<&str> {
    row["problems"].as_array().unwrap().iter().map(|one| one["problem"].as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_difference_is_a_finding_and_the_thumbprints_match_all_the_same() {
    let upper: Spell = |url| url.replace("host.oidc.test", "Host.OIDC.test");
    // What IAM has and what the document says, made of the URL; and what is said of the difference, if there is one.
    let same: Spell = str::to_owned;
    let slash: Spell = |url| format!("{url}/");
    let other_case: Spell = |url| url.replace("Main", "main");
    let encoded: Spell = |url| url.replace("Main", "M%61in");
    let cases: [(&str, Spell, Spell, Option<&str>); 8] = [
        ("the same", same, same, None),
        ("a slash in both", slash, slash, None),
        ("a slash in IAM", slash, same, Some("a slash at the end")),
        ("a slash in the document", same, slash, Some("a slash at the end")),
        ("case of the host in IAM", upper, same, Some("upper and lower case")),
        ("case of the path in the document", same, other_case, Some("upper and lower case")),
        ("encoded in the document", same, encoded, Some("written in another way")),
        ("another port in the document", same, |_| format!("https://{HOST}:1{PATH}"), Some("the port")),
    ];
    for (case, listed, own, difference) in cases {
        let issuer = issuer_at(HOST, PATH).await;
        let own = own(issuer.url());
        issuer.behave(Behaviour::discovery_with("issuer", own.as_str()));
        let iam = FakeIam::start(ACCOUNT).await;
        let arn = iam.put(&listed(issuer.url()), &issuer.thumbprints());
        let run = Watch::new(&PATIENT).resolve(&issuer).iam(&iam).check(&["--output", "json"]);
        let row = row(&run, &arn);
        let notes = row["notes"].to_string();
        match difference {
            None => {
                assert_eq!((run.code, problems(&row).len()), (0, 0), "{case}: {run:?}");
                assert!(!notes.contains("spell"), "{case}: {notes}");
            }
            Some(difference) => {
                assert_eq!((run.code, problems(&row)[0]), (1, "issuer_spelling"), "{case}: {run:?}");
                let problem = &row["problems"][0];
                assert_eq!(problem["class"], "failing", "{case}");
                assert_eq!(problem["aws_error"], "No OpenIDConnect provider found in your account", "{case}");
                assert!(notes.contains(difference) && notes.contains(&own), "{case}: {notes}");
                let summary = run.json()["summary"].to_string();
                assert!(
                    summary.contains("1 failing (") && summary.contains("issuer_spelling"),
                    "{case}: {summary}"
                );
            }
        }
        // Another port or path is another issuer to a poll, whose keys are not looked for.
        let is_another = case.starts_with("another port") || case.starts_with("case of the path");
        let verdict = if is_another { "unknown" } else { "match" };
        assert_eq!(row["verdict"], verdict, "{case}: {row}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_providers_of_one_canonical_url_are_two_and_the_one_that_fits_is_well() {
    let issuer = issuer_at(HOST, "").await;
    let iam = FakeIam::start(ACCOUNT).await;
    let fits = iam.put(issuer.url(), &issuer.thumbprints());
    let misfit = iam.put(&format!("{}/", issuer.url()), &["0".repeat(40)]);
    let watch = Watch::new(&PATIENT).resolve(&issuer).iam(&iam);
    let daemon = watch.start();
    daemon.wait_ready();
    let metrics = daemon.metrics();
    let both = ["issuer_spelling", "thumbprint_mismatch"];
    for (arn, status, problems) in [(&fits, "match", &[][..]), (&misfit, "mismatch", &both)] {
        let labels = [("provider_arn", arn.as_str()), ("issuer", issuer.url()), ("account_id", ACCOUNT)];
        assert_eq!(metrics.state("oidc_provider_thumbprint_status", &labels), [status], "{arn}");
        assert_eq!(metrics.labels("oidc_provider_problem", &labels, "problem"), problems, "{arn}");
    }
    assert_eq!(metrics.labels("oidc_provider_problem", &[], "class"), ["failing"]);
    assert_eq!(metrics.all("oidc_issuer_problem", &[]).count(), 0, "the issuer has none");
    daemon.wait_log("STS compares to the letter");

    let page = daemon.get("/");
    assert!(page.text().contains("issuer_spelling: spelled"), "{}", page.text());
    let pasted = misfit.split_once("oidc-provider/").unwrap().1;
    assert_eq!(daemon.get(&format!("/issuer?url={pasted}")).status, 200);
    let api: Value = serde_json::from_slice(&daemon.get("/api/v1/providers").body).unwrap();
    for provider in api["providers"].as_array().unwrap() {
        let is_misfit = provider["provider_arn"] == misfit.as_str();
        assert_eq!(provider["problems"].as_array().unwrap().is_empty(), !is_misfit, "{provider}");
        assert!(provider["provider_arn"].as_str().unwrap().ends_with(provider["url"].as_str().unwrap()));
    }

    let run = watch.check(&["--output", "json"]);
    assert_eq!(run.code, 1, "{run:?}");
    assert!(problems(&row(&run, &fits)).is_empty());
    assert_eq!(problems(&row(&run, &misfit)), both);

    // It goes with its cause.
    assert!(iam.remove(&misfit));
    let metrics = daemon.wait_metrics("its end", |m| m.all("oidc_provider_problem", &[]).count() == 0);
    assert_eq!(metrics.all("oidc_provider_info", &[]).count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_for_the_dual_stack_host_of_eks_says_which_is_needed() {
    for (host, own) in [
        ("oidc-eks.eu-west-1.api.aws", "https://oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLE"),
        (
            "oidc-eks.cn-north-1.api.amazonwebservices.com.cn",
            "https://oidc.eks.cn-north-1.amazonaws.com.cn/id/EXAMPLE",
        ),
    ] {
        // A root that is served would be a proxy's.
        let issuer = serving(good(host), host, "/id/EXAMPLE").await;
        issuer.behave(Behaviour::discovery_with("issuer", own));
        let iam = FakeIam::start(ACCOUNT).await;
        let arn = iam.put(issuer.url(), &issuer.thumbprints());
        let watch = Watch::new(&PATIENT).resolve(&issuer).iam(&iam);
        let run = watch.check(&["--output", "json"]);
        let found = row(&run, &arn);
        assert_eq!((run.code, problems(&found)[0]), (1, "issuer_spelling"), "{run:?}");
        assert!(found["notes"].to_string().contains(&format!("IAM needs a provider for {own}")), "{found}");
        // The keys are still looked at, and the chain.
        assert_eq!(found["thumbprints"], Value::from(issuer.thumbprints()), "{found}");
        assert!(!found["notes"].to_string().contains("discovery:"), "{found}");
        // Of the file's own issuer it is a word.
        let run = Watch::new(&PATIENT).issuer(&issuer, &[]).check(&["--output", "json"]);
        let watched = &run.json()["rows"][0];
        assert!(!problems(watched).contains(&"issuer_spelling"), "{watched}");
        assert!(
            watched["notes"].to_string().contains(&format!("tokens of this issuer say {own}, and")),
            "{watched}"
        );
        issuer.end();
        // Nobody has to answer for this to be known.
        let run = watch.check(&["--output", "json"]);
        assert_eq!((run.code, problems(&row(&run, &arn))[0]), (1, "issuer_spelling"), "{run:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_iam_takes_for_no_provider_is_for_the_issuer_to_mend() {
    let issuer = issuer_at(HOST, PATH).await;
    let own = issuer.url().replace("https", "HTTPS");
    issuer.behave(Behaviour::discovery_with("issuer", own.as_str()));
    let iam = FakeIam::start(ACCOUNT).await;
    let arn = iam.put(issuer.url(), &issuer.thumbprints());
    let told = format!("the issuer must say {} instead", issuer.url());
    let run = Watch::new(&PATIENT).resolve(&issuer).iam(&iam).check(&["--output", "json"]);
    let found = row(&run, &arn);
    assert_eq!((run.code, problems(&found)), (1, vec!["issuer_spelling"]), "{run:?}");
    assert!(found["notes"].to_string().contains(&told), "{found}");
    let run = Watch::new(&PATIENT).issuer(&issuer, &[]).check(&["--output", "json"]);
    assert!(run.json()["rows"][0]["notes"].to_string().contains(&told), "{run:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_document_of_another_issuer_is_a_failed_poll_and_no_provider_either() {
    let issuer = issuer_at(HOST, "").await;
    issuer.behave(Behaviour::discovery_with("issuer", "https://other.oidc.test"));
    let iam = FakeIam::start(ACCOUNT).await;
    let arn = iam.put(issuer.url(), &issuer.thumbprints());
    let run = Watch::new(&PATIENT).resolve(&issuer).iam(&iam).check(&["--output", "json"]);
    let found = row(&run, &arn);
    let notes = found["notes"].to_string();
    assert_eq!((run.code, &problems(&found)[..2]), (1, &["issuer_spelling", "keys_unusable"][..]), "{run:?}");
    assert!(notes.contains("the discovery document is that of https://other.oidc.test"), "{notes}");
    assert!(notes.contains("discovery: discovery document: names another issuer"), "{notes}");
    // Of the file's own issuer, nobody has told STS anything; but nobody can get keys for it.
    let run = Watch::new(&PATIENT).issuer(&issuer, &issuer.thumbprints()).check(&["--output", "json"]);
    assert_eq!((run.code, problems(&run.json()["rows"][0])[0]), (1, "keys_unusable"), "{run:?}");
}
