//! When an endpoint is looked at between two rounds: something new is settled by looks, and rounds alone would take as many
//! times as long as they are apart. Pure.

/// All looks of one burst together, as a multiple of those that settle one change: a fleet is rotated host by host, and a
/// server with a new chain for every client must not be looked at for ever.
const CHANGES_A_BURST: u32 = 4;

/// The looks at one endpoint that are still to come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Burst {
    left: u32,
    budget: u32,
}

/// What one look found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Look {
    /// A chain came up that was not known of its address.
    pub has_news: bool,
    /// Some observation was not repeated, and still counts.
    pub is_in_doubt: bool,
}

impl Burst {
    /// After a look of a round; `settle_looks` looks settle a change.
    pub fn after_round(&mut self, settle_looks: u32, look: Look) {
        self.budget = settle_looks.saturating_mul(CHANGES_A_BURST);
        self.note(settle_looks, look);
    }

    /// After a look of its own.
    pub fn after_look(&mut self, settle_looks: u32, look: Look) {
        self.left = self.left.saturating_sub(1);
        self.budget = self.budget.saturating_sub(1);
        self.note(settle_looks, look);
    }

    /// After a look that came to nothing.
    pub fn after_failure(&mut self) {
        self.left = self.left.saturating_sub(1);
        self.budget = self.budget.saturating_sub(1);
    }

    fn note(&mut self, settle_looks: u32, look: Look) {
        if look.has_news {
            self.left = settle_looks;
        }
        if !look.is_in_doubt {
            self.left = 0;
        }
    }

    /// Another look is due.
    #[must_use]
    pub fn is_due(self) -> bool {
        self.left > 0 && self.budget > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `n`: news, `d`: still in doubt, `s`: settled, `f`: failed. The first look is that of a round, and those in capital
    /// letters too. How many looks of its own it takes, and whether it is at its end.
    fn looks(found: &str) -> (usize, bool) {
        let mut burst = Burst::default();
        let mut taken = 0;
        for letter in found.chars() {
            let has_news = letter.eq_ignore_ascii_case(&'n');
            let look = Look { has_news, is_in_doubt: has_news || letter.eq_ignore_ascii_case(&'d') };
            if letter.is_ascii_uppercase() {
                burst.after_round(3, look);
            } else if burst.is_due() {
                taken += 1;
                if letter == 'f' { burst.after_failure() } else { burst.after_look(3, look) }
            }
        }
        (taken, !burst.is_due())
    }

    #[test]
    fn how_many_looks_it_takes() {
        for (case, found, taken, ended) in [
            ("nothing new", "S", 0, true),
            ("an old doubt", "D", 0, true),
            ("a rotation", "Nds", 2, true),
            ("under way", "Nd", 1, false),
            ("two chains in turn", "Ndddddd", 3, true),
            ("host by host", "Ndndnds", 6, true),
            ("a new chain each time", "Nnnnnnnnnnnnnnnnn", 12, true),
            ("failures", "Nffff", 3, true),
            ("a failure between", "Nfds", 3, true),
            ("the next round goes on", "NdNds", 3, true),
            ("the next round has seen enough", "NdSd", 1, true),
        ] {
            assert_eq!(looks(found), (taken, ended), "{case}");
        }
    }
}
