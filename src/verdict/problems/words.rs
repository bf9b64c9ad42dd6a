//! Problems in words, with what AWS makes of them.

use std::fmt;

use super::Problem;
use crate::chain::ChainStatus;
use crate::plural::counted;
use crate::printable::some_of;
use crate::spelling::is_taken_by_iam;

/// Thumbprints of a list that are named.
const MAX_NAMED: usize = 5;

/// After what is wrong with a thumbprint, or with the certificate that it is of.
const fn consequence(enforced: Option<bool>) -> &'static str {
    match enforced {
        Some(true) => "AWS relies on thumbprints here, so STS refuses the tokens",
        Some(false) => "AWS trusts a public root here, so STS most likely takes the tokens all the same",
        None => "whether AWS relies on thumbprints here is not known; if it does, STS refuses the tokens",
    }
}

impl fmt::Display for Problem {
    #[allow(clippy::too_many_lines, reason = "a table of sentences")]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ThumbprintMismatch { enforced } => {
                write!(f, "no chain that is served holds a listed certificate; {}", consequence(*enforced))
            }
            Self::ThumbprintPartial { coverage, enforced } => write!(
                f,
                "{} of {} chains hold a listed certificate; at the others, {}",
                coverage.covered,
                coverage.observed,
                consequence(*enforced)
            ),
            Self::RootCaExpired { endpoint, thumbprint, ended, enforced } => write!(
                f,
                "the root CA {thumbprint} that {endpoint} serves expired at {ended}; {}",
                consequence(*enforced)
            ),
            Self::RootCaExpiring { endpoint, thumbprint, ends } => {
                write!(f, "the root CA {thumbprint} that {endpoint} serves expires at {ends}")
            }
            Self::CertificateExpired { endpoint, ended } => {
                write!(
                    f,
                    "the chain that {endpoint} serves expired at {ended}: clients refuse it, and AWS is one"
                )
            }
            Self::CertificateExpiring { endpoint, ends } => {
                write!(f, "the certificate of {endpoint} is late in its renewal: it expires at {ends}")
            }
            Self::ChainOrder { endpoint, status, .. } => write!(
                f,
                "{endpoint} serves certificates in the wrong order, twice, or beside the path ({status}); where AWS relies on \
                 thumbprints, STS refuses that"
            ),
            Self::ChainInvalid { endpoint, status: ChainStatus::Unproven } => {
                write!(
                    f,
                    "the chain that {endpoint} serves cannot be checked here; nothing is known to be wrong with it"
                )
            }
            Self::ChainInvalid { endpoint, status } => {
                write!(
                    f,
                    "TLS clients refuse the chain that {endpoint} serves ({status}); AWS may be one of them"
                )
            }
            Self::LeafPinned => {
                f.write_str("only the leaf certificate is listed: that ends with its next renewal")
            }
            Self::KeysUnreachable { polls, error } => {
                write!(f, "the keys could not be fetched in {}: {error}", counted(*polls as usize, "poll"))
            }
            Self::KeysUnusable(error) => write!(f, "the keys are of no use to AWS: {error}"),
            Self::KeysSlow { document, took, arrived, limit } => write!(
                f,
                "the {} {} {:.1} s{}; AWS STS gives up after {} s and refuses the token",
                document.object(),
                if *arrived { "took" } else { "had not arrived after" },
                took.as_secs_f64(),
                if *arrived { " to arrive" } else { "" },
                limit.as_secs_f64()
            ),
            Self::KeysPrivate(endpoint) => write!(
                f,
                "{} has only private addresses here; unless it has others outside, AWS cannot reach it to get the keys",
                endpoint.host()
            ),
            Self::KeysDisclosed(keys) => write!(
                f,
                "the JWKS publishes the private key of {}: anybody can forge tokens; replace {} at once",
                counted(*keys, "signing key"),
                if *keys == 1 { "it" } else { "them" }
            ),
            Self::IssuerSpelling { listed, own, difference } if !is_taken_by_iam(own) => write!(
                f,
                "spelled {listed}, but its tokens say {own} (the difference: {difference}), a URL that IAM takes for no provider; \
                 STS compares to the letter, finds no provider and refuses every token: the issuer must say {listed} instead"
            ),
            Self::IssuerSpelling { listed, own, .. } if self.is_of_another() => write!(
                f,
                "made for {listed}, where the discovery document is that of {own}; STS finds no provider for {own} and refuses \
                 every token, unless there is another"
            ),
            Self::IssuerSpelling { listed, own, difference } => write!(
                f,
                "spelled {listed}, but its tokens say {own} (the difference: {difference}); STS compares to the letter, finds \
                 no provider and refuses every token: IAM needs a provider for {own}"
            ),
            Self::AudienceMissing(audience) => {
                write!(f, "audience {audience} is not allowed, so STS refuses the tokens that are for it")
            }
            Self::ProviderMissing { since: Some(since) } => {
                write!(
                    f,
                    "IAM listed the provider until {since} and does not any more: STS finds no provider for the tokens"
                )
            }
            Self::ProviderMissing { since: None } => {
                f.write_str("the configuration requires a provider for the issuer, and IAM lists none")
            }
            Self::AddressFailing { endpoint, failed } => {
                let (addresses, give) =
                    (counted(*failed, "address"), if *failed == 1 { "gives" } else { "give" });
                write!(f, "{addresses} of {endpoint} {give} no connection, where others answer")
            }
            Self::ListUnused(thumbprints) => {
                let some = some_of(thumbprints.iter(), MAX_NAMED);
                write!(f, "listed and never served within the window: {some}")
            }
            Self::ListFull => {
                f.write_str("the list is full: there is no room for the next root CA beside the present ones")
            }
            Self::ListMalformed(entries) => write!(
                f,
                "{entries} listed {} no thumbprint: 40 hex digits each",
                if *entries == 1 { "entry is" } else { "entries are" }
            ),
            Self::NotObserved(why) => why.fmt(f),
            Self::ProviderUnread => f.write_str("the provider could not be read from IAM"),
            Self::Intercepted(endpoint) => write!(
                f,
                "a TLS-inspecting proxy between here and {endpoint} serves its own chain: what AWS sees is not known"
            ),
            Self::Stale { endpoint, newest } => {
                write!(f, "{endpoint} was last seen at {newest}: what it serves now is not known")
            }
        }
    }
}
