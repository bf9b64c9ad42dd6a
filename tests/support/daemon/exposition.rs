//! The text format 0.0.4, read as far as these tests need it.

use std::collections::BTreeMap;
use std::str::FromStr;

/// One scrape.
#[derive(Debug, Default)]
pub struct Exposition {
    pub samples: Vec<Sample>,
}

#[derive(Debug)]
pub struct Sample {
    pub name: String,
    pub labels: BTreeMap<String, String>,
    pub value: f64,
}

impl Exposition {
    /// The samples of `name` whose labels include `labels`.
    pub fn all<'a>(
        &'a self,
        name: &'a str,
        labels: &'a [(&'a str, &'a str)],
    ) -> impl Iterator<Item = &'a Sample> {
        self.samples.iter().filter(move |sample| {
            let has = |(key, value): &(&str, &str)| sample.labels.get(*key).is_some_and(|v| v == value);
            sample.name == name && labels.iter().all(has)
        })
    }

    /// The one sample of `name` with these labels; `None` when there is none.
    pub fn value(&self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        let found: Vec<&Sample> = self.all(name, labels).collect();
        assert!(found.len() <= 1, "{name} {labels:?} is ambiguous: {found:?}");
        found.first().map(|sample| sample.value)
    }

    /// The values that `label` has among the samples of `name`.
    pub fn labels(&self, name: &str, labels: &[(&str, &str)], label: &str) -> Vec<String> {
        let mut values: Vec<String> =
            self.all(name, labels).filter_map(|sample| sample.labels.get(label).cloned()).collect();
        values.sort();
        values.dedup();
        values
    }

    /// The status of a state set that is 1.
    pub fn state(&self, name: &str, labels: &[(&str, &str)]) -> Vec<String> {
        self.set(name, labels, "status")
    }

    /// The health that is 1.
    pub fn health(&self, name: &str, labels: &[(&str, &str)]) -> Vec<String> {
        self.set(name, labels, "health")
    }

    fn set(&self, name: &str, labels: &[(&str, &str)], label: &str) -> Vec<String> {
        let set = self.all(name, labels).filter(|sample| sample.value > 0.5);
        set.filter_map(|sample| sample.labels.get(label).cloned()).collect()
    }
}

impl FromStr for Exposition {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let lines = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
        Ok(Self { samples: lines.map(sample).collect::<Result<_, _>>()? })
    }
}

fn sample(line: &str) -> Result<Sample, String> {
    let bad = || format!("not a sample: {line}");
    let (head, value) = line.rsplit_once(' ').ok_or_else(bad)?;
    let value = value.parse().map_err(|_| bad())?;
    let (name, mut rest) = match head.split_once('{') {
        Some((name, rest)) => (name, rest.strip_suffix('}').ok_or_else(bad)?),
        None => (head, ""),
    };
    let mut labels = BTreeMap::new();
    while let Some((key, after)) = rest.split_once("=\"") {
        let mut value = String::new();
        let mut characters = after.char_indices();
        let end = loop {
            match characters.next().ok_or_else(bad)? {
                (_, '\\') => match characters.next().ok_or_else(bad)?.1 {
                    'n' => value.push('\n'),
                    other => value.push(other),
                },
                (end, '"') => break end,
                (_, other) => value.push(other),
            }
        };
        labels.insert(key.to_owned(), value);
        rest = after[end + 1..].trim_start_matches(',');
    }
    Ok(Sample { name: name.to_owned(), labels, value })
}
