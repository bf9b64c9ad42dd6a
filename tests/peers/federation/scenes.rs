//! The states of one provider, and what is served and listed in each.

use std::net::{IpAddr, Ipv4Addr};

use strum::EnumIter;

use super::openbao::AUDIENCE;
use crate::support::lab::ca::{Der, thumbprint};
use crate::support::lab::fleet::WRONG;
use crate::support::lab::{Behaviour, Chain, Reply, chains};

/// A name that every resolver knows: `SeaweedFS` asks the system's, which gives the first of the addresses below.
pub const HOST: &str = "localhost";
pub const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
/// An address that only we are told of.
pub const ELSEWHERE: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2));

#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter)]
pub enum State {
    Right,
    LastServedIsIntermediate,
    UntrustedRoot,
    Wrong,
    TwoAddressesThisListed,
    TwoAddressesOtherListed,
    LeafListed,
    RootNotServed,
    ExpiredLeaf,
    ExpiredIntermediate,
    ExpiredRoot,
    WrongOrder,
    UnrelatedAtEnd,
    WrongHost,
    NotYetValid,
    Incomplete,
    OneOfFive,
    AudienceMissing,
    OtherSpelling,
    Absent,
    /// Our configuration names the issuer.
    AbsentAndNamed,
    AbsentAndRequired,
    KeysUnreachable,
    JwksRefused,
    JwksWithoutKeys,
    OtherIssuer,
    /// The last, since the issuer stays so.
    KeysRefused,
}

/// How the documents are answered.
#[derive(Clone, Debug)]
pub enum Documents {
    Good,
    /// Connections end after the handshake.
    Unreachable,
    /// Status 503, both.
    Refused,
    /// By the lab, whose keys are not those of the token.
    Lab(Behaviour),
}

pub struct Scene {
    pub faces: Vec<(IpAddr, Chain)>,
    /// What IAM lists; none where it has no provider.
    pub listed: Option<Vec<String>>,
    /// The audience that the provider allows.
    pub audience: &'static str,
    /// What the provider's URL has at its end and the issuer's has not.
    pub slash: &'static str,
    pub documents: Documents,
    /// Our configuration names the issuer, too, and says whether it must have a provider.
    pub named: Option<bool>,
}

impl Scene {
    /// Lists what AWS's procedure yields: the last served certificate.
    fn new(chain: Chain) -> Self {
        let listed = vec![chain.thumbprint()];
        Self {
            faces: vec![(HERE, chain)],
            listed: Some(listed),
            audience: AUDIENCE,
            slash: "",
            documents: Documents::Good,
            named: None,
        }
    }

    fn listing(self, listed: Vec<String>) -> Self {
        Self { listed: Some(listed), ..self }
    }

    fn answering(self, behaviour: Behaviour) -> Self {
        Self { documents: Documents::Lab(behaviour), ..self }
    }

    /// The roots that clients shall trust.
    pub fn anchors(&self) -> impl Iterator<Item = Der> {
        self.faces.iter().filter_map(|(_, chain)| chain.anchor.clone())
    }
}

impl State {
    pub fn scene(self) -> Scene {
        let right = || Scene::new(chains::private_ca(HOST));
        match self {
            Self::Right => right(),
            Self::LastServedIsIntermediate => Scene::new(chains::good(HOST)),
            Self::UntrustedRoot => Scene::new(chains::untrusted_root(HOST)),
            Self::Wrong => right().listing(vec![WRONG.to_owned()]),
            Self::TwoAddressesThisListed => two_addresses(0),
            Self::TwoAddressesOtherListed => two_addresses(1),
            Self::LeafListed => {
                let chain = chains::private_ca(HOST);
                let leaf = thumbprint(&chain.served[0]);
                Scene::new(chain).listing(vec![leaf])
            }
            Self::RootNotServed => {
                let chain = chains::good(HOST);
                let root = thumbprint(chain.anchor.as_ref().unwrap());
                Scene::new(chain).listing(vec![root])
            }
            Self::ExpiredLeaf => Scene::new(chains::expired_leaf(HOST)),
            Self::ExpiredIntermediate => Scene::new(chains::expired_intermediate(HOST)),
            Self::ExpiredRoot => Scene::new(chains::expired_root(HOST)),
            Self::WrongOrder => Scene::new(chains::intermediates_swapped(HOST)),
            Self::UnrelatedAtEnd => Scene::new(chains::unrelated_at_end(HOST)),
            Self::WrongHost => Scene::new(chains::wrong_host(HOST)),
            Self::NotYetValid => Scene::new(chains::not_yet_valid_leaf(HOST)),
            Self::Incomplete => Scene::new(chains::incomplete(HOST)),
            Self::OneOfFive => {
                let scene = right();
                let others = (1..5).map(|digit| digit.to_string().repeat(40));
                let listed = others.chain(scene.listed.clone().unwrap()).collect();
                scene.listing(listed)
            }
            Self::AudienceMissing => Scene { audience: "another", ..right() },
            Self::OtherSpelling => Scene { slash: "/", ..right() },
            Self::Absent => Scene { listed: None, ..right() },
            Self::AbsentAndNamed => Scene { listed: None, named: Some(false), ..right() },
            Self::AbsentAndRequired => Scene { listed: None, named: Some(true), ..right() },
            Self::KeysUnreachable => Scene { documents: Documents::Unreachable, ..right() },
            Self::JwksRefused => right().answering(Behaviour::Jwks(Reply::Status(500))),
            Self::JwksWithoutKeys => right().answering(Behaviour::keys(Vec::new())),
            Self::OtherIssuer => {
                right().answering(Behaviour::discovery_with("issuer", "https://other.oidc.test"))
            }
            Self::KeysRefused => Scene { documents: Documents::Refused, ..right() },
        }
    }
}

/// Another private CA at each address; the one of this address is listed.
fn two_addresses(listed: usize) -> Scene {
    let mut scene = Scene::new(chains::private_ca(HOST));
    scene.faces.push((ELSEWHERE, chains::private_ca(HOST)));
    let listed = vec![scene.faces[listed].1.thumbprint()];
    scene.listing(listed)
}
