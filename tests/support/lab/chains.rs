//! Served chains: the states of badssl.com's list that concern certificates, and more.
//!
//! Each constructor gives one [`Chain`]: what is sent, in served order, the key that signs the handshake, and the
//! trust anchor that a client may be given.

use std::sync::Arc;

use rcgen::{DnType, KeyPair};
use time::OffsetDateTime;

use super::ca::{Algorithm, Authority, DAY, Der, Leaf, Validity, self_signed_leaf, thumbprint};

/// What a server presents at one address.
#[derive(Clone, Debug)]
pub struct Chain {
    /// One word for the state that it shows.
    pub state: &'static str,
    /// What is sent, in served order, byte for byte.
    pub served: Vec<Der>,
    /// The key that signs the handshake. In a few states it is not the key of the first certificate.
    pub key: Arc<KeyPair>,
    /// The self-signed root that its path ends at, for clients that shall trust it.
    pub anchor: Option<Der>,
}

impl Chain {
    /// SHA-1 of the last served certificate: what AWS's procedure yields.
    pub fn thumbprint(&self) -> String {
        self.served.last().map_or_else(String::new, |last| thumbprint(last))
    }

    /// SHA-1 of each served certificate, in served order.
    pub fn thumbprints(&self) -> Vec<String> {
        self.served.iter().map(|der| thumbprint(der)).collect()
    }

    /// Whether the key that signs the handshake is the one in the first certificate; if not, a client that checks
    /// the signature (all do, but for ours which records first) breaks off.
    pub fn signs_for_first(&self) -> bool {
        let key = self.key.public_key_raw();
        self.served.first().is_some_and(|first| first.windows(key.len()).any(|bytes| bytes == key))
    }

    /// The bytes of all served certificates together.
    pub fn size(&self) -> usize {
        self.served.iter().map(|der| der.len()).sum()
    }

    /// The same chain under another state's name, changed by hand.
    pub fn change(mut self, state: &'static str, change: impl FnOnce(&mut Vec<Der>)) -> Self {
        self.state = state;
        change(&mut self.served);
        self
    }
}

/// Every state of this file for one host; good ones first.
pub fn all(host: &str) -> Vec<Chain> {
    let make: &[fn(&str) -> Chain] = &[
        good,
        with_root,
        three_deep,
        p384,
        ed25519,
        amazon_like,
        private_ca,
        no_common_name,
        no_subject,
        thousand_names,
        ten_thousand_names,
        beyond_64_kib,
        near_64_kib,
        expired_leaf,
        not_yet_valid_leaf,
        expired_intermediate,
        expired_root,
        wrong_host,
        self_signed,
        untrusted_root,
        incomplete,
        intermediates_swapped,
        reversed,
        leaf_not_first,
        duplicated,
        unrelated_at_end,
        trailing_garbage,
        last_is_no_certificate,
        first_is_no_certificate,
    ];
    make.iter().map(|make| make(host)).collect()
}

/// A root, an intermediate under it, and a leaf: what most states start from.
struct Pki {
    root: Authority,
    intermediate: Authority,
    root_certificate: Der,
    intermediate_certificate: Der,
}

impl Pki {
    fn new() -> Self {
        let root = Authority::new("Lab Trust Services", "Lab Root CA 1");
        let intermediate = Authority::new("Lab Trust Services", "Lab TLS CA E1").path_length(0);
        Self {
            root_certificate: root.self_signed(Validity::ROOT),
            intermediate_certificate: root.certify(&intermediate, Validity::INTERMEDIATE),
            root,
            intermediate,
        }
    }

    /// Leaf and intermediate, as a well-kept server sends them.
    fn chain(self, state: &'static str, leaf: &Leaf) -> Chain {
        let (leaf, key) = self.intermediate.leaf(leaf);
        let served = vec![leaf, self.intermediate_certificate];
        Chain { state, served, key, anchor: Some(self.root_certificate) }
    }
}

