//! Who anchors a chain, which states hold, and what on it ends next.

use oidc_thumbprint_exporter::chain::ChainStatus::{
    Expired, Incomplete, Intercepted, Invalid, Misordered, NameMismatch, NotYetValid, Private, RootOffPath,
    Trusted, Unvouched,
};
use oidc_thumbprint_exporter::chain::{
    AnchorCounts, AnchorSource, ChainStatus, Distrust, FileError, PathMember, Role, TrustStore,
};
use oidc_thumbprint_exporter::trust_files::{CaFileError, read_ca_file};

use crate::support::made::*;

/// A store that trusts these as the system does.
fn system(roots: &[&Made]) -> TrustStore {
    nobody().with_system_roots(roots.iter().map(|root| root.der.clone()))
}

/// What it is, what is trusted, what is served; the verdict and the states.
type Judged<'a> =
    (&'a str, &'a TrustStore, &'a [&'a Made], Result<AnchorSource, Distrust>, &'a [ChainStatus]);

#[test]
fn states_of_a_chain() {
    let [leaf, middle, root] = three();
    let old_leaf = make(HOST, key(Kind::P256, 2), Some(&middle), both(for_host, expired));
    let new_leaf = make(HOST, key(Kind::P256, 2), Some(&middle), both(for_host, future));
    let old_root = make("Root", key(Kind::P256, 0), None, both(ca, expired));
    let new_root = make("Root", key(Kind::P256, 0), None, both(ca, future));
    let lone = make(HOST, key(Kind::P256, 6), None, for_host);
    let lone_ca = make(HOST, key(Kind::P256, 6), None, both(ca, for_host));
    let other = self::root("Other Root", 7);
    let garbage = Made { der: vec![0].into(), ..lone.clone() };
    let nameless = make("", key(Kind::P256, 8), Some(&root), for_host);
    let (system_root, added_root, nobody) = (system(&[&root]), trusting(&[&root]), nobody());
    let expired_added = trusting(&[&old_root]);
    let future_added = trusting(&[&new_root]);

    let table: [Judged<'_>; 16] = [
        ("system", &system_root, &[&leaf, &middle], Ok(AnchorSource::System), &[Trusted]),
        ("system, root served", &system_root, &[&leaf, &middle, &root], Ok(AnchorSource::System), &[Trusted]),
        ("added", &added_root, &[&leaf, &middle], Ok(AnchorSource::Added), &[Private]),
        ("added, root served", &added_root, &[&leaf, &middle, &root], Ok(AnchorSource::Added), &[Private]),
        ("only served", &nobody, &[&leaf, &middle, &root], Ok(AnchorSource::Served), &[Private]),
        ("nothing", &nobody, &[&leaf, &middle], Err(Distrust::UnknownIssuer), &[Incomplete]),
        ("link missing", &added_root, &[&leaf], Err(Distrust::UnknownIssuer), &[Incomplete]),
        ("self-signed", &nobody, &[&lone], Ok(AnchorSource::Served), &[Private]),
        ("self-signed CA", &nobody, &[&lone_ca], Err(Distrust::CaAsLeaf), &[Private, Invalid]),
        ("expired leaf", &system_root, &[&old_leaf, &middle], Err(Distrust::Expired), &[Expired]),
        (
            "expired and unknown",
            &nobody,
            &[&old_leaf, &middle],
            Err(Distrust::Expired),
            &[Expired, Incomplete],
        ),
        ("future leaf", &system_root, &[&new_leaf, &middle], Err(Distrust::NotYetValid), &[NotYetValid]),
        (
            "expired anchor",
            &expired_added,
            &[&leaf, &middle],
            Err(Distrust::AnchorExpired),
            &[Private, Expired],
        ),
        (
            "future anchor",
            &future_added,
            &[&leaf, &middle],
            Err(Distrust::AnchorNotYetValid),
            &[Private, NotYetValid],
        ),
        (
            "stranger last",
            &system_root,
            &[&leaf, &middle, &other],
            Ok(AnchorSource::System),
            &[Trusted, Misordered, RootOffPath],
        ),
        (
            "unreadable beside",
            &system_root,
            &[&leaf, &garbage, &middle],
            Ok(AnchorSource::System),
            &[Trusted, Misordered, Invalid],
        ),
    ];
    for (what, store, chain, verified, statuses) in table {
        let judged = store.judge(&served(chain), Some(&host(HOST)), NOW);
        assert_eq!(judged.verified, verified, "{what}");
        assert_eq!(judged.statuses, statuses.iter().copied().collect(), "{what}");
        let named = store.judge(&served(chain), Some(&host("other.example")), NOW);
        assert!(named.statuses.contains(&NameMismatch), "{what}");
        assert_eq!(named.verified, verified.and(Err(Distrust::NameMismatch)), "{what}");
        assert_eq!(
            store.judge(&served(chain), None, NOW).verified,
            verified,
            "{what}: nobody asked for a name"
        );
    }
    // Of a leaf that cannot be read there is nothing more to say.
    let judged = system_root.judge(&served(&[&garbage, &middle]), Some(&host(HOST)), NOW);
    assert_eq!((judged.verified, judged.statuses), (Err(Distrust::Malformed), [Invalid].into()));
    // An empty subject is no fault of a leaf (RFC 5280, section 4.1.2.6).
    assert_eq!(
        added_root.judge(&served(&[&nameless]), Some(&host(HOST)), NOW).verified,
        Ok(AnchorSource::Added)
    );
}

