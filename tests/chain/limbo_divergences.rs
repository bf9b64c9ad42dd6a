//! Where our trust differs from what x509-limbo expects, and why. An entry that no longer differs fails the test.
//!
//! Nearly all of it is one decision: the path validator is rustls-webpki, as it is in the clients that connect to
//! these endpoints, and nothing is refused here that they accept. Stricter rules would raise alarms about chains that
//! work. Entries for cases outside the sample come from the list that rustls-webpki keeps of its own run. The one rule added to it, the dates of a trust anchor, makes `rfc5280::validity::expired-root` agree.

use super::limbo::Case;

const CA_AS_LEAF: &str = "a CA certificate is refused as a leaf, as Firefox does; RFC 5280 would allow it";
const SELF_ISSUED: &str = "no exception is made for self-issued intermediates, which key rollover would use";
const DIRECTORY_NAMES: &str = "constraints on directory names are not followed, so such a chain is refused";
const KEY_IDENTIFIERS: &str = "key identifiers are hints for finding a path; that they are there, and not critical, \
                               is the CA's duty";
const LENIENT_CONSTRAINTS: &str =
    "name constraints are applied, but their form and criticality are not policed";
const EXTENSION_FORM: &str = "criticality and form of an extension that decides nothing are not policed";
const SERIAL: &str =
    "serial numbers of zero and of more than 20 bytes exist; RFC 5280 asks verifiers to live with them";
const UNDERSCORE: &str = "names with an underscore are in use, and taken";
const ANCHOR: &str = "a trust anchor is a name and a key; of its other fields only the dates are looked at";
const EMPTY_NAME: &str = "an empty name is compared like any other";
const KEY_USAGE: &str = "key usage is not looked at: basic constraints say what is a CA";
const COMMON_NAME: &str =
    "the common name is not looked at, so that it disagrees with the alternative names is no harm";
const EKU_FORM: &str =
    "the extended key usage must allow a TLS server where it is there; CA/B's further rules are for CAs";
const PUBLIC_SUFFIX: &str = "no list of public suffixes is consulted for wildcards";
const LEAF_KEY: &str = "kind and size of the leaf's key are the TLS handshake's business";
const ML_DSA_USAGE: &str = "key usage of an ML-DSA key is not looked at";

