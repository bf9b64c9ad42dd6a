//! What the argument of `inspect` names, in the forms in which IAM, Terraform, issuers and mail programs write it. Pure,
//! but for the question whether a file is there.

use std::ffi::OsStr;
use std::net::Ipv6Addr;
use std::path::Path;

use url::Url;

use super::pasted::pasted;
use crate::endpoint::{Endpoint, UrlError, without_credentials};
use crate::issuer::{Issuer, of_discovery_url};
use crate::provider::ProviderArn;
use crate::spelling::without_scheme;

/// What is to be looked at.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Target {
    StandardInput,
    File(String),
    Issuer {
        issuer: Issuer,
        /// The ARN it was given by, with `ACCOUNT_ID` where that has no account that could be one.
        provider: Option<ProviderArn>,
    },
    Endpoint(Endpoint),
}

/// Why the argument names nothing.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum TargetError {
    #[error("{0}: no such file (an issuer URL starts with https://)")]
    NoFile(String),
    #[error("`{target}` is neither a file nor a valid host[:port]: {error}")]
    Endpoint { target: String, error: UrlError },
    #[error("{target}: {error}")]
    Issuer { target: String, error: UrlError },
    #[error(
        "{0}: this ARN is not that of an OIDC provider (expected arn:PARTITION:iam::ACCOUNT:oidc-provider/URL)"
    )]
    OtherArn(String),
    #[error("{0}: several URLs; give one")]
    Several(String),
    /// It is not repeated: whoever reads it can use it.
    #[error("this is a token, not an issuer; its issuer is the claim `iss`")]
    Token,
}

impl Target {
    /// A file that is there goes before anything else that the text could name.
    pub(super) fn of(text: &str, is_there: impl Fn(&str) -> bool) -> Result<Self, TargetError> {
        let is_file = |text: &str| !text.contains("://") && is_there(text);
        let pasted = pasted(text);
        let shown = || without_credentials(pasted);
        if text == "-" {
            Ok(Self::StandardInput)
        } else if let Some(file) = [text, pasted].into_iter().find(|text| is_file(text)) {
            Ok(Self::File(file.to_owned()))
        } else if let Some(file) = file_of_url(pasted) {
            if is_there(&file) { Ok(Self::File(file)) } else { Err(TargetError::NoFile(file)) }
        } else if is_token(pasted) {
            Err(TargetError::Token)
        } else if pasted.matches("://").nth(1).is_some() && !pasted.contains('?') {
            Err(TargetError::Several(shown()))
        } else if begins_with(pasted, "arn:") {
            of_arn(pasted)
        } else if let Some(url) = provider_url(pasted) {
            Ok(Self::Issuer { issuer: issuer(url)?, provider: None })
        } else if let Ok(address) = pasted.parse::<Ipv6Addr>() {
            Ok(Self::Endpoint(Endpoint::at(address.into(), 443)))
        } else if is_file_name(pasted) {
            Err(TargetError::NoFile(shown()))
        } else {
            let endpoint = pasted.parse();
            endpoint.map(Self::Endpoint).map_err(|error| TargetError::Endpoint { target: shown(), error })
        }
    }
}

/// A browser's URL of a file on this machine.
fn file_of_url(text: &str) -> Option<String> {
    let url = Url::parse(text).ok().filter(|url| url.scheme() == "file")?;
    url.to_file_path().ok()?.into_os_string().into_string().ok()
}

/// The header of every JWT begins with `{"`, which is `eyJ` in base64url.
fn is_token(text: &str) -> bool {
    text.starts_with("eyJ") && text.matches('.').count() == 2
}

/// What is the URL of an issuer, also as IAM writes it, or in the name of a condition in a trust policy:
/// `token.actions.githubusercontent.com:sub`.
fn provider_url(text: &str) -> Option<&str> {
    const CLAIMS: [&str; 3] = [":aud", ":sub", ":amr"];
    if text.contains("://") || begins_with(text, "https:") {
        return Some(text);
    }
    let of_resource = text.strip_prefix("oidc-provider/");
    let of_condition = CLAIMS.iter().find_map(|claim| text.strip_suffix(claim));
    of_resource.or(of_condition).or_else(|| is_iam_url(text).then_some(text))
}

