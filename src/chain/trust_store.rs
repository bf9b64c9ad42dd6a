//! The trust anchors: Mozilla's, the system's, and those the operator added.

use enum_map::Enum;
use rustls::pki_types::{CertificateDer, TrustAnchor};
use serde::Serialize;
use strum::{Display, IntoStaticStr};

use super::certificate::Certificate;
use super::distrust::Distrust;
use super::path::MAX_PATH_CERTIFICATES;
use super::signature::has_issued;
use crate::clock::Timestamp;
use crate::host_pattern::HostPattern;

/// Anchors of one name that are tried on a signature: a CA has a few at most, a hostile server sends as many as it
/// likes. Every cluster of Kubernetes has a CA named `kubernetes`, so the right key identifier goes first.
const MAX_NAMESAKES: usize = 4;

/// Where a trust anchor comes from, most public first.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Enum, IntoStaticStr, Display, Serialize,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case", const_into_str)]
pub enum AnchorSource {
    /// Mozilla's root program: stands in for AWS's own, unpublished library of trusted root CAs.
    Mozilla,
    /// This machine's trust store, and not in Mozilla's as of the build: added by somebody, or by the system's maker.
    System,
    /// A file named in the configuration.
    Added,
    /// A self-signed certificate that the server itself sent: trusted by nobody here.
    Served,
}

/// Anchors of one source; the two lists go by the same index. Mozilla's borrow from the program itself, so that
/// they cost hardly any memory, and a root is read whole only when a chain ends at it.
#[derive(Clone, Default)]
pub(super) struct Anchors {
    pub for_webpki: Vec<TrustAnchor<'static>>,
    ders: Vec<CertificateDer<'static>>,
}

impl Anchors {
    /// Takes what can serve as an anchor; a root that cannot be read is left out and anchors nothing.
    fn add(&mut self, der: CertificateDer<'static>) {
        if let Ok(anchor) = webpki::anchor_from_trusted_cert(&der).map(|anchor| anchor.to_owned()) {
            self.for_webpki.push(anchor);
            self.ders.push(der);
        }
    }

    /// The certificate of an anchor that webpki picked from `for_webpki`.
    pub(super) fn certificate(&self, picked: &TrustAnchor<'_>) -> Option<Certificate> {
        let index = self.for_webpki.iter().position(|anchor| std::ptr::eq(anchor, picked))?;
        self.ders.get(index).cloned().map(Certificate::new)
    }

    /// The anchor that issued `child`, by name and signature; dates are not looked at, but one in date comes first.
    pub(super) fn issuer_of(&self, child: &Certificate, now: Timestamp) -> Option<Certificate> {
        let tried = self.namesakes(child).into_iter();
        let mut found: Vec<Certificate> = tried.filter(|anchor| has_issued(anchor, child)).collect();
        found.sort_by_key(|anchor| anchor.is_expired(now) || anchor.is_not_yet_valid(now));
        found.into_iter().next()
    }

    /// Anchors of the name that issued `child`, the one with the wanted key first, and not too many.
    pub(super) fn namesakes(&self, child: &Certificate) -> Vec<Certificate> {
        let issuer = child.readable().map(|fields| child.part(&fields.link.issuer));
        let pairs = self.for_webpki.iter().zip(&self.ders);
        let named = pairs.filter(|(anchor, _)| Some(anchor.subject.as_ref()) == issuer);
        let mut namesakes: Vec<Certificate> = named.map(|(_, der)| Certificate::new(der.clone())).collect();
        namesakes.sort_by_key(|anchor| !has_wanted_key(anchor, child));
        namesakes.truncate(MAX_NAMESAKES);
        namesakes
    }

    fn knows(&self, der: &CertificateDer<'_>) -> bool {
        self.ders.contains(der)
    }

    /// Has the CA with this name and key, perhaps in another certificate.
    fn knows_ca(&self, anchor: &TrustAnchor<'_>) -> bool {
        let is_same = |known: &TrustAnchor<'_>| {
            known.subject == anchor.subject && known.subject_public_key_info == anchor.subject_public_key_info
        };
        self.for_webpki.iter().any(is_same)
    }

    /// The self-signed certificates among the first that a server sent.
    pub(super) fn served(chain: &[Certificate]) -> Self {
        let mut anchors = Self::default();
        let considered = chain.iter().take(MAX_PATH_CERTIFICATES);
        for certificate in considered.filter(|certificate| has_issued(certificate, certificate)) {
            anchors.add(certificate.der.clone());
        }
        anchors
    }
}

