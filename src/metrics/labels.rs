//! Labels as types: each has its name, a set of them is a tuple, and no two can be swapped.

use crate::aws::AccountReason;
use crate::chain::{ChainStatus, Distrust, Fingerprint, PathMember, Role, Thumbprint};
use crate::endpoint::{Endpoint, EndpointUse};
use crate::issuer::Issuer;
use crate::poll::{Phase, Reason};
use crate::provider::Provider;
use crate::refusal::Refusal;
use crate::snapshot::AccountState;
use crate::verdict::{Class, Health, ProblemName, Status};

/// Labels and their values.
pub(super) trait LabelSet {
    /// The names, in the order of the values.
    fn names() -> Vec<&'static str>;

    /// Hands over each name with its value.
    fn put(self, to: &mut impl FnMut(&'static str, String));
}

/// A certificate by its place in the served chain; 0 was served first.
#[derive(Clone, Copy)]
pub(super) struct Position(pub usize);
/// SHA-1 of a certificate.
#[derive(Clone, Copy)]
pub(super) struct Sha1(pub Thumbprint);
/// SHA-256 of a certificate.
pub(super) struct Sha256(pub Fingerprint);
/// Subject of a certificate.
pub(super) struct Subject<'a>(pub &'a str);
/// Issuer of a certificate; `issuer` is the label of OIDC issuers.
pub(super) struct IssuedBy<'a>(pub &'a str);
/// Serial number of a certificate.
pub(super) struct Serial<'a>(pub &'a str);
/// Where a listed thumbprint was seen.
pub(super) struct SeenAt(pub Option<Role>);
/// A client id.
pub(super) struct Audience<'a>(pub &'a str);
/// Version of this program.
pub(super) struct Version(pub &'static str);

/// One label: its type, its name, and what of it is shown.
macro_rules! label {
    ($($type:ty = $name:literal, $this:ident => $value:expr;)*) => {$(
        impl LabelSet for $type {
            fn names() -> Vec<&'static str> {
                vec![$name]
            }

            fn put(self, to: &mut impl FnMut(&'static str, String)) {
                let $this = self;
                to($name, $value.to_string());
            }
        }
    )*};
}

label! {
    &Issuer = "issuer", issuer => issuer;
    &Endpoint = "endpoint", endpoint => endpoint;
    EndpointUse = "use", usage => usage;
    Reason = "reason", reason => reason;
    Phase = "phase", phase => phase;
    Thumbprint = "thumbprint", thumbprint => thumbprint;
    Position = "position", position => position.0;
    Role = "role", role => role;
    Sha1 = "sha1", hash => hash.0;
    Sha256 = "sha256", hash => hash.0;
    Subject<'_> = "subject", name => name.0;
    IssuedBy<'_> = "issued_by", name => name.0;
    Serial<'_> = "serial", number => number.0;
    ChainStatus = "status", status => status;
    Distrust = "reason", reason => reason.into_str();
    PathMember = "member", member => member;
    Status = "status", status => status;
    ProblemName = "problem", problem => problem;
    Class = "class", class => class;
    Health = "health", health => health;
    SeenAt = "position", seen => seen.0.map_or("none", |role| role.into_str());
    Audience<'_> = "audience", audience => audience.0;
    &AccountState = "account_id", account => account.label();
    AccountReason = "reason", reason => reason;
    Refusal = "reason", refusal => refusal;
    Version = "version", version => version.0;
}

/// A provider's identity: three labels, on every metric of it.
impl LabelSet for &Provider {
    fn names() -> Vec<&'static str> {
        vec!["provider_arn", "account_id", "issuer"]
    }

    fn put(self, to: &mut impl FnMut(&'static str, String)) {
        to("provider_arn", self.origin.arn_label().to_owned());
        to("account_id", self.origin.account_label().to_owned());
        (&self.issuer).put(to);
    }
}

macro_rules! tuples {
    ($(($($part:ident),*);)*) => {$(
        impl<$($part: LabelSet),*> LabelSet for ($($part,)*) {
            fn names() -> Vec<&'static str> {
                #[allow(unused_mut, reason = "there is a set without labels")]
                let mut names = Vec::new();
                $(names.extend($part::names());)*
                names
            }

            #[allow(non_snake_case, unused_variables, reason = "written for any number of parts")]
            fn put(self, to: &mut impl FnMut(&'static str, String)) {
                let ($($part,)*) = self;
                $($part.put(to);)*
            }
        }
    )*};
}

tuples! {
    ();
    (A);
    (A, B);
    (A, B, C);
    (A, B, C, D);
    (A, B, C, D, E, F, G, H);
}