fn begins_with(text: &str, beginning: &str) -> bool {
    text.get(..beginning.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(beginning))
}

/// From a URL with or without its scheme; of a discovery document too.
fn issuer(url: &str) -> Result<Issuer, TargetError> {
    let base = of_discovery_url(url).unwrap_or(url);
    let is_url = begins_with(base, "https:") && !base.contains("://");
    let parsed = if is_url { base.parse() } else { Issuer::from_iam(base) };
    parsed.map_err(|error| TargetError::Issuer { target: without_credentials(url), error })
}

fn of_arn(arn: &str) -> Result<Target, TargetError> {
    let other = || TargetError::OtherArn(arn.to_owned());
    let (head, url) = arn.split_once(":oidc-provider/").ok_or_else(other)?;
    let parts: Vec<&str> = head.split(':').collect();
    let ["arn", partition, "iam", ..] = parts.as_slice() else { return Err(other()) };
    let issuer = issuer(url)?;
    let url = without_scheme(url);
    let as_given = format!("{head}:oidc-provider/{url}").parse();
    let provider =
        as_given.or_else(|_| format!("arn:{partition}:iam::ACCOUNT_ID:oidc-provider/{url}").parse());
    Ok(Target::Issuer { issuer, provider: Some(provider.map_err(|_| other())?) })
}

/// `HOST/PATH`, as IAM shows the URL of a provider: its first part is a host with a dot or a port in it.
fn is_iam_url(text: &str) -> bool {
    let Some((host, _)) = text.split_once('/') else { return false };
    let has_port =
        host.rsplit_once(':').is_some_and(|(_, port)| port.bytes().any(|byte| byte.is_ascii_digit()));
    let is_host =
        (host.contains('.') || has_port) && !host.starts_with('.') && host.parse::<Endpoint>().is_ok();
    is_host && !has_file_extension(text)
}

/// No host has such a name: it is a path, or ends as files of certificates do.
fn is_file_name(text: &str) -> bool {
    text.contains('/') || has_file_extension(text)
}