#[test]
fn a_renewed_anchor_of_the_same_key_counts() {
    let [leaf, middle, _] = three();
    let old = make("Root", key(Kind::P256, 0), None, both(ca, expired));
    let renewed = make("Root", key(Kind::P256, 0), None, ca);
    for roots in [[&old, &renewed], [&renewed, &old]] {
        let judged = trusting(&roots).judge(&served(&[&leaf, &middle]), Some(&host(HOST)), NOW);
        assert_eq!(judged.verified, Ok(AnchorSource::Added));
        assert_eq!(judged.anchor.unwrap().certificate.der, renewed.der);
        assert_eq!(judged.statuses, [Private].into());
    }
}

#[test]
fn a_valid_path_is_preferred() {
    let root = root("Root", 0);
    let old_root = make("Old Root", key(Kind::P256, 1), None, both(ca, expired));
    let cross = make("Root", key(Kind::P256, 0), Some(&old_root), both(ca, expired));
    let middle = intermediate("Intermediate", 2, &root);
    let leaf = leaf(3, &middle);
    let store = system(&[&root, &old_root]);

    // The last served certificate leads to an expired anchor; another path is good. Both are true at once, and the
    // thumbprint is that of the expired one.
    let chain = served(&[&leaf, &middle, &cross]);
    let judged = store.judge(&chain, Some(&host(HOST)), NOW);
    assert_eq!(judged.verified, Ok(AnchorSource::System));
    assert_eq!(judged.statuses, [Trusted, Expired].into());
    assert_eq!(
        (judged.path.positions.as_slice(), judged.anchored_path.as_slice()),
        (&[0, 1, 2][..], &[0, 1][..])
    );
    assert_eq!(judged.anchor.as_ref().unwrap().certificate.der, root.der);
    // What is beside the valid path does not end it.
    assert!(judged.next_expiry(&chain).unwrap().not_after > NOW);

    // An expired intermediate before its renewal.
    let old = make("Intermediate", key(Kind::P256, 2), Some(&root), both(ca, expired));
    for chain in [[&leaf, &old, &middle], [&leaf, &middle, &old]] {
        let judged = store.judge(&served(&chain), Some(&host(HOST)), NOW);
        assert_eq!(judged.statuses, [Trusted, Expired, Misordered].into());
        assert!(judged.anchored_path.iter().all(|&position| chain[position].der != old.der));
    }
}

#[test]
fn the_most_public_anchor_is_named() {
    let [leaf, middle, root] = three();
    let other = self::root("Other Root", 4);
    let cross = make("Root", key(Kind::P256, 0), Some(&other), ca);
    let store = system(&[&other]).with_added([root.der.clone()]);
    let judged = store.judge(&served(&[&leaf, &middle, &cross]), Some(&host(HOST)), NOW);
    assert_eq!((judged.verified, judged.statuses), (Ok(AnchorSource::System), [Trusted].into()));
    // The same root from two sources counts once, as the more public one.
    let store =
        TrustStore::empty().with_system_roots([root.der.clone(), root.der.clone()]).with_added([root.der]);
    assert_eq!(store.counts(), AnchorCounts { mozilla: 0, system: 1, added: 1 });
    assert_eq!(store.judge(&served(&[&leaf, &middle]), None, NOW).verified, Ok(AnchorSource::System));
}

