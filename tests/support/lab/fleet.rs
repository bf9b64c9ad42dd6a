//! The fleet of the demo: eight issuers, one for each way in which this goes right or wrong.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::{Path, PathBuf};

use super::behaviour::{Behaviour, Reply};
use super::ca::Der;
use super::chains;
use super::iam::FakeIam;
use super::issuer::{LabIssuer, Spec};
use super::pem::pem;

/// The account of the fake IAM.
pub const ACCOUNT: &str = "111122223333";
/// A thumbprint that belongs to no certificate.
pub const WRONG: &str = "0123456789abcdef0123456789abcdef01234567";

/// The running fleet and its IAM; it stops when it is dropped.
pub struct Lab {
    pub issuers: Vec<LabIssuer>,
    pub iam: FakeIam,
}

impl Lab {
    /// Starts the eight issuers and lists each of them in IAM.
    pub async fn start() -> Self {
        let iam = FakeIam::start(ACCOUNT).await;
        let mut issuers = Vec::new();
        for (spec, listing) in fleet() {
            let issuer = LabIssuer::start(spec).await;
            let thumbprints = match listing {
                Listing::All => issuer.thumbprints(),
                Listing::First => issuer.thumbprints().into_iter().take(1).collect(),
                Listing::Wrong => vec![WRONG.to_owned()],
            };
            iam.put(issuer.url(), &thumbprints);
            issuers.push(issuer);
        }
        Self { issuers, iam }
    }

    /// The issuer of this name, such as `amazon`.
    pub fn issuer(&self, name: &str) -> &LabIssuer {
        self.issuers.iter().find(|issuer| issuer.name == name).unwrap()
    }

    /// Every host name of the fleet and its addresses, which no DNS knows.
    pub fn resolve_table(&self) -> BTreeMap<String, Vec<IpAddr>> {
        let hosts = self.issuers.iter().flat_map(LabIssuer::hosts);
        hosts.map(|host| (host.host().to_owned(), host.addresses())).collect()
    }

    /// Writes the roots that clients shall trust to `lab-roots.pem` in this directory, and gives the file's path.
    pub fn write_ca(&self, directory: &Path) -> PathBuf {
        let file = directory.join("lab-roots.pem");
        let roots: Vec<Der> = self.issuers.iter().flat_map(LabIssuer::anchors).collect();
        std::fs::write(&file, pem(&roots)).unwrap();
        file
    }
}

/// Which of an issuer's thumbprints IAM lists.
enum Listing {
    All,
    First,
    Wrong,
}

fn fleet() -> Vec<(Spec, Listing)> {
    let [first_twin, second_twin] = chains::twin_intermediates("twins.oidc.test");
    let mut amazon = told(
        "A chain of four like Amazon's, whose last certificate is a cross-signed twin of a root; IAM lists it.",
        Spec::new("amazon.oidc.test", chains::amazon_like("amazon.oidc.test")),
    );
    amazon.path = String::from("/id/0123456789ABCDEF0123456789ABCDEF");
    if has_ipv6() {
        let chain = amazon.faces[0].1.clone();
        amazon = amazon.also_at(Ipv6Addr::LOCALHOST.into(), chain);
    }
    let expired = told(
        "The served root expired three days ago; IAM lists it.",
        Spec::new("expired.oidc.test", chains::expired_root("expired.oidc.test")),
    );
    let mut private = told(
        "A company's own CA, which nobody else trusts; IAM lists it.",
        Spec::new("private.oidc.test", chains::private_ca("private.oidc.test")),
    );
    private.trusted = false;
    let twins = told(
        "Two addresses serve two intermediates of the same name and key; IAM lists only one of them.",
        Spec::new("twins.oidc.test", first_twin).also_at(Ipv4Addr::new(127, 0, 0, 2).into(), second_twin),
    );
    let mut elsewhere = told(
        "The JWKS is on another host, with another CA; IAM lists the thumbprints of both.",
        Spec::new("elsewhere.oidc.test", chains::good("elsewhere.oidc.test")),
    );
    elsewhere.jwks_host = Some(Box::new(told(
        "Serves the JWKS of elsewhere.oidc.test.",
        Spec::new("keys.oidc.test", chains::with_root("keys.oidc.test")),
    )));
    let wrong = told(
        "All is well, but IAM lists a thumbprint that was never served.",
        Spec::new("wrong.oidc.test", chains::good("wrong.oidc.test")),
    );
    let mut dead =
        told("Nothing listens on its port.", Spec::new("dead.oidc.test", chains::good("dead.oidc.test")));
    dead.alive = false;
    let mut endless = told(
        "Its JWKS never ends; IAM lists its thumbprint.",
        Spec::new("endless.oidc.test", chains::good("endless.oidc.test")),
    );
    endless.behaviour = Behaviour::Jwks(Reply::Endless);
    vec![
        (amazon, Listing::All),
        (expired, Listing::All),
        (private, Listing::All),
        (twins, Listing::First),
        (elsewhere, Listing::All),
        (wrong, Listing::Wrong),
        (dead, Listing::Wrong),
        (endless, Listing::All),
    ]
}

fn told(story: &'static str, spec: Spec) -> Spec {
    Spec { story, ..spec }
}

/// Whether `::1` can be bound here.
pub fn has_ipv6() -> bool {
    std::net::TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).is_ok()
}
