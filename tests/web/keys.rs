//! Certificates and keys as tools write them, in the forms that promtool's Go takes and refuses.

use std::path::Path;
use std::process::Command;

use oidc_thumbprint_exporter::web::WebConfig;

use super::files::{Class, promtool};
use crate::support::daemon::TempDir;
use crate::support::process::output;
use Class::{Bad, Good, Stricter, Unwise};

/// Shell lines that make `cert.pem` and `key.pem`; `SIGN` signs with `key.pem`.
const SIGN: &str = "openssl req -x509 -key key.pem -subj /CN=localhost -days 30 -out cert.pem";
const P256: &str = "openssl ecparam -name prime256v1 -genkey -noout -out key.pem";
const RSA: &str = "openssl genrsa -out key.pem 2048";

const FORMS: [(Class, &str, &str); 22] = [
    (Good, "EC, SEC 1", "P256; SIGN"),
    (Good, "EC with its parameters", "openssl ecparam -name prime256v1 -genkey -out key.pem; SIGN"),
    (Good, "EC, PKCS #8", "P256; SIGN; openssl pkcs8 -topk8 -nocrypt -in key.pem -out k; mv k key.pem"),
    (Good, "P-384", "openssl ecparam -name secp384r1 -genkey -noout -out key.pem; SIGN"),
    (Good, "P-521", "openssl ecparam -name secp521r1 -genkey -noout -out key.pem; SIGN"),
    (Good, "Ed25519", "openssl genpkey -algorithm ed25519 -out key.pem; SIGN"),
    (Good, "RSA, PKCS #8", "RSA; SIGN"),
    (Good, "RSA, PKCS #1", "RSA; SIGN; openssl rsa -traditional -in key.pem -out k; mv k key.pem"),
    (Good, "RSA, labelled as another", "RSA; SIGN; sed -i 's/ PRIVATE KEY/ RSA PRIVATE KEY/' key.pem"),
    (Good, "EC, labelled as PKCS #8", "P256; SIGN; sed -i 's/ EC PRIVATE KEY/ PRIVATE KEY/' key.pem"),
    (Good, "both in each file", "P256; SIGN; cat cert.pem key.pem > both; cp both cert.pem; mv both key.pem"),
    (
        Good,
        "text before and between",
        "P256; SIGN; openssl x509 -in cert.pem -text >> cert.pem; echo x >> key.pem",
    ),
    (Good, "lines of Windows", "P256; SIGN; sed -i 's/$/\\r/' cert.pem key.pem"),
    (
        Unwise("left out"),
        "something damaged behind",
        "P256; SIGN; (cat cert.pem; sed s/MII/*II/ cert.pem) > c; mv c cert.pem",
    ),
    (
        Unwise("version 3"),
        "version 1",
        "P256; openssl req -new -key key.pem -subj /CN=localhost -out r; openssl x509 -req -in r -signkey key.pem -out cert.pem",
    ),
    (
        Bad,
        "encrypted, PKCS #8",
        "P256; SIGN; openssl pkcs8 -topk8 -passout pass:x -in key.pem -out k; mv k key.pem",
    ),
    (
        Bad,
        "encrypted, as it was",
        "P256; SIGN; openssl ec -aes128 -passout pass:x -in key.pem -out k; mv k key.pem",
    ),
    (Bad, "of another certificate", "P256; SIGN; P256"),
    (Bad, "no key", "P256; SIGN; echo > key.pem"),
    (Bad, "no certificate", "P256; echo > cert.pem"),
    (
        Stricter("rustls signs with RSA of 2048 bits and more"),
        "RSA of 1024",
        "openssl genrsa -out key.pem 1024; SIGN",
    ),
    (
        Stricter("rustls has no P-224"),
        "P-224",
        "openssl ecparam -name secp224r1 -genkey -noout -out key.pem; SIGN",
    ),
];

#[test]
fn promtool_and_we_take_the_same_forms() {
    let directory = TempDir::new();
    let file = directory.path().join("web.yml");
    std::fs::write(&file, "tls_server_config: {cert_file: cert.pem, key_file: key.pem}\n").unwrap();
    let mut wrong = Vec::new();
    for (class, form, lines) in FORMS {
        make(directory.path(), lines);
        let (ours, theirs) = (WebConfig::read(&file), promtool(&file));
        let warned = |words: &str| {
            ours.as_ref().is_ok_and(|config| config.warnings.iter().any(|one| one.contains(words)))
        };
        let is_right = match class {
            Good => ours.as_ref().is_ok_and(|config| config.warnings.is_empty()) && theirs.is_ok(),
            Unwise(words) => warned(words) && theirs.is_ok(),
            Bad => ours.is_err() && theirs.is_err(),
            Stricter(_) => ours.is_err() && theirs.is_ok(),
            _ => false,
        };
        if !is_right {
            let ours = ours.as_ref().map(|config| &config.warnings);
            wrong.push(format!("{form}: {class:?}, ours: {ours:?}, promtool: {theirs:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn make(directory: &Path, lines: &str) {
    let lines = lines.replace("SIGN", SIGN).replace("P256", P256).replace("RSA;", &format!("{RSA};"));
    output(Command::new("sh").current_dir(directory).args(["-ec", &lines]));
}
