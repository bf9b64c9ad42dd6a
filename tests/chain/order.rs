//! Served order against path order.

use oidc_thumbprint_exporter::chain::OrderFinding::{
    Duplicate, LastOffPath, LeafNotFirst, OutOfOrder, TooMany, Twin, Unrelated,
};
use oidc_thumbprint_exporter::chain::{
    Certificate, ChainStatus, Distrust, MAX_PATH_CERTIFICATES, OrderFinding, Role, TrustStore, has_issued,
    served_path,
};
use rcgen::{DnType, DnValue, KeyIdMethod};

use crate::support::made::*;

/// What it is, what is served; the path and how the order differs from it.
type Ordered<'a> = (&'a str, &'a [&'a Made], &'a [usize], &'a [OrderFinding]);

#[test]
fn every_way_to_serve_a_chain() {
    let root = root("Root", 0);
    let other_root = self::root("Other Root", 1);
    let middle = intermediate("Intermediate", 2, &root);
    let low = intermediate("Low", 3, &middle);
    let leaf = leaf(4, &low);
    let stranger = intermediate("Stranger", 5, &other_root);
    let cross = make("Root", key(Kind::P256, 0), Some(&other_root), ca);
    let renewed = make("Low", key(Kind::P256, 3), Some(&middle), |params| {
        ca(params);
        params.not_after = at(700 * DAY);
    });
    let lone = make(HOST, key(Kind::P256, 6), None, for_host);
    let garbage = Made { der: vec![0x30, 0x03, 0x02, 0x01, 0x01].into(), ..lone.clone() };

    let table: [Ordered<'_>; 21] = [
        ("in order, root served", &[&leaf, &low, &middle, &root], &[0, 1, 2, 3], &[]),
        ("in order, root left out", &[&leaf, &low, &middle], &[0, 1, 2], &[]),
        ("leaf only", &[&leaf], &[0], &[]),
        ("self-signed leaf", &[&lone], &[0], &[]),
        ("reversed", &[&root, &middle, &low, &leaf], &[3, 2, 1, 0], &[LeafNotFirst(3), OutOfOrder]),
        ("leaf last", &[&low, &middle, &leaf], &[2, 0, 1], &[LeafNotFirst(2), OutOfOrder]),
        ("intermediates swapped", &[&leaf, &middle, &low], &[0, 2, 1], &[OutOfOrder]),
        ("root second", &[&leaf, &root, &low, &middle], &[0, 2, 3, 1], &[OutOfOrder]),
        ("leaf twice", &[&leaf, &leaf, &low, &middle], &[0, 2, 3], &[Duplicate(1)]),
        ("last twice", &[&leaf, &low, &middle, &middle], &[0, 1, 2], &[Duplicate(3)]),
        ("leaf again at the end", &[&leaf, &low, &middle, &leaf], &[0, 1, 2], &[Duplicate(3)]),
        ("stranger between", &[&leaf, &stranger, &low, &middle], &[0, 2, 3], &[Unrelated(1)]),
        ("stranger last", &[&leaf, &low, &middle, &stranger], &[0, 1, 2], &[Unrelated(3), LastOffPath]),
        ("a link missing", &[&leaf, &middle, &root], &[0], &[Unrelated(1), Unrelated(2), LastOffPath]),
        ("cross-signed to another root", &[&leaf, &low, &middle, &cross, &other_root], &[0, 1, 2, 3, 4], &[]),
        (
            "cross beside root",
            &[&leaf, &low, &middle, &cross, &root],
            &[0, 1, 2, 4],
            &[Twin { on_path: 4, other: 3 }],
        ),
        (
            "root beside cross",
            &[&leaf, &low, &middle, &root, &cross],
            &[0, 1, 2, 4],
            &[Twin { on_path: 4, other: 3 }],
        ),
        (
            "renewed intermediate wins",
            &[&leaf, &low, &renewed, &middle],
            &[0, 2, 3],
            &[Twin { on_path: 2, other: 1 }],
        ),
        ("two leaves", &[&leaf, &lone], &[0], &[Unrelated(1), LastOffPath]),
        ("unreadable first", &[&garbage, &leaf, &low], &[1, 2], &[LeafNotFirst(1), Unrelated(0)]),
        ("unreadable last", &[&leaf, &low, &garbage], &[0, 1], &[Unrelated(2), LastOffPath]),
    ];
    for (what, chain, positions, findings) in table {
        let certificates = served(chain);
        let path = served_path(&certificates);
        assert_eq!((path.positions.as_slice(), path.findings.as_slice()), (positions, findings), "{what}");

        // The states follow from the findings, whatever is trusted; and AWS's root CA is the last one whatever the path.
        for store in [TrustStore::empty(), trusting(&[&root]), trusting(&[&root, &other_root])] {
            let statuses = store.judge(&certificates, None, NOW).statuses;
            assert_eq!(
                statuses.contains(&ChainStatus::Misordered),
                !findings.is_empty(),
                "{what}: {statuses:?}"
            );
            assert_eq!(
                statuses.contains(&ChainStatus::RootOffPath),
                findings.contains(&LastOffPath),
                "{what}: {statuses:?}"
            );
        }
        let last = served(&[chain[chain.len() - 1]]).remove(0);
        assert_eq!(served_chain(chain).root_ca().sha1, last.sha1, "{what}");
    }
    assert_eq!(served_path(&served(&[&garbage])).positions, [0; 0]);
    assert_eq!(served_path(&[]).positions, [0; 0]);
}

