//! A table of addresses by host name.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::net::IpAddr;

use serde::{Deserialize as _, Deserializer};

use crate::endpoint::host as canonical_host;

/// Addresses by host name, each name in the one form in which it is looked up. Two spellings of one name are a mistake: one
/// of them would count for nothing.
pub(super) fn addresses_by_name<'de, D>(deserializer: D) -> Result<BTreeMap<String, Vec<IpAddr>>, D::Error>
where
    D: Deserializer<'de>,
{
    let mut table = BTreeMap::new();
    for (spelled, addresses) in BTreeMap::<String, Vec<IpAddr>>::deserialize(deserializer)? {
        let name = canonical_host(&spelled)
            .map_err(|error| serde::de::Error::custom(format!("`{spelled}`: {error}")))?;
        match table.entry(name) {
            Entry::Vacant(entry) => drop(entry.insert(addresses)),
            Entry::Occupied(entry) => {
                let twice = format!("`{spelled}`: {} is there twice, spelled differently", entry.key());
                return Err(serde::de::Error::custom(twice));
            }
        }
    }
    Ok(table)
}