/// Leaf and intermediate; the root is not served.
pub fn good(host: &str) -> Chain {
    Pki::new().chain("good", &Leaf::new(host))
}

/// Leaf, intermediate and root.
pub fn with_root(host: &str) -> Chain {
    let chain = good(host);
    let root = chain.anchor.clone();
    chain.change("with_root", |served| served.extend(root))
}

/// Leaf, two intermediates and root.
pub fn three_deep(host: &str) -> Chain {
    let pki = Pki::new();
    let issuing = Authority::new("Lab Trust Services", "Lab Issuing CA 7").path_length(0);
    let policy = Authority::new("Lab Trust Services", "Lab Policy CA 2").path_length(1);
    let (leaf, key) = issuing.leaf(&Leaf::new(host));
    let served = vec![
        leaf,
        policy.certify(&issuing, Validity::INTERMEDIATE),
        pki.root.certify(&policy, Validity::INTERMEDIATE),
        pki.root_certificate.clone(),
    ];
    Chain { state: "three_deep", served, key, anchor: Some(pki.root_certificate) }
}

/// As [`with_root`], but all keys are P-384.
pub fn p384(host: &str) -> Chain {
    of_algorithm("p384", Algorithm::P384, host)
}

/// As [`with_root`], but all keys are Ed25519.
pub fn ed25519(host: &str) -> Chain {
    of_algorithm("ed25519", Algorithm::Ed25519, host)
}

fn of_algorithm(state: &'static str, algorithm: Algorithm, host: &str) -> Chain {
    let root = Authority::new("Lab Trust Services", "Lab Root CA 2").algorithm(algorithm);
    let intermediate = Authority::new("Lab Trust Services", "Lab TLS CA X2").algorithm(algorithm);
    let (leaf, key) = intermediate.leaf(&Leaf::new(host).algorithm(algorithm));
    let anchor = root.self_signed(Validity::ROOT);
    let served = vec![leaf, root.certify(&intermediate, Validity::INTERMEDIATE), anchor.clone()];
    Chain { state, served, key, anchor: Some(anchor) }
}

/// As Amazon serves its hosts: leaf, intermediate, a root cross-signed by a G2 root, and the G2 root cross-signed by
/// a class 2 root. The class 2 root, the anchor here, is not served.
pub fn amazon_like(host: &str) -> Chain {
    let intermediate = Authority::new("Lab Amazon", "Lab Amazon ECDSA 256 M04").path_length(0);
    let root = Authority::new("Lab Amazon", "Lab Amazon Root CA 1");
    let services =
        Authority::new("Lab Starfield, Inc.", "Lab Starfield Services Root Certificate Authority - G2");
    let class2 = Authority::new("Lab Starfield, Inc.", "Lab Starfield Class 2 Certification Authority");
    let (leaf, key) = intermediate.leaf(&Leaf::new(host));
    let served = vec![
        leaf,
        root.certify(&intermediate, Validity::INTERMEDIATE),
        services.certify(&root, Validity { from: -2000 * DAY, until: 3000 * DAY }),
        class2.certify(&services, Validity { from: -2100 * DAY, until: 2900 * DAY }),
    ];
    Chain { state: "amazon_like", served, key, anchor: Some(class2.self_signed(Validity::ROOT)) }
}

/// A company's own CA: leaf and self-signed root, both served.
pub fn private_ca(host: &str) -> Chain {
    under_private_ca(host, "private_ca", |root| root.self_signed(Validity::ROOT))
}

/// The same, with a root that ends at this time; the leaf is valid for longer.
pub fn private_ca_until(host: &str, end: OffsetDateTime) -> Chain {
    under_private_ca(host, "private_ca_until", |root| root.self_signed_until(end))
}

fn under_private_ca(host: &str, state: &'static str, anchor: impl Fn(&Authority) -> Der) -> Chain {
    let root = Authority::new("Example Corp", "Example Corp Internal CA");
    let (leaf, key) = root.leaf(&Leaf::new(host));
    let anchor = anchor(&root);
    Chain { state, served: vec![leaf, anchor.clone()], key, anchor: Some(anchor) }
}

