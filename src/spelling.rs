//! Spellings of one issuer. STS looks for a provider by the `iss` of the token, to the letter (STS API reference,
//! `AssumeRoleWithWebIdentity`); a poll forgives what is the same to a web server.

use std::fmt;

use percent_encoding::percent_decode_str;

use crate::endpoint::MAX_URL_BYTES;
use crate::issuer::Issuer;
use crate::printable::printable;

/// IAM gives URLs without it, and takes no other.
const SCHEME: &str = "https://";

/// A URL as IAM has it in `Url` and in ARNs.
#[must_use]
pub(crate) fn without_scheme(url: &str) -> &str {
    let has_scheme = url.get(..SCHEME.len()).is_some_and(|scheme| scheme.eq_ignore_ascii_case(SCHEME));
    if has_scheme { &url[SCHEME.len()..] } else { url }
}

/// A URL of IAM's with its scheme.
#[must_use]
pub(crate) fn with_scheme(url: &str) -> String {
    format!("{SCHEME}{}", without_scheme(url))
}

/// Whether IAM can have a provider with this URL: it takes no other scheme, query or fragment, and keeps each letter (IAM API
/// reference, `CreateOpenIDConnectProvider`).
#[must_use]
pub(crate) fn is_taken_by_iam(url: &str) -> bool {
    let is_plain = printable(url, MAX_URL_BYTES) == url && !url.contains([' ', '\\']);
    is_plain && url.starts_with(SCHEME) && url.parse::<Issuer>().is_ok()
}

/// Whether `own`, the `issuer` of a discovery document, is `issuer` however spelled; so that the document may be read on.
#[must_use]
pub(crate) fn is_same(own: &str, issuer: &Issuer) -> bool {
    own.len() <= MAX_URL_BYTES
        && own
            .parse::<Issuer>()
            .is_ok_and(|own| leads_to_one_place(&own, issuer) || is_token_issuer(&own, issuer))
}

/// Host and port are the same, and so is the path without percent-encoding. To a web server letter case matters there, and so
/// does a slash that is encoded (RFC 3986, sections 2.2 and 6.2.2).
fn leads_to_one_place(a: &Issuer, b: &Issuer) -> bool {
    let segments = |issuer: &Issuer| -> Vec<Vec<u8>> {
        path(issuer).split('/').map(|segment| percent_decode_str(segment).collect()).collect()
    };
    a.endpoint() == b.endpoint() && segments(a) == segments(b)
}

/// What EKS writes into tokens, where `issuer` is on its dual-stack host: that one serves the discovery document, and names
/// the host that it serves it for (EKS user guide, "IAM roles for service accounts").
#[must_use]
pub(crate) fn eks_token_issuer(issuer: &Issuer) -> Option<String> {
    let host = eks_token_host(issuer.endpoint().host())?;
    Some(format!("{SCHEME}{host}{}", path(issuer)))
}

fn is_token_issuer(own: &Issuer, issuer: &Issuer) -> bool {
    let host = eks_token_host(issuer.endpoint().host());
    host.as_deref() == Some(own.endpoint().host()) && path(own) == path(issuer)
}

fn eks_token_host(host: &str) -> Option<String> {
    let rest = host.strip_prefix("oidc-eks.")?;
    [
        (".api.aws", ".amazonaws.com"),
        (".api.amazonwebservices.com.cn", ".amazonaws.com.cn"),
        (".api.amazonwebservices.eu", ".amazonaws.eu"),
    ]
    .iter()
    .find_map(|(dual_stack, own)| Some(format!("oidc.eks.{}{own}", rest.strip_suffix(dual_stack)?)))
}

/// What follows host and port.
fn path(issuer: &Issuer) -> &str {
    let rest = without_scheme(issuer.as_str());
    rest.find('/').map_or("", |start| &rest[start..])
}

/// How two spellings differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Difference {
    Slash,
    DualStackHost,
    LetterCase,
    Scheme,
    Port,
    Encoding,
    /// They are two issuers.
    Other,
}

