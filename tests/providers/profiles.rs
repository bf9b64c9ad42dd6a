//! Profiles as people break them: whatever is wrong, the message names it, with file and profile, and shows no secret.

use std::path::Path;

use sha1::{Digest as _, Sha1};
use sha2::{Digest as _, Sha256};

use super::{ACCOUNT, account_is_up};
use crate::support::daemon::Exposition;
use crate::support::lab::{FakeIam, LabIssuer};
use crate::support::told::verdict;
use crate::support::watch::{BRISK, Watch};

/// In every secret of these files, and in whatever a credential process prints.
const SECRET: &str = "never-shown-anywhere";
const LOGIN: &str = "arn:aws:iam::111122223333:user/dev";

/// Longer texts, by the words that stand for them below.
const WORDS: [(&str, &str); 6] = [
    (
        "SSO\n",
        "[profile ops]\nsso_session = corp\nsso_account_id = 111122223333\nsso_role_name = Reader\nSESSION\n",
    ),
    ("SESSION\n", "[sso-session corp]\nsso_start_url = https://corp.example/start\nsso_region = eu-west-1\n"),
    ("KEYS", "aws_access_key_id = AKIASECRET\naws_secret_access_key = SECRET"),
    ("ROLE", "role_arn = arn:aws:iam::111122223333:role/a"),
    ("LOGIN", LOGIN),
    ("SECRET", SECRET),
];

/// What is wrong; the files of the home directory; variables beside `AWS_PROFILE=ops`, empty for none, a space for an empty one; what has to be told.
type Broken = (
    &'static str,
    &'static [(&'static str, &'static str)],
    &'static [(&'static str, &'static str)],
    &'static [&'static str],
);