/// By the name of the case; two names were once misspelt.
const BY_ID: [(&str, &str); 58] = [
    ("pathlen::self-issued-certs-pathlen", SELF_ISSUED),
    ("pathlen::validation-ignores-pathlen-in-leaf", CA_AS_LEAF),
    ("rfc5280::aki::critical-aki", KEY_IDENTIFIERS),
    ("rfc5280::aki::cross-signed-root-missing-aki", KEY_IDENTIFIERS),
    ("rfc5280::aki::intermediate-missing-aki", KEY_IDENTIFIERS),
    ("rfc5280::aki::leaf-missing-aki", KEY_IDENTIFIERS),
    ("rfc5280::ca-as-leaf", CA_AS_LEAF),
    ("rfc5280::ca-empty-subject", EMPTY_NAME),
    ("rfc5280::leaf-ku-keycertsign", KEY_USAGE),
    ("rfc5280::nc::invalid-dnsname-leading-period", LENIENT_CONSTRAINTS),
    ("rfc5280::nc::not-allowed-in-ee-critical", LENIENT_CONSTRAINTS),
    ("rfc5280::nc::not-allowed-in-ee-noncritical", LENIENT_CONSTRAINTS),
    ("rfc5280::nc::permitted-dn-match", DIRECTORY_NAMES),
    ("rfc5280::nc::permitted-dns-match-noncritical", LENIENT_CONSTRAINTS),
    ("rfc5280::nc::permitted-self-issued", SELF_ISSUED),
    ("rfc5280::pc::ica-noncritical-pc", EXTENSION_FORM),
    ("rfc5280::root-inconsistent-ca-extensions", ANCHOR),
    ("rfc5280::root-missing-basic-constraints", ANCHOR),
    ("rfc5280::root-non-critical-basic-constraints", ANCHOR),
    ("rfc5280::san::noncritical-with-empty-subject", EXTENSION_FORM),
    ("rfc5280::san::underscore-dns", UNDERSCORE),
    ("rfc5280::serial::too-long", SERIAL),
    ("rfc5280::serial::zero", SERIAL),
    ("rfc5280::ski::critical-ski", KEY_IDENTIFIERS),
    ("rfc5280::ski::intermediate-missing-ski", KEY_IDENTIFIERS),
    ("rfc5280::ski::root-missing-ski", KEY_IDENTIFIERS),
    ("rfc5280::unknown-critical-extension-root", ANCHOR),
    ("webpki::aki::root-with-aki-all-fields", ANCHOR),
    ("webpki::aki::root-with-aki-authoritycertissuer", ANCHOR),
    ("webpki::aki::root-with-aki-authoritycertserialnumber", ANCHOR),
    ("webpki::aki::root-with-aki-missing-keyidentifier", ANCHOR),
    ("webpki::aki::root-with-aki-ski-mismatch", ANCHOR),
    ("webpki::cn::case-mismatch", COMMON_NAME),
    ("webpki::cn::ipv4-hex-mismatch", COMMON_NAME),
    ("webpki::cn::ipv4-leading-zeros-mismatch", COMMON_NAME),
    ("webpki::cn::ipv6-non-rfc5952-mismatch", COMMON_NAME),
    ("webpki::cn::ipv6-uncompressed-mismatch", COMMON_NAME),
    ("webpki::cn::ipv6-uppercase-mismatch", COMMON_NAME),
    ("webpki::cn::not-in-san", COMMON_NAME),
    ("webpki::cn::punycode-not-in-san", COMMON_NAME),
    ("webpki::cn::utf8-vs-punycode-mismatch", COMMON_NAME),
    ("webpki::eku::ee-anyeku", EKU_FORM),
    ("webpki::eku::ee-critical-eku", EKU_FORM),
    ("webpki::eku::ee-without-eku", EKU_FORM),
    ("webpki::eku::root-has-eku", ANCHOR),
    ("webpki::forbidden-dsa-leaf", LEAF_KEY),
    ("webpki::forbidden-p192-leaf", LEAF_KEY),
    ("webpki::forbidden-rsa-key-not-divisable-by-8-in-leaf", LEAF_KEY),
    ("webpki::forbidden-rsa-key-not-divisible-by-8-in-leaf", LEAF_KEY),
    ("webpki::forbidden-rsa-not-divisable-by-8-in-root", ANCHOR),
    ("webpki::forbidden-rsa-not-divisible-by-8-in-root", ANCHOR),
    ("webpki::forbidden-weak-rsa-in-leaf", LEAF_KEY),
    ("webpki::malformed-aia", EXTENSION_FORM),
    ("webpki::nc::intermediate-permitted-excluded-subtrees-both-empty-sequences", LENIENT_CONSTRAINTS),
    ("webpki::nc::intermediate-permitted-excluded-subtrees-both-null", LENIENT_CONSTRAINTS),
    ("webpki::san::public-suffix-multi-label-wildcard-san", PUBLIC_SUFFIX),
    ("webpki::san::public-suffix-private-namespace-wildcard-san", PUBLIC_SUFFIX),
    ("webpki::san::san-critical-with-nonempty-subject", EXTENSION_FORM),
];

/// The reason why this case is known to come out otherwise.
pub fn divergence(case: &Case) -> Option<&'static str> {
    let is_pedantic = case.features.iter().any(|feature| feature == "pedantic-rfc5280");
    if case.id.starts_with("rfc9881::") && is_pedantic && !case.is_expected_to_succeed() {
        return Some(ML_DSA_USAGE);
    }
    BY_ID.iter().find(|(id, _)| *id == case.id).map(|(_, reason)| *reason)
}

/// How many entries are about none of these cases.
pub fn unmet(cases: &[Case]) -> usize {
    BY_ID.iter().filter(|(id, _)| !cases.iter().any(|case| case.id == *id)).count()
}