#[test]
fn a_proxy_before_a_public_issuer_is_seen() {
    let proxy = root("Corporate Proxy", 0);
    let forged = |name: &str| {
        make(name, key(Kind::P256, 1), Some(&proxy), |params| {
            params.subject_alt_names = names(&[name]);
        })
    };
    let github = forged("token.actions.githubusercontent.com");
    let own = forged("keycloak.example.org");
    for (leaf, name, store, chain_holds_root, intercepted) in [
        (&github, "token.actions.githubusercontent.com", trusting(&[&proxy]), false, true),
        (&github, "TOKEN.actions.githubusercontent.com", system(&[&proxy]), false, true),
        (&github, "token.actions.githubusercontent.com", TrustStore::empty(), true, true),
        // Not known to be anchored by anything.
        (&github, "token.actions.githubusercontent.com", TrustStore::empty(), false, false),
        // A portal's certificate for its own name is a mismatch, which says it better.
        (&own, "token.actions.githubusercontent.com", trusting(&[&proxy]), false, false),
        (&own, "keycloak.example.org", trusting(&[&proxy]), false, false),
    ] {
        let chain = if chain_holds_root { vec![leaf, &proxy] } else { vec![leaf] };
        let statuses = store.judge(&served(&chain), Some(&host(name)), NOW).statuses;
        assert_eq!(statuses.contains(&Intercepted), intercepted, "{name} {statuses:?}");
    }

    // Systems have roots of public CAs that Mozilla lacks: old ones, new ones. Those are no proxies.
    for (organization, intercepted) in [("DigiCert Inc", false), ("Example", true)] {
        let root = make("Another Root", key(Kind::P256, 2), None, |params| {
            ca(params);
            params.distinguished_name.push(rcgen::DnType::OrganizationName, organization);
        });
        let name = "token.actions.githubusercontent.com";
        let leaf = make(name, key(Kind::P256, 1), Some(&root), |p| p.subject_alt_names = names(&[name]));
        let store = TrustStore::empty().with_mozilla().with_system_roots([root.der.clone()]);
        let statuses = store.judge(&served(&[&leaf]), Some(&host(name)), NOW).statuses;
        assert_eq!(statuses.contains(&Intercepted), intercepted, "{organization} {statuses:?}");
        assert!(statuses.contains(&Trusted));
    }
}

#[test]
fn a_chain_without_a_public_root_is_doubted_where_nobody_has_named_the_host() {
    let [leaf, middle, root] = three();
    let named = |pattern: &str| TrustStore::empty().with_private_hosts([pattern.parse().unwrap()]);
    let (added, in_system) = ([root.der.clone()], [root.der.clone()]);
    let chain = served(&[&leaf, &middle]);
    let with_root = served(&[&leaf, &middle, &root]);
    for (what, store, chain, doubted) in [
        ("added", TrustStore::empty().with_added(added.clone()), &chain, true),
        ("system", TrustStore::empty().with_system_roots(in_system.clone()), &chain, true),
        ("served", TrustStore::empty(), &with_root, true),
        ("nothing", TrustStore::empty(), &chain, true),
        ("added, named", named(HOST).with_added(added.clone()), &chain, false),
        ("system, named", named(HOST).with_system_roots(in_system), &chain, false),
        ("served, named", named(HOST), &with_root, false),
        ("nothing, named", named(HOST), &chain, false),
        ("named by a star", named("*.example.org").with_added(added.clone()), &chain, false),
        ("another is named", named("other.example").with_added(added.clone()), &chain, true),
    ] {
        let judged = store.judge(chain, Some(&host(HOST)), NOW);
        assert_eq!(judged.statuses.contains(&Unvouched), doubted, "{what}: {:?}", judged.statuses);
        // A doubt about what to pin is no fault of the chain.
        let faults = judged.statuses.iter().filter(|status| status.is_finding());
        assert_eq!(faults.count(), usize::from(what.starts_with("nothing")), "{what}");
        // In a file there is no host to doubt.
        assert!(!store.judge(chain, None, NOW).statuses.contains(&Unvouched), "{what}");
    }
    // At a public issuer, naming the host changes nothing.
    let github = "token.actions.githubusercontent.com";
    let forged = make(github, key(Kind::P256, 7), Some(&root), |p| p.subject_alt_names = names(&[github]));
    let store = named(github).with_added(added);
    let judged = store.judge(&served(&[&forged]), Some(&host(github)), NOW);
    assert_eq!(judged.statuses, [Private, Intercepted].into());
}

