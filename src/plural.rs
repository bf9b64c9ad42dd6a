//! Numbers with their nouns.

/// `1 provider`, `2 providers`; for nouns that take an s.
#[must_use]
pub(crate) fn counted(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::counted;

    #[test]
    fn one_is_singular() {
        assert_eq!(
            [0, 1, 2].map(|count| counted(count, "provider")),
            ["0 providers", "1 provider", "2 providers"]
        );
    }
}
