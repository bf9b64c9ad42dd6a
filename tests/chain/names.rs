//! Names in certificates, as old and careless CAs write them.

use oidc_thumbprint_exporter::chain::Certificate;

use crate::support::made::*;

/// A certificate of this subject and issuer, with these alternative names, signed by itself.
fn named(name: &[u8], alternative_names: &[u8]) -> Certificate {
    let root = root("Root", 0);
    let made = with_fields(&root, root.key, |fields| {
        (fields[3], fields[5]) = (name.to_vec(), name.to_vec());
        let extension = [b"\x06\x03\x55\x1d\x11", &*element(4, &element(0x30, alternative_names))].concat();
        fields[7] = element(0xa3, &element(0x30, &element(0x30, &extension)));
    });
    Certificate::new(made.der)
}

/// `O=VALUE, CN=Root`, the value of any type.
fn organization(tag: u8, value: &[u8]) -> Vec<u8> {
    attributes(&[(b"\x55\x04\x0a", tag, value), (b"\x55\x04\x03", 0x0c, b"Root")])
}

fn attributes(all: &[(&[u8], u8, &[u8])]) -> Vec<u8> {
    let sets = all.iter().flat_map(|(oid, tag, value)| {
        element(0x31, &element(0x30, &[element(6, oid), element(*tag, value)].concat()))
    });
    element(0x30, &sets.collect::<Vec<u8>>())
}

#[test]
fn each_kind_of_string_is_decoded_and_spoils_no_other() {
    for (what, tag, value, shown) in [
        ("UTF8String", 0x0c, "Př\u{ed}klad".as_bytes(), "Př\u{ed}klad"),
        ("UTF8String in Latin-1", 0x0c, b"Soci\xe9t\xe9", "Soci\u{fffd}t\u{fffd}"),
        ("TeletexString", 0x14, b"Soci\xe9t\xe9 G\xe9n\xe9rale", "Soci\u{e9}t\u{e9} G\u{e9}n\u{e9}rale"),
        ("TeletexString in ASCII", 0x14, b"Plain", "Plain"),
        ("BMPString", 0x1e, b"\x00K\x01q", "K\u{171}"),
        ("BMPString of an odd length", 0x1e, b"\x00K\x01", "K\u{fffd}"),
        ("BMPString with half a pair", 0x1e, b"\x00K\xd8\x00", "K\u{fffd}"),
        ("UniversalString", 0x1c, b"\0\0\0K\0\x01\xf6\0", "K\u{1f600}"),
        ("UniversalString beyond Unicode", 0x1c, b"\0\0\0K\xff\0\0\0\0", "K\u{fffd}\u{fffd}"),
        ("PrintableString", 0x13, b"a*b@c_d", "a*b@c_d"),
        ("PrintableString in UTF-8", 0x13, "\u{e9}".as_bytes(), "\u{e9}"),
        ("PrintableString in Latin-1", 0x13, b"\xe9", "\u{e9}"),
        ("NumericString", 0x12, b"12 34x", "12 34x"),
        ("IA5String with high bytes", 0x16, b"caf\xe9", "caf\u{e9}"),
        ("VisibleString", 0x1a, b"seen", "seen"),
        ("empty", 0x0c, b"", ""),
        ("BIT STRING", 0x03, b"\0\xab\xcd", "#00abcd"),
        ("OCTET STRING", 0x04, b"\x01\x02", "#0102"),
        ("INTEGER", 0x02, b"\x05", "#05"),
        ("SEQUENCE", 0x30, b"\x05\0", "#0500"),
        ("a tag of its own", 0x80, b"\x01", "#01"),
        ("control characters", 0x14, b"a\x1b[2J\x85", r"a\u{1b}[2J\u{85}"),
    ] {
        let certificate = named(&organization(tag, value), b"");
        let fields = certificate.readable().unwrap_or_else(|| panic!("{what}: unreadable"));
        assert_eq!(fields.subject, format!("O={shown}, CN=Root"), "{what}");
        assert_eq!((&fields.issuer, fields.common_name.as_str()), (&fields.subject, "Root"), "{what}");
    }
}

#[test]
fn attributes_without_a_name_and_sets_of_several() {
    let set = [
        element(0x30, &[element(6, b"\x55\x04\x03"), element(0x14, b"N\xe9")].concat()),
        element(0x30, &[element(6, b"\x2a\x03\x04"), element(0x0c, b"x")].concat()),
    ]
    .concat();
    let name = element(0x30, &element(0x31, &set));
    let certificate = named(&name, b"");
    let fields = certificate.readable().unwrap();
    assert_eq!(fields.subject, "CN=N\u{e9} + 1.2.3.4=x");
    assert_eq!(fields.common_name, "N\u{e9}");
    let long = [&[0x2a][..], &[0xff; 90], &[0x01]].concat();
    let subject = named(&attributes(&[(&long, 0x0c, b"x")]), b"").readable().unwrap().subject.clone();
    assert!(subject.starts_with("#2affff") && subject.ends_with("01=x"), "{subject}");
}

#[test]
fn names_are_cut_whatever_they_are_made_of() {
    for tag in [0x0c, 0x14, 0x1e, 0x1c, 0x03] {
        let certificate = named(&organization(tag, &vec![b'a'; 20_000]), b"");
        assert_eq!(certificate.readable().unwrap().subject.chars().count(), 257, "{tag:#x}");
    }
    let many: Vec<(&[u8], u8, &[u8])> = vec![(b"\x55\x04\x0a", 0x0c, b"x"); 1_000];
    assert_eq!(named(&attributes(&many), b"").readable().unwrap().subject.chars().count(), 257);
}

#[test]
fn alternative_names_of_every_kind() {
    let name = attributes(&[(b"\x55\x04\x03", 0x14, b"N\xe9")]);
    for (what, tag, value, shown) in [
        ("DNS", 0x82, b"a.example".as_slice(), "a.example"),
        ("DNS in Latin-1", 0x82, b"caf\xe9.example", "caf\u{e9}.example"),
        ("DNS with control characters", 0x82, b"a\nb", r"a\u{a}b"),
        ("mail", 0x81, b"a@b.example", "email:a@b.example"),
        ("URI in Latin-1", 0x86, b"https://caf\xe9", "URI:https://caf\u{e9}"),
        ("IPv4", 0x87, b"\x7f\0\0\x01", "127.0.0.1"),
        ("an address of no length", 0x87, b"\x7f", "#7f"),
        ("directory name in TeletexString", 0xa4, &name, "DirName:CN=N\u{e9}"),
        ("a directory name that is none", 0xa4, b"\x05\0", "#0500"),
        ("registered", 0x88, b"\x2a\x03\x04", "RegisteredID:1.2.3.4"),
        ("other", 0xa0, b"\x06\x03\x2a\x03\x04\xa0\x02\x05\0", "otherName:1.2.3.4"),
        ("X.400", 0xa3, b"\x05\0", "X400Name:#0500"),
    ] {
        let certificate = named(&organization(0x0c, b"Example"), &element(tag, value));
        let fields = certificate.readable().unwrap_or_else(|| panic!("{what}: unreadable"));
        assert_eq!(fields.names, [shown], "{what}");
    }
}

#[test]
fn a_serial_number_is_cut_too() {
    let root = root("Root", 0);
    let made = with_fields(&root, root.key, |fields| fields[1] = element(2, &vec![1; 30_000]));
    assert_eq!(Certificate::new(made.der).readable().unwrap().serial.chars().count(), 257);
}