/// The key identifier of `anchor` is the one that `child` asks for (RFC 5280, section 4.2.1.1).
fn has_wanted_key(anchor: &Certificate, child: &Certificate) -> bool {
    let id = anchor.readable().and_then(|fields| fields.link.key_id.as_ref());
    let wanted = child.readable().and_then(|fields| fields.link.authority_key_id.as_ref());
    id.zip(wanted).is_some_and(|(id, wanted)| anchor.part(id) == child.part(wanted))
}

/// The anchors that a chain is judged against.
#[derive(Clone, Default)]
pub struct TrustStore {
    pub(super) mozilla: Anchors,
    pub(super) system: Anchors,
    pub(super) added: Anchors,
    /// Hosts that are known to have a CA of their own.
    private_hosts: Vec<HostPattern>,
}

/// How many anchors there are of each source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AnchorCounts {
    /// Mozilla's.
    pub mozilla: usize,
    /// The system's.
    pub system: usize,
    /// The operator's.
    pub added: usize,
}

impl TrustStore {
    /// No anchors at all; sources are added to it.
    #[must_use]
    pub fn empty() -> Self {
        Self::default()
    }

    /// Adds Mozilla's roots, as of the build.
    #[must_use]
    pub fn with_mozilla(mut self) -> Self {
        for der in webpki_root_certs::TLS_SERVER_ROOT_CERTS {
            if let Ok(anchor) = webpki::anchor_from_trusted_cert(der) {
                self.mozilla.for_webpki.push(anchor);
                self.mozilla.ders.push(der.clone());
            }
        }
        self
    }

    /// Adds roots as the system's. A CA that Mozilla has in another certificate counts as Mozilla's.
    #[must_use]
    pub fn with_system_roots(mut self, roots: impl IntoIterator<Item = CertificateDer<'static>>) -> Self {
        for der in roots {
            if self.mozilla.knows(&der) || self.system.knows(&der) {
                continue;
            }
            let is_mozillas =
                webpki::anchor_from_trusted_cert(&der).is_ok_and(|ca| self.mozilla.knows_ca(&ca));
            if is_mozillas { self.mozilla.add(der) } else { self.system.add(der) }
        }
        self
    }

    /// Adds roots that the operator vouches for.
    #[must_use]
    pub fn with_added(mut self, certificates: impl IntoIterator<Item = CertificateDer<'static>>) -> Self {
        for der in certificates {
            if !self.added.knows(&der) {
                self.added.add(der);
            }
        }
        self
    }

    /// Names hosts whose chains are expected to end at a private CA.
    #[must_use]
    pub fn with_private_hosts(mut self, hosts: impl IntoIterator<Item = HostPattern>) -> Self {
        self.private_hosts.extend(hosts);
        self
    }

    /// The operator expects a private CA at this host.
    pub(super) fn is_private_host(&self, host: &str) -> bool {
        self.private_hosts.iter().any(|pattern| pattern.matches(host))
    }

    /// Every anchor, of whichever source.
    pub(crate) fn anchors(&self) -> impl Iterator<Item = &CertificateDer<'static>> {
        [&self.mozilla, &self.system, &self.added].into_iter().flat_map(|anchors| &anchors.ders)
    }

    /// Somebody added this anchor here, rather than a public root program.
    ///
    /// Systems ship roots that Mozilla no longer has, or not yet, and do not say where a root comes from. So a system's
    /// root counts as public when its organization has a root in Mozilla's program.
    pub(super) fn is_local(&self, source: AnchorSource, anchor: &Certificate) -> bool {
        let is_mozillas = |organization: String| {
            let roots = self.mozilla.ders.iter().map(|der| Certificate::new(der.clone()));
            roots.filter_map(|root| root.organization()).any(|known| known == organization)
        };
        match source {
            AnchorSource::Mozilla => false,
            AnchorSource::System => !anchor.organization().is_some_and(is_mozillas),
            AnchorSource::Added | AnchorSource::Served => true,
        }
    }

    /// How many anchors there are.
    #[must_use]
    pub fn counts(&self) -> AnchorCounts {
        let [mozilla, system, added] =
            [&self.mozilla, &self.system, &self.added].map(|anchors| anchors.ders.len());
        AnchorCounts { mozilla, system, added }
    }
}

/// Whether something can be anchored to this certificate.
///
/// # Errors
/// When it cannot: what the path validator has against it.
pub(crate) fn check_anchor(der: &CertificateDer<'_>) -> Result<(), Distrust> {
    webpki::anchor_from_trusted_cert(der).map(drop).map_err(|error| Distrust::from(&error))
}