/// Two chains of one host whose intermediates have the same name and key but are different certificates, as
/// GitHub's hosts served in June 2023.
pub fn twin_intermediates(host: &str) -> [Chain; 2] {
    let pki = Pki::new();
    let other_root = Authority::new("Lab Trust Services", "Lab Root CA G4");
    let twin = other_root.certify(&pki.intermediate, Validity::INTERMEDIATE);
    let other_anchor = other_root.self_signed(Validity::ROOT);
    let first = pki.chain("twin_intermediate_1", &Leaf::new(host));
    let mut second = first.clone().change("twin_intermediate_2", |served| served[1] = twin);
    second.anchor = Some(other_anchor);
    [first, second]
}

/// The leaf's subject holds an organisation but no common name.
pub fn no_common_name(host: &str) -> Chain {
    let mut leaf = Leaf::new(host);
    leaf.subject = vec![(DnType::OrganizationName, "Example Corp".to_owned())];
    Pki::new().chain("no_common_name", &leaf)
}

/// The leaf's subject is empty; the host is in a critical subject alternative name only.
pub fn no_subject(host: &str) -> Chain {
    let mut leaf = Leaf::new(host);
    leaf.subject.clear();
    Pki::new().chain("no_subject", &leaf)
}

/// A leaf with 1,000 names: the host and 999 of its neighbours.
pub fn thousand_names(host: &str) -> Chain {
    let mut leaf = Leaf::new(host);
    leaf.names.extend((1..1_000).map(|n| format!("n{n}.{host}")));
    Pki::new().chain("thousand_names", &leaf)
}

/// A leaf with 10,000 names, so short that the chain still fits into 64 KiB.
pub fn ten_thousand_names(host: &str) -> Chain {
    let mut leaf = Leaf::new(host);
    leaf.names.extend((1..10_000_u32).map(|n| {
        let letter = |place: u32| char::from(b"abcdefghijklmnopqrstuvwxyz"[(n / place % 26) as usize]);
        [letter(676), letter(26), letter(1)].iter().collect()
    }));
    Pki::new().chain("ten_thousand_names", &leaf)
}

/// A leaf with 10,000 names of common length: too large for rustls (64 KiB) and OpenSSL (100 KiB).
pub fn beyond_64_kib(host: &str) -> Chain {
    let mut leaf = Leaf::new(host);
    leaf.names.extend((1..10_000).map(|n| format!("n{n}.{host}")));
    Pki::new().chain("beyond_64_kib", &leaf)
}

/// A good chain followed by so many unrelated roots that it only just stays below 64 KiB.
pub fn near_64_kib(host: &str) -> Chain {
    let extra = Authority::new("Nobody Ltd", "Nobody Root CA").self_signed(Validity::ROOT);
    let chain = good(host);
    // Three bytes of length before each certificate, and in TLS 1.3 two of extensions after it (RFC 8446, 4.4.2).
    let free = 65_000 - chain.size();
    let copies = free / (extra.len() + 5);
    chain.change("near_64_kib", |served| served.extend(std::iter::repeat_n(extra, copies)))
}

/// The leaf's validity ended three days ago.
pub fn expired_leaf(host: &str) -> Chain {
    Pki::new().chain("expired_leaf", &Leaf::new(host).validity(Validity::EXPIRED))
}

/// The leaf's validity begins in a week.
pub fn not_yet_valid_leaf(host: &str) -> Chain {
    Pki::new().chain("not_yet_valid_leaf", &Leaf::new(host).validity(Validity::NOT_YET))
}

/// The intermediate's validity ended three days ago.
pub fn expired_intermediate(host: &str) -> Chain {
    let mut pki = Pki::new();
    pki.intermediate_certificate = pki.root.certify(&pki.intermediate, Validity::EXPIRED);
    pki.chain("expired_intermediate", &Leaf::new(host))
}

