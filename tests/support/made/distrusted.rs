//! A chain for every reason for distrust that a chain can have.

use oidc_thumbprint_exporter::chain::Distrust;
use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, ExtendedKeyUsagePurpose, GeneralSubtree, IsCa,
    NameConstraints,
};

use super::*;

/// A chain, the root that is trusted, and the reason that must come out.
pub type Case = (Distrust, Vec<Made>, Made);

pub fn cases() -> Vec<Case> {
    let root = root("Root", 0);
    let middle = intermediate("Intermediate", 1, &root);
    let good = leaf(2, &middle);
    let leaf_with = |edit: &dyn Fn(&mut CertificateParams)| {
        make(HOST, key(Kind::P256, 2), Some(&middle), |params| {
            for_host(params);
            edit(params);
        })
    };
    let under = |ca: Made| {
        let leaf = leaf(2, &ca);
        vec![leaf, ca]
    };
    let ca_with = |edit: &dyn Fn(&mut CertificateParams)| {
        make("Other CA", key(Kind::P256, 3), Some(&root), |params| {
            ca(params);
            edit(params);
        })
    };
    let root_with = |edit: fn(&mut CertificateParams)| make("Root", key(Kind::P256, 0), None, both(ca, edit));
    let plain = || vec![good.clone(), middle.clone()];

    let short = ca_with(&|params| params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0)));
    let below_short = intermediate("Too Low", 4, &short);
    let mut deep = vec![middle.clone()];
    for level in 0..7 {
        let next = intermediate(&format!("Level {level}"), 5 + level, &deep[0]);
        deep.insert(0, next);
    }
    deep.insert(0, leaf(2, &deep[0]));
    let rsa_root = make("RSA Root", key(Kind::Rsa, 0), None, ca);
    let sha1 = with_sha1_signature(&make(HOST, key(Kind::P256, 2), Some(&rsa_root), for_host));
    // The version is the first element of what is signed (RFC 5280, section 4.1); without it, it is version 1.
    let version_1 = with_fields(&leaf(2, &root), root.key, |fields| *fields = fields[1..7].to_vec());
    let unreadable = Made { der: good.der[..40].to_vec().into(), ..good.clone() };

    vec![
        (Distrust::UnknownIssuer, vec![good.clone()], root.clone()),
        (Distrust::Expired, vec![leaf_with(&expired), middle.clone()], root.clone()),
        (Distrust::Expired, under(ca_with(&expired)), root.clone()),
        (Distrust::NotYetValid, vec![leaf_with(&future), middle.clone()], root.clone()),
        (Distrust::AnchorExpired, plain(), root_with(expired)),
        (Distrust::AnchorNotYetValid, plain(), root_with(future)),
        (Distrust::LeafNotFirst, vec![middle.clone(), good.clone()], root.clone()),
        (
            Distrust::NameMismatch,
            vec![make(HOST, key(Kind::P256, 2), Some(&middle), |_| ()), middle.clone()],
            root.clone(),
        ),
        (Distrust::CaAsLeaf, vec![leaf_with(&ca), middle.clone()], root.clone()),
        (Distrust::LeafAsCa, under(ca_with(&|params| params.is_ca = IsCa::ExplicitNoCa)), root.clone()),
        (Distrust::LeafAsCa, under(ca_with(&|params| params.is_ca = IsCa::NoCa)), root.clone()),
        (Distrust::PathLength, vec![leaf(2, &below_short), below_short, short], root.clone()),
        (
            Distrust::NameConstraint,
            under(ca_with(&|params| {
                params.name_constraints = Some(NameConstraints {
                    permitted_subtrees: vec![GeneralSubtree::DnsName("example.com".to_owned())],
                    excluded_subtrees: Vec::new(),
                });
            })),
            root.clone(),
        ),
        (
            Distrust::KeyUsage,
            vec![
                leaf_with(&|params| params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth]),
                middle.clone(),
            ],
            root.clone(),
        ),
        // Signed by a namesake of the root, with another key.
        (Distrust::BadSignature, vec![leaf(2, &self::root("Root", 30))], root.clone()),
        (Distrust::UnsupportedAlgorithm, vec![sha1], rsa_root),
        (Distrust::Malformed, vec![unreadable, middle.clone()], root.clone()),
        (
            Distrust::ImpossibleDates,
            vec![leaf_with(&|params| params.not_before = at(400 * DAY)), middle.clone()],
            root.clone(),
        ),
        (
            Distrust::UnsupportedExtension,
            vec![
                leaf_with(&|params| {
                    let mut unknown =
                        CustomExtension::from_oid_content(&[1, 3, 6, 1, 4, 1, 99999, 1], vec![5, 0]);
                    unknown.set_criticality(true);
                    params.custom_extensions.push(unknown);
                }),
                middle.clone(),
            ],
            root.clone(),
        ),
        (Distrust::UnsupportedVersion, vec![version_1], root.clone()),
        (Distrust::TooComplex, deep, root),
    ]
}
