//! Did this certificate's key sign that one?

use super::algorithms::{Check, Key};
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
    match check(issuer, child) {
        Some(Check::Good) => true,
        Some(Check::Bad) | None => false,
        Some(Check::KeyOutOfRange | Check::UnknownKey | Check::UnknownPair) => {
            match (&below.link.authority_key_id, &above.link.key_id) {
                (Some(wanted), Some(id)) => child.part(wanted) == issuer.part(id),
                _ => true,
            }
        }
    }
}

/// What can be told of a signature, apart from what path validation takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Told {
    /// Good, in a way that path validation takes.
    Good,
    /// Good in a way that it does not take, or not to be checked at all.
    BeyondValidation,
    /// Checked, and of no such key.
    Bad,
}

/// What can be told of the signature of `child` by those that may have made it; the best, should they differ. `None` when
/// nobody has the name of its issuer.
pub(super) fn told_by(issuers: &[&Certificate], child: &Certificate) -> Option<Told> {
    let below = child.readable()?;
    let algorithm = child.part(&below.link.signature_algorithm);
    let tell = |issuer: &&Certificate| {
        let above = issuer.readable()?;
        if issuer.part(&above.link.subject) != child.part(&below.link.issuer) {
            return None;
        }
        let is_usual = key(issuer)?.is_usual_for(algorithm);
        Some(match check(issuer, child)? {
            Check::Bad => Told::Bad,
            Check::Good if is_usual => Told::Good,
            _ => Told::BeyondValidation,
        })
    };
    let told: Vec<Told> = issuers.iter().filter_map(tell).collect();
    [Told::Good, Told::BeyondValidation, Told::Bad].into_iter().find(|best| told.contains(best))
}

fn key(issuer: &Certificate) -> Option<Key<'_>> {
    let link = &issuer.readable()?.link;
    let (algorithm, bits) = (issuer.part(&link.key_algorithm), issuer.part(&link.public_key));
    Some(Key { algorithm, bits, rsa_bits: link.rsa_bits })
}

/// What the signature of `child` says about the key of `issuer`; `None` when one of them cannot be read.
fn check(issuer: &Certificate, child: &Certificate) -> Option<Check> {
    let below = &child.readable()?.link;
    let [algorithm, signed, signature] =
        [&below.signature_algorithm, &below.signed, &below.signature].map(|part| child.part(part));
    Some(key(issuer)?.check(algorithm, signed, signature))
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
