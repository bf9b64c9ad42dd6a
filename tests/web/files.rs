//! Good and bad web configuration files, judged by `promtool check web-config` and by us.

use std::path::Path;
use std::process::Command;

use oidc_thumbprint_exporter::web::WebConfig;

use super::ISSUER;
use crate::support::daemon::TempDir;
use crate::support::process::{Run, configured, run};
use crate::support::web_certificates::{Ca, write_server};

/// What becomes of a file. A divergence has its reason, which the test prints.
#[derive(Clone, Copy, Debug)]
pub(super) enum Class {
    /// Both take it.
    Good,
    /// Both refuse it.
    Bad,
    /// promtool takes it and we do not, because it could not do what it says.
    Stricter(&'static str),
    /// Both take it, and we warn in these words.
    Unwise(&'static str),
    /// We take it and promtool does not; nothing is lost by it.
    Laxer(&'static str),
    /// A key of newer toolkits, which an older promtool does not know: we take it.
    NewerGood,
    /// The same, with a warning in these words.
    NewerUnwise(&'static str),
    /// The same, in a way that newer toolkits refuse too.
    NewerBad,
}
use Class::{Bad, Good, Laxer, NewerBad, NewerGood, NewerUnwise, Stricter, Unwise};

const TLS: &str = "tls_server_config:\n  cert_file: server.pem\n  key_file: server.key\n";
const HASH: &str = "$2y$10$X0h1gDsPszWURQaxFh.zoubFi6DXncSjhoQNJgRrnGs7EsimhC7zG";
const NO_OLD_TLS: &str = "rustls speaks no TLS below 1.2: nobody could connect";

/// Files without TLS. `HASH` stands for a hash.
const PLAIN: &[(Class, &str)] = &[
    (Good, ""),
    (Good, "# nothing yet\n"),
    (Good, "---\n"),
    (Good, "tls_server_config:\n"),
    (Good, "basic_auth_users: {}\n"),
    (Good, "basic_auth_users:\n  alice: HASH\n  bob: 'HASH'\n"),
    (Good, "basic_auth_users:\n  5: HASH\n"),
    (Good, "basic_auth_users:\n  \"\": HASH\n"),
    (Good, "http_server_config:\n  http2: false\n"),
    (Good, "http_server_config:\n  http2: off\n"),
    (Good, "http_server_config:\n  headers:\n    X-Frame-Options: deny\n    X-XSS-Protection: \"\"\n"),
    (Good, "http_server_config: &all\n  headers: &headers {X-Frame-Options: sameorigin}\n"),
    (Good, "tls_server_config:\n  min_version: TLS13\n"),
    (Bad, "tls_server_config:\n  cipher_suites: [TLS_MADE_UP]\n"),
    (Bad, "tls_server_config:\n  curve_preferences: [CurveP257]\n"),
    (Bad, "tls_server_config:\n  min_version: \"\"\n"),
    (Bad, "basic_auth_user: {}\n"),
    (Bad, "basic_auth_users:\n  alice: secret\n"),
    (Bad, "basic_auth_users:\n  alice:\n"),
    (Bad, "basic_auth_users:\n  alice: [HASH]\n"),
    (Bad, "basic_auth_users:\n  alice: HASH\n  alice: HASH\n"),
    (Bad, "basic_auth_users: [alice]\n"),
    (Bad, "basic_auth_users: {}\nbasic_auth_users: {}\n"),
    (Laxer("a quoted boolean says what is meant"), "http_server_config:\n  http2: \"true\"\n"),
    (Bad, "http_server_config:\n  http3: true\n"),
    (Bad, "http_server_config:\n  headers:\n    Server: x\n"),
    (Bad, "http_server_config:\n  headers:\n    x-frame-options: deny\n"),
    (Bad, "http_server_config:\n  headers:\n    X-Frame-Options: DENY\n"),
    (Bad, "http_server_config:\n  headers:\n    X-Frame-Options:\n"),
    (Bad, "http_server_config:\n  headers:\n    X-Content-Type-Options: sniff\n"),
    (Bad, "tls_server_config:\n  cert_file: server.pem\n"),
    (Bad, "tls_server_config:\n  key_file: server.key\n"),
    (Bad, "tls_server_config:\n  cert_file: \"\"\n  key_file: server.key\n"),
    (Bad, "tls_server_config:\n  client_auth_type: NoClientCert\n"),
    (Bad, "tls_server_config:\n  cert_file: missing.pem\n  key_file: server.key\n"),
    (Bad, "tls_server_config:\n  cert_file: server.pem\n  key_file: missing.key\n"),
    (Bad, "tls_server_config:\n  cert_file: server.key\n  key_file: server.pem\n"),
    (Bad, "tls_server_config:\n  cert_file: server.pem\n  key_file: other.key\n"),
    (Bad, "tls_server_config:\n  cert_file: ca.pem\n  key_file: server.key\n"),
    (Bad, "tls_server_config:\n\tcert_file: server.pem\n"),
    (Bad, "[]\n"),
    (Bad, "text\n"),
    (Bad, "x: [\n"),
    (Bad, "x: &a 1\n"),
    (Bad, "basic_auth_users: *missing\n"),
    (Bad, "basic_auth_users:\n  alice: $2y$03$X0h1gDsPszWURQaxFh.zoubFi6DXncSjhoQNJgRrnGs7EsimhC7zG\n"),
    (Bad, "basic_auth_users:\n  alice: $2y$32$X0h1gDsPszWURQaxFh.zoubFi6DXncSjhoQNJgRrnGs7EsimhC7zG\n"),
    (
        Stricter("one login would take hours"),
        "basic_auth_users:\n  alice: $2y$31$X0h1gDsPszWURQaxFh.zoubFi6DXncSjhoQNJgRrnGs7EsimhC7zG\n",
    ),
    (
        Unwise("nobody can log in as \"alice\""),
        "basic_auth_users:\n  alice: $2y$10$X0h1gDsPszWURQaxFh.zoubFi6DXncSjhoQNJgRrnGs7EsimhC7z\n",
    ),
    (Unwise("nobody can log in as \"alice\""), "basic_auth_users:\n  alice: HASHzz\n"),
    (
        Unwise("nobody can log in as \"alice\""),
        "basic_auth_users:\n  alice: $2y$10$X0h1gDsPszWURQaxFh.zoubFi6DXncSjhoQNJgRrnGs7EsimhC7!!\n",
    ),
    (Unwise("nobody can log in as \"a:b\""), "basic_auth_users:\n  \"a:b\": HASH\n"),
    (Good, "basic_auth_users:\n  alice: $2z$10$X0h1gDsPszWURQaxFh.zoubFi6DXncSjhoQNJgRrnGs7EsimhC7zG\n"),
    (Good, "basic_auth_users:\n  alice: $2$10$X0h1gDsPszWURQaxFh.zoubFi6DXncSjhoQNJgRrnGs7EsimhC7zG\n"),
    (Good, "basic_auth_users:\n  alice: $2x$04$X0h1gDsPszWURQaxFh.zoubFi6DXncSjhoQNJgRrnGs7EsimhC7zG\n"),
    (Unwise("control characters"), "http_server_config:\n  headers:\n    X-XSS-Protection: \"a\\nb\"\n"),
    (Unwise("first YAML document"), "basic_auth_users: {}\n---\nbasic_auth_users: {}\n"),
    (Unwise("first YAML document"), "basic_auth_users: {}\n---\n[]\n"),
    (Good, "\u{feff}basic_auth_users:\n  alice: HASH\n"),
    (Good, "basic_auth_users:\r\n  alice: HASH\r\n"),
    (Good, "basic_auth_users: &users\n  alice: HASH\n"),
    (Bad, "x-frame: {}\n# no such key\n"),
    (Good, "tls_server_config: null\nhttp_server_config: ~\nbasic_auth_users:\n"),
    (Good, "{\"basic_auth_users\": {\"alice\": \"HASH\"}}\n"),
    (Good, "%YAML 1.1\n---\nbasic_auth_users: {}\n...\n"),
    (Bad, "basic_auth_users: &users\n  alice: HASH\n  <<: *nobody\n"),
    (NewerGood, "rate_limit:\n  interval: 1s\n  burst: 5\n"),
    (NewerGood, "rate_limit:\n  interval: 0\n"),
    (NewerGood, "rate_limit:\n"),
    (NewerBad, "rate_limit:\n  interval: 1 second\n"),
    (NewerBad, "rate_limit:\n  interval: 1s\n  burst: many\n"),
    (NewerBad, "rate_limit:\n  interval: 1s\n  bursts: 5\n"),
    (NewerUnwise("every request is refused"), "rate_limit:\n  interval: 1s\n"),
    (NewerUnwise("every request is refused"), "rate_limit:\n  interval: 1s\n  burst: 0\n"),
    (NewerUnwise("every request is refused"), "rate_limit:\n  interval: 1s\n  burst: -3\n"),
    (NewerUnwise("nothing is limited"), "rate_limit:\n  interval: -1s\n  burst: 5\n"),
    (NewerGood, "rate_limit:\n  interval: 1000000000\n  burst: 5.0\n"),
    (NewerUnwise("60 is a number of nanoseconds"), "rate_limit:\n  interval: 60\n  burst: 5\n"),
    (NewerGood, "rate_limit:\n  burst: 5\n"),
    (NewerBad, "rate_limit:\n  interval: 1s\n  burst: .inf\n"),
];

/// More lines for `tls_server_config` of a server with certificate and key.
const UNDER_TLS: &[(Class, &str)] = &[
    (Good, ""),
    (Good, "client_auth_type:"),
    (Good, "client_auth_type: NoClientCert"),
    (Good, "client_auth_type: RequestClientCert"),
    (Good, "client_auth_type: RequireAnyClientCert"),
    (Good, "client_auth_type: RequireClientCert"),
    (Good, "client_auth_type: VerifyClientCertIfGiven\n  client_ca_file: ca.pem"),
    (Good, "client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: ca.pem"),
    (Good, "min_version: TLS13"),
    (Unwise("TLS below 1.2 is not supported"), "min_version: TLS10"),
    (Good, "min_version: TLS12\n  max_version: TLS12"),
    (Good, "cipher_suites: []"),
    (Good, "cipher_suites:"),
    (Good, "cipher_suites: [TLS_AES_128_GCM_SHA256]"),
    (
        Unwise("TLS_RSA_WITH_AES_128_CBC_SHA is not supported"),
        "cipher_suites: [TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, TLS_RSA_WITH_AES_128_CBC_SHA]",
    ),
    (
        Unwise("TLS_RSA_WITH_AES_128_CBC_SHA is not supported"),
        "cipher_suites: [TLS_RSA_WITH_AES_128_CBC_SHA]",
    ),
    (Good, "curve_preferences: [X25519, CurveP256, CurveP384, CurveP521]"),
    (Good, "prefer_server_cipher_suites: yes"),
    (Bad, "client_auth_type: 5"),
    (Bad, "client_auth_type: requireanyclientcert"),
    (Bad, "client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: missing.pem"),
    (Bad, "client_ca_file: ca.pem"),
    (Bad, "client_auth_type: NoClientCert\n  client_ca_file: ca.pem"),
    (Bad, "min_version: TLS14"),
    (Bad, "min_version: tls12"),
    (Bad, "cipher_suites: TLS_AES_128_GCM_SHA256"),
    (Bad, "cipher_suites: [TLS_RSA_WITH_RC4_128_SHA]"),
    (Bad, "cipher_suites: [TLS_MADE_UP]"),
    (Bad, "curve_preferences: [CurveP257]"),
    (Bad, "cert_file: server.pem"),
    (Bad, "certificate: server.pem"),
    (Stricter(NO_OLD_TLS), "max_version: TLS11"),
    (Stricter("no version lies between"), "min_version: TLS13\n  max_version: TLS12"),
    (
        Stricter("rustls has no RSA key exchange: nobody could connect"),
        "max_version: TLS12\n  cipher_suites: [TLS_RSA_WITH_AES_128_GCM_SHA256]",
    ),
    (Good, "curve_preferences: [CurveP521]"),
    (Good, "min_version: TLS13\n  curve_preferences: [CurveP521]"),
    (Unwise("any CA that this system trusts"), "client_auth_type: RequireAndVerifyClientCert"),
    (Unwise("any CA that this system trusts"), "client_auth_type: VerifyClientCertIfGiven"),
    (Unwise("left out"), "client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: damaged.pem"),
    (NewerUnwise("nobody can connect"), "client_auth_type: RequireAnyClientCert\n  client_allowed_sans: []"),
    (
        Unwise("no client certificate is accepted"),
        "client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: server.key",
    ),
    (Unwise("vouches for nobody"), "client_auth_type: RequireAnyClientCert\n  client_ca_file: server.key"),
    (NewerBad, "client_allowed_sans: [a]"),
    (
        NewerBad,
        "client_auth_type: VerifyClientCertIfGiven\n  client_ca_file: ca.pem\n  client_allowed_sans: [a]",
    ),
    (NewerGood, "client_auth_type: RequireAnyClientCert\n  client_allowed_sans: [a, 127.0.0.1]"),
    (
        NewerGood,
        "client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: ca.pem\n  client_allowed_sans: [a]",
    ),
];

#[test]
fn promtool_and_we_agree_but_where_a_reason_is_given() {
    let directory = directory();
    let plain = PLAIN.iter().map(|(class, text)| (*class, text.replace("HASH", HASH)));
    let under_tls = UNDER_TLS.iter().map(|(class, more)| (*class, format!("{TLS}  {more}\n")));
    let mut wrong = Vec::new();
    for (class, text) in plain.chain(under_tls) {
        let file = directory.path().join("web.yml");
        std::fs::write(&file, &text).unwrap();
        let ours = WebConfig::read(&file);
        let theirs = promtool(&file);
        let refused_as_unknown = theirs.as_ref().is_err_and(|message| message.contains("not found in type"));
        let warnings = ours.as_ref().map_or(&[][..], |config| &config.warnings);
        let warns = |words: &str| warnings.iter().any(|warning| warning.contains(words));
        let as_expected = match class {
            Good => ours.is_ok() && theirs.is_ok(),
            Unwise(words) => warns(words) && theirs.is_ok(),
            NewerUnwise(words) => warns(words) && (theirs.is_ok() || refused_as_unknown),
            Bad => ours.is_err() && theirs.is_err(),
            Stricter(_) => ours.is_err() && theirs.is_ok(),
            Laxer(_) => ours.is_ok() && theirs.is_err(),
            NewerGood => ours.is_ok() && (theirs.is_ok() || refused_as_unknown),
            NewerBad => ours.is_err(),
        };
        if let Stricter(reason) | Laxer(reason) = class {
            println!("{class:?} than promtool, because {reason}:\n{text}");
        }
        if !as_expected {
            let ours = ours.as_ref().map(|config| &config.warnings);
            wrong.push(format!("{class:?}\n{text}ours: {ours:?}\npromtool: {theirs:?}\n"));
        }
        if let Err(error) = ours {
            let message = error.to_string();
            assert!(message.starts_with(directory.path().to_str().unwrap()), "names no file: {message}");
            assert!(!message.contains(HASH) && !message.contains('\n'), "one line, no hash: {message}");
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Certificate, key and CA within the file, as newer toolkits have it.
#[test]
fn inline_certificates_are_as_good_as_files() {
    let directory = directory();
    let read = |name: &str| std::fs::read_to_string(directory.path().join(name)).unwrap();
    let block = |name: &str| format!("|\n    {}", read(name).trim_end().replace('\n', "\n    "));
    let [cert, key, ca] = ["server.pem", "server.key", "ca.pem"].map(block);
    let auth = "client_auth_type: RequireAndVerifyClientCert";
    let file = directory.path().join("web.yml");
    for (more, good) in [
        (format!("cert: {cert}\n  key: {key}"), true),
        (format!("cert: {cert}\n  key_file: server.key"), true),
        (format!("cert: {cert}\n  key: {key}\n  client_ca: {ca}\n  {auth}"), true),
        (format!("cert: {cert}\n  key: {key}\n  client_ca: {ca}"), false),
        (format!("cert: {cert}"), false),
        (format!("key: {key}"), false),
        (format!("cert: nonsense\n  key: {key}"), false),
        (format!("cert: {cert}\n  key: {key}\n  client_ca: nonsense\n  {auth}"), true),
    ] {
        std::fs::write(&file, format!("tls_server_config:\n  {more}\n")).unwrap();
        let ours = WebConfig::read(&file);
        assert_eq!(ours.is_ok(), good, "{more}: {:?}", ours.err());
    }
}

#[test]
fn files_as_windows_editors_save_them_are_read_or_named() {
    let directory = directory();
    let path = |name: &str| directory.path().join(name);
    let saved = |name: &str| {
        format!("\u{feff}{}", std::fs::read_to_string(path(name)).unwrap().replace('\n', "\r\n"))
    };
    let utf16 = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    std::fs::write(path("web.yml"), format!("\u{feff}{}", TLS.replace('\n', "\r\n"))).unwrap();
    for name in ["server.pem", "server.key"] {
        let text = saved(name);
        std::fs::write(path(name), &text).unwrap();
        WebConfig::read(&path("web.yml")).unwrap();
        // With its byte order mark, and without.
        for bytes in [utf16(&text), utf16(text.trim_start_matches('\u{feff}'))] {
            std::fs::write(path(name), bytes).unwrap();
            let message = WebConfig::read(&path("web.yml")).unwrap_err().to_string();
            assert_eq!(message, format!("{}: is UTF-16; save it as UTF-8", path(name).display()));
        }
        std::fs::write(path(name), text).unwrap();
    }
    std::fs::write(path("web.yml"), utf16(TLS)).unwrap();
    let message = WebConfig::read(&path("web.yml")).unwrap_err().to_string();
    assert_eq!(message, format!("{}: is UTF-16; save it as UTF-8", path("web.yml").display()));
}

#[test]
fn a_file_that_cannot_be_read_is_refused_at_once() {
    let directory = directory();
    let long = directory.path().join("long.yml");
    std::fs::write(&long, "#".repeat((1 << 20) + 1)).unwrap();
    let pipe = directory.path().join("pipe.yml");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    for (file, told) in [
        (directory.path().join("missing.yml"), "No such file"),
        (directory.path().to_owned(), "not a regular file"),
        (pipe, "not a regular file"),
        (long, "larger than 1 MiB"),
    ] {
        let message = WebConfig::read(&file).unwrap_err().to_string();
        assert!(message.contains(told) && message.contains(file.to_str().unwrap()), "{message}");
    }
}

#[test]
fn the_commands_name_the_setting_the_file_and_the_key() {
    let directory = directory();
    let web = directory.path().join("web.yml");
    let config = directory.path().join("config.toml");
    std::fs::write(&config, format!("[web]\nconfig_file = {web:?}\n[[issuers]]\nurl = {ISSUER:?}\n"))
        .unwrap();
    std::fs::write(&web, format!("{TLS}  client_auth_type: Nope\n")).unwrap();
    for arguments in [&["config", "check"][..], &["run"]] {
        let Run { code, err: error, .. } = run(&mut configured(&config, arguments));
        assert_eq!(code, 2, "{error}");
        let wanted = format!(
            "web.config_file: {}: tls_server_config.client_auth_type: \"Nope\": must be one of NoClientCert,",
            web.display()
        );
        assert!(error.contains(&wanted), "{error}");
    }
    std::fs::write(&web, format!("{TLS}  min_version: TLS10\n")).unwrap();
    let Run { code, err: error, .. } = run(&mut configured(&config, &["config", "check"]));
    assert_eq!(code, 0, "{error}");
    assert!(error.contains("warning: web.config_file: tls_server_config.min_version"), "{error}");
}

/// `server.pem`, `server.key`, `other.key`, `ca.pem`, and `damaged.pem`, which is the CA behind something else.
fn directory() -> TempDir {
    let directory = TempDir::new();
    let ca = Ca::new("Lab Scrape CA");
    write_server(directory.path(), &ca.server());
    std::fs::write(directory.path().join("other.key"), ca.server().key).unwrap();
    std::fs::write(directory.path().join("ca.pem"), ca.pem()).unwrap();
    let damaged = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n".to_owned() + &ca.pem();
    std::fs::write(directory.path().join("damaged.pem"), damaged).unwrap();
    directory
}

/// What promtool says, when it refuses a file.
pub(super) fn promtool(file: &Path) -> Result<(), String> {
    let run = run(Command::new("promtool").args(["check", "web-config"]).arg(file));
    if run.code == 0 { Ok(()) } else { Err(run.said()) }
}
