//! Numbers with their nouns.

/// `1 provider`, `2 providers`, `2 addresses`, `2 mismatches`; for nouns that take an s or es.
#[must_use]
pub(crate) fn counted(count: usize, noun: &str) -> String {
    let ending = match count {
        1 => "",
        _ if noun.ends_with(['s', 'x']) || noun.ends_with("ch") => "es",
        _ => "s",
    };
    format!("{count} {noun}{ending}")
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
        assert_eq!(
            ["address", "mismatch", "chain"].map(|noun| [1, 2].map(|count| counted(count, noun))),
            [["1 address", "2 addresses"], ["1 mismatch", "2 mismatches"], ["1 chain", "2 chains"]]
        );
    }
}