impl Difference {
    /// Of the URL that is listed and the issuer's own spelling; `None` when STS finds the one by the other.
    #[must_use]
    pub(crate) fn between(listed: &str, own: &str) -> Option<Self> {
        let listed = with_scheme(listed);
        if listed == own {
            return None;
        }
        let bare = |url: &str| url.trim_end_matches('/').to_owned();
        let parsed = |url: &str| url.parse::<Issuer>().ok();
        Some(match (parsed(&listed), parsed(own)) {
            _ if bare(&listed) == bare(own) => Self::Slash,
            (Some(listed), None) if is_without_https(own, &listed) => Self::Scheme,
            _ if bare(&listed).eq_ignore_ascii_case(&bare(own)) => Self::LetterCase,
            (Some(listed), Some(own)) if is_token_issuer(&own, &listed) => Self::DualStackHost,
            // The canonical form leaves out port 443 and nothing else that has not been ruled out, but for names in Unicode.
            (Some(a), Some(b)) if a == b && listed.contains(":443") != own.contains(":443") => Self::Port,
            (Some(a), Some(b)) if leads_to_one_place(&a, &b) => Self::Encoding,
            (Some(a), Some(b))
                if a.endpoint().host() == b.endpoint().host()
                    && a.endpoint() != b.endpoint()
                    && path(&a) == path(&b) =>
            {
                Self::Port
            }
            _ => Self::Other,
        })
    }
}

