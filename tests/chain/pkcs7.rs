//! PKCS#7, in which companies hand out their chains: a set, whose order says nothing.

use oidc_thumbprint_exporter::chain::{
    CertificateFile, Fault, FileError, FileOrder, Unreadable, read_certificates,
};

use crate::support::lab::pem::armoured;
use crate::support::made::*;

const SIGNED_DATA: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02";
const ENVELOPED_DATA: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x03";
const DATA: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01";

/// `ContentInfo` of `SignedData` without signers (RFC 5652, section 5), as `openssl crl2pkcs7 -nocrl` makes it.
pub(super) fn signed_data(set: &[&[u8]]) -> Vec<u8> {
    let set = if set.is_empty() { Vec::new() } else { element(0xa0, &set.concat()) };
    let signed = [b"\x02\x01\x01\x31\x00", &*element(0x30, DATA), &set, b"\x31\x00"].concat();
    element(0x30, &[SIGNED_DATA, &element(0xa0, &element(0x30, &signed))].concat())
}

/// The same with lengths left open (X.690, 8.1.3.6), as older programs of Java and of Netscape write it.
fn open_signed_data(set: &[&[u8]]) -> Vec<u8> {
    let open = |tag: u8, contents: &[u8]| [&[tag, 0x80], contents, b"\0\0"].concat();
    let signed =
        [b"\x02\x01\x01\x31\x00", &*open(0x30, DATA), &open(0xa0, &set.concat()), b"\x31\x00"].concat();
    open(0x30, &[SIGNED_DATA, &open(0xa0, &open(0x30, &signed))].concat())
}

#[test]
fn every_form_of_it_is_read_from_the_leaf_upwards() {
    let chain = three();
    let [leaf, middle, root] = [0, 1, 2].map(|index| chain[index].der.as_ref());
    for set in [[leaf, middle, root], [root, middle, leaf], [middle, root, leaf]] {
        let der = signed_data(&set);
        let text = armoured("PKCS7", &der);
        let bare: Vec<&str> = text.lines().filter(|line| !line.contains('-')).collect();
        for (what, file) in [
            ("DER", der.clone()),
            ("DER with open lengths", open_signed_data(&set)),
            ("PEM", text.clone().into_bytes()),
            ("PEM as RFC 7468 has it", text.replace("PKCS7", "CMS").into_bytes()),
            ("PEM as RFC 2315 has it", text.replace("PKCS7", "PKCS #7 SIGNED DATA").into_bytes()),
            ("PEM as certutil writes all files", text.replace("PKCS7", "CERTIFICATE").into_bytes()),
            ("PEM with open lengths", armoured("PKCS7", &open_signed_data(&set)).into_bytes()),
            ("base64", bare.join("\n").into_bytes()),
        ] {
            let certificates = chain.each_ref().map(|made| made.der.clone()).to_vec();
            let expected = CertificateFile { certificates, order: FileOrder::ByIssuer };
            assert_eq!(CertificateFile::read(&file), Ok(expected), "{what}");
        }
    }
}

#[test]
fn the_order_is_called_unknown_where_no_path_tells_it() {
    let [leaf, middle, root] = three();
    let stranger = make("Stranger", key(Kind::P256, 9), None, ca);
    for set in [vec![&root, &leaf], vec![&leaf, &stranger, &middle]] {
        let members: Vec<&[u8]> = set.iter().map(|made| made.der.as_ref()).collect();
        let read = CertificateFile::read(&signed_data(&members)).unwrap();
        assert_eq!(read.order, FileOrder::Unknown);
        assert_eq!(read.certificates, set.iter().map(|made| made.der.clone()).collect::<Vec<_>>());
    }
    // A set of one has an order.
    let alone = CertificateFile::read(&signed_data(&[&root.der])).unwrap();
    assert_eq!(
        (alone.order, alone.certificates.as_slice()),
        (FileOrder::Written, std::slice::from_ref(&root.der))
    );
    // What stands beside it finds its place, too.
    let mixed =
        armoured("CERTIFICATE", &leaf.der) + &armoured("PKCS7", &signed_data(&[&root.der, &middle.der]));
    let mixed = CertificateFile::read(mixed.as_bytes()).unwrap();
    assert_eq!(mixed.order, FileOrder::ByIssuer);
    assert_eq!(mixed.certificates, [leaf.der, middle.der, root.der]);
}

#[test]
fn what_holds_no_certificate_is_refused_by_name() {
    let [leaf, middle, _] = three();
    let sealed = element(0x30, &[ENVELOPED_DATA, &element(0xa0, &element(0x30, b"\x02\x01\x00"))].concat());
    let safe = element(0x30, &[DATA, &element(0xa0, &element(0x04, &[7; 300]))].concat());
    let pkcs12 = element(0x30, &[b"\x02\x01\x03", &*safe].concat());
    let open_pkcs12 = [b"\x30\x80\x02\x01\x03\x30\x80", DATA, b"\0\0\0\0"].concat();
    let bad_member = signed_data(&[&leaf.der, &element(0x30, &[0x05; 200])]);
    let cut_set = signed_data(&[&leaf.der, &middle.der[..200]]);
    let at = |number, fault| FileError::Damaged { number, line: 1, fault };
    for (what, der, error) in [
        ("no set", signed_data(&[]), at(1, Fault::EmptyPkcs7)),
        ("enveloped data", sealed, at(1, Fault::EmptyPkcs7)),
        ("a certificate that is none", bad_member, at(2, Unreadable::Malformed.into())),
        ("a certificate that is cut", cut_set, at(1, Unreadable::Malformed.into())),
        ("PKCS#12", pkcs12.clone(), at(1, Fault::Pkcs12)),
        ("PKCS#12 with open lengths", open_pkcs12, at(1, Fault::Pkcs12)),
    ] {
        for label in ["PKCS7", "CERTIFICATE"] {
            assert_eq!(
                read_certificates(armoured(label, &der).as_bytes()),
                Err(error.clone()),
                "{what}, {label}"
            );
        }
    }
    assert_eq!(read_certificates(&pkcs12), Err(at(1, Fault::Pkcs12)));
    let cut = signed_data(&[&leaf.der]);
    let cut = armoured("PKCS7", &cut[..cut.len() - 9]);
    assert_eq!(read_certificates(cut.as_bytes()), Err(at(1, Unreadable::Truncated.into())));
}
