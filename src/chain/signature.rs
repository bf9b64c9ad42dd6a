//! Did this certificate's key sign that one?

use rustls::crypto::aws_lc_rs;

use super::certificate::Certificate;

/// How many signatures are checked to find the paths of one chain. A real chain needs as many as it has certificates.
const MAX_SIGNATURES: usize = 100;

/// Counts signature checks down, so that a chain of look-alikes cannot keep the processor.
pub(super) struct SignatureBudget(usize);

impl Default for SignatureBudget {
    fn default() -> Self {
        Self(MAX_SIGNATURES)
    }
}

impl SignatureBudget {
    /// Nothing more is checked.
    pub(super) fn is_spent(&self) -> bool {
        self.0 == 0
    }
}

/// What a signature says about the key that was tried on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Signature {
    /// Made with this key.
    Good,
    /// Made with another key, or damaged.
    Bad,
    /// Made in a way, or with a key, that cannot be checked here: SHA-1, RSA below 2048 bits, an unknown curve.
    Unsupported,
}

/// `issuer` certifies `child`: the names chain, and its key made the signature.
///
/// - Names are compared byte by byte. RFC 5280, section 7.1, describes a looser comparison that OpenSSL makes;
///   section 4.1.2.6 obliges CAs to encode a name always in the same way, and rustls, Go and Firefox rely on that.
/// - A signature that verifies outweighs key identifiers that differ: they are hints (RFC 5280, section 4.2.1.1).
/// - Where the signature cannot be checked, equal names and no contradiction of key identifiers have to do. That
///   is good enough to say which certificate belongs where, and never counts as verified.
#[must_use]
pub fn has_issued(issuer: &Certificate, child: &Certificate) -> bool {
    has_issued_within(&mut SignatureBudget::default(), issuer, child)
}

/// [`has_issued`] as long as the budget lasts, and no after that.
pub(super) fn has_issued_within(
    budget: &mut SignatureBudget,
    issuer: &Certificate,
    child: &Certificate,
) -> bool {
    let (Some(above), Some(below)) = (issuer.readable(), child.readable()) else { return false };
    if issuer.part(&above.link.subject) != child.part(&below.link.issuer) {
        return false;
    }
    let Some(left) = budget.0.checked_sub(1) else { return false };
    budget.0 = left;
    match signature(issuer, child) {
        Signature::Good => true,
        Signature::Bad => false,
        Signature::Unsupported => match (&below.link.authority_key_id, &above.link.key_id) {
            (Some(wanted), Some(id)) => child.part(wanted) == issuer.part(id),
            _ => true,
        },
    }
}

fn signature(issuer: &Certificate, child: &Certificate) -> Signature {
    let (Some(above), Some(below)) = (issuer.readable(), child.readable()) else { return Signature::Bad };
    let (above, below) = (&above.link, &below.link);
    if above.rsa_bits.is_some_and(|bits| !(2048..=8192).contains(&bits)) {
        return Signature::Unsupported;
    }
    let algorithms = aws_lc_rs::default_provider().signature_verification_algorithms.all;
    let fitting = algorithms.iter().find(|algorithm| {
        algorithm.signature_alg_id().as_ref() == child.part(&below.signature_algorithm)
            && algorithm.public_key_alg_id().as_ref() == issuer.part(&above.key_algorithm)
    });
    let Some(algorithm) = fitting else { return Signature::Unsupported };
    let key = issuer.part(&above.public_key);
    match algorithm.verify_signature(key, child.part(&below.signed), child.part(&below.signature)) {
        Ok(()) => Signature::Good,
        Err(_) => Signature::Bad,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spent_budget_answers_no() {
        let root = rcgen::generate_simple_self_signed(["root.example".to_owned()]).unwrap();
        let root = Certificate::new(root.cert.der().clone());
        let mut budget = SignatureBudget::default();
        for _ in 0..MAX_SIGNATURES {
            assert!(!budget.is_spent() && has_issued_within(&mut budget, &root, &root));
        }
        assert!(budget.is_spent() && !has_issued_within(&mut budget, &root, &root));
    }
}
