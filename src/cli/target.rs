//! What the argument of `inspect` names, in the forms in which IAM, Terraform, issuers and mail programs write it. Pure,
//! but for the question whether a file is there.

use std::ffi::OsStr;
use std::path::Path;

use crate::endpoint::{Endpoint, UrlError};
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
}

impl Target {
    /// A file that is there goes before anything else that the text could name.
    pub(super) fn of(text: &str, is_there: impl Fn(&str) -> bool) -> Result<Self, TargetError> {
        let is_file = |text: &str| !text.contains("://") && is_there(text);
        let pasted = pasted(text);
        if text == "-" {
            Ok(Self::StandardInput)
        } else if let Some(file) = [text, pasted].into_iter().find(|text| is_file(text)) {
            Ok(Self::File(file.to_owned()))
        } else if pasted.starts_with("arn:") {
            of_arn(pasted)
        } else if pasted.contains("://") || is_iam_url(pasted) {
            let issuer = issuer(pasted)?;
            Ok(Self::Issuer { issuer, provider: None })
        } else if is_file_name(pasted) {
            Err(TargetError::NoFile(pasted.to_owned()))
        } else {
            let endpoint = pasted.parse();
            endpoint
                .map(Self::Endpoint)
                .map_err(|error| TargetError::Endpoint { target: pasted.to_owned(), error })
        }
    }
}

/// Without the quotes, brackets and commas that it was copied with.
fn pasted(text: &str) -> &str {
    const PAIRS: [(char, char); 7] = [
        ('"', '"'),
        ('\'', '\''),
        ('`', '`'),
        ('<', '>'),
        ('(', ')'),
        ('\u{201c}', '\u{201d}'),
        ('\u{2018}', '\u{2019}'),
    ];
    let mut text = bare(text);
    while let Some(inner) =
        PAIRS.iter().find_map(|(open, close)| text.strip_prefix(*open)?.strip_suffix(*close))
    {
        text = bare(inner);
    }
    text
}

/// Without what nobody sees around it, and without what follows it in a list.
fn bare(text: &str) -> &str {
    let is_invisible =
        |letter: char| letter.is_whitespace() || matches!(letter, '\u{200b}'..='\u{200f}' | '\u{feff}');
    text.trim_matches(is_invisible).trim_end_matches([',', ';'])
}

/// From a URL with or without its scheme; of a discovery document too.
fn issuer(url: &str) -> Result<Issuer, TargetError> {
    let base = of_discovery_url(url).unwrap_or(url);
    Issuer::from_iam(base).map_err(|error| TargetError::Issuer { target: url.to_owned(), error })
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
        for (text, endpoint) in
            [("b.example", "b.example:443"), ("<B.example:8443>", "b.example:8443"), ("[::1]", "[::1]:443")]
        {
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
            ("arn:aws:sts::1:oidc-provider/x", "not that of an OIDC provider"),
            ("arn:aws:iam::123456789012:oidc-provider/", "empty host"),
            ("", "`` is neither a file nor a valid host[:port]"),
        ] {
            let error = of(text).unwrap_err().to_string();
            assert!(error.contains(told), "{text}: {error}");
        }
    }
}