#[test]
fn the_next_to_expire() {
    let until = |days: i64| move |params: &mut rcgen::CertificateParams| params.not_after = at(days * DAY);
    let chain_of = |leaf_days, middle_days, root_days| {
        let root = make("Root", key(Kind::P256, 0), None, both(ca, until(root_days)));
        let middle = make("Intermediate", key(Kind::P256, 1), Some(&root), both(ca, until(middle_days)));
        let leaf = make(HOST, key(Kind::P256, 2), Some(&middle), both(for_host, until(leaf_days)));
        [leaf, middle, root]
    };
    for (days, root_served, member, soonest) in [
        ((30, 60, 90), false, PathMember::Served(Role::Leaf), 30),
        ((60, 30, 90), false, PathMember::Served(Role::Root), 30),
        ((60, 30, 90), true, PathMember::Served(Role::Intermediate), 30),
        ((60, 90, 30), false, PathMember::TrustAnchor, 30),
        ((60, 90, 30), true, PathMember::TrustAnchor, 30),
        ((30, 30, 30), true, PathMember::Served(Role::Leaf), 30),
        ((60, -1, 90), true, PathMember::Served(Role::Intermediate), -1),
        ((60, 90, -1), false, PathMember::TrustAnchor, -1),
    ] {
        let [leaf, middle, root] = chain_of(days.0, days.1, days.2);
        let chain = if root_served { vec![&leaf, &middle, &root] } else { vec![&leaf, &middle] };
        let chain = served(&chain);
        let judged = trusting(&[&root]).judge(&chain, Some(&host(HOST)), NOW);
        let next = judged.next_expiry(&chain).unwrap();
        assert_eq!(
            (next.member, next.not_after.seconds()),
            (member, NOW.seconds() + soonest * DAY),
            "{days:?}"
        );
        assert_eq!(next.certificate.readable().unwrap().not_after, next.not_after);
    }
    let nothing = served(&[]);
    assert!(TrustStore::empty().judge(&nothing, None, NOW).next_expiry(&nothing).is_none());
}

#[test]
fn files_of_cas() {
    let [_, _, root] = three();
    let directory = std::path::PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("ca-files");
    std::fs::create_dir_all(&directory).unwrap();
    let written = |name: &str, bytes: &[u8]| {
        let path = directory.join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    };
    let text = crate::support::lab::pem::pem(std::slice::from_ref(&root.der));
    let good = written("good.pem", format!("# our root\n{text}\n{text}").as_bytes());
    assert_eq!(read_ca_file(&good).unwrap(), [root.der.clone(), root.der.clone()]);
    // Listed twice, added once.
    assert_eq!(TrustStore::empty().with_added(read_ca_file(&good).unwrap()).counts().added, 1);
    assert_eq!(read_ca_file(&written("good.der", &root.der)).unwrap(), std::slice::from_ref(&root.der));

    let utf16: Vec<u8> = format!("\u{feff}{text}").encode_utf16().flat_map(u16::to_le_bytes).collect();
    let set = crate::chain::pkcs7::signed_data(&[&root.der]);
    let base64 = crate::support::lab::pem::armoured("PKCS7", &set);
    for (name, file) in [("utf16.cer", utf16), ("der.p7b", set), ("base64.p7b", base64.into_bytes())] {
        assert_eq!(read_ca_file(&written(name, &file)).unwrap(), std::slice::from_ref(&root.der), "{name}");
    }
    // One that cannot be read anchors nothing, and is not left out in silence.
    let odd = element(
        0x30,
        &[element(0x30, b"\xa0\x03\x02\x01\x02"), element(0x30, b""), element(3, &[0; 130])].concat(),
    );
    let odd = text.clone() + &crate::support::lab::pem::armoured("CERTIFICATE", &odd);
    let odd = read_ca_file(&written("odd.pem", odd.as_bytes())).unwrap_err();
    assert!(
        odd.to_string().contains("odd.pem: certificate 2 cannot be used as a trust anchor: not a valid"),
        "{odd}"
    );

    let empty = read_ca_file(&written("empty.pem", b"")).unwrap_err();
    assert!(matches!(&empty, CaFileError::Unreadable { error: FileError::NoCertificate, .. }), "{empty}");
    let cut = read_ca_file(&written("cut.pem", format!("{text}{}", &text[..200]).as_bytes())).unwrap_err();
    let shown = cut.to_string();
    assert!(shown.contains("cut.pem: certificate 2, line "), "{shown}");
    let missing = read_ca_file(&directory.join("missing.pem")).unwrap_err();
    assert!(matches!(missing, CaFileError::Io { .. }), "{missing}");
}