/// The whole chain is served, and its root's validity ended three days ago; all below it is valid.
pub fn expired_root(host: &str) -> Chain {
    let mut pki = Pki::new();
    pki.root_certificate = pki.root.self_signed(Validity::EXPIRED);
    let root = pki.root_certificate.clone();
    pki.chain("expired_root", &Leaf::new(host)).change("expired_root", |served| served.push(root))
}

/// Everything is served, and the root ends in so many seconds; all below it is valid for longer.
pub fn root_ending_in(host: &str, seconds: i64) -> Chain {
    let mut pki = Pki::new();
    pki.root_certificate = pki.root.self_signed(Validity { until: seconds, ..Validity::ROOT });
    let root = pki.root_certificate.clone();
    pki.chain("root_ending_soon", &Leaf::new(host)).change("root_ending_soon", |served| served.push(root))
}

/// A good chain for another host.
pub fn wrong_host(_host: &str) -> Chain {
    Pki::new().chain("wrong_host", &Leaf::new("elsewhere.example.test"))
}

/// A leaf that vouches for itself, and nothing else.
pub fn self_signed(host: &str) -> Chain {
    let (leaf, key) = self_signed_leaf(&Leaf::new(host));
    Chain { state: "self_signed", served: vec![leaf], key, anchor: None }
}

/// A whole chain whose root nobody is told to trust.
pub fn untrusted_root(host: &str) -> Chain {
    let mut chain = with_root(host);
    chain.state = "untrusted_root";
    chain.anchor = None;
    chain
}

/// Leaf and root without the intermediate between them.
pub fn incomplete(host: &str) -> Chain {
    with_root(host).change("incomplete", |served| drop(served.remove(1)))
}

/// Leaf first, but the two intermediates and the root in the wrong order.
pub fn intermediates_swapped(host: &str) -> Chain {
    three_deep(host).change("intermediates_swapped", |served| served[1..].reverse())
}

/// Root first, leaf last. The leaf's key signs, so that clients which check the signature against the first
/// certificate break off.
pub fn reversed(host: &str) -> Chain {
    with_root(host).change("reversed", |served| served.reverse())
}

/// The intermediate first, whose own key signs the handshake, then leaf and root: every signature is right.
pub fn leaf_not_first(host: &str) -> Chain {
    let pki = Pki::new();
    let key = pki.intermediate.key();
    let root = pki.root_certificate.clone();
    let chain = pki.chain("leaf_not_first", &Leaf::new(host));
    let mut chain = chain.change("leaf_not_first", |served| served.swap(0, 1));
    chain.served.push(root);
    chain.key = key;
    chain
}

/// The intermediate twice.
pub fn duplicated(host: &str) -> Chain {
    with_root(host).change("duplicated", |served| served.insert(1, served[1].clone()))
}

/// A good chain followed by a root of somebody else.
pub fn unrelated_at_end(host: &str) -> Chain {
    let extra = Authority::new("Nobody Ltd", "Nobody Root CA").self_signed(Validity::ROOT);
    good(host).change("unrelated_at_end", |served| served.push(extra))
}

/// The last certificate is followed by four bytes that belong to nothing.
pub fn trailing_garbage(host: &str) -> Chain {
    good(host).change("trailing_garbage", |served| {
        let longer = [served[1].as_ref(), b"\xde\xad\xbe\xef"].concat();
        served[1] = longer.into();
    })
}

/// A leaf, then bytes that are not DER.
pub fn last_is_no_certificate(host: &str) -> Chain {
    good(host).change("last_is_no_certificate", |served| served[1] = b"not a certificate".to_vec().into())
}

/// Bytes that are not DER in the leaf's place.
pub fn first_is_no_certificate(host: &str) -> Chain {
    good(host).change("first_is_no_certificate", |served| served[0] = b"not a certificate".to_vec().into())
}
