//! Certificates that nobody would issue, and chains that cost as much as they can.

use std::collections::BTreeMap;

use oidc_thumbprint_exporter::chain::{
    AnchorSource, Certificate, ChainStatus, Distrust, OrderFinding, TrustStore, read_certificates,
};
use oidc_thumbprint_exporter::clock::Timestamp;
use rcgen::{CertificateParams, ExtendedKeyUsagePurpose, GeneralSubtree, NameConstraints, SanType};
use rustls::pki_types::ServerName;

use crate::support::made::*;
use crate::support::memory::within_memory;
use crate::support::random::Random;
use crate::support::real::real;

const MUTATIONS: usize = 100_000;

/// A chain that is trusted as long as nobody touches it.
struct Victim {
    chain: Vec<Certificate>,
    store: TrustStore,
    host: ServerName<'static>,
    now: Timestamp,
}

impl Victim {
    fn made(kind: Kind) -> Self {
        let root = make("Root", key(kind, 0), None, ca);
        let middle = make("Intermediate", key(kind, 1), Some(&root), |params| {
            ca(params);
            params.name_constraints = Some(NameConstraints {
                permitted_subtrees: vec![GeneralSubtree::DnsName("example.org".to_owned())],
                excluded_subtrees: vec![GeneralSubtree::DnsName("no.example.org".to_owned())],
            });
        });
        let leaf = make(HOST, key(kind, 2), Some(&middle), |params| {
            for_host(params);
            params.subject_alt_names.push(SanType::DnsName("*.apps.example.org".try_into().unwrap()));
            params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        });
        let chain = served(&[&leaf, &middle]);
        Self { chain, store: trusting(&[&root]), host: host(HOST), now: NOW }
    }

    fn amazon() -> Option<Self> {
        let file = real("chain-aws.amazon.com-as-served-2025-11")?;
        let chain = read_certificates(&file).unwrap().into_iter().map(Certificate::new).collect();
        let now = Timestamp::from_seconds(1_763_164_800);
        Some(Self { chain, store: TrustStore::empty().with_mozilla(), host: host("aws.amazon.com"), now })
    }

    fn judge(&self, chain: &[Certificate]) -> Result<(), Distrust> {
        let judged = self.store.judge(chain, Some(&self.host), self.now);
        assert!(!judged.statuses.is_empty());
        judged.verified.map(|_| ())
    }
}

/// What became of the mutations.
#[derive(Default)]
struct Tally {
    readable: usize,
    unreadable: BTreeMap<String, usize>,
    reasons: BTreeMap<Distrust, usize>,
}

#[test]
fn mutated_certificates_are_read_or_refused_and_never_trusted() {
    let mut victims: Vec<Victim> = KINDS.into_iter().map(Victim::made).collect();
    victims.extend(Victim::amazon());
    for victim in &victims {
        assert_eq!(victim.judge(&victim.chain), Ok(()));
    }
    let tallies = within_memory(|| {
        std::thread::scope(|scope| {
            let run = |seed: u64| {
                let victims = &victims;
                scope.spawn(move || mutate_all(victims, &mut Random(seed), MUTATIONS / 2))
            };
            [run(2_034), run(2_037)].map(|half| half.join().unwrap())
        })
    });
    let mut total = Tally::default();
    for tally in tallies {
        total.readable += tally.readable;
        for (reason, count) in tally.unreadable {
            *total.unreadable.entry(reason).or_default() += count;
        }
        for (reason, count) in tally.reasons {
            *total.reasons.entry(reason).or_default() += count;
        }
    }
    println!(
        "{} readable, unreadable: {:?}; distrusted: {:?}",
        total.readable, total.unreadable, total.reasons
    );
    assert_eq!(total.readable + total.unreadable.values().sum::<usize>(), MUTATIONS);
    assert!(total.readable > MUTATIONS / 5 && total.readable < MUTATIONS / 2, "the mutations miss one side");
    assert!(total.reasons.len() >= 8, "the mutations miss most reasons");
}

