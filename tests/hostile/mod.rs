//! Bytes from strangers, and servers that mean harm.

mod documents;
mod neighbours;
#[path = "../fuzz/properties.rs"]
mod properties;