fn has_file_extension(text: &str) -> bool {
    let extension = Path::new(text).extension().and_then(OsStr::to_str).unwrap_or_default();
    let known = ["pem", "crt", "cer", "der", "txt", "p7b", "p7c", "p7s", "cert", "pfx", "p12"];
    known.iter().any(|known| extension.eq_ignore_ascii_case(known))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Result<Target, TargetError> {
        Target::of(text, |file| ["chain.pem", "a.example/path", "a b", "host.example"].contains(&file))
    }

    #[test]
    fn every_form_that_people_paste() {
        let arn = "arn:aws-cn:iam::123456789012:oidc-provider/A.example/id/X/";
        for (text, canonical, provider) in [
            ("https://a.example/x", "https://a.example/x", None),
            ("HTTPS://A.EXAMPLE/x/", "https://a.example/x", None),
            (" https://a.example/\n", "https://a.example", None),
            ("<https://a.example>", "https://a.example", None),
            ("\"https://a.example/x\",", "https://a.example/x", None),
            ("'`https://a.example`'", "https://a.example", None),
            ("\u{201c}https://a.example\u{201d}", "https://a.example", None),
            ("https://a.example/x/.well-known/openid-configuration", "https://a.example/x", None),
            ("https://a.example/.well-known/openid-configuration/", "https://a.example", None),
            ("b.example/x/.well-known/openid-configuration", "https://b.example/x", None),
            (
                "oidc.eks.eu-west-1.amazonaws.com/id/ABC",
                "https://oidc.eks.eu-west-1.amazonaws.com/id/ABC",
                None,
            ),
            ("\"b.example/id/ABC\"", "https://b.example/id/ABC", None),
            ("b.example/", "https://b.example", None),
            ("localhost:8443/x", "https://localhost:8443/x", None),
            (arn, "https://a.example/id/X", Some(arn)),
            (
                "ARN: arn:aws-cn:iam::123456789012:oidc-provider/A.example/id/X/",
                "https://a.example/id/X",
                Some(arn),
            ),
            ("issuer: https://a.example/x", "https://a.example/x", None),
            ("\"issuer\": \"https://a.example/x\",", "https://a.example/x", None),
            ("{\"issuer\":\"https://a.example/x\"}", "https://a.example/x", None),
            ("url = \"https://a.example/x\"", "https://a.example/x", None),
            ("[a.example](https://a.example)", "https://a.example", None),
            ("https://a.example/x\"", "https://a.example/x", None),
            ("\u{202a}https://a.example\u{202c}", "https://a.example", None),
            ("https:/a.example/x", "https://a.example/x", None),
            ("oidc-provider/a.example/x", "https://a.example/x", None),
            ("token.a.example:sub", "https://token.a.example", None),
            ("\"a.example:8443/id/X:aud\"", "https://a.example:8443/id/X", None),
            (
                "\"Federated\": \"arn:aws-iso:iam::123456789012:oidc-provider/b.example\"",
                "https://b.example",
                Some("arn:aws-iso:iam::123456789012:oidc-provider/b.example"),
            ),
            (
                "\"arn:aws:iam::${AWS::AccountId}:oidc-provider/b.example\"",
                "https://b.example",
                Some("arn:aws:iam::ACCOUNT_ID:oidc-provider/b.example"),
            ),
            (
                "arn:aws:iam:::oidc-provider/https://b.example/x",
                "https://b.example/x",
                Some("arn:aws:iam:::oidc-provider/b.example/x"),
            ),
        ] {
            let expected = Target::Issuer {
                issuer: canonical.parse().unwrap(),
                provider: provider.map(|arn| arn.parse().unwrap()),
            };
            assert_eq!(of(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn files_go_first_and_hosts_need_no_path() {
        for file in ["chain.pem", "a.example/path", "a b", "host.example"] {
            for text in [file.to_owned(), format!("\"{file}\""), format!(" {file}\n")] {
                assert_eq!(of(&text), Ok(Target::File(file.to_owned())), "{text}");
            }
        }
        assert_eq!(of("-"), Ok(Target::StandardInput));
        let at = |file: &str| Target::of("file:///etc/ssl/my%20ca.crt", |there| there == file);
        assert_eq!(at("/etc/ssl/my ca.crt"), Ok(Target::File("/etc/ssl/my ca.crt".to_owned())));
        assert_eq!(at(""), Err(TargetError::NoFile("/etc/ssl/my ca.crt".to_owned())));
        for (text, endpoint) in [
            ("b.example", "b.example:443"),
            ("<B.example:8443>", "b.example:8443"),
            ("[::1]", "[::1]:443"),
            ("2001:db8::1", "[2001:db8::1]:443"),
        ] {
            assert_eq!(of(text), Ok(Target::Endpoint(endpoint.parse().unwrap())), "{text}");
        }
    }

    #[test]
    fn what_names_nothing_says_why() {
        for (text, told) in [
            ("none.p7b", "none.p7b: no such file"),
            ("/no/such", "/no/such: no such file"),
            ("./b.example/x", "no such file"),
            ("../b.example/x", "no such file"),
            ("certs/chain", "no such file"),
            ("C:/certs/chain", "no such file"),
            ("b.example/chain.pem", "no such file"),
            ("http://a.example", "http://a.example: the URL must start with https://"),
            ("<http://a.example>", "http://a.example: the URL must start with https://"),
            ("b.example/x?y=1", "no query"),
            ("arn:aws:iam::123456789012:role/x", "not that of an OIDC provider"),
            ("arn:aws:iam::123456789012:saml-provider/x", "not that of an OIDC provider"),
            ("ARN:AWS:IAM::1:oidc-provider/x", "not that of an OIDC provider"),
            ("https://a.example\nhttps://b.example", "several URLs; give one"),
            (
                "https://user:secret@a.example/x",
                "https://...@a.example/x: the URL must not contain a user name",
            ),
            ("user:secret@a.example/x", "...@a.example/x: no such file"),
            ("eyJhbGciOiJSUzI1NiJ9.e30.secret", "this is a token, not an issuer"),
            ("arn:aws:sts::1:oidc-provider/x", "not that of an OIDC provider"),
            ("arn:aws:iam::123456789012:oidc-provider/", "empty host"),
            ("", "`` is neither a file nor a valid host[:port]"),
        ] {
            let error = of(text).unwrap_err().to_string();
            assert!(error.contains(told) && !error.contains("secret"), "{text}: {error}");
        }
    }
}
