//! A proxy that is set wrongly is one clear message, exit status 2, and no password in it.

use crate::support::lab::LabIssuer;
use crate::support::process::{program, run};
use crate::support::watch::{PATIENT, Watch};

const SECRET: &str = "pr0xy-s3cret";

#[tokio::test(flavor = "multi_thread")]
async fn each_mistake_names_its_key_or_variable() {
    let issuer = LabIssuer::good("outside.oidc.test").await;
    let watch = || Watch::new(&PATIENT).issuer(&issuer, &[]);
    let bad = format!("http://user:{SECRET}@proxy:port");
    let file = |content: &str| {
        let watch = watch();
        let file = watch.directory().join("credentials");
        std::fs::write(&file, content).unwrap();
        watch.toml(&format!("[proxy]\ncredentials_file = {:?}\n", file.display().to_string()))
    };
    for (watch, told) in [
        (watch().env("HTTPS_PROXY", &bad), "environment: HTTPS_PROXY: not a URL: invalid port number"),
        (
            watch().env("all_proxy", format!("socks5://u:{SECRET}@p:1080")),
            "environment: all_proxy: SOCKS proxies are not supported",
        ),
        (
            watch().env("OIDC_EXPORTER__PROXY__URL", &bad),
            "environment: OIDC_EXPORTER__PROXY__URL: proxy.url: not a URL",
        ),
        (
            watch().toml(&format!("[proxy]\nurl = \"http://user:{SECRET}@proxy:3128\"\n")),
            "config.toml: proxy.url: user name and password do not belong here",
        ),
        (
            watch().toml("[proxy]\nno_proxy = [\"http://a.example\"]\n"),
            "config.toml: proxy.no_proxy[0]: `http://a.example`: expected",
        ),
        (
            watch().toml("[proxy]\ncredentials_file = \"/nonexistent\"\n"),
            "proxy.credentials_file: /nonexistent: No such file",
        ),
        (file(SECRET), "expected one line, user:password"),
        (file(&format!("user:{SECRET}\nuser:{SECRET}\n")), "expected one line, user:password"),
        (
            watch().iam_at("https://iam.oidc.test").env("AWS_CA_BUNDLE", "/nonexistent/ca.pem"),
            "environment: AWS_CA_BUNDLE: /nonexistent/ca.pem: No such file",
        ),
        (
            {
                let watch = watch().iam_at("https://iam.oidc.test");
                let config = watch.directory().join("aws-config");
                std::fs::write(&config, "[default]\nca_bundle = /nonexistent/ca.pem\n").unwrap();
                watch.env("AWS_CONFIG_FILE", config)
            },
            "AWS profile default: ca_bundle: /nonexistent/ca.pem: No such file",
        ),
        (
            {
                let watch = watch().iam_at("https://iam.oidc.test");
                let file = watch.file();
                watch.env("AWS_CA_BUNDLE", file)
            },
            "config.toml: contains no certificate",
        ),
    ] {
        for arguments in [["config", "check"].as_slice(), &["check"], &["run"]] {
            let ended = run(&mut watch.command(arguments));
            assert_eq!(ended.code, 2, "{told}: {}", ended.said());
            assert!(ended.err.contains(told), "{told}: {}", ended.said());
            assert_eq!(ended.err.lines().count(), 1, "{}", ended.err);
            assert!(!ended.said().contains(SECRET), "{}", ended.said());
        }
    }
    let inspect = run(program(&["inspect", issuer.url()]).env("HTTPS_PROXY", &bad));
    assert_eq!(inspect.code, 2, "{}", inspect.said());
    assert!(inspect.err.contains("environment: HTTPS_PROXY: not a URL") && !inspect.said().contains(SECRET));
}