const CONFIG: &str = ".aws/config";
const CREDENTIALS: &str = ".aws/credentials";
const NO_PROFILE: (&str, &str) = ("AWS_PROFILE", "");
const TOKEN_FILE: (&str, &str) = ("AWS_WEB_IDENTITY_TOKEN_FILE", "HOME/token");
const ROLE_ARN: (&str, &str) = ("AWS_ROLE_ARN", "arn:aws:iam::111122223333:role/a");
const URI: &str = "AWS_CONTAINER_CREDENTIALS_FULL_URI";
const NOBODY: (&str, &str) = (URI, "http://127.0.0.1:1/x");
const CONTAINER_TOKEN: (&str, &str) = ("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "/nonexistent/token");

/// Profiles that cannot be read, or lead nowhere.
const PROFILES: [Broken; 20] = [
    (
        "another profile",
        &[(CONFIG, "[profile other]\nKEYS\n")],
        &[],
        &["\"ops\"", "AWS_PROFILE", "HOME/.aws/config", "HOME/.aws/credentials"],
    ),
    ("without the word", &[(CONFIG, "[ops]\nKEYS\n")], &[], &["HOME/.aws/config", "[profile ops]"]),
    ("with it", &[(CREDENTIALS, "[profile ops]\nKEYS\n")], &[], &["HOME/.aws/credentials", "[ops]"]),
    (
        "a loop",
        &[(CONFIG, "[profile ops]\nROLE\nsource_profile = q\n[profile q]\nROLE\nsource_profile = ops\n")],
        &[],
        &["loop", "ops", "q", "HOME/.aws/config"],
    ),
    (
        "no such source_profile",
        &[(CONFIG, "[profile ops]\nROLE\nsource_profile = q\n")],
        &[],
        &["`q`", "referenced from ops"],
    ),
    (
        "an empty source_profile",
        &[(CONFIG, "[profile ops]\nROLE\nsource_profile = q\n[profile q]\nregion = x\n")],
        &[],
        &["`q`", "did not contain credential"],
    ),
    ("no source", &[(CONFIG, "[profile ops]\nROLE\n")], &[], &["`ops`", "source_profile"]),
    (
        "two sources",
        &[(CONFIG, "[profile ops]\nROLE\nsource_profile = q\ncredential_source = Environment\n")],
        &[],
        &["`ops`", "both"],
    ),
    (
        "no role_arn",
        &[(CONFIG, "[profile ops]\nsource_profile = q\n[profile q]\nKEYS\n")],
        &[],
        &["\"ops\"", "no role_arn"],
    ),
    (
        "an unknown credential_source",
        &[(CONFIG, "[profile ops]\nROLE\ncredential_source = Moon\n")],
        &[],
        &["`Moon`", "\"ops\""],
    ),
    (
        "a code that is wanted",
        &[(CONFIG, "[profile ops]\nROLE\nsource_profile = q\nmfa_serial = x\n[profile q]\nKEYS\n")],
        &[],
        &["mfa_serial", "\"ops\"", "sts:AssumeRole"],
    ),
    (
        "nothing in it",
        &[(CONFIG, "[profile ops]\nregion = eu-west-1\n")],
        &[],
        &["\"ops\"", "HOME/.aws/config", "names no credentials"],
    ),
    (
        "no secret key",
        &[(CONFIG, "[profile ops]\naws_access_key_id = SECRET\n")],
        &[],
        &["`ops`", "aws_secret_access_key"],
    ),
    (
        "no key id",
        &[(CONFIG, "[profile ops]\naws_secret_access_key = SECRET\n")],
        &[],
        &["`ops`", "aws_access_key_id"],
    ),
    ("half a heading", &[(CONFIG, "[profile ops\n")], &[], &["HOME/.aws/config", "line 1", "']'"]),
    (
        "a line without =",
        &[(CONFIG, "[profile ops]\n\naws_secret_access_key SECRET\n")],
        &[],
        &["HOME/.aws/config", "line 3", "'='"],
    ),
    (
        "a line before all profiles",
        &[(CREDENTIALS, "aws_secret_access_key = SECRET\n[ops]\n")],
        &[],
        &["HOME/.aws/credentials", "line 1"],
    ),
    (
        "a byte order mark",
        &[(CONFIG, "\u{feff}[profile ops]\nKEYS\n")],
        &[],
        &["HOME/.aws/config", "byte order mark", "UTF-8"],
    ),
    ("UTF-16", &[(CONFIG, "UTF-16: [profile ops]\nKEYS\n")], &[], &["HOME/.aws/config", "UTF-16"]),
    (
        "Latin-1",
        &[(CREDENTIALS, "Latin-1: [ops]\n# caf\u{e9}\nKEYS\n")],
        &[],
        &["HOME/.aws/credentials", "UTF-8"],
    ),
];

/// Where credentials come from: programs, tokens, logins.
const SOURCES: [Broken; 21] = [
    (
        "no such program",
        &[(CONFIG, "[profile ops]\ncredential_process = /opt/corp/creds --key SECRET\n")],
        &[],
        &["/opt/corp/creds", "not found", "\"ops\""],
    ),
    (
        "a program that fails",
        &[(
            CONFIG,
            "[profile ops]\ncredential_process = sh -c 'echo SECRET; echo run corp-login >&2; exit 3'\n",
        )],
        &[],
        &["run corp-login", "exit status: 3", "\"ops\""],
    ),
    (
        "a silent one",
        &[(CONFIG, "[profile ops]\ncredential_process = /bin/true\n")],
        &[],
        &["external process", "JSON", "\"ops\""],
    ),
    (
        "one without JSON",
        &[(CONFIG, "[profile ops]\ncredential_process = /bin/echo [SECRET\n")],
        &[],
        &["external process", "JSON"],
    ),
    (
        "one of version 2",
        &[(
            CONFIG,
            "[profile ops]\ncredential_process = /bin/echo '{\"Version\":2,\"SecretAccessKey\":\"SECRET\"}'\n",
        )],
        &[],
        &["version", "2"],
    ),
    (
        "one without a key",
        &[(
            CONFIG,
            "[profile ops]\ncredential_process = /bin/echo '{\"Version\":1,\"AccessKeyId\":\"SECRET\"}'\n",
        )],
        &[],
        &["`SecretAccessKey`"],
    ),
    (
        "one that hangs",
        &[(CONFIG, "[profile ops]\ncredential_process = /bin/sleep 9\n")],
        &[],
        &["timed out", "\"ops\"", "credential_process"],
    ),
    (
        "no token file",
        &[(CONFIG, "[profile ops]\nROLE\nweb_identity_token_file = /nonexistent/token\n")],
        &[],
        &["/nonexistent/token", "no such file", "\"ops\""],
    ),
    (
        "a token file without a role",
        &[(CONFIG, "[profile ops]\nweb_identity_token_file = /nonexistent/token\n")],
        &[],
        &["`ops`", "role_arn"],
    ),
    (
        "an empty token",
        &[("token", "\n")],
        &[NO_PROFILE, TOKEN_FILE, ROLE_ARN],
        &["HOME/token", "empty", "AWS_WEB_IDENTITY_TOKEN_FILE"],
    ),
    (
        "a token that is not text",
        &[("token", "Latin-1: caf\u{e9} SECRET")],
        &[NO_PROFILE, TOKEN_FILE, ROLE_ARN],
        &["HOME/token", "not UTF-8", "AWS_WEB_IDENTITY_TOKEN_FILE"],
    ),
    (
        "a folder for a token",
        &[("token/x", "")],
        &[NO_PROFILE, TOKEN_FILE, ROLE_ARN],
        &["HOME/token", "a folder", "AWS_WEB_IDENTITY_TOKEN_FILE"],
    ),
    (
        "a token without a role",
        &[("token", "SECRET")],
        &[NO_PROFILE, TOKEN_FILE],
        &["AWS_WEB_IDENTITY_TOKEN_FILE is set and AWS_ROLE_ARN is not"],
    ),
    (
        "SSO, never logged in",
        &[(CONFIG, "SSO\n")],
        &[],
        &["aws sso login --profile ops", "HOME/.aws/sso/cache/", "no such file"],
    ),
    (
        "SSO, another session",
        &[(CONFIG, "[profile ops]\nsso_session = other\nsso_account_id = 1\nsso_role_name = x\nSESSION\n")],
        &[],
        &["`other`", "`ops`"],
    ),
    (
        "SSO without a role",
        &[(CONFIG, "[profile ops]\nsso_session = corp\nsso_account_id = 1\nSESSION\n")],
        &[],
        &["sso_role_name", "`ops`"],
    ),
    (
        "SSO, ended",
        &[(CONFIG, "SSO\n"), ("sso", "{\"accessToken\":\"SECRET\",\"expiresAt\":\"2020-01-01T00:00:00Z\"}")],
        &[],
        &["expired_token", "expired", "aws sso login --profile ops"],
    ),
    (
        "SSO, damaged",
        &[(CONFIG, "SSO\n"), ("sso", "{\"accessToken\":\"SECRET")],
        &[],
        &["SSO token", "HOME/.aws/sso/cache/"],
    ),
    (
        "login, never logged in",
        &[(CONFIG, "[profile ops]\nlogin_session = LOGIN\n")],
        &[],
        &["aws login --profile ops", "HOME/.aws/login/cache/", "no such file"],
    ),
    (
        "login elsewhere",
        &[(CONFIG, "[profile ops]\nlogin_session = LOGIN\n")],
        &[("AWS_LOGIN_CACHE_DIRECTORY", "HOME/logins")],
        &["aws login --profile ops", "HOME/logins/", "no such file"],
    ),
    (
        "login, damaged",
        &[
            (CONFIG, "[profile ops]\nlogin_session = LOGIN\n"),
            ("login", "{\"accessToken\":{\"secretAccessKey\":\"SECRET"),
        ],
        &[],
        &["JSON", "Login token", "aws login --profile ops"],
    ),
];

/// Variables alone.
const VARIABLES: [Broken; 13] = [
    (
        "a key that ends with a line feed",
        &[],
        &[("AWS_ACCESS_KEY_ID", "AKIA\n"), ("AWS_SECRET_ACCESS_KEY", SECRET)],
        &["credentials", "AWS_ACCESS_KEY_ID holds"],
    ),
    (
        "the same in a file",
        &[(CONFIG, "[profile ops]\naws_access_key_id = AKIA\n  x\naws_secret_access_key = SECRET\n")],
        &[],
        &["credentials", "\"ops\"", "HOME/.aws/config"],
    ),
    (
        "an endpoint that is empty",
        &[],
        &[("AWS_ENDPOINT_URL", " "), ("AWS_ACCESS_KEY_ID", "AKIA"), ("AWS_SECRET_ACCESS_KEY", SECRET)],
        &["AWS_ENDPOINT_URL is set and empty"],
    ),
    (
        "AWS_CONFIG_FILE nowhere",
        &[],
        &[("AWS_CONFIG_FILE", "/nonexistent/config")],
        &["/nonexistent/config (AWS_CONFIG_FILE): no such file"],
    ),
    (
        "AWS_SHARED_CREDENTIALS_FILE, a folder",
        &[],
        &[("AWS_SHARED_CREDENTIALS_FILE", "HOME")],
        &["HOME (AWS_SHARED_CREDENTIALS_FILE): a folder"],
    ),
    (
        "half a pair of keys",
        &[],
        &[NO_PROFILE, ("AWS_ACCESS_KEY_ID", "AKIA")],
        &["AWS_ACCESS_KEY_ID is set and AWS_SECRET_ACCESS_KEY is not"],
    ),
    (
        "the other half",
        &[],
        &[NO_PROFILE, ("AWS_SECRET_ACCESS_KEY", SECRET)],
        &["AWS_SECRET_ACCESS_KEY is set and AWS_ACCESS_KEY_ID is not"],
    ),
    (
        "AWS_DEFAULT_PROFILE",
        &[],
        &[NO_PROFILE, ("AWS_DEFAULT_PROFILE", "ops")],
        &["AWS_DEFAULT_PROFILE is not used"],
    ),
    ("no instance metadata", &[], &[NO_PROFILE], &["AWS_EC2_METADATA_DISABLED"]),
    ("a container's address that is none", &[], &[NO_PROFILE, (URI, "not a uri")], &["not a uri", URI]),
    ("one elsewhere", &[], &[NO_PROFILE, (URI, "http://192.0.2.1/x")], &["192.0.2.1", "allowed IP"]),
    ("nobody there", &[], &[NO_PROFILE, NOBODY], &["asked for at AWS_CONTAINER_CREDENTIALS_FULL_URI"]),
    (
        "no container token",
        &[],
        &[NO_PROFILE, NOBODY, CONTAINER_TOKEN],
        &["/nonexistent/token", "no such file"],
    ),
];

const FROM_PROFILE: (&str, &str) = ("AWS_ENDPOINT_URL", "");
const NO_REGION: (&str, &str) = ("AWS_REGION", "");

/// What was typed, pasted or quoted in a way that only the SDK minds.
const MISTYPED: [Broken; 22] = [
    (
        "an address of instance metadata",
        &[],
        &[
            NO_PROFILE,
            ("AWS_EC2_METADATA_DISABLED", "false"),
            ("AWS_EC2_METADATA_SERVICE_ENDPOINT", "169.254.169.254"),
        ],
        &["AWS_EC2_METADATA_SERVICE_ENDPOINT is no URL"],
    ),
    (
        "a heading in capitals",
        &[(CONFIG, "[Profile Ops]\nKEYS\n")],
        &[],
        &["HOME/.aws/config", "[profile ops]"],
    ),
    ("a quoted one", &[(CONFIG, "[profile \"ops\"]\nKEYS\n")], &[], &["HOME/.aws/config", "[profile ops]"]),
    ("one from a web page", &[(CONFIG, "[profile\u{a0}ops]\nKEYS\n")], &[], &["has to be [profile ops]"]),
    (
        "the heading of a source",
        &[(CONFIG, "[profile ops]\nROLE\nsource_profile = q\n[q]\nKEYS\n")],
        &[],
        &["`q`", "HOME/.aws/config the heading has to be [profile q]"],
    ),
    ("an ending", &[(".aws/config.txt", "[profile ops]\nKEYS\n")], &[], &["HOME/.aws/config.txt"]),
    (
        "no name",
        &[(CONFIG, "[profile ops]\nKEYS\n")],
        &[("AWS_PROFILE", " ")],
        &["AWS_PROFILE is set and empty"],
    ),
    ("no file's name", &[], &[("AWS_CONFIG_FILE", " ")], &["AWS_CONFIG_FILE is set and empty"]),
    (
        "no token's name",
        &[],
        &[NO_PROFILE, ("AWS_WEB_IDENTITY_TOKEN_FILE", " "), ROLE_ARN],
        &["AWS_WEB_IDENTITY_TOKEN_FILE is set and empty"],
    ),
    (
        "a name in quotes",
        &[(CONFIG, "[profile ops]\nKEYS\n")],
        &[("AWS_PROFILE", "\"ops\"")],
        &["\"\"ops\"\""],
    ),
    (
        "its own source",
        &[(CONFIG, "[profile ops]\nROLE\nsource_profile = ops\n")],
        &[],
        &["\"ops\" is its own source_profile and holds no keys"],
    ),
    (
        "a role of the environment",
        &[(CONFIG, "[profile ops]\nROLE\ncredential_source = Environment\n")],
        &[],
        &["\"ops\" has credential_source = Environment", "environment variable not set"],
    ),
    (
        "SSO without a region",
        &[(
            CONFIG,
            "[profile ops]\nsso_start_url = https://corp.example/start\nsso_account_id = 1\nsso_role_name = x\n",
        )],
        &[],
        &["`sso_region` was missing"],
    ),
    (
        "a region with spaces",
        &[(CONFIG, "[profile ops]\nKEYS\n")],
        &[("AWS_REGION", "eu west 1")],
        &["AWS_REGION"],
    ),
    (
        "a region in quotes",
        &[(CONFIG, "[profile ops]\nregion = \"eu-west-1\"\nKEYS\n")],
        &[NO_REGION],
        &["region of profile \"ops\" is no region"],
    ),
    (
        "a region beside keys of the environment",
        &[(CONFIG, "[profile ops]\nregion = eu_west_1\n")],
        &[NO_REGION, ("AWS_ACCESS_KEY_ID", "AKIA"), ("AWS_SECRET_ACCESS_KEY", SECRET)],
        &["region of profile \"ops\" is no region"],
    ),
    (
        "an endpoint without a scheme",
        &[(CONFIG, "[profile ops]\nKEYS\n")],
        &[("AWS_ENDPOINT_URL", "localhost:4566")],
        &["AWS_ENDPOINT_URL is no URL"],
    ),
    (
        "an endpoint for IAM alone",
        &[(CONFIG, "[profile ops]\nKEYS\n")],
        &[("AWS_ENDPOINT_URL_IAM", "ftp://iam.example")],
        &["AWS_ENDPOINT_URL_IAM is no URL"],
    ),
    (
        "an endpoint with a space",
        &[(CONFIG, "[profile ops]\nKEYS\n")],
        &[("AWS_ENDPOINT_URL", "http://user:SECRET@127.0.0.1:1 ")],
        &["AWS_ENDPOINT_URL is no URL"],
    ),
    (
        "an endpoint of a profile",
        &[(CONFIG, "[profile ops]\nendpoint_url = localhost:4566\nKEYS\n")],
        &[FROM_PROFILE],
        &["endpoint_url of profile \"ops\" is no URL"],
    ),
    (
        "a key in quotes, in the wrong file",
        &[(CONFIG, "[profile ops]\nROLE\nsource_profile = q\n[profile q]\naws_access_key_id = \"SECRET\"\n")],
        &[],
        &["aws_access_key_id of profile \"q\" holds a quote"],
    ),
    (
        "a key in quotes, of an environment file",
        &[],
        &[NO_PROFILE, ("AWS_ACCESS_KEY_ID", "\"AKIA\"")],
        &["AWS_ACCESS_KEY_ID holds a quote"],
    ),
];

#[test]
fn whatever_is_broken_is_named_and_no_secret_is() {
    let rows: Vec<&Broken> = PROFILES.iter().chain(&SOURCES).chain(&VARIABLES).chain(&MISTYPED).collect();
    let wrong: Vec<String> = std::thread::scope(|scope| {
        let share = |rows: &[&Broken]| rows.iter().filter_map(|row| judge(row)).collect::<Vec<_>>();
        let runs: Vec<_> =
            rows.chunks(rows.len().div_ceil(4)).map(|rows| scope.spawn(move || share(rows))).collect();
        runs.into_iter().flat_map(|run| run.join().unwrap()).collect()
    });
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The cached token of a login is named by the hash of what it is for.
fn hashed(hash: &[u8], kind: &str) -> String {
    let name = hash.iter().fold(String::new(), |name, byte| format!("{name}{byte:02x}"));
    format!(".aws/{kind}/cache/{name}.json")
}

/// What is wrong with what `check` says, if anything is.
fn judge(&(name, files, env, told): &Broken) -> Option<String> {
    let watch = away(Watch::new(&BRISK).iam_at("http://127.0.0.1:1"));
    let home = watch.directory().to_str().unwrap().to_owned();
    for (path, content) in files {
        let path = match *path {
            "sso" => hashed(&Sha1::digest("corp"), "sso"),
            "login" => hashed(&Sha256::digest(LOGIN), "login"),
            path => path.to_owned(),
        };
        put(&watch.directory().join(path), content);
    }
    let watch = watch.env("AWS_PROFILE", "ops").env("OIDC_EXPORTER__LOG__LEVEL", "trace");
    let watch = env.iter().fold(watch, |watch, (key, value)| match *value {
        "" => watch.without(key),
        " " => watch.env(key, ""),
        value => watch.env(key, value.replace("HOME", &home)),
    });
    let run = watch.check(&[]);
    let first = run.out.lines().next().unwrap_or_default();
    let lacks: Vec<_> = told.iter().filter(|word| !first.contains(&word.replace("HOME", &home))).collect();
    let shows_secret = run.said().contains(SECRET);
    let is_right = run.code == 2 && lacks.is_empty() && !shows_secret;
    (!is_right).then(|| format!("{name}: exit {}, lacks {lacks:?}, secret {shows_secret}: {first}", run.code))
}

/// Writes a file in the encoding that its text begins with, UTF-8 where none is named.
fn put(path: &Path, text: &str) {
    let text = WORDS.iter().fold(text.to_owned(), |text, (word, meaning)| text.replace(word, meaning));
    let bytes = if let Some(text) = text.strip_prefix("UTF-16: ") {
        [0xfeff].into_iter().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect()
    } else if let Some(text) = text.strip_prefix("Latin-1: ") {
        text.chars().map(|letter| u8::try_from(letter).unwrap()).collect()
    } else {
        text.into_bytes()
    };
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, bytes).unwrap();
}

/// Credentials come from its own directory, or not at all; a call takes little time.
fn away(watch: Watch) -> Watch {
    let home = watch.directory().to_owned();
    let keys =
        ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"];
    let watch = keys.into_iter().fold(watch, Watch::without);
    watch.env("HOME", home).env("OIDC_EXPORTER__AWS__TIMEOUT", "4s")
}

/// The SDK logs every byte of a profile file that is not UTF-8.
#[test]
fn no_byte_of_a_file_that_is_not_text_is_logged() {
    let watch = away(Watch::new(&BRISK).iam_at("http://127.0.0.1:1"));
    put(&watch.directory().join(CREDENTIALS), "UTF-16: [default]\nKEYS\n");
    let said = watch.check(&[]).said();
    assert!(said.contains("UTF-16") && !said.contains("91, 0"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_profile_that_is_mended_is_read_without_a_restart_and_named_until_then() {
    let issuer = LabIssuer::good("host.oidc.test").await;
    let iam = FakeIam::start(ACCOUNT).await;
    iam.put(issuer.url(), &issuer.thumbprints());
    let watch =
        away(Watch::new(&BRISK).resolve(&issuer).iam(&iam)).env("AWS_PROFILE", "ops").without("AWS_REGION");
    let file = watch.directory().join(CONFIG);
    put(&file, "[profile ops]\nROLE\nsource_profile = other\n[profile other]\nROLE\nsource_profile = ops\n");
    let daemon = watch.start();
    // Left to itself, the SDK tells the cause once and then no more.
    let failures = |metrics: &Exposition| -> f64 {
        metrics.all("oidc_account_poll_failures_total", &[]).map(|sample| sample.value).sum()
    };
    daemon.wait_metrics("three failures", |metrics| failures(metrics) >= 3.0);
    let page = daemon.get("/").text().to_owned();
    assert!(page.contains("loop") && page.contains("other"), "{page}");

    put(&file, "[profile ops]\nregion = eu west 1\nKEYS\n");
    daemon.wait_log("region of profile \\\"ops\\\" is no region");
    put(&file, "[profile ops]\nKEYS\n");
    daemon.wait_metrics("match", |metrics| account_is_up(metrics) && verdict(metrics, &issuer) == "match");
    assert!(!daemon.log().contains(SECRET));
}

/// A login that is good for years needs no call but those of IAM.
#[tokio::test(flavor = "multi_thread")]
async fn the_credentials_of_a_login_session_are_used() {
    let issuer = LabIssuer::good("host.oidc.test").await;
    let iam = FakeIam::start(ACCOUNT).await;
    iam.put(issuer.url(), &issuer.thumbprints());
    let watch = away(Watch::new(&BRISK).resolve(&issuer).iam(&iam)).env("AWS_PROFILE", "ops");
    put(&watch.directory().join(CONFIG), "[profile ops]\nlogin_session = LOGIN\n");
    let token = serde_json::json!({
        "accessToken": {
            "accessKeyId": "ASIA1234567890123456", "secretAccessKey": SECRET, "sessionToken": SECRET,
            "accountId": ACCOUNT, "expiresAt": "2099-01-01T00:00:00Z",
        },
        "tokenType": "aws_sigv4", "refreshToken": SECRET, "clientId": "lab", "dpopKey": SECRET, "idToken": SECRET,
    });
    put(&watch.directory().join(hashed(&Sha256::digest(LOGIN), "login")), &token.to_string());
    let run = watch.check(&[]);
    assert!(run.out.contains("  match ") && !run.out.contains("IAM:"), "{run:?}");
    assert!(!run.said().contains(SECRET));
    let calls = iam.calls();
    assert!(
        !calls.is_empty() && calls.iter().all(|call| call.access_key == "ASIA1234567890123456"),
        "{calls:?}"
    );
}