fn mutate_all(victims: &[Victim], random: &mut Random, count: usize) -> Tally {
    let mut tally = Tally::default();
    for round in 0..count {
        let victim = &victims[round % victims.len()];
        // The leaf or its issuer: the valid path needs both.
        let target = random.below(2);
        let original = &victim.chain[target].der;
        let mutated = loop {
            let mutated = mutate(random, original);
            if mutated != original.as_ref() {
                break Certificate::new(mutated.into());
            }
        };
        match &mutated.fields {
            Ok(fields) => {
                tally.readable += 1;
                assert!(fields.subject.len() < 4_096 && fields.names.len() <= 20, "memory is bounded");
            }
            Err(reason) => *tally.unreadable.entry(reason.to_string()).or_default() += 1,
        }
        let mut chain = victim.chain.clone();
        chain[target] = mutated;
        let reason = victim.judge(&chain).expect_err("a certificate that was changed is trusted");
        assert_ne!(reason, Distrust::Unrecognised);
        *tally.reasons.entry(reason).or_default() += 1;
    }
    tally
}

/// Flips bits, cuts, repeats, or lies about a length.
fn mutate(random: &mut Random, der: &[u8]) -> Vec<u8> {
    let mut bytes = der.to_vec();
    for _ in 0..=random.below(3) {
        let at = random.below(bytes.len());
        match random.below(8) {
            0..4 => bytes[at] ^= 1 << random.below(8),
            4 => bytes.truncate(at.max(1)),
            5 => {
                let end = (at + random.below(40)).min(bytes.len());
                let again = bytes[at..end].to_vec();
                bytes.splice(at..at, again);
            }
            6 => {
                // After the tag of an element comes its length.
                let tags: Vec<usize> =
                    (1..bytes.len()).filter(|&i| [0x30, 0x31, 0x04, 0x06].contains(&bytes[i - 1])).collect();
                if let Some(&length) = tags.get(random.below(tags.len().max(1))) {
                    bytes[length] =
                        [0, 0x7f, 0x80, 0x81, 0x84, 0xff, bytes[length].wrapping_add(1)][random.below(7)];
                }
            }
            _ => {
                let byte = u8::try_from(random.below(256)).unwrap();
                bytes.insert(at, byte);
            }
        }
    }
    bytes
}

#[test]
fn chains_of_look_alikes_are_given_up() {
    // Everybody has the same name and could have issued everybody, as far as names and key identifiers go.
    let anonymous = |params: &mut CertificateParams| {
        params.use_authority_key_identifier_extension = false;
    };
    let look_alikes = |issuer: Option<&Made>| -> Vec<Made> {
        (0..60).map(|index| make("Same", key(Kind::P256, index), issuer, both(ca, anonymous))).collect()
    };
    let self_signed = look_alikes(None);
    let leaf = make(HOST, key(Kind::P256, 61), Some(&self_signed[0]), both(for_host, anonymous));
    let of_one = look_alikes(Some(&self_signed[1]));
    let edited = |edit: fn(&[u8]) -> Vec<u8>| -> Vec<Made> {
        self_signed.iter().map(|made| Made { der: edit(&made.der).into(), ..made.clone() }).collect()
    };
    let (unknown, wrong) = (edited(with_unknown_signature), edited(damaged));
    let unknown_leaf = Made { der: with_unknown_signature(&leaf.der).into(), ..leaf.clone() };
    for (what, leaf, others) in [
        ("signatures that cannot be checked", &unknown_leaf, &unknown),
        ("wrong signatures", &unknown_leaf, &wrong),
        ("all self-signed", &leaf, &self_signed),
        ("all issued by one", &leaf, &of_one),
    ] {
        let mut chain = vec![leaf];
        chain.extend(others);
        let chain = served(&chain);
        assert!(chain.iter().map(|certificate| certificate.der.len()).sum::<usize>() > 16_000, "{what}");
        for store in [TrustStore::empty(), trusting(&[&self_signed[2]])] {
            let judged = store.judge(&chain, Some(&host(HOST)), NOW);
            assert!(judged.path.findings.contains(&OrderFinding::TooMany), "{what}");
            assert!(judged.statuses.contains(&ChainStatus::Misordered), "{what}");
            assert_ne!(judged.verified, Ok(AnchorSource::Added), "{what}");
        }
    }
}

/// Claims ecdsa-with-SHA224 (RFC 5758, section 3.2), which nobody checks, instead of SHA256.
fn with_unknown_signature(der: &[u8]) -> Vec<u8> {
    replaced(der, b"\x2a\x86\x48\xce\x3d\x04\x03\x02", b"\x2a\x86\x48\xce\x3d\x04\x03\x01")
}
