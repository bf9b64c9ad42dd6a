//! Real certificates: the ones that AWS's users meet, with the thumbprints that are published for them.
//!
//! `OIDC_REAL_CERTS` names the folder; without it, one beside the project is used.

use std::path::PathBuf;

use oidc_thumbprint_exporter::chain::{Certificate, read_certificates};

/// Reads a file of the folder; `None`, and loudly, where there is none.
pub fn real(name: &str) -> Option<Vec<u8>> {
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/certificates");
    let folder = std::env::var_os("OIDC_REAL_CERTS").map_or(beside, PathBuf::from);
    if !folder.is_dir() {
        println!("SKIPPED: no real certificates at {}: set OIDC_REAL_CERTS", folder.display());
        return None;
    }
    Some(std::fs::read(folder.join(format!("{name}.pem"))).unwrap())
}

pub fn certificate(name: &str) -> Option<Certificate> {
    let mut found = read_certificates(&real(name)?).unwrap();
    assert_eq!(found.len(), 1);
    Some(Certificate::new(found.remove(0)))
}

/// Name, published SHA-1, and whether it has expired at [`NOW`](crate::support::made::NOW).
pub const PUBLISHED: [(&str, &str, bool); 10] = [
    (
        "starfield-services-root-ca-g2-cross-by-starfield-class2",
        "9e99a48a9960b14926bb7f3b02e22da2b0ab7280",
        false,
    ),
    ("amazon-root-ca-1-cross-by-starfield-g2", "06b25927c42a721631c1efd9431e648fa62e1e39", false),
    ("amazon-rsa-2048-m04", "e7b8b5a6743ce1b2f17b041de59558a41472d70c", false),
    ("aws.amazon.com-leaf-2025", "954f0bc98aced1f06f2ba9d795d8aea2f48f5114", true),
    ("digicert-tls-rsa-sha256-2020-ca1.v2020-09-24", "6938fd4d98bab03faadb97b34396831e3780aea1", false),
    ("digicert-tls-rsa-sha256-2020-ca1.v2021-04-14", "1c58a3a8518e8759bf075b76b750d4f2df264fcd", false),
    ("cloudflare-inc-ecc-ca-3.expired-2024-12-31", "b3dd7606d2b5a8b4a13771dbecc9ee1cecafa38a", true),
    ("root-Starfield_Class_2_CA", "ad7e1c28b064ef8f6003402014c3d0e3370eb58a", false),
    ("root-DigiCert_Global_Root_CA", "a8985d3a65e5e5c4b2d7d66d40c6dd2fb19c5436", false),
    ("root-Baltimore_CyberTrust_Root", "d4de20d05e66fc53fe1a50882c78db2852cae474", true),
];