/// `own` is `listed` with http://, or without a scheme.
fn is_without_https(own: &str, listed: &Issuer) -> bool {
    const INSECURE: &str = "http://";
    let is_insecure = own.get(..INSECURE.len()).is_some_and(|scheme| scheme.eq_ignore_ascii_case(INSECURE));
    let rest = if is_insecure { &own[INSECURE.len()..] } else { own };
    let secure = format!("{SCHEME}{rest}").parse::<Issuer>();
    !rest.contains("://") && secure.is_ok_and(|own| leads_to_one_place(&own, listed))
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Slash => "a slash at the end",
            Self::DualStackHost => "EKS's dual-stack host, which is never in a token",
            Self::LetterCase => "upper and lower case",
            Self::Scheme => "https:// at the start",
            Self::Port => "the port",
            Self::Encoding => "characters that are written in another way",
            Self::Other => "another issuer",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_the_same_to_a_poll() {
        for (own, issuer, same) in [
            ("https://a.example/x", "https://a.example/x", true),
            ("https://a.example/x/", "https://a.example/x", true),
            ("https://A.Example:443/x", "https://a.example/x", true),
            ("https://a.example/X", "https://a.example/x", false),
            ("https://a.example/x%2Fy", "https://a.example/x/y", false),
            ("https://a.example/%7Ex", "https://a.example/~x", true),
            ("https://b\u{fc}cher.example", "https://xn--bcher-kva.example", true),
            ("https://a.example/x", "https://a.example./x", true),
            ("https://a.example/y", "https://a.example/x", false),
            ("https://b.example/x", "https://a.example/x", false),
            ("https://a.example:8443/x", "https://a.example/x", false),
            ("http://a.example/x", "https://a.example/x", false),
            ("a.example/x", "https://a.example/x", false),
            ("", "https://a.example/x", false),
            (
                "https://oidc.eks.eu-west-1.amazonaws.com/id/A",
                "https://oidc-eks.eu-west-1.api.aws/id/A",
                true,
            ),
            (
                "https://oidc.eks.cn-north-1.amazonaws.com.cn/id/A",
                "https://oidc-eks.cn-north-1.api.amazonwebservices.com.cn/id/A",
                true,
            ),
            (
                "https://oidc.eks.eu-west-1.amazonaws.com/id/B",
                "https://oidc-eks.eu-west-1.api.aws/id/A",
                false,
            ),
            (
                "https://oidc.eks.eu-west-2.amazonaws.com/id/A",
                "https://oidc-eks.eu-west-1.api.aws/id/A",
                false,
            ),
            // The other way round, nobody serves it.
            (
                "https://oidc-eks.eu-west-1.api.aws/id/A",
                "https://oidc.eks.eu-west-1.amazonaws.com/id/A",
                false,
            ),
        ] {
            assert_eq!(is_same(own, &issuer.parse().unwrap()), same, "{own} {issuer}");
        }
    }

    #[test]
    fn what_differs_to_sts() {
        use Difference as D;
        for (listed, own, difference) in [
            ("a.example/x", "https://a.example/x", None),
            ("https://a.example/x", "https://a.example/x", None),
            ("a.example/", "https://a.example/", None),
            ("a.example/x/", "https://a.example/x", Some(D::Slash)),
            ("a.example", "https://a.example/", Some(D::Slash)),
            ("a.example/x//", "https://a.example/x/", Some(D::Slash)),
            ("A.example/x", "https://a.example/x", Some(D::LetterCase)),
            ("a.example/x", "https://a.example/X/", Some(D::LetterCase)),
            ("a.example/x", "HTTPS://a.example/x", Some(D::LetterCase)),
            ("a.example/x", "http://a.example/x", Some(D::Scheme)),
            ("a.example/x", "HTTP://A.example/x", Some(D::Scheme)),
            ("a.example/x", "a.example/x", Some(D::Scheme)),
            ("a.example/x", "http://b.example/x", Some(D::Other)),
            ("a.example/x", "ftp://a.example/x", Some(D::Other)),
            ("a.example:443/x", "https://a.example/x", Some(D::Port)),
            ("a.example/x", "https://a.example:8443/x", Some(D::Port)),
            ("a.example/~x", "https://a.example/%7ex", Some(D::Encoding)),
            ("xn--bcher-kva.example", "https://b\u{fc}cher.example", Some(D::Encoding)),
            (
                "oidc-eks.eu-west-1.api.aws/id/A",
                "https://oidc.eks.eu-west-1.amazonaws.com/id/A",
                Some(D::DualStackHost),
            ),
            ("a.example./x", "https://a.example/x", Some(D::Encoding)),
            ("a.example/x", "https://b.example/x", Some(D::Other)),
            ("a.example/x", "", Some(D::Other)),
            ("a.example/x", " https://a.example/x", Some(D::Encoding)),
        ] {
            assert_eq!(Difference::between(listed, own), difference, "{listed} {own}");
        }
    }

    #[test]
    fn what_iam_takes() {
        for (url, taken) in [
            ("https://a.example/x/", true),
            ("https://A.example:443//x%20y", true),
            ("https://b\u{fc}cher.example", true),
            ("http://a.example/x", false),
            ("HTTPS://a.example/x", false),
            ("a.example/x", false),
            ("https:\\\\a.example/x", false),
            ("https://a.example/x?y", false),
            ("https://a.example/x#", false),
            ("https://u:p@a.example", false),
            ("https://a.example/x ", false),
            ("https://a.exa\nmple/x", false),
            ("", false),
        ] {
            assert_eq!(is_taken_by_iam(url), taken, "{url}");
        }
    }

    #[test]
    fn what_eks_writes_into_tokens() {
        for (issuer, own) in [
            (
                "https://oidc-eks.eu-west-1.api.aws/id/A",
                Some("https://oidc.eks.eu-west-1.amazonaws.com/id/A"),
            ),
            (
                "https://oidc-eks.cn-north-1.api.amazonwebservices.com.cn/id/A",
                Some("https://oidc.eks.cn-north-1.amazonaws.com.cn/id/A"),
            ),
            ("https://oidc.eks.eu-west-1.amazonaws.com/id/A", None),
            ("https://oidc-eks.example/id/A", None),
        ] {
            assert_eq!(eks_token_issuer(&issuer.parse().unwrap()).as_deref(), own, "{issuer}");
        }
    }
}
