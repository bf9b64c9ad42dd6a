//! Maps and sets that are read up to a number of entries: in memory a short one takes many times its length in the file.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::marker::PhantomData;

use serde::de::{Error as _, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// Issuers, providers, endpoints: ten times what the format is made for.
pub(super) const MAX_ENTRIES: usize = 100_000;
/// Client ids of one provider; IAM allows 100.
pub(super) const MAX_CLIENT_IDS: usize = 1_000;

/// A map of at most [`MAX_ENTRIES`].
pub(super) fn entries<'de, D, K, V>(deserializer: D) -> Result<BTreeMap<K, V>, D::Error>
where
    D: Deserializer<'de>,
    K: Deserialize<'de> + Ord,
    V: Deserialize<'de>,
{
    deserializer.deserialize_map(Entries(PhantomData))
}

struct Entries<K, V>(PhantomData<(K, V)>);

impl<'de, K: Deserialize<'de> + Ord, V: Deserialize<'de>> Visitor<'de> for Entries<K, V> {
    type Value = BTreeMap<K, V>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Self::Value, A::Error> {
        let mut map = BTreeMap::new();
        while let Some((key, value)) = access.next_entry()? {
            if map.len() == MAX_ENTRIES {
                return Err(A::Error::custom(format!("more than {MAX_ENTRIES} entries")));
            }
            map.insert(key, value);
        }
        Ok(map)
    }
}

/// A set of at most [`MAX_CLIENT_IDS`].
pub(super) fn client_ids<'de, D, T>(deserializer: D) -> Result<BTreeSet<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Ord,
{
    deserializer.deserialize_seq(ClientIds(PhantomData))
}

struct ClientIds<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de> + Ord> Visitor<'de> for ClientIds<T> {
    type Value = BTreeSet<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Self::Value, A::Error> {
        let mut set = BTreeSet::new();
        while let Some(item) = access.next_element()? {
            if set.len() == MAX_CLIENT_IDS {
                return Err(A::Error::custom(format!("more than {MAX_CLIENT_IDS} client ids")));
            }
            set.insert(item);
        }
        Ok(set)
    }
}