#[test]
fn roles_go_by_place() {
    let [leaf, middle, root] = three();
    let roles = |chain: &[&Made]| {
        let chain = served_chain(chain);
        (0..chain.certificates().len()).map(|i| chain.role(i)).collect::<Vec<_>>()
    };
    assert_eq!(roles(&[&leaf]), [Role::Leaf]);
    assert_eq!(roles(&[&leaf, &middle]), [Role::Leaf, Role::Root]);
    assert_eq!(roles(&[&leaf, &middle, &root]), [Role::Leaf, Role::Intermediate, Role::Root]);
    let twice = served_chain(&[&leaf, &middle, &leaf]);
    assert_eq!(twice.role_of(twice.root_ca().sha1), Some(Role::Root), "the highest place counts");
}

#[test]
fn a_reversed_chain_is_misordered_and_not_trusted() {
    let [leaf, middle, root] = three();
    let judged = trusting(&[&root]).judge(&served(&[&root, &middle, &leaf]), Some(&host(HOST)), NOW);
    assert_eq!(judged.verified, Err(Distrust::LeafNotFirst));
    // The leaf's name is right, wherever it was served, and the root is known.
    assert_eq!(judged.statuses, [ChainStatus::Private, ChainStatus::Misordered].into());
}

#[test]
fn long_chains_are_looked_at_from_both_ends() {
    let root = root("Root", 0);
    let middle = intermediate("Intermediate", 1, &root);
    let leaf = leaf(2, &middle);
    let strangers: Vec<Made> =
        (0..60).map(|i| make(&format!("Stranger {i}"), key(Kind::P256, i + 4), None, ca)).collect();
    let mut chain = vec![&leaf];
    chain.extend(&strangers);
    chain.push(&middle);
    let path = served_path(&served(&chain));
    assert_eq!(path.positions, [0, 61]);
    assert!(path.findings.contains(&TooMany) && !path.findings.contains(&LastOffPath), "{:?}", path.findings);
    let looked_at = path.findings.iter().filter(|finding| matches!(finding, Unrelated(_))).count();
    assert_eq!(looked_at + path.positions.len(), MAX_PATH_CERTIFICATES);
}

#[test]
fn who_issued_whom() {
    let root = root("Root", 0);
    let child = intermediate("Child", 1, &root);
    let same_name = self::root("Root", 2);
    let other_id = make("Root", key(Kind::P256, 0), None, |params| {
        ca(params);
        params.key_identifier_method = KeyIdMethod::PreSpecified(vec![1; 20]);
    });
    let other_string_type = make("Root", key(Kind::P256, 0), None, |params| {
        ca(params);
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.distinguished_name.push(DnType::OrganizationName, "Example");
        params
            .distinguished_name
            .push(DnType::CommonName, DnValue::PrintableString("Root".try_into().unwrap()));
    });
    let rsa_root = make("Root", key(Kind::Rsa, 0), None, ca);
    let rsa_child = make("Child", key(Kind::P256, 1), Some(&rsa_root), ca);
    let md5_child = with_md5_signature(&rsa_child);
    let md5_child_of_another = with_md5_signature(&make(
        "Child",
        key(Kind::P256, 1),
        Some(&make("Root", key(Kind::Rsa, 1), None, ca)),
        ca,
    ));
    let damaged = Made { der: damaged(&child.der).into(), ..child.clone() };

    for (what, issuer, child, issued) in [
        ("its issuer", &root, &child, true),
        ("itself", &root, &root, true),
        ("the other way round", &child, &root, false),
        ("same name, other key", &same_name, &child, false),
        ("same key, other key identifier: the signature decides", &other_id, &child, true),
        ("the same name in another string type is another name", &other_string_type, &child, false),
        ("a damaged signature", &root, &damaged, false),
        ("MD5, linked by name and key identifier", &rsa_root, &md5_child, true),
        ("MD5, contradicted by the key identifier", &rsa_root, &md5_child_of_another, false),
    ] {
        let [issuer, child] = [issuer, child].map(|made| Certificate::new(made.der.clone()));
        assert_eq!(has_issued(&issuer, &child), issued, "{what}");
    }

    // A link by name alone never counts as verified.
    let weak = with_md5_signature(&make(HOST, key(Kind::P256, 3), Some(&rsa_root), for_host));
    let judged = trusting(&[&rsa_root]).judge(&served(&[&weak]), Some(&host(HOST)), NOW);
    assert_eq!(judged.verified, Err(Distrust::UnsupportedAlgorithm));
    assert_eq!(judged.statuses, [ChainStatus::Private, ChainStatus::Unproven].into());
    // Two spellings of one issuer's name do not meet, for rustls and Go as for us.
    let judged = trusting(&[&other_string_type]).judge(&served(&[&leaf(5, &root)]), None, NOW);
    assert_eq!(judged.statuses, [ChainStatus::Incomplete].into());
}
