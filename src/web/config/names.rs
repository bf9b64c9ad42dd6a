//! Keys of the file, and the names that some of them take: what is wrong with one is told with the key.

/// A key and what is wrong with its value.
#[derive(Debug)]
pub(super) struct Fault {
    /// With its section.
    pub key: String,
    pub message: String,
}

/// A fault of this key.
pub(super) fn fault(key: &str, message: impl Into<String>) -> Fault {
    Fault { key: key.to_owned(), message: message.into() }
}

/// A fault of a key of `tls_server_config`.
pub(super) fn fault_of(key: &str, message: impl Into<String>) -> Fault {
    fault(&format!("tls_server_config.{key}"), message)
}

/// The value of a name from a closed set.
pub(super) fn by_name<T: Copy>(table: &[(&str, T)], key: &str, name: &str) -> Result<T, Fault> {
    table.iter().find(|(known, _)| *known == name).map(|(_, value)| *value).ok_or_else(|| {
        let known: Vec<&str> = table.iter().map(|(known, _)| *known).collect();
        fault_of(key, format!("{name:?}: must be one of {}", known.join(", ")))
    })
}
